/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - a plan as rows.
 *
 * Measuring wraps each operator's output.  What operator P itself took is the time in
 * its run() without that of its inputs' run(), plus the time its inputs spent handing
 * rows to it, less the time it spent handing rows on.  That holds on one thread, so
 * a measured run has one.
 */
#include "query/explain_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "query/regex.h"
#include "query/rowset_priv.h"

#define EXPR_DEPTH_MAX 24u
#define LIST_SHOWN_MAX 3u
#define ROWS_MAX 5000u /* an input that is read at several places stands at each */

struct measured_stage {
    struct stage stage;
    struct stage *out;
    struct plan_profile *profile;
};

static enum status measured_push(struct stage *stage, struct worker *w, const struct batch *batch,
                                 bool *stop, struct error *err)
{
    struct measured_stage *s = (struct measured_stage *)stage;
    uint64_t start_us = clock_monotonic_us(clock_system());
    enum status status = stage_push(s->out, w, batch, stop, err);

    s->profile->push_us += clock_monotonic_us(clock_system()) - start_us;
    s->profile->rows += batch->row_count;
    return status;
}

enum status plan_run_measured(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err)
{
    struct measured_stage stage = {{measured_push}, out, plan->profile};
    uint64_t start_us = clock_monotonic_us(clock_system());
    enum status status = plan->ops->run(plan, run, &stage.stage, err);

    plan->profile->run_us += clock_monotonic_us(clock_system()) - start_us;
    return status;
}

/* ---- expressions ---- */

void explain_value(struct buf *ret, const struct value *value)
{
    struct buf text;

    if (value->is_null) {
        buf_add_format(ret, "%s(null)", type_name(value->type));
        return;
    }
    buf_init(&text, MIB);
    query_add_text(&text, value);
    struct slice shown = slice_head(buf_slice(&text), 100);
    if (value->type == TYPE_STRING)
        text_add_json_string(ret, shown);
    else
        buf_add_slice(ret, shown);
    buf_release(&text);
}

/* How a function of two arguments is written between them, or NULL. */
static const char *infix_of(const struct expr *e)
{
    static const char *const names[][2] = {
        {"add", "+"}, {"sub", "-"}, {"mul", "*"}, {"div", "/"}, {"mod", "%"}};
    const char *name = e->function->name;
    bool word = (name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z');

    if (e->arg_count != 2)
        return NULL;
    if (e->function == &operator_regex_row)
        return name;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i][0]) == 0)
            return names[i][1];
    }
    return !word || operator_string(slice_of(name)) == e->function ? name : NULL;
}

static void add_expr(struct buf *ret, const struct expr *e, const struct schema *schema,
                     uint32_t depth);

static void add_call(struct buf *ret, const struct expr *e, const struct schema *schema,
                     uint32_t depth)
{
    if (e->function == &operator_in) {
        const struct in_set *set = e->call_state;
        const struct value *values;
        uint32_t count = in_set_values(set, &values);
        add_expr(ret, e->args[0], schema, depth);
        buf_add_format(ret, " %sin%s (", in_set_is_negated(set) ? "!" : "",
                       in_set_is_nocase(set) ? "~" : "");
        for (uint32_t i = 0; i < count && i < LIST_SHOWN_MAX; i++) {
            buf_add_text(ret, i > 0 ? ", " : "");
            explain_value(ret, &values[i]);
        }
        if (count > LIST_SHOWN_MAX)
            buf_add_format(ret, ", ... %u values", count);
        buf_add_byte(ret, ')');
        return;
    }
    if (e->function == &operator_member && e->args[1]->kind == EXPR_CONST) {
        add_expr(ret, e->args[0], schema, depth);
        buf_add_byte(ret, '.');
        query_add_text(ret, &e->args[1]->value);
        return;
    }
    if (e->function == &operator_element && e->arg_count == 2) {
        add_expr(ret, e->args[0], schema, depth);
        buf_add_byte(ret, '[');
        add_expr(ret, e->args[1], schema, depth);
        buf_add_byte(ret, ']');
        return;
    }
    if (e->function == &operator_regex) {
        buf_add_byte(ret, '(');
        add_expr(ret, e->args[0], schema, depth);
        buf_add_text(ret, " matches regex ");
        const struct value pattern = {.type = TYPE_STRING, .bytes = regex_pattern(e->call_state)};
        explain_value(ret, &pattern);
        buf_add_byte(ret, ')');
        return;
    }
    const char *infix = infix_of(e);
    if (infix == NULL)
        buf_add_text(ret, e->function->name);
    buf_add_byte(ret, '(');
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (i > 0 && infix != NULL)
            buf_add_format(ret, " %s ", infix);
        else if (i > 0)
            buf_add_text(ret, ", ");
        add_expr(ret, e->args[i], schema, depth);
    }
    buf_add_byte(ret, ')');
}

static void add_expr(struct buf *ret, const struct expr *e, const struct schema *schema,
                     uint32_t depth)
{
    if (depth > EXPR_DEPTH_MAX || ret->size > EXPLAIN_TEXT_BYTES_MAX) {
        buf_add_text(ret, "...");
        return;
    }
    switch (e->kind) {
    case EXPR_CONST:
        explain_value(ret, &e->value);
        break;
    case EXPR_COLUMN:
        if (schema != NULL && e->column < schema->column_count &&
            schema->columns[e->column].name.size > 0)
            buf_add_slice(ret, schema->columns[e->column].name);
        else
            buf_add_format(ret, "column %u", e->column + 1);
        break;
    case EXPR_CALL:
        add_call(ret, e, schema, depth + 1);
        break;
    case EXPR_AND:
    case EXPR_OR:
        buf_add_byte(ret, '(');
        for (uint32_t i = 0; i < e->arg_count; i++) {
            if (i > 0)
                buf_add_text(ret, e->kind == EXPR_AND ? " and " : " or ");
            add_expr(ret, e->args[i], schema, depth + 1);
        }
        buf_add_byte(ret, ')');
        break;
    }
}

