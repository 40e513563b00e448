/* SPDX-License-Identifier: Apache-2.0 */
/* op_window.c - prev, next, row_number, row_cumsum and their kin: all rows are
 * gathered in their order, then one pass a call adds a column. */
#include "query/decimal.h"
#include "query/key_set_priv.h"

struct plan_window {
    struct plan plan;
    const uint8_t *kept; /* columns of the input */
    struct window_call *calls;
    uint32_t count;
    bool any_order; /* who reads the rows does not ask for their order */
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
    const struct run *run;
    size_t spent_bytes;  /* of texts since the time was looked at */
    struct arena *arena; /* for decimals */
    enum status status;  /* of their sums, and of the time */
    struct error *err;
};

static struct value argument(const struct pass *p, uint64_t row, uint32_t index)
{
    return vector_value(&p->args[row / BATCH_ROWS_MAX][index], (uint32_t)(row % BATCH_ROWS_MAX));
}

static struct value neighbour(const struct pass *p, enum window_kind kind, enum type type)
{
    struct value null = {.type = type, .is_null = type != TYPE_STRING};
    struct value offset = {.type = TYPE_LONG, .integer = 1};

    if (p->arg_count > 1)
        offset = argument(p, p->row, 1);
    if (!offset.is_null && offset.integer > -(int64_t)QUERY_OPERATOR_ROWS_MAX &&
        offset.integer < (int64_t)QUERY_OPERATOR_ROWS_MAX) {
        int64_t at = (int64_t)p->row + (kind == WINDOW_PREV ? -offset.integer : offset.integer);
        if (at >= 0 && (uint64_t)at < p->total)
            return argument(p, (uint64_t)at, 0);
    }
    return p->arg_count > 2 ? argument(p, p->row, 2) : null;
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
        p->sum = type == TYPE_DECIMAL ? (struct value){.type = type, .bytes = SLICE("0")}
                                      : (struct value){.type = type};
    if (!v.is_null && type == TYPE_REAL)
        p->sum.real += v.real;
    else if (!v.is_null && type == TYPE_DECIMAL && p->status == STATUS_OK)
        p->status = decimal_arithmetic(p->arena, '+', &p->sum, &v, &p->sum, p->err);
    else if (!v.is_null)
        p->sum.integer = (int64_t)((uint64_t)p->sum.integer + (uint64_t)v.integer);
    return p->sum;
}

/* Rows may share texts of many megabytes: one is what it is, two are compared while there is
 * time. */
