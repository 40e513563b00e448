/* SPDX-License-Identifier: Apache-2.0 */
/* What `ingest` does about answers that no server of ours gives. */
#include "stand_in.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

/* ---- --state: killed when the server has the records, and their answer is on its way ---- */

static atomic_bool is_stopped;
static int seen_fd;
static bool is_killed;
static unsigned stops_after;

static enum status see(void *context, const struct http_request *request,
                       struct http_response *response, struct error *err)
{
    struct slice key = http_header(request, "idempotency-key");

    (void)context;
    (void)err;
    (void)dprintf(seen_fd, "%.*s %.*s", SLICE_FMT(key), SLICE_FMT(request->body));
    if (is_killed)
        _exit(9);
    if (++asked == stops_after)
        atomic_store(&is_stopped, true);
    buf_add_text(&response->body, "{\"records\":1,\"stored\":1,\"count\":1,\"receipt\":\"r\"}");
    return STATUS_OK;
}

static const struct http_route seeing[] = {
    {HTTP_POST, "/v1/ingest", 1u << ROLE_OPERATOR, see, HTTP_AT_ONCE, 0, "*"}};
static const struct http_router seeing_router = {.routes = seeing, .route_count = 1};

/* In a process of its own, which follows `path` till it is killed or has its answers. */
static void follow(const char *path, const char *state)
{
    const struct cli_host host = {.open_local = stand_in_open,
                                  .close_local = stand_in_close,
                                  .interrupted = &is_stopped};
    const char *words[] = {"ingest",   "--data",  "there", "--tenant", "a", "--table", "T",
                           "--follow", "--state", state,   path};
    int status;

    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(60); /* what never gets its answers fails, and does not hang */
        stand_in_router = &seeing_router;
        (void)dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        _exit(cli_main(&host, 11, words));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status) == 9, is_killed);
}

static void test_a_killed_run_sends_the_same_again(void **state)
{
    char path[] = "/tmp/test_ingestXXXXXX", seen[] = "/tmp/test_ingestXXXXXX";
    char kept[64], lock[80], got[512], first[64], wanted[256];
    int fd = mkstemp(path);

    (void)state;
    seen_fd = mkstemp(seen);
    (void)snprintf(kept, sizeof(kept), "%s.state", path);
    (void)snprintf(lock, sizeof(lock), "%s.lock", kept);
    assert_int_equal(write(fd, "{\"a\":1}\n{\"a\"", 12), 12);
    asked = 0;
    is_killed = true;
    follow(path, kept);
    assert_int_equal(write(fd, ":2}\n", 4), 4); /* the next body would be a longer one */
    is_killed = false;
    stops_after = 2;
    follow(path, kept);
    ssize_t size = pread(seen_fd, got, sizeof(got) - 1, 0);
    got[size > 0 ? size : 0] = '\0';
    (void)snprintf(first, sizeof(first), "%.36s", got);
    (void)snprintf(wanted, sizeof(wanted),
                   "%s-0 {\"a\":1}\n%s-0 {\"a\":1}\n%s-1 {\"a\":2}\n", first, first, first);
    assert_string_equal(got, wanted);
    (void)close(fd);
    (void)close(seen_fd);
    (void)unlink(path);
    (void)unlink(seen);
    (void)unlink(kept);
    (void)unlink(lock);
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
        cmocka_unit_test(test_a_killed_run_sends_the_same_again),
        cmocka_unit_test(test_what_is_wrong_is_sent_once),
    };
    return RUN_TESTS(tests);
}
