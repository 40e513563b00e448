/* SPDX-License-Identifier: Apache-2.0 */
/* op_series.c - make-series: rows of keys, bin and aggregates become one row a
 * series, with arrays over the bins. */
#include "query/op_priv.h"

#include "base/hash.h"
#include "table/dynamic.h"

#include <math.h>

#define REAL_STEPS_MAX 1e15 /* what doubles still count one by one */

struct plan_series {
    struct plan plan;
    struct series_spec spec;
};

struct filling {
    struct stage stage;
    pthread_mutex_t lock;
    struct rowset *rows, *result;
    const struct plan_series *plan;
    struct run *run;
    struct group_table groups;
    uint32_t *first, *next; /* chains of row numbers, UINT32_MAX ends */
    struct value from;
    uint64_t points;
};

static enum status keep_rows(struct stage *stage, struct worker *w, const struct batch *batch,
                             bool *stop, struct error *err)
{
    struct filling *f = (struct filling *)stage;

    (void)w;
    (void)stop;
    (void)pthread_mutex_lock(&f->lock);
    enum status status = rowset_add(f->rows, batch, NULL, batch->row_count, err);
    (void)pthread_mutex_unlock(&f->lock);
    return status;
}

static bool is_real(const struct filling *f)
{
    return f->plan->spec.step.type == TYPE_REAL;
}

/* How many whole steps from the beginning of the axis; false: before it.  Counted in whole
 * numbers: doubles do not tell times of our days apart that are 12 microseconds from each
 * other. */
static bool distance(const struct filling *f, const struct value *at, uint64_t *ret_steps,
                     bool *ret_beyond)
{
    const struct value *step = &f->plan->spec.step;

    if (is_real(f)) {
        double length = (at->real - f->from.real) / step->real + 1e-9;
        if (!(length >= 0))
            return false;
        *ret_steps = length < REAL_STEPS_MAX ? (uint64_t)length : (uint64_t)REAL_STEPS_MAX;
        *ret_beyond = length - floor(length) > 2e-9;
        return true;
    }
    if (at->integer < f->from.integer)
        return false;
    uint64_t length = (uint64_t)at->integer - (uint64_t)f->from.integer;
    *ret_steps = length / (uint64_t)step->integer;
    *ret_beyond = length % (uint64_t)step->integer != 0;
    return true;
}

static struct value point(const struct filling *f, uint64_t index)
{
    struct value v = f->from;

    if (is_real(f))
        v.real += (double)index * f->plan->spec.step.real;
    else
        v.integer += (int64_t)index * f->plan->spec.step.integer;
    return v;
}

/* Where the axis begins and how long it is: as asked for, else as the data are. */
static enum status find_extent(struct filling *f, struct error *err)
{
    const struct series_spec *spec = &f->plan->spec;
    struct value to = spec->to;
    bool by_data = to.is_null;
    bool any = false;

    f->from = spec->from;
    for (uint32_t c = 0; c < f->rows->chunk_count; c++) {
        for (uint32_t r = 0; r < f->rows->chunks[c].row_count; r++) {
            struct value v = rowset_value(f->rows, c * BATCH_ROWS_MAX + r, spec->key_count);
            if (v.is_null)
                continue;
            if (spec->from.is_null && (!any || value_compare(&v, &f->from) < 0))
                f->from = v;
            if (by_data && (!any || value_compare(&v, &to) > 0))
                to = v;
            any = true;
        }
    }
    if (f->from.is_null || to.is_null)
        return STATUS_OK; /* no rows: no series */
    uint64_t steps;
    bool beyond;
    if (!distance(f, &to, &steps, &beyond))
        return STATUS_OK;
    f->points = steps > SERIES_POINTS_MAX ? steps
                                          : steps + (by_data || spec->with_last || beyond);
    if (f->points > SERIES_POINTS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "make-series gives more than %u points",
                         SERIES_POINTS_MAX);
    return STATUS_OK;
}

static enum status add_row(struct filling *f, const struct key_encoder *keys, uint32_t row,
                           uint32_t number, struct error *err)
{
    size_t size = key_bytes(keys, row);
    char *key = arena_alloc_raw(f->run->arena, size + 1, err);
    bool ignored = false;
    bool is_new = false;
    uint32_t group;

    if (key == NULL)
        return err->status;
    key_encode(keys, row, key, &ignored);
    struct slice text = slice_from(key, size);
    enum status status = group_add(&f->groups, text, hash_slice(text), &group, &is_new, err);
    if (status == STATUS_OK) {
        f->next[number] = is_new ? UINT32_MAX : f->first[group];
        f->first[group] = number;
    }
    return status;
}

static enum status group_rows(struct filling *f, struct error *err)
{
    uint64_t total = (uint64_t)f->rows->chunk_count * BATCH_ROWS_MAX;
    enum status status = group_init(&f->groups, f->run->arena, err);

    f->first = ARENA_ARRAY(f->run->arena, uint32_t, total + 1, err);
    f->next = ARENA_ARRAY(f->run->arena, uint32_t, total + 1, err);
    if (f->first == NULL || f->next == NULL)
        return err->status;
    for (uint32_t c = 0; c < f->rows->chunk_count && status == STATUS_OK; c++) {
        struct key_encoder keys = {f->rows->chunks[c].columns, f->plan->spec.key_count};
        for (uint32_t r = 0; r < f->rows->chunks[c].row_count && status == STATUS_OK; r++)
            status = add_row(f, &keys, r, c * BATCH_ROWS_MAX + r, err);
    }
    return status;
}

