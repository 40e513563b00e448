/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cli/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/test_place.XXXXXX";
static char log_path[64], rotated[64], state_path[64];

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return 1;
    (void)snprintf(log_path, sizeof(log_path), "%s/log", directory);
    (void)snprintf(rotated, sizeof(rotated), "%s/log.1", directory);
    (void)snprintf(state_path, sizeof(state_path), "%s/state", directory);
    return 0;
}

static int teardown(void **state)
{
    char lock[80];

    (void)state;
    (void)snprintf(lock, sizeof(lock), "%s.lock", state_path);
    (void)unlink(log_path);
    (void)unlink(rotated);
    (void)unlink(state_path);
    (void)unlink(lock);
    return rmdir(directory);
}

/* The place in a log with this text whose first `done` bytes have their answer, while the next
 * `length` are under way. */
static struct place in_log(const char *text, size_t done, size_t length)
{
    struct place place = {.run = guid_new()};
    struct error err;

    put(log_path, text);
    int fd = open(log_path, O_RDONLY);
    assert_int_equal(place_restart(&place, fd, &err), STATUS_OK);
    (void)close(fd);
    if (done > 0) {
        place_begin(&place, slice_from(text, done));
        place_end(&place);
    }
    if (length > 0)
        place_begin(&place, slice_from(text + done, length));
    return place;
}

static void test_what_is_saved_is_there(void **state)
{
    struct place place = in_log("one\ntwo\nthree\n", 4, 4), got = {0};
    struct place_file *file, *other;
    struct error err;

    (void)state;
    assert_int_equal(place_open(state_path, SLICE("a/\"T"), &got, &file, &err), STATUS_OK);
    assert_int_equal(got.inode, 0); /* no state yet */
    assert_int_equal(place_save(file, &place, &err), STATUS_OK);
    assert_int_equal(place_open(state_path, SLICE("a/\"T"), &got, &other, &err), STATUS_CONFLICT);
    assert_non_null(strstr(err.text, "another process"));
    place_close(file);
    assert_int_equal(place_open(state_path, SLICE("b/"), &got, &file, &err), STATUS_CONFLICT);
    assert_non_null(strstr(err.text, "not to 'b/'"));
    assert_int_equal(place_open(state_path, SLICE("a/\"T"), &got, &file, &err), STATUS_OK);
    place_close(file);
    assert_memory_equal(&got, &place, sizeof(got));
    assert_int_equal(got.offset, 4);
    assert_int_equal(got.length, 4);
    assert_int_equal(got.request, 1);
    assert_int_equal(place_save(NULL, &place, &err), STATUS_OK);
}

static void test_what_is_no_state_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "{}", "[1]",
        "{\"version\":2,\"target\":\"t\",\"run\":\"00000000-0000-4000-8000-000000000000\","
        "\"device\":1,\"inode\":1,\"offset\":0,\"length\":0,\"mark\":0,\"mark_bytes\":0,"
        "\"request\":0}",
        "{\"version\":1,\"target\":\"t\",\"run\":\"00000000-0000-4000-8000-000000000000\","
        "\"device\":1,\"inode\":1,\"offset\":3,\"length\":0,\"mark\":0,\"mark_bytes\":4,"
        "\"request\":0}",
        "{\"version\":1,\"target\":\"t\",\"run\":\"00000000-0000-4000-8000-000000000000\","
        "\"device\":1,\"inode\":1,\"offset\":9223372036854775807,\"length\":1,\"mark\":0,"
        "\"mark_bytes\":0,\"request\":0}",
    };
    struct place place = {0};
    struct place_file *file;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put(state_path, texts[i]);
        assert_int_equal(place_open(state_path, SLICE("t"), &place, &file, &err), STATUS_CORRUPT);
    }
    (void)unlink(state_path);
    assert_int_equal(place_open("/none/state", SLICE("t"), &place, &file, &err),
                     STATUS_NOT_FOUND);
}

static int find(const struct place *place)
{
    struct error err;
    int fd;

    assert_int_equal(place_find(place, log_path, &fd, &err), STATUS_OK);
    return fd;
}

static void test_a_file_is_found_under_another_name(void **state)
{
    struct place place = in_log("one\ntwo\n", 4, 4);
    struct stat st;

    (void)state;
    int fd = find(&place);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(rename(log_path, rotated), 0);
    put(log_path, "one\ntwo\nsame bytes, another file\n");
    fd = find(&place);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 8);
    (void)close(fd);
    assert_int_equal(unlink(rotated), 0);
    assert_int_equal(find(&place), -1);
}

/* An inode is given again, and a log that was copied and cut short keeps its own. */
static void test_other_bytes_are_another_file(void **state)
{
    struct place place = in_log("one\ntwo\n", 4, 0);

    (void)state;
    put(log_path, "ONE\nTWO\n");
    assert_int_equal(find(&place), -1);
    put(log_path, "on");
    assert_int_equal(find(&place), -1);
    put(log_path, "one\nTHREE\n");
    int fd = find(&place);
    assert_true(fd >= 0);
    (void)close(fd);
}

/* The key of a request stands for its bytes, which do not come again. */
static void test_another_file_takes_no_key_that_was_used(void **state)
{
    struct place place = in_log("one\ntwo\n", 4, 4);
    struct error err;
    int fd = open(log_path, O_RDONLY);

    (void)state;
    assert_int_equal(place.request, 1);
    assert_int_equal(place_restart(&place, fd, &err), STATUS_OK);
    assert_int_equal(place.request, 2);
    assert_int_equal(place_restart(&place, fd, &err), STATUS_OK);
    assert_int_equal(place.request, 2);
    (void)close(fd);
    fd = open("/dev/null", O_RDONLY);
    assert_int_equal(place_restart(&place, fd, &err), STATUS_INVALID);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_saved_is_there),
        cmocka_unit_test(test_what_is_no_state_is_refused),
        cmocka_unit_test(test_a_file_is_found_under_another_name),
        cmocka_unit_test(test_other_bytes_are_another_file),
        cmocka_unit_test(test_another_file_takes_no_key_that_was_used),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
