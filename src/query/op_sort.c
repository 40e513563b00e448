/* SPDX-License-Identifier: Apache-2.0 */
/* op_sort.c - sort and top.
 *
 * Each worker keeps its rows, with the keys that are not columns behind them.
 * top prunes its rows whenever it holds twice what it may give.  Where its first key is a
 * whole number or a time of a scan below, highest first, it tells the scan the least that
 * is wanted still, and drops what is below that.
 */
#include "base/highest.h"
#include "query/explain_priv.h"
#include "query/key_set_priv.h"
#include "query/sort_order_priv.h"

#define TOP_SLACK_ROWS 8192u
#define TOP_TOLD_MAX 10000u /* rows; of more the scan is told nothing */

struct plan_sort {
    struct plan plan;
    struct order *orders;
    uint32_t order_count;
    struct sort_key *keys; /* of wide; order_count of them */
    uint64_t limit; /* UINT64_MAX: sort */
    struct schema wide; /* columns, then keys that are none */
    const uint8_t *kept; /* of wide */
    const struct plan *told; /* the scan; NULL: none */
    uint32_t told_column;    /* of its table */
    bool tells_all;          /* all rows that satisfy its filters come here */
};

struct sort_part {
    struct arena *arena;
    struct rowset *rows;
    struct highest highest; /* of the first key, if a scan is told */
};

struct sort_stage {
    struct stage stage;
    const struct plan_sort *plan;
    struct run *run;
    struct sort_part *parts; /* a worker */
    struct scan_top top;     /* what the scan is told */
    atomic_int_fast64_t low;
};

static enum status part_open(const struct plan_sort *p, struct run *run, struct sort_part *part,
                             struct error *err)
{
    part->arena = arena_share(run->arena);
    if (part->arena == NULL)
        return ERROR_MEMORY(err);
    part->rows = rowset_new(part->arena, &p->wide, p->kept, err);
    enum status status = part->rows == NULL ? err->status : rowset_code(part->rows, err);
    if (status == STATUS_OK && part->rows->texts != NULL)
        part->rows->texts->run = run; /* rows may share texts of many megabytes */
    return status;
}

/* Keeps the best `limit` rows. */
static enum status prune(const struct plan_sort *p, struct run *run, struct sort_part *part,
                         struct error *err)
{
    struct sort_part kept = {0};
    struct run alone = *run; /* the other workers push, too */
    uint32_t *order = NULL;
    enum status status = rowset_finish(part->rows, err);

    alone.scan_threads = 1;
    if (status == STATUS_OK)
        status = sort_order(part->rows, p->keys, p->order_count, &alone, part->arena, &order, err);
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
    part->arena = kept.arena;
    part->rows = kept.rows;
    return STATUS_OK;
}

/* ---- what is wanted still ---- */

/* The scan that a column comes from as it is; NULL if it does not.  *ret_all: all rows that
 * satisfy its filters come here. */
static const struct plan *find_scan(const struct plan *plan, uint32_t *column, bool *ret_all)
{
    *ret_all = true;
    for (; !op_is_filtered_scan(plan); plan = plan->inputs[0]) {
        if (op_where_predicate(plan) != NULL) {
            *ret_all = *ret_all && plan->filters_scan;
            continue;
        }
        const struct expr *e = op_project_output(plan, *column);
        if (e == NULL || e->kind != EXPR_COLUMN)
            return NULL;
        *column = e->column;
    }
    return plan;
}

static void tell_scan(struct plan_sort *p)
{
    const struct expr *first = p->orders[0].expr;
    bool is_whole = first->type == TYPE_DATETIME || first->type == TYPE_TIMESPAN ||
                    first->type == TYPE_LONG || first->type == TYPE_INT;

    if (p->limit == 0 || p->limit > TOP_TOLD_MAX || first->kind != EXPR_COLUMN || !is_whole ||
        !p->orders[0].descending || p->orders[0].nulls_first)
        return;
    p->told_column = first->column;
    p->told = find_scan(p->plan.inputs[0], &p->told_column, &p->tells_all);
}

/* The rows of the batch that are wanted still, in a list; *ret NULL: all. */
static enum status choose_rows(struct sort_stage *s, struct worker *w, const struct vector *key,
                               struct highest *highest, uint32_t **ret, uint32_t *ret_count,
                               struct error *err)
{
    uint32_t *rows =
        arena_alloc_raw(w->batch_arena, ((size_t)key->row_count + 1) * sizeof(*rows), err);
    uint32_t count = 0;

    if (rows == NULL)
        return err->status;
    int64_t low = scan_top_low(&s->top);
    for (uint32_t i = 0; i < key->row_count; i++) {
        bool is_null = vector_is_null(key, i);
        int64_t value = is_null ? INT64_MIN : key->integers[vector_index(key, i)];
        rows[count] = i;
        count += value >= low;
        if (!is_null && value >= low)
            highest_add(highest, value);
    }
    scan_top_raise(&s->top, highest_bound(highest));
    *ret = count == key->row_count ? NULL : rows;
    *ret_count = count;
    return STATUS_OK;
}

static enum status start_top(struct sort_stage *s, struct error *err)
{
    const struct plan_sort *p = s->plan;

