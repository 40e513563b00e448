/* SPDX-License-Identifier: Apache-2.0 */
/* `daybook loss`, `daybook verify`: what a damaged log has lost, and whether all else is
 * there. */
#include "cli/command_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/waiting.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* ---- loss ---- */

struct losses {
    struct session *session;
    struct session_answer answer;
    struct json_tape tape;
    struct slice text; /* of the answer */
};

static bool is_true(const struct losses *l, uint32_t row, const char *key)
{
    return slice_is(answer_member(l->text, &l->tape, row, key), "true");
}

/* Nobody accepted it yet, and --from-seq means it or no one in particular. */
static bool is_meant(const struct command_context *context, const struct losses *l, uint32_t row)
{
    const char *seq = options_get(context->options, "from-seq", NULL);
    struct slice first = answer_member(l->text, &l->tape, row, "first_seq");

    return seq == NULL ? slice_is(answer_member(l->text, &l->tape, row, "accepted"), "null")
                       : slice_is(first, seq);
}

static void show(const struct losses *l, uint32_t row, FILE *out)
{
    static const char *const keys[] = {"received_after", "received_before"};
    struct buf line;

    buf_init(&line, 64 * KIB);
    buf_add_format(&line, "records %llu to %llu (%s%llu)",
                   (unsigned long long)answer_number(l->text, &l->tape, row, "first_seq"),
                   (unsigned long long)answer_number(l->text, &l->tape, row, "last_seq"),
                   is_true(l, row, "at_most") ? "at most " : "",
                   (unsigned long long)answer_number(l->text, &l->tape, row, "records"));
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        buf_add_format(&line, "%s%.*s", i == 0 ? ", received between " : " and ",
                       SLICE_FMT(answer_member(l->text, &l->tape, row, keys[i])));
    (void)fprintf(out, "%.*s\n", SLICE_FMT(buf_slice(&line)));
    buf_release(&line);
}

/* What is asked for is the name of the tenant: one does not type it by accident. */
static bool confirm(const char *tenant, uint32_t count)
{
    char typed[TENANT_NAME_BYTES_MAX + 2];

    (void)fprintf(stderr,
                  "Queries about the times of %s will go on saying that they lack, all others "
                  "that they are complete; 'raw' and the evidence keep the gap for ever.\n"
                  "Type the name of the tenant to accept: ",
                  count == 1 ? "these records" : "each of these");
    (void)fflush(stderr);
    if (fgets(typed, sizeof(typed), stdin) == NULL)
        return false;
    typed[strcspn(typed, "\n")] = '\0';
    return strcmp(typed, tenant) == 0;
}

static void add_time(struct buf *body, const struct command_context *context,
                     const struct losses *l, uint32_t row, const char *key)
{
    const char *given = options_get(context->options, key, NULL);
    struct slice kept = answer_member(l->text, &l->tape, row, key);

    buf_add_format(body, ",\"%s\":", key);
    if (given != NULL)
        text_add_json_string(body, slice_of(given));
    else if (slice_is(kept, "null"))
        buf_add_text(body, "null");
    else
        text_add_json_string(body, kept);
}

static enum status accept_one(const struct command_context *context, struct losses *l,
                              uint32_t row, struct buf *ret_rows, struct error *err)
{
    struct session_request request = {.method = HTTP_POST, .path = "/v1/losses"};
    struct session_answer answer = {0};
    struct json_tape tape;
    struct buf body;

    json_tape_init(&tape);
    buf_init(&body, 64 * KIB);
    buf_add_text(&body, "{\"tenant\":\""); /* as it came: with its escapes */
    buf_add_slice(&body, answer_member(l->text, &l->tape, row, "tenant"));
    buf_add_byte(&body, '"');
    for (size_t i = 0; i < 2; i++) {
        const char *key = i == 0 ? "first_seq" : "last_seq";
        buf_add_format(&body, ",\"%s\":%llu", key,
                       (unsigned long long)answer_number(l->text, &l->tape, row, key));
    }
    add_time(&body, context, l, row, "from");
    add_time(&body, context, l, row, "to");
    buf_add_byte(&body, '}');
    request.body = buf_slice(&body);
    enum status status = buf_check(&body, err);
    if (status == STATUS_OK)
        status = session_ask(l->session, &request, &answer, &tape, err);
    if (status == STATUS_OK) {
        buf_add_byte(ret_rows, ret_rows->size == 0 ? '[' : ',');
        buf_add_slice(ret_rows, buf_slice(&answer.body));
    }
    session_answer_release(&answer);
    json_tape_release(&tape);
    buf_release(&body);
    return status;
}

static enum status show_rows(const struct command_context *context, struct buf *rows,
                             struct error *err)
{
    struct json_tape tape;

