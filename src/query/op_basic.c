/* SPDX-License-Identifier: Apache-2.0 */
/* op_basic.c - the streaming operators: where, project, take; and sources that
 * are rows already. */
#include "base/limits.h"
#include "query/explain_priv.h"
#include "query/op_priv.h"

struct plan *op_new(struct query *q, size_t size, const struct plan_ops *ops, struct plan *input,
                    struct error *err)
{
    if (input != NULL && input->depth >= QUERY_PLAN_DEPTH_MAX) {
        (void)ERROR_SET(err, STATUS_LIMIT,
                        "query too complex: more than %u operators over one another; ask in parts",
                        QUERY_PLAN_DEPTH_MAX);
        (void)error_code(err, "E_QUERY_TOO_COMPLEX");
        return NULL;
    }
    struct plan *plan = arena_alloc(q->arena, size, err);
    if (plan == NULL)
        return NULL;
    plan->ops = ops;
    plan->depth = 1;
    if (input != NULL) {
        plan->inputs = ARENA_ARRAY(q->arena, struct plan *, 1, err);
        if (plan->inputs == NULL)
            return NULL;
        plan->inputs[0] = input;
        plan->input_count = 1;
        plan->schema = input->schema;
        plan->depth = input->depth + 1;
        plan->is_serialized = input->is_serialized;
        plan->reads_given = input->reads_given;
    }
    return plan;
}

/* ---- where ---- */

struct plan_where {
    struct plan plan;
    struct expr *predicate;
    const uint8_t *needed;
};

struct where_stage {
    struct stage stage;
    const struct plan_where *plan;
    struct stage *out;
    struct run_counted counted; /* the join right below, or NULL */
    atomic_uint_fast64_t rows;  /* left of it */
};

static enum status where_push(struct stage *stage, struct worker *w, const struct batch *batch,
                              bool *stop, struct error *err)
{
    struct where_stage *s = (struct where_stage *)stage;
    struct vector v;
    struct batch taken;

    if (batch->decided && s->plan->plan.filters_scan)
        return stage_push(s->out, w, batch, stop, err);
    enum status status = expr_eval(w, s->plan->predicate, batch, &v, err);
    if (status != STATUS_OK)
        return status;
    uint32_t *rows =
        arena_alloc_raw(w->batch_arena, ((size_t)batch->row_count + 1) * sizeof(*rows), err);
    if (rows == NULL)
        return err->status;
    uint32_t count = expr_select(&v, rows);
    if (count == 0)
        return STATUS_OK;
    if (s->counted.join != NULL &&
        atomic_fetch_add(&s->rows, count) > QUERY_OPERATOR_ROWS_MAX &&
        atomic_load(&s->counted.pairs) > QUERY_OPERATOR_ROWS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "join gives more than %u rows",
                         QUERY_OPERATOR_ROWS_MAX);
    if (count == batch->row_count)
        return stage_push(s->out, w, batch, stop, err);
    status = run_take(w, batch, s->plan->needed, rows, count, &taken, err);
    return status == STATUS_OK ? stage_push(s->out, w, &taken, stop, err) : status;
}

static enum status where_run(const struct plan *plan, struct run *run, struct stage *out,
                             struct error *err)
{
    struct where_stage stage = {.stage = {where_push},
                                .plan = (const struct plan_where *)plan,
                                .out = out};

    /* A join with a predicate over both sides is one operator to whoever wrote it: most of its
     * pairs go no further, and are no rows. */
    if (op_is_join(plan->inputs[0])) {
        stage.counted.join = plan->inputs[0];
        run->counted = &stage.counted;
    }
    enum status status = plan_run(plan->inputs[0], run, &stage.stage, err);
    run->counted = NULL;
    return status;
}

static uint8_t *copy_needed(struct query *q, const uint8_t *needed, uint32_t count,
                            struct error *err)
{
    uint8_t *copy = arena_alloc(q->arena, count + 1, err);

    if (copy != NULL && needed != NULL)
        memcpy(copy, needed, count);
    return copy;
}

static enum status where_need(struct plan *plan, const uint8_t *needed, struct query *q,
                              struct error *err)
{
    struct plan_where *p = (struct plan_where *)plan;
    uint32_t count = plan->schema.column_count;
    uint8_t *below = copy_needed(q, needed, count, err);
    uint8_t *read = copy_needed(q, NULL, count, err);

    p->needed = copy_needed(q, needed, count, err);
    if (below == NULL || read == NULL || p->needed == NULL)
        return err->status;
    expr_mark(p->predicate, read);
    for (uint32_t i = 0; i < count; i++) {
        if (read[i] != 0 && below[i] == NEED_NOT)
            below[i] = plan->filters_scan ? NEED_FILTERS : NEED_ROWS;
    }
    return plan_need(plan->inputs[0], below, q, err);
}

