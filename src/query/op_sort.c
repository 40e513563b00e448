/* SPDX-License-Identifier: Apache-2.0 */
/* op_sort.c - sort and top.
 *
 * Each worker keeps its rows with the evaluated keys behind the columns; a
 * 64-bit prefix of the first key decides most comparisons.  top prunes its
 * rows whenever it holds twice what it may give.
 */
#include "query/explain_priv.h"
#include "query/op_priv.h"

#include <stdlib.h>

#define TOP_SLACK_ROWS 8192u

struct plan_sort {
    struct plan plan;
    struct order *orders;
    uint32_t order_count;
    uint64_t limit; /* UINT64_MAX: sort */
    struct schema wide; /* columns, then keys */
    const uint8_t *kept; /* of wide */
};

struct sort_part {
    struct arena *arena;
    struct rowset *rows;
};

struct sort_stage {
    struct stage stage;
    const struct plan_sort *plan;
    struct run *run;
    struct sort_part *parts; /* a worker */
};

struct sort_row {
    uint64_t prefix;
    uint32_t row;
};

struct sort_context {
    const struct plan_sort *plan;
    const struct rowset *rows;
};

static uint64_t prefix_of(const struct value *v)
{
    uint64_t bits = 0;

    if (type_is_bytes(v->type) && v->type != TYPE_DECIMAL) {
        for (size_t i = 0; i < 8; i++)
            bits = bits << 8 | (i < v->bytes.size ? (uint8_t)v->bytes.data[i] : 0);
        return bits;
    }
    if (v->type == TYPE_BOOL)
        return v->boolean;
    if (v->type == TYPE_REAL) {
        double real = v->real == 0 ? 0 : v->real;
        if (real != real)
            return 1; /* NaN before all numbers */
        memcpy(&bits, &real, 8);
        return (bits >> 63) != 0 ? ~bits : bits | (UINT64_C(1) << 63);
    }
    if (v->type == TYPE_GUID || v->type == TYPE_DECIMAL)
        return 0;
    return (uint64_t)v->integer ^ (UINT64_C(1) << 63);
}

static int compare_key(const struct order *order, const struct value *a, const struct value *b)
{
    if (a->is_null || b->is_null) {
        int nulls = (int)b->is_null - (int)a->is_null;
        return order->nulls_first ? nulls : -nulls;
    }
    int c = value_compare(a, b);
    return order->descending ? -c : c;
}

static int compare_rows(const void *left, const void *right, void *arg)
{
    const struct sort_context *c = arg;
    const struct sort_row *a = left;
    const struct sort_row *b = right;
    uint32_t first = c->plan->plan.schema.column_count;

    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    for (uint32_t i = 0; i < c->plan->order_count; i++) {
        struct value x = rowset_value(c->rows, a->row, first + i);
        struct value y = rowset_value(c->rows, b->row, first + i);
        int result = compare_key(&c->plan->orders[i], &x, &y);
        if (result != 0)
            return result;
    }
    return a->row < b->row ? -1 : 1; /* stable */
}

static enum status order_rows(const struct plan_sort *p, const struct rowset *set,
                              struct arena *arena, uint32_t **ret, struct error *err)
{
    struct sort_row *rows = arena_alloc_raw(arena, (set->row_count + 1) * sizeof(*rows), err);
    uint64_t count = 0;

    *ret = rows == NULL ? NULL : arena_alloc_raw(arena, (set->row_count + 1) * sizeof(**ret), err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t chunk = 0; chunk < set->chunk_count; chunk++) {
        for (uint32_t r = 0; r < set->chunks[chunk].row_count; r++) {
            uint32_t row = chunk * BATCH_ROWS_MAX + r;
            struct value v = rowset_value(set, row, p->plan.schema.column_count);
            uint64_t prefix = v.is_null ? (p->orders[0].nulls_first ? 0 : UINT64_MAX)
                              : p->orders[0].descending ? ~prefix_of(&v)
                                                        : prefix_of(&v);
            rows[count++] = (struct sort_row){prefix, row};
        }
    }
    struct sort_context context = {p, set};
    qsort_r(rows, count, sizeof(*rows), compare_rows, &context);
    for (uint64_t i = 0; i < count; i++)
        (*ret)[i] = rows[i].row;
    return STATUS_OK;
}

