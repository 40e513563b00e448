/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - see batch.h. */
#include "query/batch.h"

#include "base/limits.h"
#include "codec/json.h"

struct writer {
    struct query_sink sink;
    struct buf *out;
    bool any;
    bool has_tables; /* further ones */
};

static void add_text(struct buf *buf, struct slice text)
{
    struct value v = {.type = TYPE_STRING, .bytes = text};
    query_add_json(buf, &v);
}

static enum status begin(struct query_sink *sink, const struct schema *schema, struct error *err)
{
    struct writer *w = (struct writer *)sink;

    w->any = false;
    buf_add_text(w->out, ",\"columns\":[");
    for (uint32_t i = 0; i < schema->column_count; i++) {
        if (i > 0)
            buf_add_byte(w->out, ',');
        add_text(w->out, schema->columns[i].name);
    }
    buf_add_text(w->out, "],\"types\":[");
    for (uint32_t i = 0; i < schema->column_count; i++) {
        if (i > 0)
            buf_add_byte(w->out, ',');
        add_text(w->out, slice_of(type_name(schema->columns[i].type)));
    }
    buf_add_text(w->out, "],\"rows\":[");
    return buf_check(w->out, err);
}

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    struct writer *w = (struct writer *)sink;

    for (uint32_t r = 0; r < batch->row_count; r++) {
        buf_add_text(w->out, w->any ? ",[" : "[");
        w->any = true;
        for (uint32_t c = 0; c < batch->column_count; c++) {
            struct value v = vector_value(&batch->columns[c], r);
            if (c > 0)
                buf_add_byte(w->out, ',');
            query_add_json(w->out, &v);
        }
        buf_add_byte(w->out, ']');
    }
    return buf_check(w->out, err);
}

static enum status table(struct query_sink *sink, struct slice name,
                         const struct schema *schema, struct error *err)
{
    struct writer *w = (struct writer *)sink;

    buf_add_text(w->out, w->has_tables ? "]},{\"name\":" : "],\"tables\":[{\"name\":");
    w->has_tables = true;
    add_text(w->out, name);
    return begin(sink, schema, err);
}

static void add_error(struct buf *out, const struct error *e, const struct query_stats *stats)
{
    buf_add_text(out, ",\"error\":");
    add_text(out, slice_of(e->text));
    buf_add_text(out, ",\"code\":");
    add_text(out, slice_of(error_name(e)));
    buf_add_text(out, ",\"phase\":");
    add_text(out, slice_of(query_phase_name(stats->phase)));
    buf_add_text(out, ",\"line\":");
    buf_add_u64(out, e->line);
    buf_add_text(out, ",\"column\":");
    buf_add_u64(out, e->column);
}

/* What a line says, the id as it is written; `line` lives as long. */
static enum status read_line(struct slice line, struct json_tape *tape, struct slice *ret_id,
                             struct buf *ret_query, struct error *err)
{
    uint32_t id = UINT32_MAX;
    uint32_t text = UINT32_MAX;

    *ret_id = SLICE("null");
    if (json_parse(line, JSON_DEPTH_MAX, tape) == JSON_OK && tape->tokens[0].kind == JSON_OBJECT) {
        id = json_member(line, tape->tokens, 0, SLICE("id"));
        text = json_member(line, tape->tokens, 0, SLICE("query"));
    }
    if (id != UINT32_MAX) {
        struct json_token *t = &tape->tokens[id];
        *ret_id = t->kind == JSON_STRING
                      ? slice_from(line.data + t->start - 1, t->end - t->start + 2)
                      : json_text(line, t);
    }
    if (id == UINT32_MAX || text == UINT32_MAX || tape->tokens[text].kind != JSON_STRING)
        return ERROR_SET(err, STATUS_INVALID, "expected an object with 'id' and 'query'");
    json_unescape(json_text(line, &tape->tokens[text]), ret_query);
    return buf_check(ret_query, err);
}

void query_batch_refuse(struct slice line, const struct error *why, struct buf *ret)
{
    const struct query_stats stats = {.phase = QUERY_PHASE_PARSE};
    struct json_tape tape;
    struct buf query;
    struct slice id;
    struct error ignored;

    json_tape_init(&tape);
    buf_init(&query, 16 * QUERY_TEXT_BYTES_MAX);
    (void)read_line(line, &tape, &id, &query, &ignored);
    buf_add_text(ret, "{\"id\":");
    json_add_line(ret, id);
    add_error(ret, why, &stats);
    buf_add_text(ret, "}\n");
    buf_release(&query);
    json_tape_release(&tape);
}

enum status query_batch_line(const struct query_request *request, struct slice line,
                             struct buf *ret, struct error *err)
{
    struct query_request own = *request;
    struct query_stats stats = {.phase = QUERY_PHASE_PARSE};
    struct json_tape tape;
    struct buf query, body;
    struct slice id;

    json_tape_init(&tape);
    buf_init(&query, 16 * QUERY_TEXT_BYTES_MAX);
    buf_init(&body, 4 * QUERY_RESULT_BYTES_MAX);
    struct writer w = {.sink = {begin, rows, table}, .out = &body};
    enum status status = read_line(line, &tape, &id, &query, err);
    own.text = buf_slice(&query);
    if (status == STATUS_OK)
        status = query_run(&own, &w.sink, &stats, err);
    /* A failure of ours is no answer to the query: it is logged, and not told. */
    bool is_ours = status == STATUS_IO || status == STATUS_CORRUPT;
    buf_add_text(ret, "{\"id\":");
    json_add_line(ret, id);
    if (status == STATUS_OK) {
        json_add_line(ret, buf_slice(&body));
        buf_add_text(ret, w.has_tables ? "]}]" : "]");
        query_add_coverage(ret, &stats);
        query_add_warnings(ret, &stats);
    } else if (!is_ours) {
        add_error(ret, err, &stats);
        *err = (struct error){0};
    }
    buf_add_text(ret, "}\n");
    buf_release(&body);
    buf_release(&query);
    json_tape_release(&tape);
    return is_ours ? status : buf_check(ret, err);
}
