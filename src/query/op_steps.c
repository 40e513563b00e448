/* SPDX-License-Identifier: Apache-2.0 */
/* op_steps.c - scan: rows in order against steps.
 *
 * A step's state is the sequence that reached it last: the last row of every
 * step up to it.  A row is tried on the steps from the last to the first: it
 * takes over the sequence of the step before, or goes on with the step's own;
 * a row that meets the first step with no sequence there starts one.
 */
#include "query/op_priv.h"

struct plan_steps {
    struct plan plan;
    struct steps_spec spec;
    const uint8_t *read;  /* columns of the input that the steps, or those behind, look at */
    const uint8_t *given; /* columns of the result that those behind look at */
};

struct state {
    bool is_set;
    int64_t id;
    struct value *values; /* step_count * width */
};

struct matching {
    struct stage stage;
    pthread_mutex_t lock;
    struct rowset *rows;
    const struct plan_steps *plan;
    struct run *run;
    struct rowset *result;
    struct state *states;
    struct value *row;      /* the row that is being made: width and the id */
    struct vector *columns; /* one row of the expressions' schema */
    int64_t next_id;
};

static enum status keep_rows(struct stage *stage, struct worker *w, const struct batch *batch,
                             bool *stop, struct error *err)
{
    struct matching *m = (struct matching *)stage;

    (void)w;
    (void)stop;
    (void)pthread_mutex_lock(&m->lock);
    enum status status = rowset_add(m->rows, batch, NULL, batch->row_count, err);
    (void)pthread_mutex_unlock(&m->lock);
    return status;
}

/* One expression over the row and a state. */
static enum status evaluate(struct matching *m, const struct expr *expr,
                            const struct state *state, struct value *ret, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    struct worker *w = &m->run->workers[0];
    uint32_t total = spec->schema->column_count;
    uint8_t *needed = arena_alloc(w->batch_arena, total + 1, err);
    enum status status = needed == NULL ? err->status : STATUS_OK;
    struct vector v;

    if (status == STATUS_OK)
        expr_mark(expr, needed);
    for (uint32_t i = 0; i < total && status == STATUS_OK; i++) {
        if (needed[i] == 0)
            continue;
        const struct value *value =
            i < spec->width ? &m->row[i] : &state->values[i - spec->width];
        status = vector_const(w->batch_arena, value, 1, &m->columns[i], err);
    }
    struct batch batch = {1, total, m->columns, false, NULL};
    if (status == STATUS_OK)
        status = expr_eval(w, expr, &batch, &v, err);
    if (status == STATUS_OK)
        *ret = vector_value(&v, 0);
    return status;
}

static enum status give_row(struct matching *m, const struct value *row, int64_t id,
                            struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    struct value *values = ARENA_ARRAY(m->run->workers[0].batch_arena, struct value,
                                       spec->width + 1, err);

    if (values == NULL)
        return err->status;
    memcpy(values, row, spec->width * sizeof(*values));
    values[spec->width] = (struct value){.type = TYPE_LONG, .integer = id};
    return rowset_add_values(m->result, values, err);
}

/* A sequence leaves a step: what `output=last` held back comes out. */
static enum status leave(struct matching *m, uint32_t step, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    struct state *state = &m->states[step];

    if (!state->is_set || spec->steps[step].output != STEP_LAST)
        return STATUS_OK;
    return give_row(m, &state->values[step * spec->width], state->id, err);
}

/* Bytes of a state outlive the batch they came from. */
static enum status keep_value(struct matching *m, struct value *value, struct error *err)
{
    if (!type_is_bytes(value->type) || value->is_null || value->bytes.size == 0)
        return STATUS_OK;
    value->bytes = arena_copy(m->run->arena, value->bytes, err);
    return value->bytes.data == NULL ? err->status : STATUS_OK;
}

/* The row extended by the step's assignments joins the sequence. */
static enum status join_sequence(struct matching *m, uint32_t index, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    const struct step *step = &spec->steps[index];
    struct state *state = &m->states[index];
    size_t bytes = spec->width * sizeof(*m->row);
    enum status status = STATUS_OK;
    struct value *outer = ARENA_ARRAY(m->run->workers[0].batch_arena, struct value,
                                      spec->width + 1, err);

    if (outer == NULL)
        return err->status;
    memcpy(outer, m->row, bytes);
    for (uint32_t i = 0; i < step->value_count && status == STATUS_OK; i++) {
        struct value value;
        status = evaluate(m, step->values[i], state, &value, err);
        if (status == STATUS_OK)
            status = keep_value(m, &value, err);
        m->row[step->targets[i]] = value;
    }
    if (status == STATUS_OK) {
        state->is_set = true;
        memcpy(&state->values[index * spec->width], m->row, bytes);
        if (step->output == STEP_ALL)
            status = give_row(m, m->row, state->id, err);
    }
    memcpy(m->row, outer, bytes);
    return status;
}

static void reset(struct matching *m, struct state *state)
{
    const struct steps_spec *spec = &m->plan->spec;

    state->is_set = false;
    for (uint32_t s = 0; s < spec->step_count; s++)
        memcpy(&state->values[s * spec->width], spec->defaults,
               spec->width * sizeof(*spec->defaults));
}

/* The sequence of the step before, if the row meets this step's condition. */
static enum status try_promote(struct matching *m, uint32_t index, bool *ret, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    struct value holds;

    *ret = false;
    if (index == 0 || !m->states[index - 1].is_set)
        return STATUS_OK;
    enum status status =
        evaluate(m, spec->steps[index].condition, &m->states[index - 1], &holds, err);
    if (status != STATUS_OK || holds.is_null || !holds.boolean)
        return status;
    *ret = true;
    status = leave(m, index, err);
    if (status == STATUS_OK)
        status = leave(m, index - 1, err);
    struct state old = m->states[index];
    m->states[index] = m->states[index - 1];
    m->states[index - 1] = old;
    reset(m, &m->states[index - 1]);
    return status == STATUS_OK ? join_sequence(m, index, err) : status;
}

