/* SPDX-License-Identifier: Apache-2.0 */
/* op_window.c - prev, next, row_number, row_cumsum and their kin: all rows are
 * gathered in their order, then one pass a call adds a column. */
#include "query/decimal.h"
#include "query/op_priv.h"

struct plan_window {
    struct plan plan;
    const uint8_t *kept; /* columns of the input */
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
    struct arena *arena; /* for decimals */
    enum status status;  /* of their sums */
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
    int64_t distance = 0;
    bool shifts = is_shift(call, &distance);
    bool sums_whole = call->kind == WINDOW_CUMSUM && call->type != TYPE_REAL &&
                      vector_element_bytes(call->type) == sizeof(int64_t) &&
                      (p->arg_count < 2 || call->args[1]->type == TYPE_BOOL);

    if (sums_whole) {
        cumulate_chunk(p, column);
        return;
    }
    for (uint32_t r = 0, count; r < column->row_count; r += count) {
        count = 0;
        if (shifts)
            copy_neighbours(p, distance, column, r, &count);
        if (count == 0) {
            struct value v = compute(p, call);
            vector_set(column, r, &v);
            count = 1;
        }
        p->row += count;
    }
}

/* An argument that stays: the bytes of texts are copied unless they stay anyway. */
static enum status keep_argument(struct arena *arena, const struct vector *v,
                                 struct vector *ret, struct error *err)
{
    size_t bytes = vector_element_bytes(v->type) * v->row_count;

    if (v->encoding == VECTOR_DICT && !type_is_bytes(v->type))
        return run_expand(arena, v, ret, err);
    if (v->encoding != VECTOR_FLAT || (type_is_bytes(v->type) && v->home != arena))
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

static enum status eval_argument(const struct expr *expr, struct run *run,
                                 const struct batch *chunk, struct vector *ret,
                                 struct error *err)
{
    struct vector v;

    if (expr->kind == EXPR_COLUMN) { /* it is kept already */
        *ret = chunk->columns[expr->column];
        return STATUS_OK;
    }
    if (expr->kind == EXPR_CONST)
        return vector_const(run->arena, &expr->value, chunk->row_count, ret, err);
    enum status status = expr_eval(&run->workers[0], expr, chunk, &v, err);
    return status == STATUS_OK ? keep_argument(run->arena, &v, ret, err) : status;
}

/* The arguments of a call over all chunks; earlier calls' columns are there. */
static enum status eval_arguments(const struct window_call *call, struct run *run,
                                  const struct batch *chunks, uint32_t count,
                                  struct pass *pass, struct error *err)
{
    enum status status = STATUS_OK;

    pass->arg_count = call->arg_count;
    pass->args = ARENA_ARRAY(run->arena, struct vector *, count + 1, err);
    if (pass->args == NULL)
        return err->status;
    for (uint32_t c = 0; c < count && status == STATUS_OK; c++) {
        pass->args[c] = ARENA_ARRAY(run->arena, struct vector, call->arg_count + 1, err);
        status = pass->args[c] == NULL ? err->status : run_check(run, err);
        for (uint32_t a = 0; a < call->arg_count && status == STATUS_OK; a++)
            status = eval_argument(call->args[a], run, &chunks[c], &pass->args[c][a], err);
        arena_clear(run->workers[0].batch_arena);
    }
    return status;
}

/* Adds the call's column to every chunk.  Chunks are full but the last, so that
 * positions are row numbers. */
static enum status add_column(const struct window_call *call, struct run *run,
                              struct batch *chunks, uint32_t count, uint64_t total,
                              struct error *err)
{
    struct pass pass = {.total = total,
                        .sum = {.type = call->type, .is_null = true},
                        .arena = run->arena,
                        .err = err};
    enum status status = eval_arguments(call, run, chunks, count, &pass, err);
    int64_t distance = 0;
    bool shifts = is_shift(call, &distance);

    for (uint32_t c = 0; c < count && status == STATUS_OK; c++) {
        struct vector *columns = (struct vector *)(uintptr_t)chunks[c].columns;
        struct vector *column = &columns[chunks[c].column_count];
        uint32_t rows = chunks[c].row_count;
        bool is_done = false;
        if (shifts)
            status = shift_codes(&pass, distance, rows, run->arena, column, &is_done, err);
        if (is_done)
            pass.row += rows;
        else if (status == STATUS_OK)
            status = vector_raw(run->arena, call->type, rows, column, err);
        if (status == STATUS_OK && !is_done)
            compute_chunk(&pass, call, column);
        if (status == STATUS_OK)
            status = pass.status;
        column->home = run->arena; /* bytes are of arguments, which stay */
        column->is_rooted = true;
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
    for (uint32_t i = 0; i < p->count && status == STATUS_OK; i++)
        status = add_column(&p->calls[i], run, chunks, count, stage.rows->row_count, err);
    return status == STATUS_OK ? push_chunks(chunks, count, run, out, err) : status;
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
    if (width > 0)
        memcpy(schema, input->schema.columns, width * sizeof(*schema));
    for (uint32_t i = 0; i < count; i++)
        schema[width + i] = (struct column){calls[i].name, calls[i].type};
    p->plan.schema = (struct schema){schema, width + count};
    p->plan.is_serialized = true;
    return &p->plan;
}
