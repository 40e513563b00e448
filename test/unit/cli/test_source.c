/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cli/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/test_source.XXXXXX";
static char path[64], other[64];

static void put(const char *to, int flags, const char *text)
{
    int fd = open(to, O_WRONLY | O_CREAT | flags, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void expect(struct source *source, enum source_state wanted, const char *bytes)
{
    enum source_state state;
    struct error err;
    char chunk[64];
    size_t size;

    assert_int_equal(source_read(source, chunk, sizeof(chunk), &state, &size, &err), STATUS_OK);
    assert_int_equal(state, wanted);
    assert_int_equal(size, strlen(bytes));
    assert_memory_equal(chunk, bytes, size);
}

/* A file of these bytes, followed, and read up to its end. */
static void follow(struct source *source, const char *text)
{
    struct error err;

    put(path, O_TRUNC, text);
    assert_int_equal(source_open(source, path, true, &err), STATUS_OK);
    expect(source, SOURCE_BYTES, text);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/log", directory);
    (void)snprintf(other, sizeof(other), "%s/log.1", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(other);
    return rmdir(directory);
}

static void test_a_file_ends(void **state)
{
    struct source source;
    struct error err;

    (void)state;
    put(path, O_TRUNC, "abc");
    assert_int_equal(source_open(&source, path, false, &err), STATUS_OK);
    expect(&source, SOURCE_BYTES, "abc");
    expect(&source, SOURCE_ENDS, "");
    source_close(&source);
    assert_int_equal(source_open(&source, "/none/log", false, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "cannot open '/none/log'"));
    assert_int_equal(source_open(&source, directory, false, &err), STATUS_OK);
    enum source_state got;
    size_t size;
    char chunk[8];
    assert_int_equal(source_read(&source, chunk, sizeof(chunk), &got, &size, &err), STATUS_IO);
    source_close(&source);
}

static void test_a_file_grows(void **state)
{
    struct source source;

    (void)state;
    follow(&source, "abc");
    expect(&source, SOURCE_WAITS, "");
    put(path, O_APPEND, "de");
    expect(&source, SOURCE_BYTES, "de");
    expect(&source, SOURCE_WAITS, "");
    source_close(&source);
}

static void test_a_file_is_cut_short(void **state)
{
    struct source source;

    (void)state;
    follow(&source, "abc");
    put(path, O_TRUNC, "X");
    expect(&source, SOURCE_ANEW, "");
    expect(&source, SOURCE_BYTES, "X");
    expect(&source, SOURCE_WAITS, "");
    source_close(&source);
}

/* What was written to the old file before and behind the change of names is read first. */
static void test_a_file_is_rotated(void **state)
{
    struct source source;

    (void)state;
    follow(&source, "abc");
    assert_int_equal(rename(path, other), 0);
    expect(&source, SOURCE_WAITS, ""); /* nothing has the name */
    put(other, O_APPEND, "de");
    put(path, O_TRUNC, "new");
    expect(&source, SOURCE_BYTES, "de");
    expect(&source, SOURCE_ANEW, "");
    expect(&source, SOURCE_BYTES, "new");
    expect(&source, SOURCE_WAITS, "");
    source_close(&source);
}

/* When it was last written to, in seconds since 1970. */
static void set_time(const char *of, time_t seconds)
{
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};

    assert_int_equal(utimensat(AT_FDCWD, of, times, 0), 0);
}

/* Nobody looked for long: what came and went between is read, in its order, and nothing of what
 * was before. */
static void test_a_file_is_rotated_often(void **state)
{
    static const char *const texts[] = {"zero", "two", "three", "other", "gz"};
    static const char *const suffixes[] = {".4", ".2", "-20260401", ".old", ".5.gz"};
    char names[5][80];
    struct source source;

    (void)state;
    follow(&source, "one");
    assert_int_equal(rename(path, other), 0);
    set_time(other, 1000);
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%s%s", path, suffixes[i]);
        put(names[i], O_TRUNC, texts[i]);
        set_time(names[i], i == 0 ? 999 : 1000 + (time_t)i);
    }
    expect(&source, SOURCE_WAITS, ""); /* nothing has the name: it may get one of these */
    put(path, O_TRUNC, "four");
    set_time(path, 1010);
    for (size_t i = 1; i < 3; i++) {
        expect(&source, SOURCE_ANEW, "");
        expect(&source, SOURCE_BYTES, texts[i]);
    }
    expect(&source, SOURCE_ANEW, "");
    expect(&source, SOURCE_BYTES, "four");
    expect(&source, SOURCE_WAITS, "");
    source_close(&source);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(unlink(names[i]), 0);
}

/* Who writes on into the old file makes it younger than the new one. */
static void test_the_name_counts_where_times_do_not_tell(void **state)
{
    struct source source;

    (void)state;
    follow(&source, "one");
    assert_int_equal(rename(path, other), 0);
    set_time(other, 1000);
    put(path, O_TRUNC, "two");
    set_time(path, 900);
    expect(&source, SOURCE_ANEW, "");
    expect(&source, SOURCE_BYTES, "two");
    source_close(&source);
}

/* A pipe whose writers are gone ends, followed or not. */
static void test_a_pipe_ends(void **state)
{
    struct source source;
    struct error err;
    int ends[2], real = dup(STDIN_FILENO);

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    assert_int_equal(close(ends[1]) | close(ends[0]), 0);
    assert_int_equal(source_open(&source, "-", true, &err), STATUS_OK);
    expect(&source, SOURCE_BYTES, "abc");
    expect(&source, SOURCE_ENDS, "");
    source_close(&source); /* leaves standard input alone */
    assert_true(dup2(real, STDIN_FILENO) >= 0);
    assert_int_equal(close(real), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_ends),         cmocka_unit_test(test_a_file_grows),
        cmocka_unit_test(test_a_file_is_cut_short), cmocka_unit_test(test_a_file_is_rotated),
        cmocka_unit_test(test_a_pipe_ends),         cmocka_unit_test(test_a_file_is_rotated_often),
        cmocka_unit_test(test_the_name_counts_where_times_do_not_tell),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
