/* SPDX-License-Identifier: Apache-2.0 */
/* What `verify` shows of an answer that takes long, and does not come to its end. */
#include "stand_in.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW(kind) "{\"tenant\":\"a\",\"ok\":false,\"kind\":\"" kind "\"}\n"

static const char *last;     /* what comes behind the first finding */
static char so_far[256];     /* of standard output, when the first finding had come */
static int out_fd;

static enum status check(void *context, const struct http_request *request,
                         struct http_response *response, struct error *err)
{
    (void)context;
    (void)request;
    buf_add_text(&response->body, "{\"tenant\":\"a\",");
    assert_int_equal(response->flush(response, err), STATUS_OK);
    buf_add_text(&response->body, "\"ok\":false,\"kind\":\"gap\"}\n");
    assert_int_equal(response->flush(response, err), STATUS_OK);
    ssize_t got = pread(out_fd, so_far, sizeof(so_far) - 1, 0);
    so_far[got > 0 ? got : 0] = '\0';
    buf_add_text(&response->body, last);
    return STATUS_OK;
}

static const struct http_route routes[] = {
    {HTTP_GET, "/v1/verify", 1u << ROLE_OPERATOR, check, HTTP_AT_ONCE, 0, "*"}};
static const struct http_router router = {.routes = routes, .route_count = 1};

/* The exit code; what was printed is in ret. */
static int run(const char *format, char *ret, size_t size)
{
    atomic_bool interrupted = false;
    const struct cli_host host = {.open_local = stand_in_open,
                                  .close_local = stand_in_close,
                                  .interrupted = &interrupted};
    char out[] = "/tmp/test_verifyXXXXXX";
    const char *words[] = {"verify", "--data", "there", "-o", format};
    int kept = dup(STDOUT_FILENO);

    out_fd = mkstemp(out);
    stand_in_router = &router;
    (void)fflush(stdout);
    (void)dup2(out_fd, STDOUT_FILENO);
    int code = cli_main(&host, 5, words);
    (void)dup2(kept, STDOUT_FILENO);
    ssize_t got = pread(out_fd, ret, size - 1, 0);
    ret[got > 0 ? got : 0] = '\0';
    (void)close(kept);
    (void)close(out_fd);
    (void)unlink(out);
    return code;
}

static void test_a_finding_is_printed_when_it_comes(void **state)
{
    char out[512];

    (void)state;
    last = ROW("records");
    assert_int_equal(run("ndjson", out, sizeof(out)), CLI_NO);
    assert_string_equal(so_far, ROW("gap"));
    assert_string_equal(out, ROW("gap") ROW("records"));
    last = "";
    assert_int_equal(run("csv", out, sizeof(out)), CLI_INCOMPLETE);
    assert_non_null(strstr(so_far, "tenant,ok,kind"));
    assert_non_null(strstr(so_far, "gap"));
    assert_string_equal(out, so_far);
    last = ROW("records");
    assert_int_equal(run("json", out, sizeof(out)), CLI_NO);
    assert_string_equal(so_far, "");
    assert_true(out[0] == '[' && strstr(out, "records\"}]") != NULL);
}

/* What came stays, also where the rest is lost on the way. */
static void test_what_was_found_before_a_failure_is_shown(void **state)
{
    static const char *const formats[] = {"ndjson", "csv", "table"};
    static const char *const ends[] = {"{\"tenant\":\"a", "nonsense\n"};
    char out[512];

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        last = ends[i % 2];
        assert_int_equal(run(formats[i / 2], out, sizeof(out)), CLI_FAILED);
        assert_non_null(strstr(out, "gap"));
        assert_null(strstr(out, "nonsense"));
    }
    last = ends[0];
    assert_int_equal(run("json", out, sizeof(out)), CLI_FAILED);
    assert_null(strstr(out, "]")); /* it would look whole */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_finding_is_printed_when_it_comes),
        cmocka_unit_test(test_what_was_found_before_a_failure_is_shown),
    };
    return RUN_TESTS(tests);
}
