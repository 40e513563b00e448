/* SPDX-License-Identifier: Apache-2.0 */
/* `daybook scope`: from an alert or indicators to mailboxes and messages. */
#include "cli/command_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/waiting.h"

#include <stdio.h>
#include <unistd.h>

static const char *const kinds[] = {"alert", "app-id", "ip", "session", "user"};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static bool is_kind(struct slice word)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (slice_is(word, kinds[i]))
            return true;
    }
    return false;
}

static void add_indicator(struct buf *body, struct slice kind, struct slice value)
{
    if (body->data[body->size - 1] != '[')
        buf_add_byte(body, ',');
    buf_add_text(body, "{\"kind\":");
    text_add_json_string(body, kind);
    buf_add_text(body, ",\"value\":");
    text_add_json_string(body, value);
    buf_add_byte(body, '}');
}

/* What stands behind a blank and '#' is no part of the value: with it that would match nothing. */
static struct slice without_remark(struct slice value)
{
    for (size_t i = 0; i < value.size; i++) {
        bool is_first = i == 0 || value.data[i - 1] == ' ' || value.data[i - 1] == '\t';
        if (is_first && value.data[i] == '#')
            return slice_trim(slice_head(value, i));
    }
    return value;
}

/* Lines "KIND VALUE", blanks or a tab between; blank lines, lines that begin with '#' and remarks
 * behind a value are skipped. */
static enum status add_lines(struct buf *body, struct slice text, const char *path,
                             struct error *err)
{
    struct slice line, kind;

    for (size_t number = 1; slice_next(&text, '\n', &line); number++) {
        line = slice_trim(line);
        if (line.size == 0 || line.data[0] == '#')
            continue;
        size_t end = 0;
        while (end < line.size && line.data[end] != ' ' && line.data[end] != '\t')
            end++;
        kind = slice_head(line, end);
        struct slice value = without_remark(slice_trim(slice_tail(line, end)));
        if (value.size == 0 || !is_kind(kind))
            return ERROR_SET(err, STATUS_INVALID,
                             "%s:%zu: a line is KIND VALUE with a blank between, KIND one of "
                             "app-id, ip, session, user, alert",
                             path, number);
        if (!text_is_utf8(value)) /* JSON would have other characters in its place */
            return ERROR_SET(err, STATUS_INVALID, "%s:%zu: the value is not UTF-8 text", path,
                             number);
        add_indicator(body, kind, value);
    }
    return STATUS_OK;
}

static enum status add_file(struct buf *body, const char *path, struct error *err)
{
    struct buf text;

    buf_init(&text, 16 * MIB);
    enum status status = command_read(path, &text, err);
    if (status == STATUS_OK)
        status = add_lines(body, buf_slice(&text), path, err);
    buf_release(&text);
    return status;
}

static enum status make_body(const struct command_context *context, struct buf *body,
                             struct error *err)
{
    static const char *const scalars[] = {"tenant", "from", "to"};
    const struct options *o = context->options;
    enum status status = STATUS_OK;

    buf_add_text(body, "{\"indicators\":[");
    for (uint32_t i = 0; status == STATUS_OK && i < o->value_count; i++) {
        struct slice name = slice_of(o->values[i].option->name);
        if (slice_is(name, "indicators"))
            status = add_file(body, o->values[i].value, err);
        else if (is_kind(name))
            add_indicator(body, name, slice_of(o->values[i].value));
    }
    if (status == STATUS_OK && body->data[body->size - 1] == '[')
        status = ERROR_SET(err, STATUS_INVALID,
                           "give an indicator: --alert, --app-id, --ip, --session, --user or "
                           "--indicators FILE");
    buf_add_byte(body, ']');
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        const char *value = options_get(o, scalars[i], NULL);
        if (value == NULL)
            continue;
        buf_add_format(body, ",\"%s\":", scalars[i]);
        text_add_json_string(body, slice_of(value));
    }
    buf_add_format(body, ",\"all_tenants\":%s}", options_has(o, "all-tenants") ? "true" : "false");
    return status == STATUS_OK ? buf_check(body, err) : status;
}

static uint64_t count_elements(const struct json_tape *tape, uint32_t array)
{
    uint64_t count = 0;

    if (array == UINT32_MAX)
        return 0;
    for (uint32_t i = array + 1; i < tape->tokens[array].next; i = tape->tokens[i].next)
        count++;
    return count;
}

/* A value of a mailbox as a JSON string or number; arrays as their count. */
static void add_cell(struct buf *row, struct slice text, const struct json_tape *tape,
                     uint32_t object, const char *key)
{
    uint32_t token = json_member(text, tape->tokens, object, slice_of(key));

    if (row->size > 1)
        buf_add_byte(row, ',');
    if (token == UINT32_MAX)
        buf_add_text(row, "null");
    else if (tape->tokens[token].kind == JSON_ARRAY)
        buf_add_u64(row, count_elements(tape, token));
    else if (tape->tokens[token].kind == JSON_STRING)
        buf_add(row, text.data + tape->tokens[token].start - 1,
                tape->tokens[token].end - tape->tokens[token].start + 2);
    else
        buf_add_slice(row, json_text(text, &tape->tokens[token]));
}

