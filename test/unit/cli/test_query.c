/* SPDX-License-Identifier: Apache-2.0 */
/* What `query` ends with when records lack in the answer. */
#include "stand_in.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool is_complete;

static enum status answer(void *context, const struct http_request *request,
                          struct http_response *response, struct error *err)
{
    (void)context;
    (void)request;
    (void)err;
    buf_add_format(&response->body,
                   "{\"columns\":[{\"name\":\"a\",\"type\":\"long\"}],\"rows\":[[1]],"
                   "\"complete\":%s,\"gap\":\"some are lost\"}",
                   is_complete ? "true" : "false");
    return STATUS_OK;
}

static const struct http_route routes[] = {
    {HTTP_POST, "/v1/query", 1u << ROLE_OPERATOR, answer, HTTP_AT_ONCE, 0, "*"}};
static const struct http_router router = {.routes = routes, .route_count = 1};

static int run(const char *more)
{
    atomic_bool interrupted = false;
    const struct cli_host host = {.open_local = stand_in_open,
                                  .close_local = stand_in_close,
                                  .interrupted = &interrupted};
    const char *words[] = {"query", "--data", "there", "--tenant", "a", "T", more};
    int kept = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);

    stand_in_router = &router;
    (void)fflush(stdout);
    (void)dup2(null, STDOUT_FILENO);
    int code = cli_main(&host, more == NULL ? 6 : 7, words);
    (void)dup2(kept, STDOUT_FILENO);
    (void)close(kept);
    (void)close(null);
    return code;
}

static void test_an_incomplete_answer_is_a_failure_if_asked(void **state)
{
    (void)state;
    is_complete = false;
    assert_int_equal(run(NULL), CLI_OK);
    assert_int_equal(run("--fail-on-incomplete"), CLI_INCOMPLETE);
    is_complete = true;
    assert_int_equal(run("--fail-on-incomplete"), CLI_OK);
}

static void test_a_batch_says_it_in_its_lines(void **state)
{
    const char *words[] = {"query", "--batch", "/dev/null", "--fail-on-incomplete"};
    const struct cli_host host = {.open_local = stand_in_open};

    (void)state;
    assert_int_equal(cli_main(&host, 4, words), CLI_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_incomplete_answer_is_a_failure_if_asked),
        cmocka_unit_test(test_a_batch_says_it_in_its_lines),
    };
    return RUN_TESTS(tests);
}
