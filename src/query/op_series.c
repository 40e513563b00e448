/* SPDX-License-Identifier: Apache-2.0 */
/* op_series.c - make-series: rows of keys, bin and aggregates become one row a
 * series, with arrays over the bins.
 *
 * Series are numbered by their keys; of the rows the axis and the aggregates are
 * kept.  Where both ends of the axis are asked for it is the same text for all series and
 * written once; else each series begins or ends with its own rows.
 */
#include "query/key_set_priv.h"
#include "table/dynamic.h"

#include <math.h>

#define REAL_STEPS_MAX 1e15 /* what doubles still count one by one */
#define ARRAYS_BYTES (4 * MIB) /* of arrays that are handed on at once, about */
#define NO_ROW UINT32_MAX

struct plan_series {
    struct plan plan;
    struct series_spec spec;
    uint8_t *needed; /* of the output */
    uint8_t *kept;   /* of the input, in rows */
};

struct filling {
    struct stage stage;
    pthread_mutex_t lock;
    struct rowset *rows;
    const struct plan_series *plan;
    struct run *run;
    struct key_set keys;
    uint32_t *series; /* of each row */
    uint32_t series_capacity;
    uint32_t *order, *first; /* rows by series; where those of a series begin */
    bool shared;       /* the axis: by all series */
    struct value from; /* of the series at hand, as all below */
    uint64_t points;
    struct slice axis;       /* its array, where it is shared */
    struct slice *fallbacks; /* the text of each default */
    uint32_t *slots;         /* a point's row, or NO_ROW */
    uint64_t slot_count;
};

static enum status number_rows(struct filling *f, const struct batch *batch, struct error *err)
{
    uint64_t total = f->rows->row_count + batch->row_count;

    if (total > f->series_capacity) {
        uint64_t capacity = total + total / 2 + BATCH_ROWS_MAX;
        uint32_t *series = arena_alloc_raw(f->run->arena, capacity * sizeof(*series), err);
        if (series == NULL)
            return err->status;
        if (f->rows->row_count > 0)
            memcpy(series, f->series, f->rows->row_count * sizeof(*series));
        f->series = series;
        f->series_capacity = (uint32_t)capacity;
    }
    return key_set_add(&f->keys, batch->columns, batch->row_count,
                       f->series + f->rows->row_count, err);
}

