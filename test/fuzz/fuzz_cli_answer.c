/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cli_answer.c - what a server may answer to a command.  Whatever that is, the command ends
 * with one of its codes, and neither the messages nor a table move a cursor or turn a text around.
 *
 *   u8 the command | u8 the status of the answer | its body, for each request of the command
 *
 * With SHOW in the environment what the command says is seen. */
#include "cli/cli.h"

#include "base/check.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MAX 10u
#define SHOWN_BYTES_MAX (64 * MIB)

static const char *const commands[][WORDS_MAX] = {
    {"query", "--tenant", "a", "-o", "table", "print 1"},
    {"query", "--tenant", "a", "-o", "csv", "print 1"},
    {"query", "--tenant", "a", "--explain", "-o", "table", "print 1"},
    {"query", "--tenant", "a", "--format", "print 1"},
    {"verify", "--tenant", "a"},
    {"verify", "-o", "json"},
    {"doctor", "-o", "table"},
    {"scope", "--tenant", "a", "--ip", "192.0.2.1", "-o", "table"},
    {"scope", "--tenant", "a", "--ip", "192.0.2.1", "-o", "json"},
    {"tenant", "list", "-o", "table"},
    {"tenant", "add", "a"},
    {"token", "list", "-o", "csv"},
    {"token", "add", "--tenant", "a", "--role", "reader"},
    {"watchlist", "list", "--tenant", "a", "-o", "table"},
    {"watchlist", "show", "w", "--tenant", "a"},
    {"function", "show", "f"},
    {"loss", "list", "-o", "table"},
    {"loss", "accept", "--tenant", "a", "--yes"},
    {"webhook", "show", "-o", "table"},
    {"compact"},
    {"raw", "--tenant", "a", "--from-seq", "1", "--count", "2"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const unsigned statuses[] = {200, 200, 200, 400, 401, 403, 404, 409, 410, 429, 500, 507};

static unsigned answer_status;
static struct slice answer;

static enum status respond(void *context, const struct http_request *request,
                           struct http_response *response, struct error *err)
{
    (void)context;
    (void)request;
    (void)err;
    response->status = answer_status;
    buf_add_slice(&response->body, answer);
    return STATUS_OK;
}

#define ANYBODY UINT32_MAX

static const struct http_route routes[] = {
    {HTTP_GET, "/*", ANYBODY, respond, HTTP_STREAMS, 0, "*"},
    {HTTP_POST, "/*", ANYBODY, respond, HTTP_STREAMS, 0, "*"},
    {HTTP_PUT, "/*", ANYBODY, respond, HTTP_AT_ONCE, 0, "*"},
    {HTTP_DELETE, "/*", ANYBODY, respond, HTTP_AT_ONCE, 0, "*"},
};
static const struct http_router router = {.routes = routes,
                                          .route_count = sizeof(routes) / sizeof(routes[0])};

static enum status open_local(const char *data_dir, struct cli_local *ret, struct error *err)
{
    (void)data_dir;
    (void)err;
    *ret = (struct cli_local){.router = &router, .principal = {.role = ROLE_OPERATOR}};
    return STATUS_OK;
}

static void close_local(struct cli_local *local)
{
    (void)local;
}

/* ---- what is shown ---- */

struct capture {
    int stream, file, real;
};

static void begin_capture(int stream, struct capture *ret)
{
    *ret = (struct capture){stream, memfd_create("shown", MFD_CLOEXEC), dup(stream)};
    CHECK(ret->file >= 0 && ret->real >= 0 && dup2(ret->file, stream) >= 0);
}

static void end_capture(struct capture *c, struct buf *ret)
{
    CHECK(dup2(c->real, c->stream) >= 0);
    off_t size = lseek(c->file, 0, SEEK_END);
    CHECK(size >= 0 && (size_t)size <= SHOWN_BYTES_MAX);
    buf_init(ret, SHOWN_BYTES_MAX);
    char *bytes = size > 0 ? buf_extend(ret, (size_t)size) : NULL;
    CHECK(size == 0 || (bytes != NULL && pread(c->file, bytes, (size_t)size, 0) == size));
    (void)close(c->file);
    (void)close(c->real);
}

static void check_shown(struct slice text)
{
    for (size_t at = 0; at < text.size;) {
        uint32_t rune = text_next_rune(text, &at);
        bool steers = (rune < ' ' && rune != '\n') || (rune >= 0x7f && rune <= 0x9f) ||
                      rune == 0x061c || rune == 0x200e || rune == 0x200f ||
                      (rune >= 0x202a && rune <= 0x202e) || (rune >= 0x2066 && rune <= 0x2069);
        CHECK(!steers);
    }
}

static bool is_table(const char *const *words)
{
    for (uint32_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], "table") == 0)
            return true;
    }
    return false;
}

static void run(const char *const *words)
{
    static atomic_bool interrupted;
    const struct cli_host host = {
        .open_local = open_local, .close_local = close_local, .interrupted = &interrupted};
    const char *argv[WORDS_MAX + 3] = {NULL};
    struct capture out, messages;
    struct buf shown, said;
    int argc = 0;

    for (; words[argc] != NULL; argc++)
        argv[argc] = words[argc];
    argv[argc++] = "--data";
    argv[argc++] = "d";
    begin_capture(STDOUT_FILENO, &out);
    begin_capture(STDERR_FILENO, &messages);
    int code = cli_main(&host, argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    end_capture(&messages, &said);
    end_capture(&out, &shown);
    if (getenv("SHOW") != NULL)
        fprintf(stderr, "%s: %d\n%.*s%.*s\n", words[0], code, SLICE_FMT(buf_slice(&shown)),
                SLICE_FMT(buf_slice(&said)));
    CHECK(code >= CLI_OK && code <= CLI_INCOMPLETE);
    check_shown(buf_slice(&said));
    if (is_table(words))
        check_shown(buf_slice(&shown));
    buf_release(&shown);
    buf_release(&said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    answer_status = statuses[data[1] % (sizeof(statuses) / sizeof(statuses[0]))];
    answer = slice_from((const char *)data + 2, size - 2);
    run(commands[data[0] % COMMANDS]);
    return 0;
}