static enum status part_open(const struct plan_sort *p, struct run *run, struct sort_part *part,
                             struct error *err)
{
    part->arena = arena_share(run->arena);
    if (part->arena == NULL)
        return ERROR_MEMORY(err);
    part->rows = rowset_new(part->arena, &p->wide, p->kept, err);
    return part->rows == NULL ? err->status : STATUS_OK;
}

/* Keeps the best `limit` rows. */
static enum status prune(const struct plan_sort *p, struct run *run, struct sort_part *part,
                         struct error *err)
{
    struct sort_part kept = {0};
    uint32_t *order;
    enum status status = order_rows(p, part->rows, part->arena, &order, err);

    if (status == STATUS_OK)
        status = part_open(p, run, &kept, err);
    uint64_t count = part->rows->row_count < p->limit ? part->rows->row_count : p->limit;
    for (uint64_t i = 0; i < count && status == STATUS_OK; i += BATCH_ROWS_MAX) {
        uint32_t rows = (uint32_t)(count - i < BATCH_ROWS_MAX ? count - i : BATCH_ROWS_MAX);
        struct vector *columns =
            ARENA_ARRAY(part->arena, struct vector, p->wide.column_count + 1, err);
        status = columns == NULL
                     ? err->status
                     : rowset_take(part->rows, part->arena, order + i, rows, columns, err);
        struct batch batch = {rows, p->wide.column_count, columns, false, NULL};
        if (status == STATUS_OK)
            status = rowset_add(kept.rows, &batch, NULL, rows, err);
    }
    if (status != STATUS_OK) {
        arena_free(kept.arena);
        return status;
    }
    arena_free(part->arena);
    *part = kept;
    return STATUS_OK;
}

static enum status sort_push(struct stage *stage, struct worker *w, const struct batch *batch,
                             bool *stop, struct error *err)
{
    struct sort_stage *s = (struct sort_stage *)stage;
    const struct plan_sort *p = s->plan;
    struct sort_part *part = &s->parts[w->index];
    uint32_t count = p->plan.schema.column_count;
    struct vector *columns =
        ARENA_ARRAY(w->batch_arena, struct vector, p->wide.column_count + 1, err);
    enum status status = columns == NULL ? err->status : STATUS_OK;

    (void)stop;
    if (status == STATUS_OK && part->rows == NULL)
        status = part_open(p, s->run, part, err);
    if (status != STATUS_OK)
        return status;
    memcpy(columns, batch->columns, count * sizeof(*columns));
    for (uint32_t i = 0; i < p->order_count && status == STATUS_OK; i++)
        status = expr_eval(w, p->orders[i].expr, batch, &columns[count + i], err);
    struct batch wide = {batch->row_count, p->wide.column_count, columns, false, NULL};
    if (status == STATUS_OK)
        status = rowset_add(part->rows, &wide, NULL, batch->row_count, err);
    if (status == STATUS_OK && p->limit < QUERY_OPERATOR_ROWS_MAX &&
        part->rows->row_count > 2 * p->limit + TOP_SLACK_ROWS)
        status = prune(p, s->run, part, err);
    return status;
}

/* Gives what the parts hold, in order. */
static enum status sort_finish(struct sort_stage *s, struct stage *out, struct error *err)
{
    const struct plan_sort *p = s->plan;
    struct rowset *all = rowset_new(s->run->arena, &p->wide, p->kept, err);
    uint32_t *order;