static enum status keep_rows(struct stage *stage, struct worker *w, const struct batch *batch,
                             bool *stop, struct error *err)
{
    struct filling *f = (struct filling *)stage;

    (void)w;
    (void)stop;
    (void)pthread_mutex_lock(&f->lock);
    enum status status = number_rows(f, batch, err);
    if (status == STATUS_OK)
        status = rowset_add(f->rows, batch, NULL, batch->row_count, err);
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

/* The rows of each series together. */
static enum status order_rows(struct filling *f, struct error *err)
{
    uint32_t total = (uint32_t)f->rows->row_count;
    uint32_t count = key_set_count(&f->keys);

    f->order = ARENA_ARRAY(f->run->arena, uint32_t, (size_t)total + 1, err);
    f->first = ARENA_ARRAY(f->run->arena, uint32_t, (size_t)count + 2, err);
    if (f->order == NULL || f->first == NULL)
        return err->status;
    for (uint32_t r = 0; r < total; r++)
        f->first[f->series[r] + 2]++;
    for (uint32_t i = 0; i < count; i++)
        f->first[i + 2] += f->first[i + 1];
    for (uint32_t r = 0; r < total; r++)
        f->order[f->first[f->series[r] + 1]++] = r;
    return STATUS_OK;
}

/* Where on the axis a row is. */
static inline struct value place_of(const struct filling *f, uint32_t row)
{
    const struct vector *v = rowset_column(f->rows, row, f->plan->spec.key_count);
    uint32_t at = row % BATCH_ROWS_MAX;

    if (v->encoding == VECTOR_FLAT && v->type == TYPE_DATETIME &&
        (v->nulls == NULL || v->nulls[at] == 0))
        return (struct value){.type = TYPE_DATETIME, .integer = v->integers[at]};
    return vector_value(v, at);
}

/* Room for a slot of each point. */
static enum status reserve_slots(struct filling *f, struct error *err)
{
    if (f->points < f->slot_count)
        return STATUS_OK;
    f->slot_count = f->points + f->slot_count + 1;
    f->slots = arena_alloc_raw(f->run->arena, f->slot_count * sizeof(*f->slots), err);
    return f->slots == NULL ? err->status : STATUS_OK;
}

/* Where the axis of a series begins and how long it is: as asked for, else as its rows are. */
static enum status find_extent(struct filling *f, uint32_t series, struct error *err)
{
    const struct series_spec *spec = &f->plan->spec;
    struct value to = spec->to;
    bool by_data = to.is_null;

    f->from = spec->from;
    f->points = 0;
    for (uint32_t i = f->first[series]; i < f->first[series + 1] && !f->shared; i++) {
        struct value v = place_of(f, f->order[i]);
        if (v.is_null)
            continue;
        if (spec->from.is_null && (f->from.is_null || value_compare(&v, &f->from) < 0))
            f->from = v;
        if (by_data && (to.is_null || value_compare(&v, &to) > 0))
            to = v;
    }
    uint64_t steps;
    bool beyond;
    if (!f->from.is_null && !to.is_null && distance(f, &to, &steps, &beyond))
        f->points = steps > SERIES_POINTS_MAX ? steps
                                              : steps + (by_data || spec->with_last || beyond);
    if (f->points > SERIES_POINTS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "make-series gives more than %u points",
                         SERIES_POINTS_MAX);
    return reserve_slots(f, err);
}

/* ---- arrays ---- */

/* Ends the array in the buffer; its text in the arena. */
static enum status end_array(struct arena *arena, struct buf *buf, struct slice *ret,
                             struct error *err)
{
    buf_add_byte(buf, ']');
    enum status status = buf_check(buf, err);
    if (status == STATUS_OK) {
        *ret = arena_copy(arena, buf_slice(buf), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    return status;
}

static enum status write_axis(const struct filling *f, struct arena *arena, struct buf *buf,
                              struct slice *ret, struct error *err)
{
    buf_clear(buf);
    buf_add_byte(buf, '[');
    for (uint64_t i = 0; i < f->points; i++) {
        struct value at = point(f, i);
        if (i > 0)
            buf_add_byte(buf, ',');
        dynamic_add_value(buf, &at);
    }
    return end_array(arena, buf, ret, err);
}

/* The axis of all series, once. */
static enum status share_axis(struct filling *f, bool needed, struct error *err)
{
    enum status status = find_extent(f, 0, err);
    struct buf buf;

    buf_init(&buf, DYNAMIC_BYTES_MAX);
    if (status == STATUS_OK && needed)
        status = write_axis(f, f->run->arena, &buf, &f->axis, err);
    buf_release(&buf);
    return status;
}

static enum status write_fallbacks(struct filling *f, uint32_t count, struct error *err)
{
    struct buf buf;
    enum status status = STATUS_OK;

    f->fallbacks = ARENA_ARRAY(f->run->arena, struct slice, (size_t)count + 1, err);
    if (f->fallbacks == NULL)
        return err->status;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        buf_clear(&buf);
        dynamic_add_value(&buf, &f->plan->spec.defaults[i]);
        status = buf_check(&buf, err);
        if (status == STATUS_OK)
            f->fallbacks[i] = arena_copy(f->run->arena, buf_slice(&buf), err);
        if (status == STATUS_OK && f->fallbacks[i].data == NULL)
            status = err->status;
    }
    buf_release(&buf);
    return status;
}

/* The values of a column of the rows in the points. */
static enum status write_array(struct filling *f, uint32_t column, struct slice fallback,
                               struct buf *buf, struct slice *ret, struct error *err)
{
    buf_clear(buf);
    buf_add_byte(buf, '[');
    for (uint64_t i = 0; i < f->points; i++) {
        if (i > 0)
            buf_add_byte(buf, ',');
        if (f->slots[i] == NO_ROW) {
            buf_add_slice(buf, fallback);
            continue;
        }
        const struct vector *v = rowset_column(f->rows, f->slots[i], column);
        uint32_t row = f->slots[i] % BATCH_ROWS_MAX;
        if (v->type == TYPE_LONG && v->encoding == VECTOR_FLAT &&
            (v->nulls == NULL || v->nulls[row] == 0)) {
            buf_add_i64(buf, v->integers[row]);
        } else {
            struct value value = vector_value(v, row);
            dynamic_add_value(buf, &value);
        }
    }
    return end_array(f->run->workers[0].batch_arena, buf, ret, err);
}

static void place_rows(struct filling *f, uint32_t series)
{
    memset(f->slots, 0xff, f->points * sizeof(*f->slots));
    for (uint32_t i = f->first[series]; i < f->first[series + 1]; i++) {
        struct value at = place_of(f, f->order[i]);
        uint64_t index;
        bool beyond;
        if (!at.is_null && distance(f, &at, &index, &beyond) && index < f->points)
            f->slots[index] = f->order[i];
    }
}

/* ---- what comes out ---- */

/* Columns for up to `room` series; the key columns follow. */
static enum status open_columns(struct filling *f, uint32_t room, struct vector **ret,
                                struct error *err)
{
    const struct plan_series *p = f->plan;
    struct arena *arena = f->run->workers[0].batch_arena;
    uint32_t width = p->plan.schema.column_count;
    struct value axis = {.type = TYPE_DYNAMIC, .bytes = f->axis};

    *ret = ARENA_ARRAY(arena, struct vector, width, err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t c = p->spec.key_count; c < width; c++) {
        (*ret)[c] = run_absent(TYPE_DYNAMIC, room);
        if (p->needed[c] == 0)
            continue;
        enum status status =
            f->shared && c + 1 == width
                ? vector_const(arena, &axis, room, &(*ret)[c], err)
                : vector_flat(arena, TYPE_DYNAMIC, room, false, &(*ret)[c], err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Arrays of the series from `from` on, until there is enough of them. */
static enum status fill_columns(struct filling *f, uint32_t from, uint32_t room, struct buf *buf,
                                struct vector *columns, uint32_t *ret_count, struct error *err)
{
    const struct plan_series *p = f->plan;
    uint32_t width = p->plan.schema.column_count;
    enum status status = STATUS_OK;
    size_t bytes = 0;
    uint32_t i = 0;

    for (; i < room && bytes < ARRAYS_BYTES && status == STATUS_OK; i++) {
        status = f->shared ? STATUS_OK : find_extent(f, from + i, err);
        if (status == STATUS_OK && !f->shared && p->needed[width - 1] != 0) {
            struct slice *axis = (struct slice *)vector_data(&columns[width - 1]) + i;
            status = write_axis(f, f->run->workers[0].batch_arena, buf, axis, err);
            bytes += axis->size;
        }
        if (status != STATUS_OK)
            break;
        place_rows(f, from + i);
        for (uint32_t c = p->spec.key_count; c + 1 < width && status == STATUS_OK; c++) {
            if (p->needed[c] == 0)
                continue;
            status = run_check(f->run, err); /* an array may have a million points */
            if (status != STATUS_OK)
                break;
            struct slice *array = (struct slice *)vector_data(&columns[c]) + i;
            status = write_array(f, c + 1, f->fallbacks[c - p->spec.key_count], buf, array, err);
            bytes += array->size;
        }
        if (status == STATUS_OK)
            status = run_check(f->run, err);
    }
    *ret_count = i;
    return status;
}

static enum status give_series(struct filling *f, uint32_t total, struct stage *out,
                               struct error *err)
{
    const struct plan_series *p = f->plan;
    struct worker *w = &f->run->workers[0];
    uint32_t width = p->plan.schema.column_count;
    enum status status = STATUS_OK;
    bool stop = false;
    struct buf buf;

    buf_init(&buf, DYNAMIC_BYTES_MAX);
    for (uint32_t at = 0; at < total && !stop && status == STATUS_OK;) {
        uint32_t count = total - at < BATCH_ROWS_MAX ? total - at : BATCH_ROWS_MAX;
        struct vector *columns = NULL;
        status = open_columns(f, count, &columns, err);
        if (status == STATUS_OK)
            status = fill_columns(f, at, count, &buf, columns, &count, err);
        for (uint32_t c = p->spec.key_count; c < width && status == STATUS_OK; c++)
            columns[c].row_count = count;
        if (status == STATUS_OK)
            status = key_set_columns(&f->keys, at, count, w->batch_arena, columns, err);
        struct batch batch = {count, width, columns, false, NULL};
        if (status == STATUS_OK)
            status = stage_push(out, w, &batch, &stop, err);
        arena_clear(w->batch_arena);
        at += count;
    }
    buf_release(&buf);
    return status;
}

/* What is there once and serves all series. */
static enum status prepare(struct filling *f, struct error *err)
{
    const struct plan_series *p = f->plan;
    uint32_t width = p->plan.schema.column_count;
    enum status status = order_rows(f, err);

    f->shared = !p->spec.from.is_null && !p->spec.to.is_null;
    if (status == STATUS_OK)
        status = write_fallbacks(f, width - 1 - p->spec.key_count, err);
    if (status == STATUS_OK && f->shared)
        status = share_axis(f, p->needed[width - 1] != 0, err);
    return status;
}

static enum status series_run(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err)
{
    const struct plan_series *p = (const struct plan_series *)plan;
    const struct schema *in = &plan->inputs[0]->schema;
    struct filling f = {
        .stage = {keep_rows}, .lock = PTHREAD_MUTEX_INITIALIZER, .plan = p, .run = run};
    enum type *types = ARENA_ARRAY(run->arena, enum type, (size_t)in->column_count + 1, err);

    f.rows = rowset_new(run->arena, in, p->kept, err);
    if (f.rows == NULL || types == NULL)
        return err->status;
    for (uint32_t c = 0; c < p->spec.key_count; c++)
        types[c] = in->columns[c].type;
    enum status status = key_set_init(&f.keys, run->arena, types, p->spec.key_count, err);
    if (status == STATUS_OK)
        status = plan_run(plan->inputs[0], run, &f.stage, err);
    (void)pthread_mutex_destroy(&f.lock);
    if (status == STATUS_OK)
        status = prepare(&f, err);
    uint32_t count = key_set_count(&f.keys);
    if (count == 0 && p->spec.nonempty && p->spec.key_count == 0 && f.points > 0)
        count = 1; /* a series of defaults: first[0] and first[1] are 0 */
    return status == STATUS_OK ? give_series(&f, count, out, err) : status;
}

static enum status series_need(struct plan *plan, const uint8_t *needed, struct query *q,
                               struct error *err)
{
    struct plan_series *p = (struct plan_series *)plan;
    uint32_t width = plan->schema.column_count;
    uint8_t *below = arena_alloc(q->arena, width + 1, err);

    p->needed = arena_alloc(q->arena, width + 1, err);
    p->kept = arena_alloc(q->arena, width + 1, err);
    if (below == NULL || p->needed == NULL || p->kept == NULL)
        return err->status;
    memcpy(p->needed, needed, width);
    memset(below, 1, width);
    memset(p->kept, 1, width);
    memset(p->kept, 0, p->spec.key_count);
    for (uint32_t c = p->spec.key_count; c + 1 < width; c++)
        p->kept[c + 1] = needed[c];
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