    json_tape_init(&tape);
    buf_add_byte(rows, ']');
    enum status status = buf_check(rows, err);
    if (status == STATUS_OK &&
        json_parse(buf_slice(rows), JSON_DEPTH_MAX, &tape) != JSON_OK)
        status = ERROR_SET(err, STATUS_CORRUPT, "the server's answer is no JSON");
    if (status == STATUS_OK)
        status = command_show_objects(context, buf_slice(rows), &tape, err);
    json_tape_release(&tape);
    return status;
}

static enum status accept_all(const struct command_context *context, struct losses *l,
                              const char *tenant, struct error *err)
{
    bool is_sure = options_has(context->options, "yes");
    enum status status = STATUS_OK;
    uint32_t count = 0, end = l->tape.tokens[0].next;
    struct buf rows;

    for (uint32_t row = 1; row < end; row = l->tape.tokens[row].next) {
        if (!is_meant(context, l, row))
            continue;
        if (count++ == 0)
            (void)fprintf(stderr, "Lost, of tenant %s:\n", tenant);
        show(l, row, stderr);
    }
    if (count == 0)
        return ERROR_SET(err, STATUS_NOT_FOUND, "'%s' has no loss to accept; see 'daybook loss "
                                                "list'", tenant);
    if (!is_sure && !isatty(STDIN_FILENO))
        return ERROR_SET(err, STATUS_INVALID, "not accepted: nobody can be asked, say --yes");
    if (!is_sure && !confirm(tenant, count))
        return ERROR_SET(err, STATUS_INVALID, "not accepted");
    buf_init(&rows, 64 * MIB);
    for (uint32_t row = 1; row < end && status == STATUS_OK; row = l->tape.tokens[row].next) {
        if (is_meant(context, l, row))
            status = accept_one(context, l, row, &rows, err);
    }
    if (status == STATUS_OK)
        status = show_rows(context, &rows, err);
    buf_release(&rows);
    return status;
}

static int accept(const struct command_context *context, const char *tenant)
{
    struct http_pair query = {SLICE("tenant"), slice_of(tenant)};
    struct session_request request = {
        .method = HTTP_GET, .path = "/v1/losses", .query = &query, .query_count = 1};
    struct losses l = {.session = NULL};
    struct error err;

    json_tape_init(&l.tape);
    enum status status = session_open(context, &l.session, &err);
    if (status == STATUS_OK)
        status = session_ask(l.session, &request, &l.answer, &l.tape, &err);
    l.text = buf_slice(&l.answer.body);
    if (status == STATUS_OK)
        status = accept_all(context, &l, tenant, &err);
    int code = status == STATUS_OK ? CLI_OK : cli_fail(&err);
    session_close(l.session);
    session_answer_release(&l.answer);
    json_tape_release(&l.tape);
    return code;
}

int cmd_loss(const struct command_context *context)
{
    const struct options *o = context->options;
    const char *verb = o->word_count == 1 ? o->words[0] : "";
    const char *tenant = options_get(o, "tenant", NULL);
    struct http_pair query = {SLICE("tenant"), slice_of(tenant == NULL ? "" : tenant)};
    struct session_request request = {.method = HTTP_GET, .path = "/v1/losses", .query = &query};

    request.query_count = tenant == NULL ? 0 : 1;
    if (strcmp(verb, "list") == 0)
        return command_ask(context, &request, command_show_objects);
    if (strcmp(verb, "accept") != 0)
        return command_usage(context, "say list or accept");
    if (tenant == NULL)
        return command_usage(context, "whose loss is accepted? --tenant NAME is wanted");
    return accept(context, tenant);
}

/* ---- verify ---- */

#define COLUMNS_MAX 32u

/* Each line is looked at and shown as it comes: the next one may be an hour away, and what was
 * found counts whatever happens then.  Only a table, and JSON, wait for the end. */
struct findings {
    const struct command_context *context;
    struct waiting *waiting;
    enum output_format format;
    struct output output;
    bool is_begun;
    struct buf line; /* that has no end yet */
    bool is_wrong, has_gaps;
};

static enum status begin_findings(struct findings *f, struct slice text,
                                  const struct json_tape *tape, struct error *err)
{
    struct arena *arena = f->context->arena;
    struct slice *columns = ARENA_ARRAY(arena, struct slice, COLUMNS_MAX, err);
    uint32_t count = 0;

    if (columns == NULL)
        return err->status;
    for (uint32_t i = 1; tape != NULL && i < tape->tokens[0].next && count < COLUMNS_MAX;
         i = tape->tokens[i + 1].next) {
        columns[count] = arena_copy(arena, json_text(text, &tape->tokens[i]), err);
        if (columns[count++].data == NULL)
            return err->status;
    }
    f->is_begun = true;
    return output_begin(&f->output, f->format, columns, count, arena, err);
}

