/* SPDX-License-Identifier: Apache-2.0 */
/* `daybook raw`, `daybook compact`, `daybook doctor`. */
#include "cli/command_priv.h"

#include "base/limits.h"
#include "cli/output.h"

#include <stdio.h>
#include <unistd.h>

static enum status write_body(void *context, struct slice bytes, struct error *err)
{
    (void)context;
    return output_write(bytes, err);
}

/* Sends, and streams a 200 answer to on_body. */
static enum status stream(const struct command_context *context,
                          const struct session_request *request, struct error *err)
{
    struct session *session = NULL;
    struct session_answer answer = {0};
    enum status status = session_open(context, &session, err);

    if (status == STATUS_OK)
        status = session_send(session, request, &answer, err);
    if (status == STATUS_OK && answer.status != 200)
        status = session_error(&answer, err);
    session_close(session);
    session_answer_release(&answer);
    return status;
}

int cmd_raw(const struct command_context *context)
{
    const struct options *o = context->options;
    const char *tenant = options_get(o, "tenant", NULL);
    const char *from = options_get(o, "from-seq", NULL), *count = options_get(o, "count", NULL);

    if (from == NULL || count == NULL || (tenant == NULL && session_is_here(o)))
        return command_usage(context, "--tenant, --from-seq and --count are wanted");
    struct http_pair query[4] = {
        {SLICE("tenant"), slice_of(tenant)},
        {SLICE("from-seq"), slice_of(from)},
        {SLICE("count"), slice_of(count)},
        {SLICE("zero"), options_has(o, "0") ? SLICE("1") : SLICE("0")},
    };
    struct session_request request = {
        .method = HTTP_GET,
        .path = "/v1/raw",
        .query = query,
        .query_count = 4,
        .on_body = write_body,
    };
    struct error err;
    enum status status = stream(context, &request, &err);

    return status == STATUS_OK || output_was_left(&err) ? CLI_OK : cli_fail(&err);
}

/* The progress of a compaction, a line at a time. */
struct progress {
    bool is_quiet;
    struct buf line;             /* the one that has no end yet */
    char why[ERROR_TEXT_BYTES];  /* it failed; "" if it did not */
};

static void take_line(struct progress *progress)
{
    struct slice line = buf_slice(&progress->line);

    if (slice_starts_with(line, SLICE(COMPACT_FAILED)))
        (void)snprintf(progress->why, sizeof(progress->why), "%.*s",
                       SLICE_FMT(slice_tail(line, sizeof(COMPACT_FAILED) - 1)));
    else if (!progress->is_quiet)
        (void)fprintf(stderr, "%.*s\n", SLICE_FMT(line));
    buf_clear(&progress->line);
}

static enum status take_progress(void *context, struct slice bytes, struct error *err)
{
    struct progress *progress = context;

    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] == '\n')
            take_line(progress);
        else
            buf_add_byte(&progress->line, bytes.data[i]);
    }
    return buf_check(&progress->line, err);
}

int cmd_compact(const struct command_context *context)
{
    struct progress progress = {
        .is_quiet = options_has(context->options, "quiet") || !isatty(STDERR_FILENO)};
    const struct session_request request = {
        .method = HTTP_POST,
        .path = "/v1/compact",
        .on_body = take_progress,
        .context = &progress,
    };
    struct error err;

    buf_init(&progress.line, 64 * KIB);
    enum status status = stream(context, &request, &err);
    if (progress.why[0] != '\0') /* says more than that the answer was cut off */
        status = ERROR_SET(&err, STATUS_IO, "the compaction failed: %s", progress.why);
    buf_release(&progress.line);
    return status == STATUS_OK ? CLI_OK : cli_fail(&err);
}

static enum status show_checks(const struct command_context *context, struct slice text,
                               const struct json_tape *tape, bool *ret_bad, struct error *err)
{
    static const struct slice columns[] = {{"check", 5}, {"verdict", 7}, {"text", 4}};
    enum output_format format = OUTPUT_TABLE;
    struct output output;
    uint32_t checks = json_member(text, tape->tokens, 0, SLICE("checks"));
    enum status status = output_format_from(context->options, &format, err);

    *ret_bad = slice_is(answer_member(text, tape, 0, "verdict"), "bad");
    if (status == STATUS_OK && format == OUTPUT_JSON)
        return output_write_json(text, err);
    if (status == STATUS_OK)
        status = output_begin(&output, format, columns, 3, context->arena, err);
    if (checks == UINT32_MAX || status != STATUS_OK)
        return status;
    for (uint32_t i = checks + 1; status == STATUS_OK && i < tape->tokens[checks].next;
         i = tape->tokens[i].next)
        status = output_row(&output, text, tape, i, err);
    return status == STATUS_OK ? output_end(&output, err) : status;
}

int cmd_doctor(const struct command_context *context)
{
    struct session_request request = {.method = HTTP_GET, .path = "/v1/status"};
    struct session *session = NULL;
    struct session_answer answer = {0};
    struct json_tape tape;
    struct error err;
    bool bad = false;

    json_tape_init(&tape);
    enum status status = session_open(context, &session, &err);
    if (status == STATUS_OK)
        status = session_ask(session, &request, &answer, &tape, &err);
    if (status == STATUS_OK)
        status = output_unless_left(
            show_checks(context, buf_slice(&answer.body), &tape, &bad, &err), &err);
    int code = status != STATUS_OK ? cli_fail(&err) : bad ? CLI_FAILED : CLI_OK;
    session_close(session);
    session_answer_release(&answer);
    json_tape_release(&tape);
    return code;
}