static enum status where_filter(struct plan *plan, const struct pushed *list, struct query *q,
                                struct error *err)
{
    enum status status =
        push_predicate(q, ((struct plan_where *)plan)->predicate, list, &list, err);
    return status == STATUS_OK ? plan_filter(plan->inputs[0], list, q, err) : status;
}

static void where_describe(const struct plan *plan, struct buf *ret)
{
    explain_expr(ret, ((const struct plan_where *)plan)->predicate, &plan->schema);
}

static const struct plan_ops where_ops = {"where", where_run, where_need, where_filter};

struct expr *op_where_predicate(const struct plan *plan)
{
    return plan->ops == &where_ops ? ((const struct plan_where *)plan)->predicate : NULL;
}

struct plan *plan_where(struct query *q, struct plan *input, struct expr *predicate,
                        struct error *err)
{
    struct plan_where *p = (struct plan_where *)op_new(q, sizeof(*p), &where_ops, input, err);

    if (p == NULL)
        return NULL;
    p->plan.describe = where_describe;
    p->predicate = predicate;
    bool whole = false;
    if (input->filters_scan && push_is_whole(q, predicate, &whole, err) != STATUS_OK)
        return NULL;
    p->plan.filters_scan = whole;
    return &p->plan;
}

/* ---- project ---- */

struct plan_project {
    struct plan plan;
    struct output *outputs;
    const uint8_t *needed;
};

struct project_stage {
    struct stage stage;
    const struct plan_project *plan;
    struct stage *out;
};

static enum status project_push(struct stage *stage, struct worker *w, const struct batch *batch,
                                bool *stop, struct error *err)
{
    struct project_stage *s = (struct project_stage *)stage;
    const struct plan_project *p = s->plan;
    uint32_t count = p->plan.schema.column_count;
    struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, count + 1, err);

    if (columns == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++) {
        if (p->needed != NULL && p->needed[i] == 0) {
            columns[i] = run_absent(p->plan.schema.columns[i].type, batch->row_count);
            continue;
        }
        enum status status = expr_eval(w, p->outputs[i].expr, batch, &columns[i], err);
        if (status != STATUS_OK)
            return status;
    }
    struct batch result = {batch->row_count, count, columns, false, NULL};
    return stage_push(s->out, w, &result, stop, err);
}

static enum status project_run(const struct plan *plan, struct run *run, struct stage *out,
                               struct error *err)
{
    struct project_stage stage = {{project_push}, (const struct plan_project *)plan, out};
    return plan_run(plan->inputs[0], run, &stage.stage, err);
}

static enum status project_need(struct plan *plan, const uint8_t *needed, struct query *q,
                                struct error *err)
{
    struct plan_project *p = (struct plan_project *)plan;
    uint8_t *below = copy_needed(q, NULL, plan->inputs[0]->schema.column_count, err);

    p->needed = copy_needed(q, needed, plan->schema.column_count, err);
    if (below == NULL || p->needed == NULL)
        return err->status;
    for (uint32_t i = 0; i < plan->schema.column_count; i++) {
        if (needed[i] != 0)
            expr_mark(p->outputs[i].expr, below);
    }
    return plan_need(plan->inputs[0], below, q, err);
}

static enum status project_filter(struct plan *plan, const struct pushed *list, struct query *q,
                                  struct error *err)
{
    const struct plan_project *p = (const struct plan_project *)plan;
    enum status status =
        push_through(q, p->outputs, plan->schema.column_count, list, &list, err);
    return status == STATUS_OK ? plan_filter(plan->inputs[0], list, q, err) : status;
}

static bool is_empty(const struct expr *e)
{
    return e->kind == EXPR_CONST &&
           (e->value.is_null || (e->type == TYPE_STRING && e->value.bytes.size == 0));
}

#define EMPTY_SHOWN_MAX 3u /* views and unions fill up dozens of columns */

