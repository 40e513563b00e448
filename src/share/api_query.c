/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/query {"query","tenant","all_tenants","now","watermark","parameters","timeout_ms"}
 * answers {"columns":[{"name","type"}],"rows":[[...]],"complete",...}: rows
 * stream; an error after the first bytes stands in the last member.  Where the query
 * gives several tables, "tables":[{"name","columns","rows"}...] has the further ones. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "query/batch.h"

#define FLUSH_BYTES (256 * KIB)
#define PARAMETERS_MAX 64u
#define ALIKE_ROWS_MIN 8u /* fewer: to look for what they share takes as long as to write it */

struct writer {
    struct query_sink sink; /* first */
    const struct http_request *request;
    struct http_response *response;
    struct self_audit *audit;
    struct audit_ticket ticket;
    bool sent;
    bool has_tables; /* further ones */
    struct buf alike; /* of the batch at hand: struct alike_cells, by column */
    struct buf texts; /* theirs */
    uint64_t row_count; /* of the table */
};

/* The audit is durable before the first byte leaves. */
static enum status spill(struct writer *w, struct error *err)
{
    if (w->response->flush == NULL)
        return STATUS_OK;
    if (!w->sent) {
        enum status status = self_audit_wait(w->audit, w->ticket, err);
        if (status != STATUS_OK)
            return status;
        w->sent = true;
    }
    return w->response->flush(w->response, err);
}

static enum status add_columns(struct writer *w, const struct schema *schema, struct error *err)
{
    struct buf *out = &w->response->body;

    w->row_count = 0;
    buf_add_text(out, "\"columns\":[");
    for (uint32_t i = 0; i < schema->column_count; i++) {
        buf_add_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        text_add_json_string(out, schema->columns[i].name);
        buf_add_text(out, ",\"type\":\"");
        buf_add_text(out, type_name(schema->columns[i].type));
        buf_add_text(out, "\"}");
    }
    buf_add_text(out, "],\"rows\":[");
    return buf_check(out, err);
}

static enum status begin(struct query_sink *sink, const struct schema *schema, struct error *err)
{
    struct writer *w = (struct writer *)sink;

    buf_add_byte(&w->response->body, '{');
    return add_columns(w, schema, err);
}

static enum status table(struct query_sink *sink, struct slice name,
                         const struct schema *schema, struct error *err)
{
    struct writer *w = (struct writer *)sink;
    struct buf *out = &w->response->body;

    buf_add_text(out, w->has_tables ? "]},\n{\"name\":" : "],\"tables\":[{\"name\":");
    w->has_tables = true;
    text_add_json_string(out, name);
    buf_add_byte(out, ',');
    return add_columns(w, schema, err);
}

/* Columns beside each other, of each of which all rows have the same: often nothing. */
struct alike_cells {
    uint32_t begin, end;
    size_t at, size; /* in the texts */
};

/* Surely the same in all rows. */
static bool is_alike(const struct vector *column, uint32_t row_count)
{
    bool is_alike = true;

    switch (column->encoding) {
    case VECTOR_CONST:
        break;
    case VECTOR_DICT:
        for (uint32_t i = 1; i < row_count && is_alike; i++)
            is_alike = column->codes[i] == column->codes[0];
        break;
    case VECTOR_FLAT:
        is_alike = column->type == TYPE_STRING || column->nulls != NULL;
        for (uint32_t i = 0; i < row_count && is_alike; i++)
            is_alike = column->type == TYPE_STRING ? column->slices[i].size == 0
                                                   : column->nulls[i] != 0;
        break;
    }
    return is_alike;
}

/* Writes what the rows share, once. */
static enum status find_alike(struct writer *w, const struct batch *batch, struct error *err)
{
    struct alike_cells cells = {0};

