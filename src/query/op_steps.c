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

/* Numbers of columns, rising. */
struct columns {
    uint32_t *at;
    uint32_t count;
};

/* What the expressions of a step read, of the expressions' schema. */
struct step_reads {
    struct columns condition;
    struct columns *values;
};

#define GIVEN_ROWS 256u /* of the result, before they join it */

struct matching {
    struct stage stage;
    pthread_mutex_t lock;
    struct rowset *rows;
    const struct plan_steps *plan;
    struct run *run;
    struct rowset *result;
    struct state *states;
    struct value *row;      /* that is being made; unread columns hold their defaults */
    struct value *before;   /* what a step's assignments replaced in it */
    struct vector *columns; /* one row of the expressions' schema */
    struct columns kept;    /* of the row, that states need */
    struct columns given;   /* of the result, that are wanted */
    struct step_reads *reads;
    struct vector *made;    /* given.count columns of the result's next GIVEN_ROWS rows */
    uint32_t made_count;
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
                            const struct columns *reads, const struct state *state,
                            struct value *ret, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    struct batch batch = {1, spec->schema->column_count, m->columns, false, NULL};
    struct vector v;

    for (uint32_t i = 0; i < reads->count; i++) {
        uint32_t at = reads->at[i];
        const struct value *value =
            at < spec->width ? &m->row[at] : &state->values[at - spec->width];
        m->columns[at] = run_one_value(value);
    }
    enum status status = expr_eval(&m->run->workers[0], expr, &batch, &v, err);
    if (status == STATUS_OK)
        *ret = vector_value(&v, 0);
    return status;
}

/* The rows that were made join the result. */
static enum status flush_made(struct matching *m, struct error *err)
{
    uint32_t count = m->plan->spec.result->column_count;
    struct vector *columns =
        arena_alloc_raw(m->run->workers[0].batch_arena, (count + 1) * sizeof(*columns), err);

    if (columns == NULL)
        return err->status;
    for (uint32_t i = 0; i < m->given.count; i++) {
        struct vector *column = &columns[m->given.at[i]];
        *column = m->made[i];
        column->row_count = m->made_count;
        if (memchr(column->nulls, 1, m->made_count) == NULL)
            column->nulls = NULL;
    }
    const struct batch batch = {.row_count = m->made_count, .column_count = count,
                                .columns = columns};
    enum status status = rowset_add(m->result, &batch, NULL, m->made_count, err);
    m->made_count = 0;
    return status;
}

static enum status give_row(struct matching *m, const struct value *row, int64_t id,
                            struct error *err)
{
    const struct value match = {.type = TYPE_LONG, .integer = id};

    for (uint32_t i = 0; i < m->given.count; i++) {
        uint32_t at = m->given.at[i];
        vector_set(&m->made[i], m->made_count, at == m->plan->spec.width ? &match : &row[at]);
    }
    return ++m->made_count < GIVEN_ROWS ? STATUS_OK : flush_made(m, err);
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

static void copy_values(const struct columns *columns, const struct value *from,
                        struct value *to)
{
    for (uint32_t i = 0; i < columns->count; i++)
        to[columns->at[i]] = from[columns->at[i]];
}

/* The row extended by the step's assignments joins the sequence. */
static enum status join_sequence(struct matching *m, uint32_t index, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    const struct step *step = &spec->steps[index];
    struct state *state = &m->states[index];
    enum status status = STATUS_OK;
    uint32_t done = 0;

    for (; done < step->value_count && status == STATUS_OK; done++) {
        struct value value = {0};
        status = evaluate(m, step->values[done], &m->reads[index].values[done], state, &value,
                          err);
        if (status == STATUS_OK)
            status = keep_value(m, &value, err);
        m->before[done] = m->row[step->targets[done]];
        m->row[step->targets[done]] = value;
    }
    if (status == STATUS_OK) {
        state->is_set = true;
        copy_values(&m->kept, m->row, &state->values[index * spec->width]);
        if (step->output == STEP_ALL)
            status = give_row(m, m->row, state->id, err);
    }
    while (done-- > 0) /* a column may have been assigned to twice */
        m->row[step->targets[done]] = m->before[done];
    return status;
}

static void reset(struct matching *m, struct state *state)
{
    const struct steps_spec *spec = &m->plan->spec;

    state->is_set = false;
    for (uint32_t s = 0; s < spec->step_count; s++)
        copy_values(&m->kept, spec->defaults, &state->values[s * spec->width]);
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
        evaluate(m, spec->steps[index].condition, &m->reads[index].condition,
                 &m->states[index - 1], &holds, err);
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
        status = evaluate(m, spec->steps[i].condition, &m->reads[i].condition, &m->states[i],
                          &holds, err);
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
    return status == STATUS_OK ? flush_made(m, err) : status;
}

/* The columns [0, count) that are marked. */
static enum status list_marked(struct arena *arena, const uint8_t *marks, uint32_t count,
                               struct columns *ret, struct error *err)
{
    size_t marked = 0;

