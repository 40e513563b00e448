/* SPDX-License-Identifier: Apache-2.0 */
/* What `ingest` does about answers that no server of ours gives. */
#include "stand_in.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TIMES 13u /* twelve refusals were the end once */

static unsigned proxy_status; /* of the first answers */
static unsigned proxy_times = 1;
static char keys[BUSY_TIMES + 1][64]; /* of the requests */
static unsigned asked;

static enum status take(void *context, const struct http_request *request,
                        struct http_response *response, struct error *err)
{
    (void)context;
    (void)err;
    assert_in_range(asked, 0, BUSY_TIMES);
    for (uint32_t i = 0; i < request->header_count; i++) {
        if (slice_is(request->headers[i].name, "idempotency-key"))
            (void)snprintf(keys[asked], sizeof(keys[asked]), "%.*s",
                           SLICE_FMT(request->headers[i].value));
    }
    if (asked++ < proxy_times) {
        response->status = proxy_status;
        buf_add_text(&response->body, "<html>Bad Gateway</html>");
    } else {
        buf_add_text(&response->body,
                     "{\"records\":1,\"stored\":1,\"count\":1,\"receipt\":\"r\"}");
    }
    return STATUS_OK;
}

static const struct http_route routes[] = {
    {HTTP_POST, "/v1/ingest", 1u << ROLE_OPERATOR, take, HTTP_AT_ONCE, 0, "*"}};
static const struct http_router router = {.routes = routes, .route_count = 1};

/* The exit code of `ingest` of a file with one record; what it printed is in ret. */
static int run(char *ret, size_t size)
{
    atomic_bool interrupted = false;
    const struct cli_host host = {.open_local = stand_in_open,
                                  .close_local = stand_in_close,
                                  .interrupted = &interrupted};
    char in[] = "/tmp/test_ingestXXXXXX", out[] = "/tmp/test_ingestXXXXXX";
    const char *words[] = {"ingest", "--data", "there", "--tenant", "a", "--table", "T", in};
    int in_fd = mkstemp(in), out_fd = mkstemp(out), kept = dup(STDOUT_FILENO);

    stand_in_router = &router;
    assert_int_equal(write(in_fd, "{\"a\":1}\n", 8), 8);
    (void)fflush(stdout);
    (void)dup2(out_fd, STDOUT_FILENO);
    int code = cli_main(&host, 8, words);
    (void)fflush(stdout);
    (void)dup2(kept, STDOUT_FILENO);
    ssize_t got = pread(out_fd, ret, size - 1, 0);
    ret[got > 0 ? got : 0] = '\0';
    (void)close(kept);
    (void)close(in_fd);
    (void)close(out_fd);
    (void)unlink(in);
    (void)unlink(out);
    return code;
}

static void test_what_a_proxy_lost_is_sent_again(void **state)
{
    static const unsigned statuses[] = {502, 504};
    char out[512];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        asked = 0;
        proxy_status = statuses[i];
        assert_int_equal(run(out, sizeof(out)), CLI_OK);
        assert_int_equal(asked, 2);
        assert_true(keys[0][0] != '\0');
        assert_string_equal(keys[0], keys[1]); /* stored once, also if both arrived */
        assert_non_null(strstr(out, "{\"records\":1,\"stored\":1,"));
    }
}

/* A second of overload a try: short tries are no reason to give up early. */
static void test_overload_is_waited_for(void **state)
{
    char out[512];

    (void)state;
    asked = 0;
    proxy_status = 429;
    proxy_times = BUSY_TIMES;
    assert_int_equal(run(out, sizeof(out)), CLI_OK);
    proxy_times = 1;
    assert_int_equal(asked, BUSY_TIMES + 1);
    assert_string_equal(keys[0], keys[BUSY_TIMES]);
}

static void test_what_is_wrong_is_sent_once(void **state)
{
    char out[512];

    (void)state;
    asked = 0;
    proxy_status = 500;
    assert_int_equal(run(out, sizeof(out)), CLI_FAILED);
    assert_int_equal(asked, 1);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_proxy_lost_is_sent_again),
        cmocka_unit_test(test_overload_is_waited_for),
        cmocka_unit_test(test_what_is_wrong_is_sent_once),
    };
    return RUN_TESTS(tests);
}