    buf_clear(&w->alike);
    buf_clear(&w->texts);
    for (uint32_t i = 0; i < batch->column_count && batch->row_count >= ALIKE_ROWS_MIN; i++) {
        if (!is_alike(&batch->columns[i], batch->row_count))
            continue;
        if (cells.end > 0 && cells.end == i) {
            w->alike.size -= sizeof(cells); /* one more in the last */
            buf_add_byte(&w->texts, ',');
        } else {
            cells = (struct alike_cells){.begin = i, .at = w->texts.size};
        }
        query_add_cell(&w->texts, &batch->columns[i], 0);
        cells.end = i + 1;
        cells.size = w->texts.size - cells.at;
        buf_add(&w->alike, &cells, sizeof(cells));
        if (buf_check(&w->texts, err) != STATUS_OK || buf_check(&w->alike, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static void add_row(struct writer *w, const struct batch *batch, uint32_t row)
{
    struct buf *out = &w->response->body;
    const struct alike_cells *next = (const void *)w->alike.data;
    size_t left = w->alike.size / sizeof(*next);

    buf_add_text(out, w->row_count++ > 0 ? ",\n[" : "\n[");
    for (uint32_t i = 0; i < batch->column_count;) {
        if (i > 0)
            buf_add_byte(out, ',');
        if (left > 0 && next->begin == i) {
            buf_add(out, w->texts.data + next->at, next->size);
            i = next->end;
            next++;
            left--;
        } else {
            query_add_cell(out, &batch->columns[i++], row);
        }
    }
    buf_add_byte(out, ']');
}

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    struct writer *w = (struct writer *)sink;
    struct buf *out = &w->response->body;
    enum status status = find_alike(w, batch, err);

    for (uint32_t row = 0; row < batch->row_count && status == STATUS_OK; row++)
        add_row(w, batch, row);
    if (status == STATUS_OK)
        status = buf_check(out, err);
    if (status == STATUS_OK && out->size > FLUSH_BYTES)
        status = spill(w, err);
    return status;
}

static void add_trailer(struct buf *out, bool has_tables, const struct query_stats *stats)
{
    buf_add_text(out, has_tables ? "]}]" : "]");
    query_add_coverage(out, stats);
    query_add_warnings(out, stats);
    buf_add_format(out, ",\"elapsed_us\":%llu,\"memory_bytes\":%llu}\n",
                   (unsigned long long)stats->elapsed_us, (unsigned long long)stats->memory_bytes);
}

static enum status parse_parameters(const struct body *body, struct arena *arena,
                                    struct query_parameter **ret, uint32_t *ret_count,
                                    struct error *err)
{
    const struct json_token *tokens = body->tape.tokens;
    uint32_t object = json_member(body->text, tokens, 0, SLICE("parameters"));

    *ret_count = 0;
    if (object == UINT32_MAX)
        return STATUS_OK;
    if (tokens[object].kind != JSON_OBJECT)
        return ERROR_SET(err, STATUS_INVALID, "'parameters' must be an object");
    if (json_text(body->text, &tokens[object]).size > QUERY_PARAMETERS_BYTES_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "parameters have at most %zu bytes",
                         QUERY_PARAMETERS_BYTES_MAX);
    *ret = ARENA_ARRAY(arena, struct query_parameter, PARAMETERS_MAX, err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t i = object + 1; i < tokens[object].next; i = tokens[i + 1].next) {
        struct query_parameter *parameter = *ret + *ret_count;
        if (*ret_count == PARAMETERS_MAX)
            return ERROR_SET(err, STATUS_LIMIT, "at most %u parameters", PARAMETERS_MAX);
        parameter->name = json_text(body->text, &tokens[i]);
        if (share_body_value(body, i + 1, arena, &parameter->text, err) != STATUS_OK)
            return err->status;
        ++*ret_count;
    }
    return STATUS_OK;
}

/* As they are written. */
static struct slice parameters_of(const struct body *body)
{
    uint32_t object = json_member(body->text, body->tape.tokens, 0, SLICE("parameters"));

    return object == UINT32_MAX ? (struct slice){"", 0}
                                : json_text(body->text, &body->tape.tokens[object]);
}

/* "watermark": a number that an answer had, or "now": as much as has come.  What comes later
 * never gets a number below it, so every question with it sees the same records. */
static enum status parse_watermark(struct share *share, struct slice text,
                                   const struct reach *reach, struct query_request *ret,
                                   struct error *err)
{
    if (reach->count != 1)
        return ERROR_SET(err, STATUS_INVALID,
                         "a watermark counts the records of one tenant: name it");
    uint64_t delivered = ingest_delivered_seq(share->services.ingest, &reach->tenants[0]);
    ret->has_watermark = true;
    ret->watermark = delivered;
    if (!slice_is(text, "now") && !text_parse_u64(text, &ret->watermark))
        return ERROR_SET(err, STATUS_INVALID,
                         "'watermark' is the number of an earlier answer, or \"now\"");
    if (ret->watermark > delivered)
        return ERROR_SET(err, STATUS_INVALID,
                         "the watermark %llu is ahead of the tenant's records, which are whole up "
                         "to %llu",
                         (unsigned long long)ret->watermark, (unsigned long long)delivered);
    return STATUS_OK;
}

/* Fills a query request from the body; the view stays open until the answer. */
static enum status prepare(struct share *share, const struct http_request *request,
                           const struct body *body, struct query_request *ret, struct reach *reach,
                           struct error *err)
{
    struct slice tenant;
    struct query_parameter *parameters = NULL;
    uint64_t timeout_ms = 0;
    bool all = false;

    ret->now = time_from_unix_us(clock_unix_us(share->services.clock));
    enum status status = share_body_text(body, "query", request->arena, &ret->text, err);

    if (status == STATUS_OK)
        status = share_body_given(body, "tenant", request->arena, &tenant, err);
    if (status == STATUS_OK)
        status = share_body_time(body, "now", request->arena, &ret->now, err);
    if (status == STATUS_OK)
        status = parse_parameters(body, request->arena, &parameters, &ret->parameter_count, err);
    if (status == STATUS_OK)
        status = share_body_flag(body, "all_tenants", &all, err);
    if (status == STATUS_OK)
        status = share_reach(share, request, tenant, all, reach, err);
    if (status != STATUS_OK)
        return status;
    uint32_t token = json_member(body->text, body->tape.tokens, 0, SLICE("timeout_ms"));
    if (token != UINT32_MAX &&
        (!text_parse_u64(json_text(body->text, &body->tape.tokens[token]), &timeout_ms) ||
         timeout_ms == 0 || timeout_ms > QUERY_TIME_MS_MAX))
        return ERROR_SET(err, STATUS_INVALID, "'timeout_ms' is 1 to %u", QUERY_TIME_MS_MAX);
    token = json_member(body->text, body->tape.tokens, 0, SLICE("watermark"));
    if (token != UINT32_MAX)
        status = parse_watermark(share, json_text(body->text, &body->tape.tokens[token]), reach,
                                 ret, err);
    ret->parameters = parameters;
    ret->tenants = reach->tenants;
    ret->tenant_count = reach->count;
    ret->time_ms = timeout_ms;
    ret->thread_count = share->services.thread_count;
    ret->principal = slice_of(request->principal->name);
    ret->cancelled = request->cancelled;
    return status;
}

/* Ends the answer: a trailer, or the error, as an answer of its own where
 * nothing was sent yet. */
static enum status finish(struct writer *w, enum status status, const struct query_stats *stats,
                          struct error *err)
{
    struct buf *out = &w->response->body;

    if (!w->sent) { /* an error may show what was read, too */
        struct error refused;
        enum status kept = self_audit_wait(w->audit, w->ticket, &refused);
        if (kept != STATUS_OK) {
            *err = refused;
            status = kept;
        }
    }
    if (status == STATUS_OK) {
        add_trailer(out, w->has_tables, stats);
        return buf_check(out, err);
    }
    bool is_ours = status == STATUS_IO || status == STATUS_CORRUPT;
    if (!w->sent && is_ours)
        return status; /* which is logged, and not told */
    if (!w->sent) {
        http_error_phase(w->response, w->request, err, query_phase_name(stats->phase));
        return STATUS_OK;
    }
    buf_add_format(out, "%s,\"complete\":false,\"error\":{\"code\":\"%s\",\"message\":",
                   w->has_tables ? "]}]" : "]", error_name(err));
    text_add_json_string(out, is_ours ? SLICE(HTTP_FAILED_TEXT) : slice_of(err->text));
    if (is_ours)
        share_log_failed(w->request, err);
    if (err->line != 0)
        buf_add_format(out, ",\"line\":%u,\"column\":%u", err->line, err->column);
    buf_add_format(out, ",\"phase\":\"%s\"}}\n", query_phase_name(stats->phase));
    return STATUS_OK;
}

/* explains: the plan instead of the rows; {"analyze":true} runs and measures it. */
static enum status answer(struct share *share, const struct http_request *request,
                          struct http_response *response, bool explains, struct error *err)
{
    struct writer w = {.sink = {begin, rows, table},
                       .request = request,
                       .response = response,
                       .audit = share->audit};
    struct query_request query = {0};
    struct query_stats stats = {0};
    struct query_view view;
    struct reach reach;
    struct body body;
    bool measures = false;
    enum status status = share_body(
        request, explains ? SHARE_QUERY_MEMBERS " analyze" : SHARE_QUERY_MEMBERS, &body, err);

    if (status != STATUS_OK)
        return status;
    buf_init(&w.alike, QUERY_MEMORY_BYTES);
    buf_init(&w.texts, QUERY_MEMORY_BYTES);
    status = prepare(share, request, &body, &query, &reach, err);
    if (status == STATUS_OK)
        status = share_body_flag(&body, "analyze", &measures, err);
    if (explains)
        query.explain = measures ? EXPLAIN_ANALYZE : EXPLAIN_PLAN;
    if (status == STATUS_OK) {
        struct audit_action action = {"AuditSearch", query.text, request, reach.tenants,
                                      reach.count, parameters_of(&body)};
        status = self_audit_begin(share->audit, &action, &w.ticket, err);
    }
    if (status == STATUS_OK)
        status = share_view_open(share, request, &reach, &view, err);
    if (status == STATUS_OK) {
        query.env = &view.env;
        status = query_run(&query, &w.sink, &stats, err);
        share_view_close(&view);
        status = finish(&w, status, &stats, err);
    }
    buf_release(&w.alike);
    buf_release(&w.texts);
    share_body_release(&body);
    return status;
}

enum status share_query(void *context, const struct http_request *request,
                        struct http_response *response, struct error *err)
{
    return answer(context, request, response, false, err);
}

enum status share_query_explain(void *context, const struct http_request *request,
                                struct http_response *response, struct error *err)
{
    return answer(context, request, response, true, err);
}

/* The text alone: what else stands in the line could hide it.  A line that is no query is
 * recorded as it is. */
static enum status query_of(const struct http_request *request, struct slice *ret,
                            struct error *err)
{
    struct slice text = {"", 0};
    struct body body;
    enum status status = share_body(request, NULL, &body, err);

    *ret = request->body;
    if (status == STATUS_OK) {
        status = share_body_text(&body, "query", request->arena, &text, err);
        share_body_release(&body);
        if (status == STATUS_OK)
            *ret = text;
    }
    if (status != STATUS_INVALID)
        return status;
    *err = (struct error){0};
    return STATUS_OK;
}

enum status share_query_batch(void *context, const struct http_request *request,
                              struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct query_request base = {.now = time_from_unix_us(clock_unix_us(share->services.clock)),
                                 .thread_count = share->services.thread_count,
                                 .principal = slice_of(request->principal->name),
                                 .cancelled = request->cancelled};
    struct query_view view;
    struct slice text = {"", 0};
    struct reach reach;
    bool all = false;
    enum status status = share_query_flag(request, "all-tenants", &all, err);

    if (status == STATUS_OK)
        status = share_query_flag(request, "check", &base.check_only, err);
    if (status == STATUS_OK)
        status = share_reach(share, request, http_query(request, "tenant"), all, &reach, err);
    if (status == STATUS_OK)
        status = share_parse_time("now", http_query(request, "now"), &base.now, err);
    if (status == STATUS_OK && http_query(request, "watermark").size > 0)
        status = parse_watermark(share, http_query(request, "watermark"), &reach, &base, err);
    if (status == STATUS_OK)
        status = query_of(request, &text, err);
    if (status == STATUS_OK) {
        struct audit_action action = {"AuditSearch", text, request, reach.tenants, reach.count,
                                      {"", 0}};
        status = self_audit_put(share->audit, &action, err);
    }
    if (status == STATUS_OK)
        status = share_view_open(share, request, &reach, &view, err);
    if (status != STATUS_OK)
        return status;
    base.env = &view.env;
    base.tenants = reach.tenants;
    base.tenant_count = reach.count;
    status = query_batch_line(&base, slice_trim(request->body), &response->body, err);
    share_view_close(&view);
    /* Cut off by a stop: what the line says of that is no answer to its query. */
    if (status == STATUS_OK && request->cancelled != NULL && atomic_load(request->cancelled))
        return ERROR_SET(err, STATUS_CANCELLED, "it was stopped before its end");
    return status;
}