static bool is_previous(struct pass *p, const struct value *v)
{
    const struct value *old = &p->previous;

    if (v->is_null || old->is_null)
        return v->is_null == old->is_null;
    if (type_is_bytes(v->type)) {
        if (v->bytes.data == old->bytes.data && v->bytes.size == old->bytes.size)
            return true;
        if (p->status == STATUS_OK)
            p->status = key_spend(p->run, &p->spent_bytes, v->bytes.size, p->err);
    }
    return p->status == STATUS_OK && value_compare(v, old) == 0;
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
        if (!is_previous(p, &v))
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

    if (time.is_null) {
        p->sum = time; /* the next row begins a session */
        return time;
    }
    bool fresh = restarts(p, 3) || p->sum.is_null ||
                 time.integer - p->sum.integer >= argument(p, p->row, 1).integer ||
                 time.integer - p->previous.integer >= argument(p, p->row, 2).integer;
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
            p->number = (int64_t)((uint64_t)p->number + 1); /* the start may be the greatest */
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

/* prev() and next() at one distance are copies of pieces of other chunks: *ret_rows of
 * them from the row on, or none where compute() has to look. */
static void copy_neighbours(const struct pass *p, int64_t distance, struct vector *column,
                            uint32_t from, uint32_t *ret_rows)
{
    int64_t at = (int64_t)p->row + distance;

    *ret_rows = 0;
    if (at < 0 || (uint64_t)at >= p->total)
        return;
    const struct vector *v = &p->args[at / BATCH_ROWS_MAX][0];
    uint32_t start = (uint32_t)(at % BATCH_ROWS_MAX);
    uint32_t count = v->row_count - start;
    if (v->encoding != VECTOR_FLAT)
        return;
    if (count > column->row_count - from)
        count = column->row_count - from;
    size_t bytes = vector_element_bytes(v->type);
    memcpy((char *)vector_data(column) + bytes * from, (const char *)v->data + bytes * start,
           bytes * count);
    if (v->nulls != NULL)
        memcpy(vector_nulls(column) + from, v->nulls + start, count);
    else
        memset(vector_nulls(column) + from, 0, count);
    *ret_rows = count;
}

/* The distance of prev() and next(), if it is the same for all rows. */
static bool is_shift(const struct window_call *call, int64_t *ret_distance)
{
    int64_t distance = 1;

    if (call->kind != WINDOW_PREV && call->kind != WINDOW_NEXT)
        return false;
    if (call->arg_count > 1) {
        const struct expr *given = call->args[1];
        if (given->kind != EXPR_CONST || given->value.is_null ||
            (given->type != TYPE_LONG && given->type != TYPE_INT) ||
            given->value.integer <= -(int64_t)QUERY_OPERATOR_ROWS_MAX ||
            given->value.integer >= (int64_t)QUERY_OPERATOR_ROWS_MAX)
            return false;
        distance = given->value.integer;
    }
    *ret_distance = call->kind == WINDOW_PREV ? -distance : distance;
    return true;
}

/* prev() and next() of a column of codes: the codes of other rows.  *ret_done is false where
 * a row has no neighbour, or the chunks are not of one dictionary. */
static enum status shift_codes(const struct pass *p, int64_t distance, uint32_t rows,
                               struct arena *arena, struct vector *ret, bool *ret_done,
                               struct error *err)
{
    int64_t at = (int64_t)p->row + distance;
    int64_t end = at + rows;

    *ret_done = false;
    if (at < 0 || (uint64_t)end > p->total)
        return STATUS_OK;
    const struct vector *first = &p->args[at / BATCH_ROWS_MAX][0];
    const struct vector *last = &p->args[(end - 1) / BATCH_ROWS_MAX][0];
    if (first->encoding != VECTOR_DICT || last->encoding != VECTOR_DICT ||
        first->dict_id == 0 || first->dict_id != last->dict_id ||
        first->dict_size != last->dict_size)
        return STATUS_OK;
    uint32_t *codes = arena_alloc_raw(arena, ((size_t)rows + 1) * sizeof(*codes), err);
    if (codes == NULL)
        return err->status;
    for (uint32_t done = 0, count; done < rows; done += count, at += count) {
        const struct vector *v = &p->args[at / BATCH_ROWS_MAX][0];
        uint32_t start = (uint32_t)(at % BATCH_ROWS_MAX);
        count = v->row_count - start < rows - done ? v->row_count - start : rows - done;
        memcpy(codes + done, v->codes + start, count * sizeof(*codes));
    }
    *ret = *first;
    ret->row_count = rows;
    ret->codes = codes;
    *ret_done = true;
    return STATUS_OK;
}

/* Sums of whole numbers over a chunk, in one loop. */
static void cumulate_chunk(struct pass *p, struct vector *column)
{
    const struct vector *args = p->args[p->row / BATCH_ROWS_MAX];
    const struct vector *numbers = &args[0];
    const struct vector *restart = p->arg_count > 1 ? &args[1] : NULL;
    uint64_t sum = p->row == 0 ? 0 : (uint64_t)p->sum.integer;
    int64_t *to = vector_data(column);

    memset(vector_nulls(column), 0, column->row_count);
    for (uint32_t r = 0; r < column->row_count; r++) {
        if (restart != NULL && !vector_is_null(restart, r) &&
            restart->booleans[vector_index(restart, r)] != 0)
            sum = 0;
        if (!vector_is_null(numbers, r))
            sum += (uint64_t)numbers->integers[vector_index(numbers, r)];
        to[r] = (int64_t)sum;
    }
    p->sum = (struct value){.type = column->type, .integer = (int64_t)sum};
    p->row += column->row_count;
}

static void compute_chunk(struct pass *p, const struct window_call *call, struct vector *column)
{
    bool sums_whole = call->kind == WINDOW_CUMSUM && call->type != TYPE_REAL &&
                      vector_element_bytes(call->type) == sizeof(int64_t) &&
                      (p->arg_count < 2 || call->args[1]->type == TYPE_BOOL);

    if (sums_whole) {
        cumulate_chunk(p, column);
        return;
    }
    for (uint32_t r = 0; r < column->row_count; r++, p->row++) {
        struct value v = compute(p, call);
        vector_set(column, r, &v);
    }
}

/* The column of prev() or next() for the rows from p->row on. */
static enum status shift_chunk(struct pass *p, const struct window_call *call,
                               int64_t distance, uint32_t rows, struct arena *arena,
                               struct vector *ret, struct error *err)
{
    bool is_done = false;
    enum status status = shift_codes(p, distance, rows, arena, ret, &is_done, err);

    if (status == STATUS_OK && !is_done)
        status = vector_raw(arena, call->type, rows, ret, err);
    for (uint32_t r = 0, count; r < rows && status == STATUS_OK && !is_done; r += count) {
        copy_neighbours(p, distance, ret, r, &count);
        if (count == 0) {
            struct value v = compute(p, call);
            vector_set(ret, r, &v);
            count = 1;
        }
        p->row += count;
    }
    return status;
}

/* An argument that stays: the bytes of texts are copied unless they stay anyway. */
static enum status keep_argument(const struct run *run, struct arena *arena,
                                 const struct vector *v, struct vector *ret, struct error *err)
{
    size_t bytes = vector_element_bytes(v->type) * v->row_count;

    if (v->encoding == VECTOR_DICT && !type_is_bytes(v->type))
        return run_expand(arena, v, ret, err);
    if (v->encoding != VECTOR_FLAT || (type_is_bytes(v->type) && v->home != run->arena))
        return vector_flatten(arena, v, ret, err);
    void *data = arena_alloc_raw(arena, bytes + 1, err);
    uint8_t *nulls = v->nulls == NULL ? NULL : arena_alloc_raw(arena, v->row_count + 1, err);
    if (data == NULL || (v->nulls != NULL && nulls == NULL))
        return err->status;
    memcpy(data, v->data, bytes);
    if (nulls != NULL)
        memcpy(nulls, v->nulls, v->row_count);
    *ret = *v;
    ret->data = data;
    ret->nulls = nulls;
    return STATUS_OK;
}

static enum status eval_argument(const struct expr *expr, struct worker *w,
                                 const struct batch *chunk, struct vector *ret,
                                 struct error *err)
{
    struct vector v;

    if (expr->kind == EXPR_COLUMN) { /* it is kept already */
        *ret = chunk->columns[expr->column];
        return STATUS_OK;
    }
    if (expr->kind == EXPR_CONST)
        return vector_const(w->home, &expr->value, chunk->row_count, ret, err);
    enum status status = expr_eval(w, expr, chunk, &v, err);
    return status == STATUS_OK ? keep_argument(w->run, w->home, &v, ret, err) : status;
}

/* Calls that are computed at once, over all chunks. */
struct calls {
    const struct window_call *list;
    uint32_t count;
    struct batch *chunks; /* full but the last: positions are row numbers */
    uint32_t chunk_count;
    struct pass *passes; /* a call */
    struct stage *out;   /* of push_chunk() */
};

/* The arguments of the calls over a chunk; earlier calls' columns are there. */
static enum status eval_arguments(void *context, struct worker *w, uint32_t chunk, bool *stop,
                                  struct error *err)
{
    const struct calls *calls = context;
    enum status status = STATUS_OK;

    (void)stop;
    for (uint32_t i = 0; i < calls->count; i++) {
        const struct window_call *call = &calls->list[i];
        struct vector *args = calls->passes[i].args[chunk];
        for (uint32_t a = 0; a < call->arg_count && status == STATUS_OK; a++)
            status = eval_argument(call->args[a], w, &calls->chunks[chunk], &args[a], err);
    }
    return status;
}

static enum status begin_passes(struct calls *calls, uint64_t total, struct run *run,
                                struct error *err)
{
    calls->passes = ARENA_ARRAY(run->arena, struct pass, calls->count, err);
    if (calls->passes == NULL)
        return err->status;
    for (uint32_t i = 0; i < calls->count; i++) {
        const struct window_call *call = &calls->list[i];
        uint32_t width = call->arg_count + 1;
        struct vector **args =
            ARENA_ARRAY(run->arena, struct vector *, calls->chunk_count + 1, err);
        struct vector *all =
            arena_alloc_array(run->arena, (size_t)calls->chunk_count * width + 1,
                              sizeof(*all), err);
        if (args == NULL || all == NULL)
            return err->status;
        for (uint32_t c = 0; c < calls->chunk_count; c++)
            args[c] = all + (size_t)c * width;
        calls->passes[i] = (struct pass){.args = args,
                                         .arg_count = call->arg_count,
                                         .total = total,
                                         .sum = {.type = call->type, .is_null = true},
                                         .run = run,
                                         .arena = run->arena,
                                         .err = err};
    }
    return run_pieces(run, calls->chunk_count, eval_arguments, calls, err);
}

static struct vector *column_of(const struct batch *chunk, uint32_t call)
{
    struct vector *columns = (struct vector *)(uintptr_t)chunk->columns;

    return &columns[chunk->column_count + call];
}

/* Bytes are of arguments, which stay. */
static void root(struct vector *column, const struct run *run)
{
    column->home = run->arena;
    column->is_rooted = true;
}

static enum status shift_piece(void *context, struct worker *w, uint32_t chunk, bool *stop,
                               struct error *err)
{
    const struct calls *calls = context;
    enum status status = STATUS_OK;

    (void)stop;
    for (uint32_t i = 0; i < calls->count && status == STATUS_OK; i++) {
        struct pass pass = calls->passes[i];
        struct vector *column = column_of(&calls->chunks[chunk], i);
        int64_t distance = 0;
        (void)is_shift(&calls->list[i], &distance);
        pass.row = (uint64_t)chunk * BATCH_ROWS_MAX;
        status = shift_chunk(&pass, &calls->list[i], distance,
                             calls->chunks[chunk].row_count, w->home, column, err);
        if (status == STATUS_OK)
            root(column, w->run);
    }
    return status;
}

/* What one row hands to the next is computed in their order. */
static enum status compute_in_order(const struct calls *calls, struct run *run,
                                    struct error *err)
{
    struct pass *pass = &calls->passes[0];
    enum status status = STATUS_OK;

    for (uint32_t c = 0; c < calls->chunk_count && status == STATUS_OK; c++) {
        struct vector *column = column_of(&calls->chunks[c], 0);
        status = run_check(run, err);
        if (status == STATUS_OK)
            status = vector_raw(run->arena, calls->list->type, calls->chunks[c].row_count,
                                column, err);
        if (status != STATUS_OK)
            return status;
        compute_chunk(pass, calls->list, column);
        root(column, run);
        status = pass->status;
    }
    return status;
}

/* How many of the calls, from the first on, look at other rows only, and at none of the others'
 * columns: they are independent of each other, row by row. */
static uint32_t count_shifts(const struct window_call *list, uint32_t count, uint32_t width)
{
    int64_t distance;
    uint32_t shifts = 0;

    for (; shifts < count && is_shift(&list[shifts], &distance); shifts++) {
        for (uint32_t a = 0; a < list[shifts].arg_count; a++) {
            const struct expr *e = list[shifts].args[a];
            if (e->kind != EXPR_CONST && (e->kind != EXPR_COLUMN || e->column >= width))
                return shifts;
        }
    }
    return shifts;
}

/* Adds the columns of some calls to every chunk: *ret_count of them, at least one. */
static enum status add_columns(const struct plan_window *p, uint32_t from,
                               struct calls *calls, uint64_t total, struct run *run,
                               struct error *err)
{
    uint32_t width = p->plan.inputs[0]->schema.column_count + from;
    uint32_t shifts = count_shifts(p->calls + from, p->count - from, width);
    int64_t distance;

    calls->list = p->calls + from;
    calls->count = shifts == 0 ? 1 : shifts;
    enum status status = begin_passes(calls, total, run, err);
    if (status == STATUS_OK && is_shift(calls->list, &distance))
        status = run_pieces(run, calls->chunk_count, shift_piece, calls, err);
    else if (status == STATUS_OK)
        status = compute_in_order(calls, run, err);
    for (uint32_t c = 0; c < calls->chunk_count; c++)
        calls->chunks[c].column_count += calls->count;
    return status;
}

static enum status push_chunk(void *context, struct worker *w, uint32_t chunk, bool *stop,
                              struct error *err)
{
    const struct calls *calls = context;

    return stage_push(calls->out, w, &calls->chunks[chunk], stop, err);
}

static enum status push_chunks(const struct calls *calls, struct run *run, struct error *err)
{
    struct worker *w = &run->workers[0];
    bool stop = false;
    enum status status = STATUS_OK;

    for (uint32_t c = 0; c < calls->chunk_count && status == STATUS_OK && !stop; c++) {
        status = run_check(run, err);
        if (status == STATUS_OK)
            status = stage_push(calls->out, w, &calls->chunks[c], &stop, err);
        arena_clear(w->batch_arena);
    }
    return status;
}

static enum status window_run(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err)
{
    const struct plan_window *p = (const struct plan_window *)plan;
    const struct schema *schema = &plan->inputs[0]->schema;
    struct window_stage stage = {.stage = {window_push}, .lock = PTHREAD_MUTEX_INITIALIZER};

    stage.rows = rowset_new(run->arena, schema, p->kept, err);
    if (stage.rows == NULL)
        return err->status;
    const struct stage *above = run->keeper;
    run->keeper = &stage.stage;
    enum status status = plan_run(plan->inputs[0], run, &stage.stage, err);
    run->keeper = above;
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
    struct calls calls = {.chunks = chunks, .chunk_count = count, .out = out};
    for (uint32_t i = 0; i < p->count && status == STATUS_OK; i += calls.count)
        status = add_columns(p, i, &calls, stage.rows->row_count, run, err);
    if (status != STATUS_OK)
        return status;
    return p->any_order ? run_pieces(run, count, push_chunk, &calls, err)
                        : push_chunks(&calls, run, err);
}

static enum status window_need(struct plan *plan, const uint8_t *needed, struct query *q,
                               struct error *err)
{
    struct plan_window *p = (struct plan_window *)plan;
    uint32_t count = plan->inputs[0]->schema.column_count;
    uint8_t *below = arena_alloc(q->arena, plan->schema.column_count + 1, err);

    if (below == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++)
        below[i] = needed[i] == NEED_NOT ? NEED_NOT : NEED_ROWS;
    for (uint32_t i = 0; i < p->count; i++) {
        for (uint32_t a = 0; a < p->calls[i].arg_count; a++)
            expr_mark(p->calls[i].args[a], below);
    }
    p->kept = below;
    return plan_need(plan->inputs[0], below, q, err);
}

static const struct plan_ops ops = {"window", window_run, window_need, NULL};

void plan_any_order(struct plan *plan)
{
    while (op_where_predicate(plan) != NULL || op_is_project(plan))
        plan = plan->inputs[0];
    if (plan->ops == &ops)
        ((struct plan_window *)plan)->any_order = true;
}

struct plan *plan_window(struct query *q, struct plan *input, const struct window_call *calls,
                         uint32_t count, struct error *err)
{
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
    if (width > 0)
        memcpy(schema, input->schema.columns, width * sizeof(*schema));
    for (uint32_t i = 0; i < count; i++)
        schema[width + i] = (struct column){calls[i].name, calls[i].type};
    p->plan.schema = (struct schema){schema, width + count};
    p->plan.is_serialized = true;
    return &p->plan;
}