static enum status take_finding(struct findings *f, struct error *err)
{
    struct slice text = buf_slice(&f->line);
    struct json_tape tape;
    enum status status = STATUS_OK;

    json_tape_init(&tape);
    if (json_parse(text, JSON_DEPTH_MAX, &tape) != JSON_OK || tape.tokens[0].kind != JSON_OBJECT)
        status = ERROR_SET(err, STATUS_CORRUPT, "the server's answer has a line that is none");
    if (status == STATUS_OK && !f->is_begun)
        status = begin_findings(f, text, &tape, err);
    if (status == STATUS_OK) {
        struct slice kind = answer_member(text, &tape, 0, "kind");
        bool is_gap = slice_is(kind, "gap") || slice_is(kind, "pending") ||
                      slice_is(kind, "unsigned"); /* not wrong: nothing can be said */
        bool is_finding = !slice_is(answer_member(text, &tape, 0, "ok"), "true") &&
                          !slice_is(kind, "tenant");
        f->is_wrong |= is_finding && !is_gap;
        f->has_gaps |= is_finding && is_gap;
        status = output_row(&f->output, text, &tape, 0, err);
    }
    json_tape_release(&tape);
    buf_clear(&f->line);
    return status;
}

static enum status take_bytes(void *context, struct slice bytes, struct error *err)
{
    struct findings *f = context;
    enum status status = STATUS_OK;
    struct slice line;

    while (status == STATUS_OK && slice_find_byte(bytes, '\n', 0) != SIZE_MAX &&
           slice_next(&bytes, '\n', &line)) {
        buf_add_slice(&f->line, line);
        status = buf_check(&f->line, err);
        if (status == STATUS_OK)
            status = take_finding(f, err);
    }
    if (status != STATUS_OK)
        return status;
    buf_add_slice(&f->line, bytes);
    if (f->is_begun && f->format != OUTPUT_TABLE && isatty(STDOUT_FILENO)) {
        waiting_stop(f->waiting); /* it would stand among the rows */
        f->waiting = NULL;
    }
    if (f->is_begun && (f->format == OUTPUT_NDJSON || f->format == OUTPUT_CSV))
        status = output_flush(&f->output, err);
    return status == STATUS_OK ? buf_check(&f->line, err) : status;
}

/* Behind the last line, or a failure: then what came is shown, where it does not look whole. */
static enum status end_findings(struct findings *f, enum status status, struct error *err)
{
    struct error ignored;

    errno = 0; /* it is of something else */
    if (status == STATUS_OK && f->line.size > 0)
        status = ERROR_SET(err, STATUS_IO, "the answer ends in the middle");
    if (status == STATUS_OK && !f->is_begun)
        status = begin_findings(f, SLICE(""), NULL, err);
    if (status == STATUS_OK)
        return output_end(&f->output, err);
    if (f->is_begun && f->format == OUTPUT_JSON)
        output_drop(&f->output);
    else if (f->is_begun && output_end(&f->output, &ignored) != STATUS_OK)
        return status; /* the first failure is told */
    return status;
}

int cmd_verify(const struct command_context *context)
{
    const char *tenant = options_get(context->options, "tenant", NULL);
    struct http_pair query = {SLICE("tenant"), slice_of(tenant == NULL ? "" : tenant)};
    struct findings findings = {.context = context};
    struct session_request request = {.method = HTTP_GET,
                                      .path = "/v1/verify",
                                      .query = &query,
                                      .query_count = tenant == NULL ? 0 : 1,
                                      .on_body = take_bytes,
                                      .context = &findings};
    const char *receipts = options_get(context->options, "receipt", NULL);
    struct session *session = NULL;
    struct session_answer answer = {0};
    struct error err;
    struct buf body;

    buf_init(&findings.line, MIB);
    buf_init(&body, REQUEST_BODY_BYTES_MAX);
    enum status status = output_format_from(context->options, &findings.format, &err);
    if (status == STATUS_OK && receipts != NULL)
        status = command_read(receipts, &body, &err);
    if (receipts != NULL)
        request.method = HTTP_POST;
    request.body = buf_slice(&body);
    findings.waiting = waiting_start(STDERR_FILENO);
    if (status == STATUS_OK)
        status = session_open(context, &session, &err);
    if (status == STATUS_OK)
        status = session_send(session, &request, &answer, &err);
    if (status == STATUS_OK && answer.status != 200)
        status = session_error(&answer, &err);
    waiting_stop(findings.waiting);
    status = output_unless_left(end_findings(&findings, status, &err), &err);
    int code = status != STATUS_OK  ? cli_fail(&err)
               : findings.is_wrong  ? CLI_NO
               : findings.has_gaps  ? CLI_INCOMPLETE
                                    : CLI_OK;
    session_close(session);
    session_answer_release(&answer);
    buf_release(&findings.line);
    buf_release(&body);
    return code;
}
