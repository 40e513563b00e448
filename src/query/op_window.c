/* SPDX-License-Identifier: Apache-2.0 */
/* op_window.c - prev, next, row_number, row_cumsum and their kin: all rows are
 * gathered in their order, then one pass a call adds a column. */
#include "query/op_priv.h"

struct plan_window {
    struct plan plan;
    struct window_call *calls;
    uint32_t count;
};

struct window_stage {
    struct stage stage;
    struct rowset *rows;
    pthread_mutex_t lock;
};

static enum status window_push(struct stage *stage, struct worker *w, const struct batch *batch,
                               bool *stop, struct error *err)
{
    struct window_stage *s = (struct window_stage *)stage;

    (void)w;
    (void)stop;
    (void)pthread_mutex_lock(&s->lock);
    enum status status = rowset_add(s->rows, batch, NULL, batch->row_count, err);
    (void)pthread_mutex_unlock(&s->lock);
    return status;
}

/* What a pass remembers from row to row. */
struct pass {
    struct vector **args; /* a chunk: arg_count flat vectors */
    uint32_t arg_count;
    uint64_t total;
    uint64_t row;   /* position in the order */
    struct value sum, previous;
    int64_t number, rank;
};

static struct value argument(const struct pass *p, uint64_t row, uint32_t index)
{
    return vector_value(&p->args[row / BATCH_ROWS_MAX][index], (uint32_t)(row % BATCH_ROWS_MAX));
}

static struct value neighbour(const struct pass *p, enum window_kind kind, enum type type)
{
    struct value null = {.type = type, .is_null = type != TYPE_STRING};
    int64_t offset = 1;

    if (p->arg_count > 1)
        offset = argument(p, p->row, 1).integer;
    int64_t at = (int64_t)p->row + (kind == WINDOW_PREV ? -offset : offset);
    if (at >= 0 && (uint64_t)at < p->total)
        return argument(p, (uint64_t)at, 0);
    if (p->arg_count > 2) {
        struct value given = argument(p, p->row, 2);
        if (given.type == type)
            return given;
    }
    return null;
}

static bool restarts(const struct pass *p, uint32_t index)
{
    if (p->row == 0)
        return true;
    if (index >= p->arg_count)
        return false;
    struct value v = argument(p, p->row, index);
    return v.type == TYPE_BOOL && !v.is_null && v.boolean;
}

static struct value cumulate(struct pass *p, enum type type)
{
    struct value v = argument(p, p->row, 0);

    if (restarts(p, 1))
        p->sum = (struct value){.type = type};
    if (!v.is_null && type == TYPE_REAL)
        p->sum.real += v.real;
    else if (!v.is_null)
        p->sum.integer = (int64_t)((uint64_t)p->sum.integer + (uint64_t)v.integer);
    return p->sum;
}

static struct value rank(struct pass *p, bool dense)
{
    struct value v = argument(p, p->row, 0);
    struct value ret = {.type = TYPE_LONG};

    if (restarts(p, 1)) {
        p->number = 1;
        p->rank = 1;
    } else {
        p->number++;
        bool same = v.is_null == p->previous.is_null &&
                    (v.is_null || value_compare(&v, &p->previous) == 0);
        if (!same)
            p->rank = dense ? p->rank + 1 : p->number;
    }
    p->previous = v;
    ret.integer = p->rank;
    return ret;
}

/* row_window_session(time, max from first, max between neighbours, restart). */
static struct value session(struct pass *p)
{
    struct value time = argument(p, p->row, 0);

    if (time.is_null)
        return time;
    bool fresh = restarts(p, 3) || p->sum.is_null ||
                 time.integer - p->sum.integer > argument(p, p->row, 1).integer ||
                 time.integer - p->previous.integer > argument(p, p->row, 2).integer;
    if (fresh)
        p->sum = time;
    p->previous = time;
    return p->sum;
}

static struct value compute(struct pass *p, const struct window_call *call)
{
    struct value ret = {.type = TYPE_LONG};

    switch (call->kind) {
    case WINDOW_PREV:
    case WINDOW_NEXT:
        return neighbour(p, call->kind, call->type);
    case WINDOW_ROW_NUMBER:
        if (restarts(p, 1))
            p->number = p->arg_count > 0 ? argument(p, p->row, 0).integer : 1;
        else
            p->number++;
        ret.integer = p->number;
        return ret;
    case WINDOW_CUMSUM:
        return cumulate(p, call->type);
    case WINDOW_RANK_MIN:
        return rank(p, false);
    case WINDOW_RANK_DENSE:
        return rank(p, true);
    case WINDOW_SESSION:
        return session(p);
    }
    return ret;
}

/* The arguments of a call over all chunks; earlier calls' columns are there. */
static enum status eval_arguments(const struct window_call *call, struct run *run,
                                  const struct batch *chunks, uint32_t count,
                                  struct pass *pass, struct error *err)
{
    struct worker *w = &run->workers[0];
    enum status status = STATUS_OK;

