/* SPDX-License-Identifier: Apache-2.0 */
/* The interactive mode without a terminal; with one it is test/system/s37. */
#include "stand_in.h"
#include "test.h"

#include "base/limits.h"
#include "cli/shell.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WIDE_BYTES 100000

static char asked[1024];   /* bodies of the queries, a line each */
static bool is_wide;       /* the name of the answer's column */
static size_t arena_bytes; /* of the command, at its end */

static enum status answer(void *context, const struct http_request *request,
                          struct http_response *response, struct error *err)
{
    (void)context;
    (void)err;
    (void)snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%.*s\n",
                   SLICE_FMT(request->body));
    buf_add_text(&response->body, "{\"columns\":[{\"name\":\"a");
    for (size_t i = 0; is_wide && i < WIDE_BYTES; i++)
        buf_add_byte(&response->body, 'a');
    buf_add_text(&response->body, "\",\"type\":\"long\"}],"
                                  "\"rows\":[[7]],\"complete\":true}");
    return STATUS_OK;
}

static const struct http_route routes[] = {
    {HTTP_POST, "/v1/query", 1u << ROLE_OPERATOR, answer, HTTP_AT_ONCE, 0, "*"}};
static const struct http_router router = {.routes = routes, .route_count = 1};

/* Runs the mode on a file of lines; what it wrote is in ret. */
static int run(const char *data, const char *lines, char *ret, size_t size)
{
    static const struct option table[] = {{"data", true, false, "DIR", ""},
                                          {"tenant", true, false, "NAME", ""},
                                          {"o", true, false, "FORMAT", ""}};
    static const struct command command = {.name = "query", .usage = ""};
    const char *arguments[] = {"--data", data, "--tenant", "contoso", "-o", "csv"};
    atomic_bool interrupted = false;
    const struct cli_host host = {.open_local = stand_in_open,
                                  .close_local = stand_in_close,
                                  .interrupted = &interrupted};
    struct arena *arena = arena_new(64 * MIB);
    struct options options;
    struct error err;
    char in[] = "/tmp/test_shellXXXXXX", out[] = "/tmp/test_shellXXXXXX";
    int in_fd = mkstemp(in), out_fd = mkstemp(out), kept = dup(STDOUT_FILENO);

    stand_in_router = &router;
    assert_int_equal(write(in_fd, lines, strlen(lines)), (ssize_t)strlen(lines));
    assert_non_null(freopen(in, "r", stdin));
    ASSERT_OK(options_parse(table, 3, 6, arguments, arena, &options, &err));
    const struct command_context context = {&host, &command, &options, arena};
    (void)fflush(stdout);
    (void)dup2(out_fd, STDOUT_FILENO);
    int code = shell_run(&context);
    (void)fflush(stdout);
    (void)dup2(kept, STDOUT_FILENO);
    ssize_t got = pread(out_fd, ret, size - 1, 0);
    ret[got > 0 ? got : 0] = '\0';
    (void)close(kept);
    (void)close(in_fd);
    (void)close(out_fd);
    (void)unlink(in);
    (void)unlink(out);
    arena_bytes = arena_used_bytes(arena);
    arena_free(arena);
    return code;
}

static void test_lines_are_gathered_to_queries(void **state)
{
    char out[1024];

    (void)state;
    asked[0] = '\0';
    assert_int_equal(run("there", "let a = 1;\nT\n| take a\n\nU;\nV\n", out, sizeof(out)), CLI_OK);
    assert_string_equal(asked,
                        "{\"query\":\"let a = 1;\\nT\\n| take a\",\"tenant\":\"contoso\"}\n"
                        "{\"query\":\"U;\",\"tenant\":\"contoso\"}\n"
                        "{\"query\":\"V\",\"tenant\":\"contoso\"}\n");
    assert_non_null(strstr(out, "a\r\n7\r\na\r\n7\r\na\r\n7\r\n"));
}

static void test_the_history_is_for_the_user_alone(void **state)
{
    char dir[] = "/tmp/test_shellXXXXXX", path[256], out[256];
    struct stat status;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)setenv("XDG_STATE_HOME", dir, 1);
    assert_int_equal(run("there", "U | count;\n", out, sizeof(out)), CLI_OK);
    (void)snprintf(path, sizeof(path), "%s/daybook/history", dir);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(status.st_size > 10);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/daybook", dir);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    (void)rmdir(path);
    (void)rmdir(dir);
}

/* More than a few come in a session. */
static void test_an_answer_leaves_no_memory_behind(void **state)
{
    static char out[4 * WIDE_BYTES];

    (void)state;
    asked[0] = '\0';
    is_wide = true;
    assert_int_equal(run("there", "U;\nV;\nW;\n", out, sizeof(out)), CLI_OK);
    is_wide = false;
    assert_true(strlen(out) > 3 * WIDE_BYTES);
    assert_in_range(arena_bytes, 1, WIDE_BYTES);
}

static void test_a_place_that_cannot_be_opened_ends_it(void **state)
{
    char out[64];

    (void)state;
    assert_int_equal(run("nowhere", "U;\n", out, sizeof(out)), CLI_FAILED);
}

/* libedit keeps the names of functions that were added to it for good. */
const char *__lsan_default_suppressions(void)
{
    return "leak:wcsdup";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_gathered_to_queries),
        cmocka_unit_test(test_the_history_is_for_the_user_alone),
        cmocka_unit_test(test_an_answer_leaves_no_memory_behind),
        cmocka_unit_test(test_a_place_that_cannot_be_opened_ends_it),
    };
    (void)setenv("XDG_STATE_HOME", "/dev/null/state", 1);
    return RUN_TESTS(tests);
}