void explain_expr(struct buf *ret, const struct expr *expr, const struct schema *schema)
{
    add_expr(ret, expr, schema, 0);
}

/* ---- the plan as rows ---- */

static const struct column columns[] = {
    {{"operator", 8}, TYPE_STRING},
    {{"detail", 6}, TYPE_STRING},
    {{"rows", 4}, TYPE_LONG},
    {{"self_us", 7}, TYPE_LONG},
};

static enum status prepare(struct query *q, struct plan *plan, struct error *err)
{
    if (plan->profile != NULL)
        return STATUS_OK; /* read at several places */
    plan->profile = ARENA_NEW(q->arena, struct plan_profile, err);
    if (plan->profile == NULL)
        return err->status;
    for (uint32_t i = 0; i < plan->input_count; i++) {
        enum status status = prepare(q, plan->inputs[i], err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static uint64_t self_us(const struct plan *plan)
{
    uint64_t plus = plan->profile->run_us, minus = plan->profile->push_us;

    for (uint32_t i = 0; i < plan->input_count; i++) {
        plus += plan->inputs[i]->profile->push_us;
        minus += plan->inputs[i]->profile->run_us;
    }
    return plus > minus ? plus - minus : 0;
}

static struct slice detail_of(const struct plan *plan, struct arena *arena, struct error *err)
{
    struct buf text, clean;
    struct slice cut;

    buf_init(&text, MIB);
    buf_init(&clean, MIB);
    if (plan->describe != NULL)
        plan->describe(plan, &text);
    text_add_printable(&clean, buf_slice(&text));
    cut = slice_head(buf_slice(&clean), EXPLAIN_TEXT_BYTES_MAX);
    if (cut.size < clean.size) {
        while (cut.size > 0 && ((unsigned char)cut.data[cut.size] & 0xc0) == 0x80)
            cut.size--; /* not inside a character */
        clean.size = cut.size;
        buf_add_text(&clean, "...");
    }
    struct slice copy = arena_copy(arena, buf_slice(&clean), err);
    buf_release(&text);
    buf_release(&clean);
    return copy;
}

static enum status add_rows(struct query *q, const struct plan *plan, uint32_t depth,
                            struct rowset *rows, struct error *err)
{
    struct value values[4] = {{.type = TYPE_STRING}, {.type = TYPE_STRING}, {.type = TYPE_LONG},
                              {.type = TYPE_LONG}};
    struct buf name;
    enum status status;

    if (rows->row_count >= ROWS_MAX)
        return STATUS_OK;
    buf_init(&name, 4 * KIB);
    for (uint32_t i = 0; i < 2 * depth && i < KIB; i++)
        buf_add_byte(&name, ' ');
    buf_add_text(&name, plan->ops->name);
    values[0].bytes = arena_copy(q->arena, buf_slice(&name), err);
    buf_release(&name);
    values[1].bytes = detail_of(plan, q->arena, err);
    if (values[0].bytes.data == NULL || values[1].bytes.data == NULL)
        return err->status;
    if (plan->profile != NULL) {
        values[2].integer = (int64_t)plan->profile->rows;
        values[3].integer = (int64_t)self_us(plan);
    }
    status = rowset_add_values(rows, values, err);
    for (uint32_t i = 0; status == STATUS_OK && i < plan->input_count; i++)
        status = add_rows(q, plan->inputs[i], depth + 1, rows, err);
    return status;
}

struct emit_stage {
    struct stage stage;
    struct query_sink *sink;
};

static enum status emit(struct stage *stage, struct worker *w, const struct batch *batch,
                        bool *stop, struct error *err)
{
    struct query_sink *sink = ((struct emit_stage *)stage)->sink;

    (void)w;
    (void)stop;
    return sink->rows(sink, batch, err);
}

static enum status drop(struct stage *stage, struct worker *w, const struct batch *batch,
                        bool *stop, struct error *err)
{
    (void)stage;
    (void)w;
    (void)batch;
    (void)stop;
    (void)err;
    return STATUS_OK;
}

enum status explain_plan(struct query *q, struct plan *plan, struct query_sink *sink,
                         struct error *err)
{
    bool analyze = q->request->explain == EXPLAIN_ANALYZE;
    const struct schema schema = {columns, analyze ? 4 : 2};
    struct stage nowhere = {drop};
    struct emit_stage out = {{emit}, sink};
    struct run run;
    struct rowset *rows = rowset_new(q->arena, &schema, NULL, err);
    enum status status = rows == NULL ? err->status : STATUS_OK;

    if (status == STATUS_OK && sink->begin != NULL)
        status = sink->begin(sink, &schema, err);
    if (status == STATUS_OK && analyze)
        status = prepare(q, plan, err);
    if (status == STATUS_OK)
        status = run_begin(q, 1, &run, err);
    if (status != STATUS_OK)
        return status;
    if (analyze) {
        q->stats->phase = QUERY_PHASE_RUN;
        status = plan_run(plan, &run, &nowhere, err);
    }
    if (status == STATUS_OK)
        status = add_rows(q, plan, 0, rows, err);
    if (status == STATUS_OK)
        status = rowset_push(rows, &run, &out.stage, err);
    run_end(&run);
    return status;
}