    pass->arg_count = call->arg_count;
    pass->args = ARENA_ARRAY(run->arena, struct vector *, count + 1, err);
    if (pass->args == NULL)
        return err->status;
    for (uint32_t c = 0; c < count && status == STATUS_OK; c++) {
        pass->args[c] = ARENA_ARRAY(run->arena, struct vector, call->arg_count + 1, err);
        status = pass->args[c] == NULL ? err->status : run_check(run, err);
        for (uint32_t a = 0; a < call->arg_count && status == STATUS_OK; a++) {
            struct vector v;
            status = expr_eval(w, call->args[a], &chunks[c], &v, err);
            if (status == STATUS_OK)
                status = vector_flatten(run->arena, &v, &pass->args[c][a], err);
        }
        arena_clear(w->batch_arena);
    }
    return status;
}

/* Adds the call's column to every chunk.  Chunks are full but the last, so that
 * positions are row numbers. */
static enum status add_column(const struct window_call *call, struct run *run,
                              struct batch *chunks, uint32_t count, uint64_t total,
                              struct error *err)
{
    struct pass pass = {.total = total, .sum = {.type = call->type, .is_null = true}};
    enum status status = eval_arguments(call, run, chunks, count, &pass, err);

    for (uint32_t c = 0; c < count && status == STATUS_OK; c++) {
        struct vector *columns = (struct vector *)(uintptr_t)chunks[c].columns;
        struct vector *column = &columns[chunks[c].column_count];
        status = vector_flat(run->arena, call->type, chunks[c].row_count, true, column, err);
        for (uint32_t r = 0; r < chunks[c].row_count && status == STATUS_OK; r++) {
            struct value v = compute(&pass, call);
            vector_set(column, r, &v);
            pass.row++;
        }
        chunks[c].column_count++;
    }
    return status;
}

static enum status push_chunks(const struct batch *chunks, uint32_t count, struct run *run,
                               struct stage *out, struct error *err)
{
    bool stop = false;
    enum status status = STATUS_OK;

    for (uint32_t c = 0; c < count && status == STATUS_OK && !stop; c++) {
        status = run_check(run, err);
        if (status == STATUS_OK)
            status = stage_push(out, &run->workers[0], &chunks[c], &stop, err);
        arena_clear(run->workers[0].batch_arena);
    }
    return status;
}

static enum status window_run(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err)
{
    const struct plan_window *p = (const struct plan_window *)plan;
    const struct schema *schema = &plan->inputs[0]->schema;
    struct window_stage stage = {.stage = {window_push}, .lock = PTHREAD_MUTEX_INITIALIZER};

    stage.rows = rowset_new(run->arena, schema, NULL, err);
    if (stage.rows == NULL)
        return err->status;
    enum status status = plan_run(plan->inputs[0], run, &stage.stage, err);
    (void)pthread_mutex_destroy(&stage.lock);
    uint32_t count = stage.rows->chunk_count;
    struct batch *chunks = ARENA_ARRAY(run->arena, struct batch, count + 1, err);
    if (chunks == NULL)
        return err->status;
    for (uint32_t c = 0; c < count && status == STATUS_OK; c++) {
        struct vector *columns =
            ARENA_ARRAY(run->arena, struct vector, plan->schema.column_count + 1, err);
        if (columns == NULL)
            return err->status;
        memcpy(columns, stage.rows->chunks[c].columns, schema->column_count * sizeof(*columns));
        chunks[c] = (struct batch){.row_count = stage.rows->chunks[c].row_count,
                                   .column_count = schema->column_count,
                                   .columns = columns};
    }
    for (uint32_t i = 0; i < p->count && status == STATUS_OK; i++)
        status = add_column(&p->calls[i], run, chunks, count, stage.rows->row_count, err);
    return status == STATUS_OK ? push_chunks(chunks, count, run, out, err) : status;
}

static enum status window_need(struct plan *plan, const uint8_t *needed, struct query *q,
                               struct error *err)
{
    uint8_t *below = arena_alloc(q->arena, plan->inputs[0]->schema.column_count + 1, err);

    (void)needed;
    if (below == NULL)
        return err->status;
    memset(below, 1, plan->inputs[0]->schema.column_count);
    return plan_need(plan->inputs[0], below, q, err);
}

struct plan *plan_window(struct query *q, struct plan *input, const struct window_call *calls,
                         uint32_t count, struct error *err)
{
    static const struct plan_ops ops = {"window", window_run, window_need, NULL};
    struct plan_window *p = (struct plan_window *)op_new(q, sizeof(*p), &ops, input, err);
    uint32_t width = input->schema.column_count;
    struct column *schema = ARENA_ARRAY(q->arena, struct column, width + count, err);

    if (p == NULL || schema == NULL)
        return NULL;
    p->calls = ARENA_ARRAY(q->arena, struct window_call, count, err);
    if (p->calls == NULL)
        return NULL;
    memcpy(p->calls, calls, count * sizeof(*calls));
    p->count = count;
    memcpy(schema, input->schema.columns, width * sizeof(*schema));
    for (uint32_t i = 0; i < count; i++)
        schema[width + i] = (struct column){calls[i].name, calls[i].type};
    p->plan.schema = (struct schema){schema, width + count};
    p->plan.is_serialized = true;
    return &p->plan;
}
