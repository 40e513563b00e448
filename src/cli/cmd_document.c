/* SPDX-License-Identifier: Apache-2.0 */
/* `daybook watchlist`, `daybook function`: a tenant's lists and its stored KQL. */
#include "cli/command_priv.h"

#include "base/limits.h"
#include "cli/output.h"

#include <stdio.h>

/* `show`: the text itself, as it was added. */
static enum status show_text(const struct command_context *context, struct slice text,
                             const struct json_tape *tape, struct error *err)
{
    uint32_t member = json_member(text, tape->tokens, 0, SLICE("text"));
    struct buf out;

    (void)context;
    if (member == UINT32_MAX)
        return ERROR_SET(err, STATUS_CORRUPT, "the server's answer has no text");
    buf_init(&out, 2 * WATCHLIST_BYTES_MAX);
    answer_add_text(text, tape, member, &out);
    if (out.size > 0 && out.data[out.size - 1] != '\n')
        buf_add_byte(&out, '\n');
    enum status status = buf_check(&out, err);
    if (status == STATUS_OK)
        status = output_write(buf_slice(&out), err);
    buf_release(&out);
    return status;
}

static int add(const struct command_context *context, struct session_request *request,
               const char *path)
{
    struct buf body;
    struct error err;

    buf_init(&body, 2 * WATCHLIST_BYTES_MAX);
    enum status status = command_read(path, &body, &err);
    request->method = HTTP_PUT;
    request->body = buf_slice(&body);
    int code =
        status == STATUS_OK ? command_ask(context, request, command_show_objects) : cli_fail(&err);
    buf_release(&body);
    return code;
}

static int run(const struct command_context *context, const char *collection, bool for_tenant)
{
    const struct options *o = context->options;
    const char *verb = o->word_count > 0 ? o->words[0] : "";
    struct http_pair tenant = {SLICE("tenant"), slice_of(options_get(o, "tenant", NULL))};
    char path[512];
    struct session_request request = {.method = HTTP_GET, .path = path, .query = &tenant};

    request.query_count = options_has(o, "tenant") ? 1 : 0;
    if (for_tenant && request.query_count == 0 && session_is_here(o))
        return command_usage(context, "--tenant NAME is wanted");
    (void)snprintf(path, sizeof(path), "/v1/%s", collection);
    if (strcmp(verb, "list") == 0 && o->word_count == 1)
        return command_ask(context, &request, command_show_objects);
    if (o->word_count > 1)
        (void)snprintf(path, sizeof(path), "/v1/%s/%.400s", collection, o->words[1]);
    if (strcmp(verb, "add") == 0 && o->word_count == 3)
        return add(context, &request, o->words[2]);
    if (strcmp(verb, "show") == 0 && o->word_count == 2 && options_has(o, "o"))
        return command_usage(context, "show prints the text as it is, it takes no -o");
    if (strcmp(verb, "show") == 0 && o->word_count == 2)
        return command_ask(context, &request, show_text);
    if (strcmp(verb, "remove") != 0 || o->word_count != 2)
        return command_usage(context, "say add NAME FILE, list, show NAME or remove NAME");
    request.method = HTTP_DELETE;
    return command_ask(context, &request, command_show_objects);
}

int cmd_watchlist(const struct command_context *context)
{
    return run(context, "watchlists", true);
}

int cmd_function(const struct command_context *context)
{
    return run(context, "functions", false);
}