/* A list of texts as one. */
static void add_texts(struct buf *row, struct slice text, const struct json_tape *tape,
                      uint32_t object, const char *key)
{
    uint32_t array = json_member(text, tape->tokens, object, slice_of(key));
    const char *separator = "";

    buf_add_text(row, ",\"");
    for (uint32_t i = array + 1; array != UINT32_MAX && i < tape->tokens[array].next;
         i = tape->tokens[i].next) {
        buf_add_text(row, separator);
        buf_add_slice(row, json_text(text, &tape->tokens[i]));
        separator = "; ";
    }
    buf_add_byte(row, '"');
}

static enum status add_mailboxes(struct output *output, struct slice text,
                                 const struct json_tape *tape, uint32_t tenant, struct error *err)
{
    static const char *const keys[] = {"mailbox",      "first",        "last",
                                       "bind_messages", "sync_folders", "throttled",
                                       "lower",        "upper",        "upper_open"};
    uint32_t mailboxes = json_member(text, tape->tokens, tenant, SLICE("mailboxes"));
    enum status status = STATUS_OK;

    if (mailboxes == UINT32_MAX)
        return STATUS_OK;
    for (uint32_t m = mailboxes + 1; status == STATUS_OK && m < tape->tokens[mailboxes].next;
         m = tape->tokens[m].next) {
        struct buf row;
        struct json_tape row_tape;
        json_tape_init(&row_tape);
        buf_init(&row, MIB);
        buf_add_byte(&row, '[');
        add_cell(&row, text, tape, tenant, "tenant");
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
            add_cell(&row, text, tape, m, keys[k]);
        add_texts(&row, text, tape, m, "cannot_rule_out");
        buf_add_byte(&row, ']');
        if (json_parse(buf_slice(&row), JSON_DEPTH_MAX, &row_tape) == JSON_OK)
            status = output_row(output, buf_slice(&row), &row_tape, 0, err);
        buf_release(&row);
        json_tape_release(&row_tape);
    }
    return status;
}

static enum status show(const struct command_context *context, enum output_format format,
                        struct slice text, const struct json_tape *tape, uint32_t tenants,
                        struct error *err)
{
    static const struct slice columns[] = {
        {"tenant", 6},         {"mailbox", 7},       {"first", 5},
        {"last", 4},           {"bind_messages", 13}, {"sync_folders", 12},
        {"throttled", 9},      {"lower", 5},         {"upper", 5},
        {"upper_open", 10},    {"cannot_rule_out", 15},
    };
    struct output output;

    if (format == OUTPUT_JSON || format == OUTPUT_NDJSON) {
        enum status status = output_write_json(text, err);
        return status == STATUS_OK ? output_write(SLICE("\n"), err) : status;
    }
    enum status status = output_begin(&output, format, columns,
                                      sizeof(columns) / sizeof(columns[0]), context->arena, err);
    for (uint32_t t = tenants + 1; status == STATUS_OK && t < tape->tokens[tenants].next;
         t = tape->tokens[t].next)
        status = add_mailboxes(&output, text, tape, t, err);
    return status == STATUS_OK ? output_end(&output, err) : status;
}

int cmd_scope(const struct command_context *context)
{
    struct session *session = NULL;
    struct session_answer answer = {0};
    struct json_tape tape;
    struct buf body;
    struct error err;
    enum output_format format = OUTPUT_TABLE;
    uint32_t tenants = UINT32_MAX;

    if (session_is_here(context->options) && !options_has(context->options, "tenant") &&
        !options_has(context->options, "all-tenants"))
        return command_usage(context, "--tenant NAME or --all-tenants is wanted");
    json_tape_init(&tape);
    buf_init(&body, SCOPE_BODY_BYTES_MAX);
    enum status status = make_body(context, &body, &err);
    if (status == STATUS_OK)
        status = output_format_from(context->options, &format, &err);
    if (status == STATUS_OK)
        status = session_open(context, &session, &err);
    if (status == STATUS_OK) {
        struct session_request request = {
            .method = HTTP_POST,
            .path = "/v1/scope",
            .body = buf_slice(&body),
        };
        struct waiting *waiting = waiting_start(STDERR_FILENO);
        status = session_ask(session, &request, &answer, &tape, &err);
        waiting_stop(waiting);
    }
    struct slice text = buf_slice(&answer.body);
    if (status == STATUS_OK) {
        tenants = json_member(text, tape.tokens, 0, SLICE("tenants"));
        status = tenants == UINT32_MAX
                     ? ERROR_SET(&err, STATUS_CORRUPT, "the server's answer has no tenants")
                     : show(context, format, text, &tape, tenants, &err);
        status = output_unless_left(status, &err);
    }
    bool is_complete = status == STATUS_OK && !command_show_gap(text, &tape);
    int code = status != STATUS_OK                  ? cli_fail(&err)
               : count_elements(&tape, tenants) > 0 ? CLI_OK
               : is_complete                        ? CLI_NO
                                                    : CLI_INCOMPLETE;
    session_close(session);
    session_answer_release(&answer);
    json_tape_release(&tape);
    buf_release(&body);
    return code;
}
