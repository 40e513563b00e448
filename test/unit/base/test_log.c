/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_line_is_one_line_whatever_is_in_it(void **state)
{
    struct error err;
    char text[4096];
    int fds[2], saved = dup(STDERR_FILENO);

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    log_line(LOG_LEVEL_INFO, "a\nb\x1b[31m");
    log_line(LOG_LEVEL_DEBUG, "not shown");
    (void)ERROR_SET(&err, STATUS_INVALID, "why");
    log_failure("what", &err);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    ssize_t size = read(fds[0], text, sizeof(text) - 1);
    assert_true(size > 0);
    text[size] = '\0';
    assert_non_null(strstr(text, "info a\\nb\\u{1b}[31m\n"));
    assert_null(strstr(text, "not shown"));
    assert_non_null(strstr(text, "error what: why ("));
    (void)close(fds[0]);
    (void)close(fds[1]);
    (void)close(saved);
}

static void the_journal_gets_levels_and_no_times(void **state)
{
    char text[4096], name[64];
    int fds[2], saved = dup(STDERR_FILENO);
    struct stat st;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fstat(fds[1], &st), 0);
    (void)snprintf(name, sizeof(name), "%llu:%llu", (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(setenv("JOURNAL_STREAM", name, 1), 0);
    log_set_level(LOG_LEVEL_DEBUG);
    log_line(LOG_LEVEL_ERROR, "a");
    log_line(LOG_LEVEL_WARNING, "b");
    log_line(LOG_LEVEL_INFO, "c");
    log_line(LOG_LEVEL_DEBUG, "d");
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0); /* of another file */
    log_line(LOG_LEVEL_INFO, "e");
    log_set_level(LOG_LEVEL_INFO);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    ssize_t size = read(fds[0], text, sizeof(text) - 1);
    assert_true(size > 0);
    text[size] = '\0';
    const char *wanted = "<3>error a\n<4>warning b\n<6>info c\n<7>debug d\n2";
    assert_int_equal(strncmp(text, wanted, strlen(wanted)), 0);
    assert_non_null(strstr(text, "Z info e\n"));
    (void)close(fds[0]);
    (void)close(fds[1]);
    (void)close(saved);
}

/* Writes a line to `fd`, then one to a pipe; the latter comes back. */
static void log_two(int fd, char *ret, size_t size)
{
    int fds[2], saved = dup(STDERR_FILENO);

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    log_line(LOG_LEVEL_ERROR, "lost");
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    log_line(LOG_LEVEL_ERROR, "said");
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    (void)close(fds[1]);
    ssize_t got = read(fds[0], ret, size - 1);
    ret[got < 0 ? 0 : got] = '\0';
    (void)close(fds[0]);
    (void)close(saved);
}

static void a_full_disk_does_not_silence_the_log(void **state)
{
    char text[4096];
    int full = open("/dev/full", O_WRONLY);

    (void)state;
    assert_true(full >= 0);
    log_two(full, text, sizeof(text));
    assert_non_null(strstr(text, "error said\n"));
    (void)close(full);
}

static void who_is_gone_is_not_written_to(void **state)
{
    char text[4096];
    int fds[2];

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* as the program has it */
    assert_int_equal(pipe(fds), 0);
    (void)close(fds[0]);
    log_two(fds[1], text, sizeof(text));
    assert_string_equal(text, "");
    log_set_level(LOG_LEVEL_INFO);
    (void)close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_line_whatever_is_in_it),
        cmocka_unit_test(the_journal_gets_levels_and_no_times),
        cmocka_unit_test(a_full_disk_does_not_silence_the_log),
        cmocka_unit_test(who_is_gone_is_not_written_to),
    };

    return RUN_TESTS(tests);
}