static enum status give_array(struct filling *f, struct buf *buf, struct value *ret,
                              struct error *err)
{
    buf_add_byte(buf, ']');
    enum status status = buf_check(buf, err);
    if (status != STATUS_OK)
        return status;
    *ret = (struct value){.type = TYPE_DYNAMIC};
    ret->bytes = arena_copy(f->run->workers[0].batch_arena, buf_slice(buf), err);
    return ret->bytes.data == NULL ? err->status : STATUS_OK;
}

/* slots: a point's row, or UINT32_MAX. */
static enum status make_array(struct filling *f, const uint32_t *slots, uint32_t column,
                              const struct value *fallback, struct value *ret,
                              struct error *err)
{
    struct buf buf;

    buf_init(&buf, DYNAMIC_BYTES_MAX);
    buf_add_byte(&buf, '[');
    for (uint64_t i = 0; i < f->points; i++) {
        struct value v = slots == NULL              ? point(f, i)
                         : slots[i] == UINT32_MAX ? *fallback
                                                  : rowset_value(f->rows, slots[i], column);
        if (i > 0)
            buf_add_byte(&buf, ',');
        dynamic_add_value(&buf, &v);
    }
    enum status status = give_array(f, &buf, ret, err);
    buf_release(&buf);
    return status;
}

/* row: the first of the series' chain, UINT32_MAX for one of defaults. */
static enum status give_series(struct filling *f, uint32_t row, struct error *err)
{
    const struct series_spec *spec = &f->plan->spec;
    const struct schema *schema = &f->plan->plan.schema;
    struct arena *arena = f->run->workers[0].batch_arena;
    uint32_t *slots = ARENA_ARRAY(arena, uint32_t, f->points + 1, err);
    struct value *values = ARENA_ARRAY(arena, struct value, schema->column_count + 1, err);
    enum status status = slots == NULL || values == NULL ? err->status : STATUS_OK;

    if (status != STATUS_OK)
        return status;
    memset(slots, 0xff, f->points * sizeof(*slots));
    for (uint32_t k = 0; k < spec->key_count && row != UINT32_MAX; k++)
        values[k] = rowset_value(f->rows, row, k);
    for (; row != UINT32_MAX; row = f->next[row]) {
        struct value at = rowset_value(f->rows, row, spec->key_count);
        uint64_t index;
        bool beyond;
        if (!at.is_null && distance(f, &at, &index, &beyond) && index < f->points)
            slots[index] = row;
    }
    uint32_t last = schema->column_count - 1;
    for (uint32_t c = spec->key_count; c < last && status == STATUS_OK; c++)
        status = make_array(f, slots, c + 1, &spec->defaults[c - spec->key_count], &values[c],
                            err);
    if (status == STATUS_OK)
        status = make_array(f, NULL, 0, NULL, &values[last], err);
    if (status == STATUS_OK)
        status = rowset_add_values(f->result, values, err);
    arena_clear(arena);
    return status == STATUS_OK ? run_check(f->run, err) : status;
}

static enum status series_run(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err)
{
    struct filling f = {.stage = {keep_rows},
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .plan = (const struct plan_series *)plan,
                        .run = run};

    f.rows = rowset_new(run->arena, &plan->inputs[0]->schema, NULL, err);
    f.result = rowset_new(run->arena, &plan->schema, NULL, err);
    if (f.rows == NULL || f.result == NULL)
        return err->status;
    enum status status = plan_run(plan->inputs[0], run, &f.stage, err);
    (void)pthread_mutex_destroy(&f.lock);
    if (status == STATUS_OK)
        status = find_extent(&f, err);
    if (status == STATUS_OK)
        status = group_rows(&f, err);
    for (uint32_t i = 0; i < f.groups.count && status == STATUS_OK; i++)
        status = give_series(&f, f.first[i], err);
    if (status == STATUS_OK && f.plan->spec.nonempty && f.plan->spec.key_count == 0 &&
        f.groups.count == 0 && f.points > 0)
        status = give_series(&f, UINT32_MAX, err);
    return status == STATUS_OK ? rowset_push(f.result, run, out, err) : status;
}

static enum status series_need(struct plan *plan, const uint8_t *needed, struct query *q,
                               struct error *err)
{
    uint8_t *below = arena_alloc(q->arena, plan->inputs[0]->schema.column_count + 1, err);

    (void)needed;
    if (below == NULL)
        return err->status;
    memset(below, 1, plan->inputs[0]->schema.column_count);
    return plan_need(plan->inputs[0], below, q, err);
}

struct plan *plan_series(struct query *q, struct plan *input, const struct series_spec *spec,
                         struct error *err)
{
    static const struct plan_ops ops = {"make-series", series_run, series_need, NULL};
    struct plan_series *p = (struct plan_series *)op_new(q, sizeof(*p), &ops, input, err);
    const struct schema *in = &input->schema;
    struct column *columns = ARENA_ARRAY(q->arena, struct column, in->column_count, err);

    if (p == NULL || columns == NULL)
        return NULL;
    memcpy(columns, in->columns, spec->key_count * sizeof(*columns));
    for (uint32_t c = spec->key_count; c + 1 < in->column_count; c++)
        columns[c] = (struct column){in->columns[c + 1].name, TYPE_DYNAMIC};
    columns[in->column_count - 1] =
        (struct column){in->columns[spec->key_count].name, TYPE_DYNAMIC};
    p->spec = *spec;
    p->plan.schema = (struct schema){columns, in->column_count};
    p->plan.is_serialized = false;
    return &p->plan;
}