/* What is computed or renamed; of the rest how many are kept, and how many are empty. */
static void project_describe(const struct plan *plan, struct buf *ret)
{
    const struct plan_project *p = (const struct plan_project *)plan;
    const struct schema *below = &plan->inputs[0]->schema;
    uint32_t kept = 0, empty = 0;

    for (uint32_t i = 0; i < plan->schema.column_count; i++)
        empty += is_empty(p->outputs[i].expr);
    empty = empty > EMPTY_SHOWN_MAX ? empty : 0;
    for (uint32_t i = 0; i < plan->schema.column_count; i++) {
        const struct output *o = &p->outputs[i];
        if (empty > 0 && is_empty(o->expr))
            continue;
        if (o->expr->kind == EXPR_COLUMN && o->expr->column < below->column_count &&
            slice_equal(o->name, below->columns[o->expr->column].name)) {
            kept++;
            continue;
        }
        buf_add_text(ret, ret->size > 0 ? ", " : "");
        buf_add_slice(ret, o->name);
        buf_add_text(ret, " = ");
        explain_expr(ret, o->expr, below);
    }
    if (kept > 0)
        buf_add_format(ret, "%s%u columns as they are", ret->size > 0 ? ", " : "", kept);
    if (empty > 0)
        buf_add_format(ret, "%s%u columns empty", ret->size > 0 ? ", " : "", empty);
}

static const struct plan_ops project_ops = {"project", project_run, project_need,
                                            project_filter};

bool op_is_project(const struct plan *plan)
{
    return plan->ops == &project_ops;
}

const struct expr *op_project_output(const struct plan *plan, uint32_t column)
{
    return op_is_project(plan) ? ((const struct plan_project *)plan)->outputs[column].expr
                               : NULL;
}

struct plan *plan_project(struct query *q, struct plan *input, const struct output *outputs,
                          uint32_t count, struct error *err)
{
    struct plan_project *p =
        (struct plan_project *)op_new(q, sizeof(*p), &project_ops, input, err);
    struct column *columns = ARENA_ARRAY(q->arena, struct column, count + 1, err);

    if (p == NULL || columns == NULL)
        return NULL;
    p->plan.describe = project_describe;
    p->outputs = ARENA_ARRAY(q->arena, struct output, count + 1, err);
    if (p->outputs == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        p->outputs[i] = outputs[i];
        columns[i] = (struct column){outputs[i].name, outputs[i].expr->type};
    }
    p->plan.schema = (struct schema){columns, count};
    return &p->plan;
}

struct plan *op_project_again(struct query *q, const struct plan *project, struct plan *input,
                              struct error *err)
{
    const struct plan_project *p = (const struct plan_project *)project;
    struct plan *plan = plan_project(q, input, p->outputs, project->schema.column_count, err);

    if (plan != NULL) {
        plan->is_serialized = project->is_serialized;
        plan->is_open = project->is_open;
    }
    return plan;
}

/* ---- take ---- */

struct plan_take {
    struct plan plan;
    uint64_t rows;
};

struct take_stage {
    struct stage stage;
    struct stage *out;
    atomic_uint_fast64_t left;
};

