/* SPDX-License-Identifier: Apache-2.0 */
/* op_parse.c - parse and parse-where: the pattern is one regular expression
 * whose groups are the columns. */
#include "query/explain_priv.h"
#include "query/fn_priv.h"
#include "query/op_priv.h"
#include "query/regex.h"

struct plan_parse {
    struct plan plan;
    struct parse_spec spec;
    struct parse_column *columns;
};

struct parse_stage {
    struct stage stage;
    const struct plan_parse *plan;
    struct stage *out;
};

/* The cells of one row; false if the text does not match (or, not relaxed, a
 * part does not convert). */
static bool parse_row(const struct plan_parse *p, struct eval *eval, struct slice text,
                      struct value *cells, enum status *status, struct error *err)
{
    struct slice groups[REGEX_GROUPS_MAX + 1];
    struct regex_matches m = {.eval = eval, .regex = p->spec.regex, .text = text};

    *status = regex_next(&m, groups, p->spec.group_count + 1, err);
    if (!m.found || *status != STATUS_OK)
        return false;
    for (uint32_t i = 0; i < p->spec.column_count; i++) {
        const struct parse_column *c = &p->columns[i];
        struct value part = {.type = TYPE_STRING, .bytes = groups[c->group]};
        cells[i] = part;
        if (c->type == TYPE_STRING)
            continue;
        cells[i] = (struct value){.type = c->type, .is_null = true};
        part.bytes = slice_trim(part.bytes);
        *status = value_convert(eval, &part, c->type, true, &cells[i], err);
        if (*status != STATUS_OK)
            return false;
        if (cells[i].is_null && !p->spec.relaxed)
            return false;
    }
    return true;
}

/* The output's columns: the input's, and fresh ones for what is cut out. */
static struct vector *open_columns(const struct plan_parse *p, struct worker *w,
                                   const struct batch *batch, struct error *err)
{
    uint32_t width = p->plan.schema.column_count;
    struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, width + 1, err);

    if (columns == NULL)
        return NULL;
    memcpy(columns, batch->columns, batch->column_count * sizeof(*batch->columns));
    for (uint32_t i = 0; i < p->spec.column_count; i++) {
        const struct parse_column *c = &p->columns[i];
        if (vector_flat(w->batch_arena, c->type, batch->row_count, true, &columns[c->target],
                        err) != STATUS_OK)
            return NULL;
    }
    return columns;
}

static enum status parse_push(struct stage *stage, struct worker *w, const struct batch *batch,
                              bool *stop, struct error *err)
{
    struct parse_stage *s = (struct parse_stage *)stage;
    const struct plan_parse *p = s->plan;
    struct eval eval = {.arena = w->batch_arena, .query_arena = w->arena,
                        .query = w->run->query};
    struct value values[REGEX_GROUPS_MAX + 1];
    struct vector text;
    struct vector *columns = NULL;
    uint32_t matched = 0;
    uint32_t *rows =
        arena_alloc_raw(w->batch_arena, ((size_t)batch->row_count + 1) * sizeof(*rows), err);
    enum status status = rows == NULL ? err->status : expr_eval(w, p->spec.text, batch, &text, err);

    if (status == STATUS_OK) {
        columns = open_columns(p, w, batch, err);
        status = columns == NULL ? err->status : STATUS_OK;
    }
    for (uint32_t r = 0; r < batch->row_count && status == STATUS_OK; r++) {
        struct slice one = text.slices[vector_index(&text, r)];
        bool ok = parse_row(p, &eval, one, values, &status, err);
        if (ok)
            rows[matched++] = r;
        for (uint32_t i = 0; i < p->spec.column_count; i++) {
            struct value none = {.type = p->columns[i].type, .is_null = true};
            vector_set(&columns[p->columns[i].target], r, ok ? &values[i] : &none);
        }
    }
    struct batch result = {batch->row_count, p->plan.schema.column_count, columns, false, NULL};
    if (status == STATUS_OK && p->spec.filter && matched < batch->row_count)
        status = run_take(w, &result, NULL, rows, matched, &result, err);
    return status == STATUS_OK ? stage_push(s->out, w, &result, stop, err) : status;
}

static enum status parse_run(const struct plan *plan, struct run *run, struct stage *out,
                             struct error *err)
{
    struct parse_stage stage = {{parse_push}, (const struct plan_parse *)plan, out};
    return plan_run(plan->inputs[0], run, &stage.stage, err);
}

static enum status parse_need(struct plan *plan, const uint8_t *needed, struct query *q,
                              struct error *err)
{
    struct plan_parse *p = (struct plan_parse *)plan;
    uint32_t width = plan->inputs[0]->schema.column_count;
    uint8_t *below = arena_alloc(q->arena, width + 1, err);

    if (below == NULL)
        return err->status;
    memcpy(below, needed, width);
    for (uint32_t i = 0; i < p->spec.column_count; i++) {
        if (p->columns[i].target < width)
            below[p->columns[i].target] = 0;
    }
    expr_mark(p->spec.text, below);
    return plan_need(plan->inputs[0], below, q, err);
}

/* Filters on the input's own columns hold below. */
static enum status parse_filter(struct plan *plan, const struct pushed *list, struct query *q,
                                struct error *err)
{
    struct plan_parse *p = (struct plan_parse *)plan;
    const struct pushed *below = NULL;

    for (; list != NULL; list = list->next) {
        bool made = list->column >= plan->inputs[0]->schema.column_count;
        for (uint32_t i = 0; i < p->spec.column_count; i++)
            made = made || p->columns[i].target == list->column;
        if (made)
            continue;
        struct pushed *one = ARENA_NEW(q->arena, struct pushed, err);
        if (one == NULL)
            return err->status;
        *one = *list;
        one->next = below;
        below = one;
    }
    return plan_filter(plan->inputs[0], below, q, err);
}

static void parse_describe(const struct plan *plan, struct buf *ret)
{
    const struct plan_parse *p = (const struct plan_parse *)plan;

    explain_expr(ret, p->spec.text, &plan->inputs[0]->schema);
    buf_add_text(ret, p->spec.column_count > 0 ? " to " : "");
    for (uint32_t i = 0; i < p->spec.column_count; i++) {
        buf_add_text(ret, i > 0 ? ", " : "");
        buf_add_slice(ret, plan->schema.columns[p->columns[i].target].name);
    }
    buf_add_text(ret, p->spec.filter ? "; keeps what matches" : "");
}

struct plan *plan_parse(struct query *q, struct plan *input, const struct parse_spec *spec,
                        struct error *err)
{
    static const struct plan_ops ops = {"parse", parse_run, parse_need, parse_filter};
    struct plan_parse *p = (struct plan_parse *)op_new(q, sizeof(*p), &ops, input, err);

    if (p == NULL)
        return NULL;
    p->plan.describe = parse_describe;
    p->spec = *spec;
    p->columns = ARENA_ARRAY(q->arena, struct parse_column, spec->column_count + 1, err);
    if (p->columns == NULL)
        return NULL;
    memcpy(p->columns, spec->columns, spec->column_count * sizeof(*p->columns));
    p->plan.schema = *spec->schema;
    return &p->plan;
}
