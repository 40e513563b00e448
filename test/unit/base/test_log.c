/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/log.h"

#include <string.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_line_is_one_line_whatever_is_in_it)};

    return RUN_TESTS(tests);
}