    for (uint32_t i = 0; i < count; i++)
        marked += marks[i] != 0;
    *ret = (struct columns){ARENA_ARRAY(arena, uint32_t, marked + 1, err), 0};
    for (uint32_t i = 0; ret->at != NULL && i < count; i++) {
        if (marks[i] != 0)
            ret->at[ret->count++] = i;
    }
    return ret->at == NULL ? err->status : STATUS_OK;
}

/* marks: room for all columns of the expressions' schema. */
static enum status list_reads(struct matching *m, const struct expr *expr, uint8_t *marks,
                              struct columns *ret, struct error *err)
{
    uint32_t count = m->plan->spec.schema->column_count;

    memset(marks, 0, count);
    expr_mark(expr, marks);
    return list_marked(m->run->arena, marks, count, ret, err);
}

/* What each expression reads, what a state keeps, what the result has. */
static enum status list_columns(struct matching *m, struct error *err)
{
    const struct steps_spec *spec = &m->plan->spec;
    struct arena *arena = m->run->arena;
    uint8_t *marks = arena_alloc(arena, (size_t)spec->schema->column_count + 1, err);
    enum status status = marks == NULL ? err->status : STATUS_OK;
    uint32_t most = 0;

    m->reads = ARENA_ARRAY(arena, struct step_reads, spec->step_count + 1, err);
    if (status != STATUS_OK || m->reads == NULL)
        return err->status;
    for (uint32_t s = 0; s < spec->step_count && status == STATUS_OK; s++) {
        const struct step *step = &spec->steps[s];
        struct step_reads *reads = &m->reads[s];
        most = most < step->value_count ? step->value_count : most;
        status = list_reads(m, step->condition, marks, &reads->condition, err);
        reads->values = ARENA_ARRAY(arena, struct columns, step->value_count + 1, err);
        for (uint32_t i = 0; reads->values != NULL && i < step->value_count; i++)
            status = status == STATUS_OK
                         ? list_reads(m, step->values[i], marks, &reads->values[i], err)
                         : status;
        status = reads->values == NULL ? err->status : status;
    }
    m->before = ARENA_ARRAY(arena, struct value, most + 1, err);
    if (status != STATUS_OK || m->before == NULL)
        return err->status;
    memset(marks, 1, spec->width); /* the first columns of the schema are those of a row */
    memcpy(marks, m->plan->read, m->rows->schema.column_count);
    status = list_marked(arena, marks, spec->width, &m->kept, err);
    if (status == STATUS_OK)
        status = list_marked(arena, m->plan->given, spec->result->column_count, &m->given, err);
    return status;
}

/* Room for rows of the result.  Their bytes are the input's, or keep_value() copied them. */
static enum status make_room(struct matching *m, struct error *err)
{
    const struct schema *result = m->plan->spec.result;
    struct arena *arena = m->run->arena;
    enum status status = STATUS_OK;

    m->made = ARENA_ARRAY(arena, struct vector, m->given.count + 1, err);
    for (uint32_t i = 0; m->made != NULL && i < m->given.count && status == STATUS_OK; i++) {
        status = vector_raw(arena, result->columns[m->given.at[i]].type, GIVEN_ROWS,
                            &m->made[i], err);
        m->made[i].home = m->result->home;
    }
    return m->made == NULL ? err->status : status;
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
    }
    memcpy(m->row, spec->defaults, spec->width * sizeof(*m->row));
    enum status status = list_columns(m, err);
    for (uint32_t i = 0; status == STATUS_OK && i < spec->step_count; i++)
        reset(m, &m->states[i]);
    return status == STATUS_OK ? make_room(m, err) : status;
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
