/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "share/share_priv.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What a failure puts into the log, for the request with this id. */
static void log_one(const char *id, char *ret, size_t size)
{
    struct http_request request = {.method = HTTP_POST, .path = SLICE("/v1/query")};
    struct error err;
    int fds[2], saved = dup(STDERR_FILENO);

    (void)snprintf(request.id, sizeof(request.id), "%s", id);
    (void)ERROR_SET(&err, STATUS_IO, "the disk is gone");
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    share_log_failed(&request, &err);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    ssize_t got = read(fds[0], ret, size - 1);
    assert_true(got > 0);
    ret[got] = '\0';
    (void)close(fds[0]);
    (void)close(fds[1]);
    (void)close(saved);
}

static void the_log_names_the_request_that_failed(void **state)
{
    char text[4096];

    (void)state;
    log_one("0123456789abcdef", text, sizeof(text));
    assert_non_null(strstr(text, "POST /v1/query, request 0123456789abcdef: the disk is gone"));
    log_one("", text, sizeof(text)); /* of a command on a data directory */
    assert_non_null(strstr(text, "POST /v1/query: the disk is gone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_log_names_the_request_that_failed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