    if (all == NULL)
        return err->status;
    for (uint32_t i = 0; i < s->run->thread_count; i++) {
        if (s->parts[i].rows == NULL)
            continue;
        enum status status = rowset_adopt(all, s->parts[i].rows, err);
        if (status != STATUS_OK)
            return status;
    }
    enum status status = order_rows(p, all, s->run->arena, &order, err);
    if (status != STATUS_OK)
        return status;
    uint64_t count = all->row_count < p->limit ? all->row_count : p->limit;
    all->schema = p->plan.schema; /* without the keys */
    return rowset_push_rows(all, order, count, s->run, out, err);
}

static enum status sort_run(const struct plan *plan, struct run *run, struct stage *out,
                            struct error *err)
{
    struct sort_stage stage = {
        .stage = {sort_push}, .plan = (const struct plan_sort *)plan, .run = run};

    stage.parts = ARENA_ARRAY(run->arena, struct sort_part, run->thread_count, err);
    if (stage.parts == NULL)
        return err->status;
    enum status status = plan_run(plan->inputs[0], run, &stage.stage, err);
    if (status == STATUS_OK)
        status = sort_finish(&stage, out, err);
    for (uint32_t i = 0; i < run->thread_count; i++)
        arena_free(stage.parts[i].arena);
    return status;
}

static enum status sort_need(struct plan *plan, const uint8_t *needed, struct query *q,
                             struct error *err)
{
    struct plan_sort *p = (struct plan_sort *)plan;
    uint32_t count = plan->schema.column_count;
    uint8_t *kept = arena_alloc(q->arena, p->wide.column_count + 1, err);
    uint8_t *below = arena_alloc(q->arena, count + 1, err);

    if (kept == NULL || below == NULL)
        return err->status;
    memset(kept, 1, p->wide.column_count);
    memcpy(kept, needed, count);
    memcpy(below, needed, count);
    for (uint32_t i = 0; i < p->order_count; i++)
        expr_mark(p->orders[i].expr, below);
    p->kept = kept;
    return plan_need(plan->inputs[0], below, q, err);
}

static enum status sort_filter(struct plan *plan, const struct pushed *list, struct query *q,
                               struct error *err)
{
    bool all = ((struct plan_sort *)plan)->limit == UINT64_MAX;
    return plan_filter(plan->inputs[0], all ? list : NULL, q, err);
}

static void sort_describe(const struct plan *plan, struct buf *ret)
{
    const struct plan_sort *p = (const struct plan_sort *)plan;

    for (uint32_t i = 0; i < p->order_count; i++) {
        buf_add_text(ret, i > 0 ? ", " : "by ");
        explain_expr(ret, p->orders[i].expr, &plan->schema);
        buf_add_text(ret, p->orders[i].descending ? " desc" : " asc");
    }
    if (p->limit != UINT64_MAX)
        buf_add_format(ret, "; keeps the first %llu", (unsigned long long)p->limit);
}

struct plan *plan_sort(struct query *q, struct plan *input, const struct order *orders,
                       uint32_t count, uint64_t limit, struct error *err)
{
    static const struct plan_ops ops = {"sort", sort_run, sort_need, sort_filter};
    struct plan_sort *p = (struct plan_sort *)op_new(q, sizeof(*p), &ops, input, err);
    uint32_t columns = input->schema.column_count;
    struct column *wide = ARENA_ARRAY(q->arena, struct column, columns + count, err);

    if (p == NULL || wide == NULL)
        return NULL;
    p->plan.describe = sort_describe;
    p->orders = ARENA_ARRAY(q->arena, struct order, count, err);
    if (p->orders == NULL)
        return NULL;
    memcpy(p->orders, orders, count * sizeof(*orders));
    memcpy(wide, input->schema.columns, columns * sizeof(*wide));
    for (uint32_t i = 0; i < count; i++)
        wide[columns + i] = (struct column){SLICE(""), orders[i].expr->type};
    p->wide = (struct schema){wide, columns + count};
    p->order_count = count;
    p->limit = limit;
    p->plan.is_serialized = true;
    return &p->plan;
}