static enum status push_first(struct take_stage *s, struct worker *w, const struct batch *batch,
                              uint32_t count, bool *stop, struct error *err)
{
    if (count == batch->row_count)
        return stage_push(s->out, w, batch, stop, err);
    uint32_t *rows = arena_alloc_raw(w->batch_arena, ((size_t)count + 1) * sizeof(*rows), err);
    struct batch taken;
    if (rows == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = i;
    enum status status = run_take(w, batch, NULL, rows, count, &taken, err);
    return status == STATUS_OK ? stage_push(s->out, w, &taken, stop, err) : status;
}

static enum status take_push(struct stage *stage, struct worker *w, const struct batch *batch,
                             bool *stop, struct error *err)
{
    struct take_stage *s = (struct take_stage *)stage;
    uint64_t left = atomic_load(&s->left);
    uint64_t count;

    do {
        count = left < batch->row_count ? left : batch->row_count;
        if (count == 0) {
            *stop = true;
            return STATUS_OK;
        }
    } while (!atomic_compare_exchange_weak(&s->left, &left, left - count));
    enum status status = push_first(s, w, batch, (uint32_t)count, stop, err);
    if (left == count)
        *stop = true; /* not before: what is behind stops in the middle of its rows then */
    return status;
}

static enum status take_run(const struct plan *plan, struct run *run, struct stage *out,
                            struct error *err)
{
    struct take_stage stage = {.stage = {take_push}, .out = out};

    atomic_init(&stage.left, ((const struct plan_take *)plan)->rows);
    return ((const struct plan_take *)plan)->rows == 0
               ? STATUS_OK
               : plan_run(plan->inputs[0], run, &stage.stage, err);
}

static enum status pass_need(struct plan *plan, const uint8_t *needed, struct query *q,
                             struct error *err)
{
    return plan_need(plan->inputs[0], needed, q, err);
}

static void take_describe(const struct plan *plan, struct buf *ret)
{
    buf_add_format(ret, "%llu rows", (unsigned long long)((const struct plan_take *)plan)->rows);
}

struct plan *plan_take(struct query *q, struct plan *input, uint64_t rows, struct error *err)
{
    static const struct plan_ops ops = {"take", take_run, pass_need, NULL};

    if (op_sort_limit(input, rows)) /* the first of sorted rows: a top */
        return input;
    struct plan_take *p = (struct plan_take *)op_new(q, sizeof(*p), &ops, input, err);

    if (p == NULL)
        return NULL;
    p->plan.describe = take_describe;
    p->rows = rows;
    return &p->plan;
}

/* ---- rows that are there already ---- */

struct plan_rows {
    struct plan plan;
    struct rowset *rows;
};

static enum status rows_run(const struct plan *plan, struct run *run, struct stage *out,
                            struct error *err)
{
    return rowset_push(((const struct plan_rows *)plan)->rows, run, out, err);
}

static enum status leaf_need(struct plan *plan, const uint8_t *needed, struct query *q,
                             struct error *err)
{
    (void)plan;
    (void)needed;
    (void)q;
    (void)err;
    return STATUS_OK;
}

struct plan *plan_rows(struct query *q, const struct schema *schema, struct rowset *rows,
                       struct error *err)
{
    static const struct plan_ops ops = {"rows", rows_run, leaf_need, NULL};
    struct plan_rows *p = (struct plan_rows *)op_new(q, sizeof(*p), &ops, NULL, err);

    if (p == NULL)
        return NULL;
    p->plan.schema = *schema;
    p->plan.is_serialized = true;
    p->rows = rows;
    return &p->plan;
}

/* ---- range ---- */

struct plan_range {
    struct plan plan;
    struct value from, to, step;
};

static uint64_t range_count(const struct plan_range *p)
{
    if (p->from.type == TYPE_REAL) {
        double count = (p->to.real - p->from.real) / p->step.real;
        return !(count >= 0) ? 0 : count > 1e15 ? UINT64_MAX : (uint64_t)(count + 1e-9) + 1;
    }
    if (p->step.integer == 0 || (p->step.integer > 0) != (p->to.integer >= p->from.integer))
        return p->from.integer == p->to.integer;
    uint64_t span = p->step.integer > 0
                        ? (uint64_t)p->to.integer - (uint64_t)p->from.integer
                        : (uint64_t)p->from.integer - (uint64_t)p->to.integer;
    uint64_t step = p->step.integer > 0 ? (uint64_t)p->step.integer
                                        : 0 - (uint64_t)p->step.integer;
    return span / step == UINT64_MAX ? UINT64_MAX : span / step + 1;
}

static enum status range_run(const struct plan *plan, struct run *run, struct stage *out,
                             struct error *err)
{
    const struct plan_range *p = (const struct plan_range *)plan;
    struct worker *w = &run->workers[0];
    uint64_t count = range_count(p);
    bool stop = false;
    enum status status = STATUS_OK;

    for (uint64_t at = 0; at < count && !stop && status == STATUS_OK; at += BATCH_ROWS_MAX) {
        uint32_t rows = (uint32_t)(count - at < BATCH_ROWS_MAX ? count - at : BATCH_ROWS_MAX);
        struct vector v;
        if (at >= QUERY_OPERATOR_ROWS_MAX)
            return ERROR_SET(err, STATUS_LIMIT, "range gives more than %u rows",
                             QUERY_OPERATOR_ROWS_MAX);
        status = vector_flat(w->batch_arena, p->from.type, rows, false, &v, err);
        void *data = vector_data(&v);
        for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
            if (p->from.type == TYPE_REAL)
                ((double *)data)[i] = p->from.real + (double)(at + i) * p->step.real;
            else
                ((int64_t *)data)[i] =
                    (int64_t)((uint64_t)p->from.integer + (at + i) * (uint64_t)p->step.integer);
        }
        struct batch batch = {rows, 1, &v, false, NULL};
        if (status == STATUS_OK)
            status = run_check(run, err);
        if (status == STATUS_OK)
            status = stage_push(out, w, &batch, &stop, err);
        w->row_base += rows;
        arena_clear(w->batch_arena);
    }
    return status;
}

struct plan *plan_range(struct query *q, struct slice name, const struct value *from,
                        const struct value *to, const struct value *step, struct error *err)
{
    static const struct plan_ops ops = {"range", range_run, leaf_need, NULL};
    struct plan_range *p = (struct plan_range *)op_new(q, sizeof(*p), &ops, NULL, err);
    struct column *column = ARENA_NEW(q->arena, struct column, err);

    if (p == NULL || column == NULL)
        return NULL;
    *column = (struct column){name, from->type};
    p->plan.schema = (struct schema){column, 1};
    p->plan.is_serialized = true;
    p->from = *from;
    p->to = *to;
    p->step = *step;
    return &p->plan;
}
