/* SPDX-License-Identifier: Apache-2.0 */
/* op_window.c - prev, next, row_number, row_cumsum and their kin: all rows are
 * gathered in their order, then one pass a call adds a column. */
#include "query/op_priv.h"

struct plan_window {
    struct plan plan;
    struct window_call *calls;
    uint32_t count;
    struct schema wide; /* input, then the arguments of all calls */
};

struct window_stage {
    struct stage stage;
    const struct plan_window *plan;
    struct rowset *rows;
    pthread_mutex_t lock;
};

static enum status window_push(struct stage *stage, struct worker *w, const struct batch *batch,
                               bool *stop, struct error *err)
{
    struct window_stage *s = (struct window_stage *)stage;
    const struct plan_window *p = s->plan;
    uint32_t at = batch->column_count;
    struct vector *columns =
        ARENA_ARRAY(w->batch_arena, struct vector, p->wide.column_count + 1, err);
    enum status status = columns == NULL ? err->status : STATUS_OK;

    (void)stop;
    if (status != STATUS_OK)
        return status;
    memcpy(columns, batch->columns, at * sizeof(*columns));
    for (uint32_t i = 0; i < p->count; i++) {
        for (uint32_t a = 0; a < p->calls[i].arg_count && status == STATUS_OK; a++)
            status = expr_eval(w, p->calls[i].args[a], batch, &columns[at++], err);
    }
    struct batch wide = {batch->row_count, p->wide.column_count, columns};
    (void)pthread_mutex_lock(&s->lock);
    if (status == STATUS_OK)
        status = rowset_add(s->rows, &wide, NULL, wide.row_count, err);
    (void)pthread_mutex_unlock(&s->lock);
    return status;
}

/* What a pass remembers from row to row. */
struct pass {
    const struct rowset *rows;
    uint32_t first; /* wide column of the first argument */
    uint32_t arg_count;
    uint64_t total;
    uint64_t row;   /* position in the order */
    struct value sum, previous;
    int64_t number, rank;
};

static struct value argument(const struct pass *p, uint64_t row, uint32_t index)
{
    return rowset_value(p->rows, (uint32_t)row, p->first + index);
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

static void set_cell(struct vector *v, uint32_t row, const struct value *value)
{
    uint8_t *nulls = (uint8_t *)(uintptr_t)v->nulls;
    void *data = (void *)(uintptr_t)v->data;

    nulls[row] = value->is_null && v->type != TYPE_STRING;
    if (type_is_bytes(v->type))
        ((struct slice *)data)[row] = value->bytes;
    else if (v->type == TYPE_GUID)
        ((struct guid *)data)[row] = value->guid;
    else if (v->type == TYPE_BOOL)
        ((uint8_t *)data)[row] = value->boolean;
    else
        ((int64_t *)data)[row] = value->integer;
}

static enum status push_chunk(const struct plan_window *p, struct pass *passes,
                              const struct rowset *rows, uint32_t chunk, struct run *run,
                              struct stage *out, bool *stop, struct error *err)
{
    struct worker *w = &run->workers[0];
    const struct batch *in = &rows->chunks[chunk];
    uint32_t width = p->plan.schema.column_count;
    uint32_t before = width - p->count;
    struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, width + 1, err);

    if (columns == NULL)
        return err->status;
    memcpy(columns, in->columns, before * sizeof(*columns));
    for (uint32_t i = 0; i < p->count; i++) {
        void *data;
        uint8_t *nulls;
        enum status status = vector_flat(w->batch_arena, p->calls[i].type, in->row_count, true,
                                         &columns[before + i], &data, &nulls, err);
        if (status != STATUS_OK)
            return status;
        for (uint32_t r = 0; r < in->row_count; r++) {
            struct value v = compute(&passes[i], &p->calls[i]);
            set_cell(&columns[before + i], r, &v);
            passes[i].row++;
        }
    }
    struct batch batch = {in->row_count, width, columns};
    return stage_push(out, w, &batch, stop, err);
}

/* Chunks of one rowset are full but the last, so positions are row numbers. */
static enum status window_run(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err)
{
    const struct plan_window *p = (const struct plan_window *)plan;
    struct window_stage stage = {
        .stage = {window_push}, .plan = p, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct pass *passes = ARENA_ARRAY(run->arena, struct pass, p->count, err);
    bool stop = false;

    stage.rows = rowset_new(run->arena, &p->wide, NULL, err);
    if (stage.rows == NULL || passes == NULL)
        return err->status;
    enum status status = plan_run(plan->inputs[0], run, &stage.stage, err);
    (void)pthread_mutex_destroy(&stage.lock);
    uint32_t first = plan->schema.column_count - p->count;
    for (uint32_t i = 0; i < p->count; i++) {
        passes[i] = (struct pass){.rows = stage.rows,
                                  .first = first,
                                  .arg_count = p->calls[i].arg_count,
                                  .total = stage.rows->row_count,
                                  .sum = {.type = p->calls[i].type, .is_null = true}};
        first += p->calls[i].arg_count;
    }
    for (uint32_t c = 0; c < stage.rows->chunk_count && status == STATUS_OK && !stop; c++) {
        status = run_check(run, err);
        if (status == STATUS_OK)
            status = push_chunk(p, passes, stage.rows, c, run, out, &stop, err);
        arena_clear(run->workers[0].batch_arena);
    }
    return status;
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
    uint32_t args = 0;

    for (uint32_t i = 0; i < count; i++)
        args += calls[i].arg_count;
    struct column *schema = ARENA_ARRAY(q->arena, struct column, width + count, err);
    struct column *wide = ARENA_ARRAY(q->arena, struct column, width + args + 1, err);
    if (p == NULL || schema == NULL || wide == NULL)
        return NULL;
    p->calls = ARENA_ARRAY(q->arena, struct window_call, count, err);
    if (p->calls == NULL)
        return NULL;
    memcpy(p->calls, calls, count * sizeof(*calls));
    p->count = count;
    memcpy(schema, input->schema.columns, width * sizeof(*schema));
    memcpy(wide, input->schema.columns, width * sizeof(*wide));
    args = width;
    for (uint32_t i = 0; i < count; i++) {
        schema[width + i] = (struct column){calls[i].name, calls[i].type};
        for (uint32_t a = 0; a < calls[i].arg_count; a++)
            wide[args++] = (struct column){SLICE(""), calls[i].args[a]->type};
    }
    p->plan.schema = (struct schema){schema, width + count};
    p->wide = (struct schema){wide, args};
    p->plan.is_serialized = true;
    return &p->plan;
}