    atomic_init(&s->low, INT64_MIN);
    s->top = (struct scan_top){p->told_column, (uint32_t)p->limit, p->tells_all, &s->low};
    for (uint32_t i = 0; i < s->run->thread_count; i++) {
        int64_t *room = ARENA_ARRAY(s->run->arena, int64_t, p->limit, err);
        if (room == NULL)
            return err->status;
        highest_init(&s->parts[i].highest, room, (uint32_t)p->limit);
    }
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
    for (uint32_t i = 0; i < p->order_count && status == STATUS_OK; i++) {
        if (p->keys[i].column >= count)
            status = expr_eval(w, p->orders[i].expr, batch, &columns[p->keys[i].column], err);
    }
    struct batch wide = {batch->row_count, p->wide.column_count, columns, false, NULL};
    uint32_t *rows = NULL, row_count = batch->row_count;
    if (status == STATUS_OK && p->told != NULL)
        status = choose_rows(s, w, &columns[p->keys[0].column], &part->highest, &rows, &row_count,
                             err);
    if (status == STATUS_OK && row_count > 0)
        status = rowset_add(part->rows, &wide, rows, row_count, err);
    if (status == STATUS_OK && p->limit < QUERY_OPERATOR_ROWS_MAX &&
        part->rows->row_count > 2 * p->limit + TOP_SLACK_ROWS)
        status = prune(p, s->run, part, err);
    return status;
}

/* Who gathers our rows need not copy their bytes if these live as long as the run;
 * else memory is free when the last row is gone. */
static enum status keep_parts(struct sort_stage *s, struct rowset *all, struct error *err)
{
    all->home = NULL;
    if (s->run->keeper == NULL)
        return STATUS_OK;
    for (uint32_t i = 0; i < s->run->thread_count; i++) {
        if (s->parts[i].arena == NULL)
            continue;
        enum status status =
            arena_on_free(s->run->arena, run_free_arena, s->parts[i].arena, err);
        if (status != STATUS_OK)
            return status;
        s->parts[i].arena = NULL;
    }
    all->home = s->run->arena;
    return STATUS_OK;
}

/* Gives what the parts hold, in order. */
static enum status sort_finish(struct sort_stage *s, struct stage *out, struct error *err)
{
    const struct plan_sort *p = s->plan;
    struct rowset *all = rowset_new(s->run->arena, &p->wide, p->kept, err);
    uint32_t *order = NULL;

    if (all == NULL)
        return err->status;
    for (uint32_t i = 0; i < s->run->thread_count; i++) {
        if (s->parts[i].rows == NULL)
            continue;
        enum status status = rowset_adopt(all, s->parts[i].rows, err);
        if (status != STATUS_OK)
            return status;
    }
    enum status status = rowset_finish(all, err);
    if (status == STATUS_OK)
        status = sort_order(all, p->keys, p->order_count, s->run, s->run->arena, &order, err);
    if (status == STATUS_OK)
        status = keep_parts(s, all, err);
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

    const struct run_top *above = run->top;
    const struct run_top mine = {stage.plan->told, &stage.top};
    enum status status = STATUS_OK;

    stage.parts = ARENA_ARRAY(run->arena, struct sort_part, run->thread_count, err);
    if (stage.parts == NULL)
        return err->status;
    if (mine.scan != NULL)
        status = start_top(&stage, err);
    run->top = mine.scan != NULL ? &mine : NULL;
    if (status == STATUS_OK)
        status = plan_run(plan->inputs[0], run, &stage.stage, err);
    run->top = above;
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
    memcpy(kept, needed, count);
    memcpy(below, needed, count);
    for (uint32_t i = 0; i < p->order_count; i++)
        kept[p->keys[i].column] = 1;
    for (uint32_t i = 0; i < p->order_count; i++)
        expr_mark(p->orders[i].expr, below);
    p->kept = kept;
    return plan_need(plan->inputs[0], below, q, err);
}

static enum status sort_filter(struct plan *plan, const struct pushed *list, struct query *q,
                               struct error *err)
{
    struct plan_sort *p = (struct plan_sort *)plan;
    enum status status =
        plan_filter(plan->inputs[0], p->limit == UINT64_MAX ? list : NULL, q, err);

    if (status == STATUS_OK && !q->request->no_pushdown)
        tell_scan(p);
    return status;
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
    if (p->told != NULL)
        buf_add_text(ret, ", reads the highest first");
}

static const struct plan_ops ops = {"sort", sort_run, sort_need, sort_filter};

bool op_sort_limit(struct plan *plan, uint64_t rows)
{
    if (plan->ops != &ops || ((struct plan_sort *)plan)->limit != UINT64_MAX)
        return false;
    ((struct plan_sort *)plan)->limit = rows;
    return true;
}

struct plan *plan_sort(struct query *q, struct plan *input, const struct order *orders,
                       uint32_t count, uint64_t limit, struct error *err)
{
    struct plan_sort *p = (struct plan_sort *)op_new(q, sizeof(*p), &ops, input, err);
    uint32_t columns = input->schema.column_count;
    struct column *wide = ARENA_ARRAY(q->arena, struct column, columns + count, err);

    if (p == NULL || wide == NULL)
        return NULL;
    p->plan.describe = sort_describe;
    p->orders = ARENA_ARRAY(q->arena, struct order, count, err);
    if (p->orders == NULL)
        return NULL;
    p->keys = ARENA_ARRAY(q->arena, struct sort_key, count, err);
    if (p->keys == NULL)
        return NULL;
    memcpy(p->orders, orders, count * sizeof(*orders));
    memcpy(wide, input->schema.columns, columns * sizeof(*wide));
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *expr = orders[i].expr;
        p->keys[i] = (struct sort_key){expr->column, orders[i].descending, orders[i].nulls_first};
        if (expr->kind == EXPR_COLUMN)
            continue;
        p->keys[i].column = columns;
        wide[columns++] = (struct column){SLICE(""), expr->type};
    }
    p->wide = (struct schema){wide, columns};
    p->order_count = count;
    p->limit = limit;
    p->plan.is_serialized = true;
    return &p->plan;
}
