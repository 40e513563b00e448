/* SPDX-License-Identifier: Apache-2.0 */
/* `daybook tenant`, `daybook token`, `daybook webhook`: the control plane. */
#include "cli/command_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/output.h"

#include <stdio.h>

int command_ask(const struct command_context *context, const struct session_request *request,
                enum status (*show)(const struct command_context *context, struct slice text,
                                    const struct json_tape *tape, struct error *err))
{
    struct session *session = NULL;
    struct session_answer answer = {0};
    struct json_tape tape;
    struct error err;
    int code = CLI_OK;

    json_tape_init(&tape);
    enum status status = session_open(context, &session, &err);
    if (status == STATUS_OK)
        status = session_ask(session, request, &answer, &tape, &err);
    if (status == STATUS_OK)
        status = show(context, buf_slice(&answer.body), &tape, &err);
    if (status != STATUS_OK && !output_was_left(&err))
        code = cli_fail(&err);
    session_close(session);
    session_answer_release(&answer);
    json_tape_release(&tape);
    return code;
}

enum status command_show_objects(const struct command_context *context, struct slice text,
                                 const struct json_tape *tape, struct error *err)
{
    enum output_format format;
    struct output output;
    struct slice columns[32];
    uint32_t column_count = 0;
    uint32_t first = tape->tokens[0].kind == JSON_ARRAY ? 1 : 0;
    uint32_t end = tape->tokens[0].next;
    enum status status = output_format_from(context->options, &format, err);

    if (status != STATUS_OK)
        return status;
    if (format == OUTPUT_JSON) {
        status = output_write_json(text, err);
        return status == STATUS_OK ? output_write(SLICE("\n"), err) : status;
    }
    if (first < end && tape->tokens[first].kind == JSON_OBJECT) {
        for (uint32_t i = first + 1; i < tape->tokens[first].next && column_count < 32;
             i = tape->tokens[i + 1].next)
            columns[column_count++] = json_text(text, &tape->tokens[i]);
    }
    status = output_begin(&output, format, columns, column_count, context->arena, err);
    for (uint32_t row = first; status == STATUS_OK && row < end; row = tape->tokens[row].next)
        status = output_row(&output, text, tape, row, err);
    return status == STATUS_OK ? output_end(&output, err) : status;
}

static void add_member(struct buf *buf, const char *key, const char *value)
{
    if (value == NULL)
        return;
    buf_add_text(buf, buf->size > 1 ? "," : "");
    text_add_json_string(buf, slice_of(key));
    buf_add_byte(buf, ':');
    text_add_json_string(buf, slice_of(value));
}

/* Asks with the body, which is released. */
static int send(const struct command_context *context, enum http_method method,
                struct session_request *request, struct buf *body)
{
    request->method = method;
    request->body = buf_slice(body);
    int code = command_ask(context, request, command_show_objects);
    buf_release(body);
    return code;
}

int cmd_tenant(const struct command_context *context)
{
    const struct options *o = context->options;
    const char *verb = o->word_count > 0 ? o->words[0] : "";
    struct session_request request = {.method = HTTP_GET, .path = "/v1/tenants"};
    struct buf body;

    if (strcmp(verb, "list") == 0 && o->word_count == 1)
        return command_ask(context, &request, command_show_objects);
    if (o->word_count != 2 || (strcmp(verb, "add") != 0 && strcmp(verb, "show") != 0))
        return command_usage(context, "say add NAME, list or show NAME");
    if (!text_is_utf8(slice_of(o->words[1])))
        return command_usage(context, "the name is not UTF-8 text");
    if (strcmp(verb, "show") == 0) {
        struct http_pair name = {SLICE("name"), slice_of(o->words[1])};
        request.query = &name;
        request.query_count = 1;
        return command_ask(context, &request, command_show_objects);
    }
    buf_init(&body, 64 * KIB);
    buf_add_byte(&body, '{');
    add_member(&body, "name", o->words[1]);
    add_member(&body, "id", options_get(o, "id", NULL));
    buf_add_byte(&body, '}');
    return send(context, HTTP_POST, &request, &body);
}

int cmd_token(const struct command_context *context)
{
    const struct options *o = context->options;
    const char *verb = o->word_count > 0 ? o->words[0] : "";
    struct session_request request = {.method = HTTP_GET, .path = "/v1/tokens"};
    struct buf body;
    char path[256];

    if (strcmp(verb, "list") == 0 && o->word_count == 1)
        return command_ask(context, &request, command_show_objects);
    if (strcmp(verb, "revoke") == 0 && o->word_count == 2) {
        (void)snprintf(path, sizeof(path), "/v1/tokens/%.200s", o->words[1]);
        request.method = HTTP_DELETE;
        request.path = path;
        return command_ask(context, &request, command_show_objects);
    }
    if (strcmp(verb, "add") != 0 || o->word_count != 1)
        return command_usage(context, "say add, list or revoke ID");
    if (!options_has(o, "role"))
        return command_usage(context, "a token wants a --role");
    buf_init(&body, 64 * KIB);
    buf_add_byte(&body, '{');
    add_member(&body, "role", options_get(o, "role", NULL));
    add_member(&body, "tenant", options_get(o, "tenant", NULL));
    add_member(&body, "table", options_get(o, "table", NULL));
    add_member(&body, "expires", options_get(o, "expires", "30d"));
    add_member(&body, "name", options_get(o, "name", NULL));
    buf_add_byte(&body, '}');
    return send(context, HTTP_POST, &request, &body);
}

int cmd_webhook(const struct command_context *context)
{
    const struct options *o = context->options;
    const char *verb = o->word_count > 0 ? o->words[0] : "";
    struct session_request request = {.method = HTTP_GET, .path = "/v1/settings/webhook"};
    struct buf body;

    if (strcmp(verb, "show") == 0 && o->word_count == 1)
        return command_ask(context, &request, command_show_objects);
    bool set = strcmp(verb, "set") == 0 && o->word_count == 2;
    if (!set && !(strcmp(verb, "clear") == 0 && o->word_count == 1))
        return command_usage(context, "say set URL, show or clear");
    buf_init(&body, 64 * KIB);
    buf_add_byte(&body, '{');
    add_member(&body, "url", set ? o->words[1] : "");
    buf_add_format(&body, ",\"allow_private\":%s}",
                   options_has(o, "allow-private") ? "true" : "false");
    return send(context, HTTP_PUT, &request, &body);
}