static enum status try_row(struct matching *m, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    enum status status = STATUS_OK;
    struct value holds;
    bool promoted;

    for (uint32_t i = spec->step_count; i-- > 0 && status == STATUS_OK;) {
        status = try_promote(m, i, &promoted, err);
        if (status != STATUS_OK || promoted || (i > 0 && !m->states[i].is_set))
            continue;
        status = evaluate(m, spec->steps[i].condition, &m->states[i], &holds, err);
        if (status != STATUS_OK || holds.is_null || !holds.boolean)
            continue;
        if (!m->states[i].is_set)
            m->states[i].id = m->next_id++;
        status = join_sequence(m, i, err);
    }
    return status;
}

static enum status match_rows(struct matching *m, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    uint32_t inputs = m->rows->schema.column_count;
    enum status status = STATUS_OK;

    for (uint32_t c = 0; c < m->rows->chunk_count && status == STATUS_OK; c++) {
        for (uint32_t r = 0; r < m->rows->chunks[c].row_count && status == STATUS_OK; r++) {
            memcpy(m->row, spec->defaults, spec->width * sizeof(*m->row));
            for (uint32_t i = 0; i < inputs; i++) {
                if (m->plan->read[i] != 0)
                    m->row[i] = rowset_value(m->rows, c * BATCH_ROWS_MAX + r, i);
            }
            status = run_check(m->run, err); /* a row may be on its way through all steps */
            if (status == STATUS_OK)
                status = try_row(m, err);
            arena_clear(m->run->workers[0].batch_arena);
        }
    }
    for (uint32_t s = 0; s < spec->step_count && status == STATUS_OK; s++)
        status = leave(m, s, err);
    return status;
}

static enum status open_matching(struct matching *m, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    struct arena *arena = m->run->arena;

    m->rows = rowset_new(arena, &m->plan->plan.inputs[0]->schema, m->plan->read, err);
    m->result = rowset_new(arena, spec->result, m->plan->given, err);
    m->states = ARENA_ARRAY(arena, struct state, spec->step_count, err);
    m->row = ARENA_ARRAY(arena, struct value, spec->width + 1, err);
    m->columns = ARENA_ARRAY(arena, struct vector, spec->schema->column_count + 1, err);
    if (m->rows == NULL || m->result == NULL || m->states == NULL || m->row == NULL ||
        m->columns == NULL)
        return err->status;
    for (uint32_t i = 0; i < spec->schema->column_count; i++)
        m->columns[i] = run_absent(spec->schema->columns[i].type, 1);
    for (uint32_t s = 0; s < spec->step_count; s++) {
        m->states[s].values = ARENA_ARRAY(arena, struct value,
                                          (size_t)spec->step_count * spec->width + 1, err);
        if (m->states[s].values == NULL)
            return err->status;
        reset(m, &m->states[s]);
    }
    return STATUS_OK;
}

static enum status steps_run(const struct plan *plan, struct run *run, struct stage *out,
                             struct error *err)
{
    struct matching m = {.stage = {keep_rows},
                         .lock = PTHREAD_MUTEX_INITIALIZER,
                         .plan = (const struct plan_steps *)plan,
                         .run = run};
    enum status status = open_matching(&m, err);

    if (status == STATUS_OK)
        status = plan_run(plan->inputs[0], run, &m.stage, err);
    (void)pthread_mutex_destroy(&m.lock);
    if (status == STATUS_OK)
        status = match_rows(&m, err);
    return status == STATUS_OK ? rowset_push(m.result, run, out, err) : status;
}

static enum status steps_need(struct plan *plan, const uint8_t *needed, struct query *q,
                              struct error *err)
{
    struct plan_steps *p = (struct plan_steps *)plan;
    const struct steps_spec *spec = &p->spec;
    const uint32_t inputs = plan->inputs[0]->schema.column_count;
    uint8_t *marks = arena_alloc(q->arena, spec->schema->column_count + 1, err);
    uint8_t *read = arena_alloc(q->arena, inputs + 1, err);
    uint8_t *given = arena_alloc(q->arena, plan->schema.column_count + 1, err);

    if (marks == NULL || read == NULL || given == NULL)
        return err->status;
    for (uint32_t s = 0; s < spec->step_count; s++) {
        expr_mark(spec->steps[s].condition, marks);
        for (uint32_t i = 0; i < spec->steps[s].value_count; i++)
            expr_mark(spec->steps[s].values[i], marks);
    }
    memcpy(given, needed, plan->schema.column_count);
    for (uint32_t i = 0; i < inputs; i++) {
        read[i] = needed[i];
        for (uint32_t at = i; at < spec->schema->column_count; at += spec->width)
            read[i] |= marks[at]; /* of the row, and of the state of each step */
    }
    p->read = read;
    p->given = given;
    return plan_need(plan->inputs[0], read, q, err);
}

struct plan *plan_steps(struct query *q, struct plan *input, const struct steps_spec *spec,
                        struct error *err)
{
    static const struct plan_ops ops = {"scan", steps_run, steps_need, NULL};
    struct plan_steps *p = (struct plan_steps *)op_new(q, sizeof(*p), &ops, input, err);

    if (p == NULL)
        return NULL;
    p->spec = *spec;
    p->plan.schema = *spec->result;
    p->plan.is_serialized = true;
    return &p->plan;
}
