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

static enum status write_progress(void *context, struct slice bytes, struct error *err)
{
    const bool *quiet = context;

    (void)err;
    if (!*quiet)
        (void)fprintf(stderr, "%.*s", SLICE_FMT(bytes));
    return STATUS_OK;
}

/* Sends, streams a 200 answer to on_body, gives the exit code. */
static int stream(const struct command_context *context, struct session_request *request)
{
    struct session *session = NULL;
    struct session_answer answer = {0};
    struct error err;
    int code = CLI_OK;
    enum status status = session_open(context, &session, &err);

    if (status == STATUS_OK)
        status = session_send(session, request, &answer, &err);
    if (status == STATUS_OK && answer.status != 200)
        status = session_error(&answer, &err);
    if (status != STATUS_OK)
        code = cli_fail(&err);
    session_close(session);
    session_answer_release(&answer);
    return code;
}

int cmd_raw(const struct command_context *context)
{
    const struct options *o = context->options;
    const char *tenant = options_get(o, "tenant", NULL);
    const char *from = options_get(o, "from-seq", NULL), *count = options_get(o, "count", NULL);

    if (tenant == NULL || from == NULL || count == NULL)
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
    return stream(context, &request);
}

int cmd_compact(const struct command_context *context)
{
    bool quiet = options_has(context->options, "quiet") || !isatty(STDERR_FILENO);
    struct session_request request = {
        .method = HTTP_POST,
        .path = "/v1/compact",
        .on_body = write_progress,
        .context = &quiet,
    };

    return stream(context, &request);
}

int cmd_doctor(const struct command_context *context)
{
    struct session_request request = {
        .method = HTTP_GET,
        .path = "/v1/status",
        .on_body = write_body,
    };
    int code = stream(context, &request);

    if (code == CLI_OK)
        (void)fprintf(stderr, "daybook: everything that was checked is in order\n");
    return code;
}
