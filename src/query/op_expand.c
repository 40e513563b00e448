/* SPDX-License-Identifier: Apache-2.0 */
/* op_expand.c - mv-expand and mv-apply.
 *
 * Each row's arrays are laid side by side; the longest says how many rows come
 * out.  mv-apply runs its operators on the rows of one input row at a time.
 */
#include "query/explain_priv.h"
#include "query/fn_priv.h"
#include "query/op_priv.h"
#include "table/dynamic.h"

struct plan_expand {
    struct plan plan;
    struct expand_spec spec;
    struct expand_column *columns;
    const uint8_t *needed;
    const struct plan *elements; /* the scan that may do this expanding itself, or NULL */
};

struct expand_stage {
    struct stage stage;
    const struct plan_expand *plan;
    struct run *run;
    struct stage *out;
    atomic_uint_fast64_t rows; /* given so far */
};

/* The rows under construction. */
struct expanding {
    const struct plan_expand *plan;
    struct worker *worker;
    const struct batch *batch;
    struct stage *out;
    atomic_uint_fast64_t *given; /* rows so far, of all workers */
    uint32_t *sources;      /* input row of each output row */
    struct value **values;  /* a column: its cells */
    int64_t *numbers; /* instead, of the only column where it is of whole numbers; else NULL */
    bool is_numbers;  /* the cells of all rows so far are in numbers */
    int64_t *indices;
    uint32_t count;
};

struct elements {
    struct slice *items; /* JSON */
    const int64_t *wholes; /* instead of items, where all are whole numbers and wanted so */
    uint32_t count;
    bool is_null; /* which is a row of null, if there is no other */
};

static enum status add_item(struct arena *arena, struct elements *e, uint32_t *capacity,
                            struct slice item, struct error *err)
{
    if (e->count == *capacity) {
        uint32_t grown = *capacity == 0 ? 16 : *capacity * 2;
        struct slice *items = ARENA_ARRAY(arena, struct slice, grown, err);
        if (items == NULL)
            return err->status;
        if (e->count > 0)
            memcpy(items, e->items, e->count * sizeof(*items));
        e->items = items;
        *capacity = grown;
    }
    e->items[e->count++] = item;
    return STATUS_OK;
}

/* A member of a bag as {"key":value}, or ["key",value]. */
static enum status pair_of(struct arena *arena, const struct dynamic_iterator *it, bool array,
                           struct slice *ret, struct error *err)
{
    struct buf buf;

    buf_init(&buf, DYNAMIC_BYTES_MAX);
    buf_add_text(&buf, array ? "[\"" : "{\"");
    buf_add_slice(&buf, it->key);
    buf_add_text(&buf, array ? "\"," : "\":");
    buf_add_slice(&buf, it->value);
    buf_add_byte(&buf, array ? ']' : '}');
    *ret = arena_copy(arena, buf_slice(&buf), err);
    buf_release(&buf);
    return ret->data == NULL ? err->status : STATUS_OK;
}

/* "[1,-2,3]" as numbers.  False if something else is in it, a blank for instance. */
static bool read_wholes(struct slice json, uint64_t limit, int64_t *to, uint32_t *ret_count)
{
    const char *at = json.data + 1;
    const char *end = json.data + json.size;
    uint32_t count = 0;

    while (at < end && count < limit) {
        bool is_negative = *at == '-';
        const char *begin = at + is_negative;
        int64_t number = 0;
        for (at = begin; at < end && *at >= '0' && *at <= '9' && at - begin < 18; at++)
            number = number * 10 + (*at - '0');
        if (at == begin || at == end || (*at != ',' && *at != ']'))
            return false;
        to[count++] = is_negative ? -number : number;
        if (*at++ == ']')
            break;
    }
    *ret_count = count;
    return count > 0;
}

static enum status split_wholes(struct arena *arena, struct slice json, uint64_t limit,
                                struct elements *ret, struct error *err)
{
    *ret = (struct elements){0};
    if (json.size < 3 || json.data[0] != '[')
        return STATUS_OK;
    int64_t *wholes = arena_alloc_raw(arena, json.size / 2 * sizeof(*wholes), err);
    if (wholes == NULL)
        return err->status;
    if (read_wholes(json, limit, wholes, &ret->count))
        ret->wholes = wholes;
    return STATUS_OK;
}

static enum status split(struct arena *arena, struct slice json, bool arrays, uint64_t limit,
                         struct elements *ret, struct error *err)
{
    enum json_kind kind = dynamic_kind(json);
    uint32_t capacity = 0;
    enum status status = STATUS_OK;

    *ret = (struct elements){0};
    if (dynamic_is_null(json)) {
        ret->is_null = true;
        return STATUS_OK;
    }
    if (kind != JSON_ARRAY && kind != JSON_OBJECT)
        return add_item(arena, ret, &capacity, json, err);
    struct dynamic_iterator it = dynamic_iterate(json);
    while (status == STATUS_OK && ret->count < limit && dynamic_next(&it)) {
        struct slice item = it.value;
        if (kind == JSON_OBJECT)
            status = pair_of(arena, &it, arrays, &item, err);
        if (status == STATUS_OK)
            status = add_item(arena, ret, &capacity, item, err);
    }
    return status;
}

/* A number without a point or an exponent. */
static bool is_whole(struct slice json)
{
    return slice_find_byte(json, '.', 0) == SIZE_MAX && slice_find_byte(json, 'e', 0) == SIZE_MAX &&
           slice_find_byte(json, 'E', 0) == SIZE_MAX;
}

/* `to typeof(...)` takes elements that are such values: a text is no number, as the service
 * has it, and a number no time. */
static bool is_element_of(enum type type, struct slice json)
{
    enum json_kind kind = dynamic_kind(json);

    switch (type) {
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_REAL:
        return kind == JSON_NUMBER;
    case TYPE_BOOL:
        return kind == JSON_TRUE || kind == JSON_FALSE || (kind == JSON_NUMBER && is_whole(json));
    case TYPE_DATETIME:
    case TYPE_GUID:
        return kind == JSON_STRING;
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
    case TYPE_TIMESPAN:
    case TYPE_COUNT_:
        break;
    }
    return true;
}

static enum status cell_of(struct worker *w, const struct elements *list, uint64_t index,
                           enum type type, struct value *ret, struct error *err)
{
    if (list->wholes != NULL && index < list->count) {
        *ret = (struct value){.type = type, .integer = list->wholes[index]};
        return STATUS_OK;
    }
    struct slice json = index < list->count ? list->items[index] : slice_from(NULL, 0);
    struct value v = {.type = TYPE_DYNAMIC, .bytes = json};
    struct eval eval = {.arena = w->batch_arena, .query_arena = w->arena};

    v.is_null = dynamic_is_null(json);
    *ret = (struct value){.type = type, .is_null = type != TYPE_STRING};
    if (v.is_null || !is_element_of(type, json))
        return STATUS_OK;
    if (type == TYPE_DYNAMIC) {
        *ret = v;
        return STATUS_OK;
    }
    return value_convert(&eval, &v, type, false, ret, err);
}

static enum status cells_vector(struct arena *arena, const struct value *cells, uint32_t count,
                                enum type type, struct vector *ret, struct error *err)
{
    enum status status = vector_flat(arena, type, count, true, ret, err);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        vector_set(ret, i, &cells[i]);
    return status;
}

/* What is in numbers, as values. */
static void leave_numbers(struct expanding *x)
{
    for (uint32_t i = 0; x->is_numbers && i < x->count; i++)
        x->values[0][i] = (struct value){.type = TYPE_LONG, .integer = x->numbers[i]};
    x->is_numbers = false;
}

static enum status numbers_vector(struct arena *arena, const int64_t *numbers, uint32_t count,
                                  struct vector *ret, struct error *err)
{
    enum status status = vector_flat(arena, TYPE_LONG, count, false, ret, err);

    if (status == STATUS_OK)
        memcpy(vector_data(ret), numbers, count * sizeof(*numbers));
    return status;
}

/* A column of the rows that arrays come from, a row for each element: many rows have one
 * value, so it is a dictionary to whoever groups by it. */
static enum status repeat_column(struct expanding *x, uint32_t column, struct arena *arena,
                                 struct vector *ret, struct error *err)
{
    const struct vector *v = &x->batch->columns[column];

    if (v->encoding != VECTOR_FLAT || !type_is_bytes(v->type) || v->member != NULL ||
        x->count < v->row_count)
        return vector_take(arena, v, x->sources, x->count, ret, err);
    *ret = *v;
    ret->encoding = VECTOR_DICT;
    ret->row_count = x->count;
    ret->codes = x->sources;
    ret->dict_size = v->row_count;
    ret->dict_unique = false;
    ret->dict_id = 0;
    ret->is_rooted = false;
    return STATUS_OK;
}

static enum status flush(struct expanding *x, bool *stop, struct error *err)
{
    const struct plan_expand *p = x->plan;
    struct worker *w = x->worker;
    uint32_t width = p->spec.schema->column_count;
    uint32_t count = x->count;

    if (count == 0)
        return STATUS_OK;
    struct arena *outer = w->batch_arena;
    struct arena *own = arena_share(w->arena);
    if (own == NULL)
        return ERROR_MEMORY(err);
    w->batch_arena = own; /* freed per output batch: one row may give millions */
    enum status status = run_check(w->run, err);
    if (status == STATUS_OK && atomic_fetch_add(x->given, count) > QUERY_OPERATOR_ROWS_MAX)
        status = ERROR_SET(err, STATUS_LIMIT, "mv-expand gives more than %u rows",
                           QUERY_OPERATOR_ROWS_MAX);
    struct vector *columns = ARENA_ARRAY(own, struct vector, width + 1, err);
    if (columns == NULL)
        status = err->status;
    for (uint32_t c = 0; c < width && status == STATUS_OK; c++) {
        columns[c] = run_absent(p->spec.schema->columns[c].type, count);
        if (c < x->batch->column_count && (p->needed == NULL || p->needed[c] != 0))
            status = repeat_column(x, c, own, &columns[c], err);
    }
    for (uint32_t i = 0; i < p->spec.column_count && status == STATUS_OK; i++) {
        enum type type = p->columns[i].type;
        struct vector *column = &columns[p->columns[i].target];
        status = x->is_numbers ? numbers_vector(own, x->numbers, count, column, err)
                               : cells_vector(own, x->values[i], count, type, column, err);
    }
    if (status == STATUS_OK && p->spec.index_column != UINT32_MAX) {
        struct vector *index = &columns[p->spec.index_column];
        status = vector_flat(own, TYPE_LONG, count, false, index, err);
        if (status == STATUS_OK)
            memcpy(vector_data(index), x->indices, count * sizeof(*x->indices));
    }
    struct batch result = {count, width, columns, false, NULL};
    if (status == STATUS_OK)
        status = stage_push(x->out, w, &result, stop, err);
    w->batch_arena = outer;
    arena_free(own);
    x->count = 0;
    return status;
}

/* The rows of an array of whole numbers, where no other column is expanded. */
static enum status expand_wholes(struct expanding *x, uint32_t row, const struct elements *list,
                                 bool *stop, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t e = 0; e < list->count && !*stop && status == STATUS_OK;) {
        uint32_t room = BATCH_ROWS_MAX - x->count;
        uint32_t count = list->count - e < room ? list->count - e : room;
        x->is_numbers = x->is_numbers || x->count == 0;
        for (uint32_t i = 0; i < count; i++) {
            x->sources[x->count + i] = row;
            x->indices[x->count + i] = (int64_t)(e + i);
        }
        if (x->is_numbers)
            memcpy(x->numbers + x->count, list->wholes + e, count * sizeof(*x->numbers));
        for (uint32_t i = 0; !x->is_numbers && i < count; i++)
            x->values[0][x->count + i] =
                (struct value){.type = TYPE_LONG, .integer = list->wholes[e + i]};
        x->count += count;
        e += count;
        if (x->count == BATCH_ROWS_MAX)
            status = flush(x, stop, err);
    }
    return status;
}

static enum status expand_row(struct expanding *x, uint32_t row, const struct vector *inputs,
                              bool *stop, struct error *err)
{
    const struct plan_expand *p = x->plan;
    uint32_t columns = p->spec.column_count;
    struct arena *arena = x->worker->batch_arena;
    struct elements *lists = ARENA_ARRAY(arena, struct elements, columns, err);
    uint64_t count = 0;
    bool stays = false;
    enum status status = lists == NULL ? err->status : STATUS_OK;

    for (uint32_t i = 0; i < columns && status == STATUS_OK; i++) {
        struct value v = vector_value(&inputs[i], row);
        struct slice json = v.is_null ? slice_from(NULL, 0) : v.bytes;
        if (p->columns[i].type == TYPE_LONG)
            status = split_wholes(arena, json, p->spec.limit, &lists[i], err);
        if (status == STATUS_OK && lists[i].wholes == NULL)
            status = split(arena, json, p->spec.arrays, p->spec.limit, &lists[i], err);
        if (status == STATUS_OK && lists[i].count > count)
            count = lists[i].count;
        stays = stays || (status == STATUS_OK && lists[i].is_null);
    }
    if (status == STATUS_OK && x->numbers != NULL && lists[0].wholes != NULL)
        return expand_wholes(x, row, &lists[0], stop, err);
    leave_numbers(x);
    if (count == 0 && stays && p->spec.apply == NULL)
        count = 1; /* the row stays, with null; what is empty gives no row */
    for (uint64_t e = 0; e < count && !*stop && status == STATUS_OK; e++) {
        uint32_t at = x->count++;
        x->sources[at] = row;
        x->indices[at] = (int64_t)e;
        for (uint32_t i = 0; i < columns && status == STATUS_OK; i++)
            status = cell_of(x->worker, &lists[i], e, p->columns[i].type, &x->values[i][at],
                             err);
        if (status == STATUS_OK && x->count == BATCH_ROWS_MAX)
            status = flush(x, stop, err);
    }
    return status;
}

static enum status open_expanding(struct expanding *x, struct error *err)
{
    struct arena *arena = x->worker->batch_arena;
    uint32_t columns = x->plan->spec.column_count;

    x->sources = ARENA_ARRAY(arena, uint32_t, BATCH_ROWS_MAX, err);
    x->indices = ARENA_ARRAY(arena, int64_t, BATCH_ROWS_MAX, err);
    x->values = ARENA_ARRAY(arena, struct value *, columns, err);
    if (x->sources == NULL || x->indices == NULL || x->values == NULL)
        return err->status;
    for (uint32_t i = 0; i < columns; i++) {
        x->values[i] = ARENA_ARRAY(arena, struct value, BATCH_ROWS_MAX, err);
        if (x->values[i] == NULL)
            return err->status;
    }
    if (columns != 1 || x->plan->columns[0].type != TYPE_LONG)
        return STATUS_OK;
    x->numbers = arena_alloc_raw(arena, BATCH_ROWS_MAX * sizeof(*x->numbers), err);
    if (x->numbers == NULL)
        return err->status;
    return STATUS_OK;
}

/* ---- mv-apply ---- */

/* Keeps the rows of one input row until the operators run on them. */
struct apply_collect {
    struct stage stage;
    struct rowset *rows;
};

/* The source under mv-apply's operators: one batch that is set from outside. */
struct plan_given {
    struct plan plan;
};

static enum status apply_collect_push(struct stage *stage, struct worker *w,
                                      const struct batch *batch, bool *stop, struct error *err)
{
    (void)w;
    (void)stop;
    return rowset_add(((struct apply_collect *)stage)->rows, batch, NULL, batch->row_count, err);
}

/* Puts the input row's columns beside what the operators gave. */
struct apply_out {
    struct stage stage;
    const struct plan_expand *plan;
    const struct batch *batch;
    uint32_t row;
    struct stage *out;
};

static enum status apply_out_push(struct stage *stage, struct worker *w,
                                  const struct batch *batch, bool *stop, struct error *err)
{
    struct apply_out *s = (struct apply_out *)stage;
    const struct expand_spec *spec = &s->plan->spec;
    uint32_t width = spec->result->column_count;
    struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, width + 1, err);
    enum status status = columns == NULL ? err->status : STATUS_OK;

    for (uint32_t c = 0; c < width && status == STATUS_OK; c++) {
        uint32_t origin = spec->origins[c];
        if ((origin & EXPAND_OUTER) == 0) {
            columns[c] = batch->columns[origin];
            continue;
        }
        struct value v = vector_value(&s->batch->columns[origin & ~EXPAND_OUTER], s->row);
        status = vector_const(w->batch_arena, &v, batch->row_count, &columns[c], err);
    }
    struct batch result = {batch->row_count, width, columns, false, NULL};
    return status == STATUS_OK ? stage_push(s->out, w, &result, stop, err) : status;
}

static enum status apply_row(struct expand_stage *s, struct worker *w, struct expanding *x,
                             uint32_t row, const struct vector *inputs, bool *stop,
                             struct error *err)
{
    struct rowset *rows = rowset_new(w->batch_arena, s->plan->spec.schema, NULL, err);
    struct apply_collect collect = {.stage = {apply_collect_push}, .rows = rows};
    struct apply_out out = {{apply_out_push}, s->plan, x->batch, row, s->out};
    struct run run = *w->run;
    struct worker sub = *w;

    if (rows == NULL)
        return err->status;
    x->out = &collect.stage;
    enum status status = expand_row(x, row, inputs, stop, err);
    if (status == STATUS_OK)
        status = flush(x, stop, err);
    if (status != STATUS_OK)
        return status;
    run.workers = &sub;
    run.scan_threads = 1;
    sub.run = &run;
    sub.sites = NULL; /* the arena below goes with the row */
    sub.site_capacity = 0;
    sub.home = NULL;
    sub.arena = arena_share(w->arena);
    sub.batch_arena = arena_share(w->arena);
    run.arena = sub.arena;
    run.given = rows;
    run.cells = NULL;
    if (sub.arena == NULL || sub.batch_arena == NULL)
        status = ERROR_MEMORY(err);
    else
        status = plan_run(s->plan->spec.apply, &run, &out.stage, err);
    arena_free(sub.batch_arena);
    arena_free(sub.arena);
    return status;
}

static enum status given_run(const struct plan *plan, struct run *run, struct stage *out,
                             struct error *err)
{
    (void)plan;
    return rowset_push(run->given, run, out, err);
}

static enum status given_need(struct plan *plan, const uint8_t *needed, struct query *q,
                              struct error *err)
{
    (void)plan;
    (void)needed;
    (void)q;
    (void)err;
    return STATUS_OK;
}

struct plan *plan_given(struct query *q, const struct plan *outer, const struct schema *schema,
                        struct error *err)
{
    static const struct plan_ops ops = {"given", given_run, given_need, NULL};
    struct plan_given *p = (struct plan_given *)op_new(q, sizeof(*p), &ops, NULL, err);

    if (p == NULL)
        return NULL;
    p->plan.depth = outer->depth + 1; /* what is over it runs within what is over `outer` */
    p->plan.schema = *schema;
    p->plan.is_serialized = true;
    p->plan.reads_given = true;
    return &p->plan;
}

/* ---- the stage ---- */

static enum status expand_push(struct stage *stage, struct worker *w, const struct batch *batch,
                               bool *stop, struct error *err)
{
    struct expand_stage *s = (struct expand_stage *)stage;
    uint32_t columns = s->plan->spec.column_count;
    struct expanding x = {
        .plan = s->plan, .worker = w, .batch = batch, .out = s->out, .given = &s->rows};
    struct vector *inputs = ARENA_ARRAY(w->batch_arena, struct vector, columns, err);
    enum status status = inputs == NULL ? err->status : open_expanding(&x, err);

    for (uint32_t i = 0; i < columns && status == STATUS_OK; i++)
        status = expr_eval(w, s->plan->columns[i].expr, batch, &inputs[i], err);
    for (uint32_t r = 0; r < batch->row_count && !*stop && status == STATUS_OK; r++) {
        if (s->plan->spec.apply != NULL)
            status = apply_row(s, w, &x, r, inputs, stop, err);
        else
            status = expand_row(&x, r, inputs, stop, err);
    }
    return status == STATUS_OK && s->plan->spec.apply == NULL ? flush(&x, stop, err) : status;
}

static enum status expand_run(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err)
{
    struct expand_stage stage = {
        .stage = {expand_push}, .plan = (const struct plan_expand *)plan, .run = run, .out = out};
    const struct run_elements *above = run->elements;
    const struct run_elements mine = {stage.plan->elements, out, &plan->schema,
                                      stage.plan->columns[0].target};
    enum status status = plan->inner == NULL ? STATUS_OK : plan_fill(plan->inner, err);
    if (stage.plan->elements != NULL)
        run->elements = &mine;
    if (status == STATUS_OK)
        status = plan_run(plan->inputs[0], run, &stage.stage, err);
    run->elements = above;
    return status;
}

static enum status expand_need(struct plan *plan, const uint8_t *needed, struct query *q,
                               struct error *err)
{
    struct plan_expand *p = (struct plan_expand *)plan;
    uint32_t width = plan->inputs[0]->schema.column_count;
    uint8_t *below = arena_alloc(q->arena, width + 1, err);
    uint8_t *kept = arena_alloc(q->arena, p->spec.schema->column_count + 1, err);

    if (below == NULL || kept == NULL)
        return err->status;
    if (p->spec.apply == NULL) {
        memcpy(kept, needed, plan->schema.column_count);
    } else {
        memset(kept, 1, p->spec.schema->column_count);
        enum status status = plan_optimise(p->spec.apply, q, err);
        if (status != STATUS_OK)
            return status;
    }
    memcpy(below, kept, width);
    for (uint32_t i = 0; i < p->spec.column_count; i++) {
        if (p->columns[i].target < width && p->spec.apply == NULL)
            below[p->columns[i].target] = 0;
        kept[p->columns[i].target] = 0;
    }
    for (uint32_t i = 0; i < p->spec.column_count; i++)
        expr_mark(p->columns[i].expr, below);
    p->needed = kept;
    return plan_need(plan->inputs[0], below, q, err);
}

/* A filter on an element as one on any element of what is expanded. */
static bool element_filter(const struct plan_expand *p, struct query *q,
                           const struct pushed *filter, struct pushed *ret)
{
    const struct expand_column *column = NULL;
    struct error ignored = {0};
    struct slice path;
    struct buf buf;

    for (uint32_t i = 0; i < p->spec.column_count; i++) {
        if (p->columns[i].target == filter->column)
            column = &p->columns[i];
    }
    *ret = *filter;
    if (column == NULL)
        return filter->column < p->plan.inputs[0]->schema.column_count;
    if ((filter->kind != FILTER_EQUAL && filter->kind != FILTER_EQUAL_NOCASE) ||
        (column->type != TYPE_DYNAMIC && column->type != TYPE_STRING) ||
        !push_column_path(q, column->expr, &ret->column, &path))
        return false;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        const struct value *value = &filter->values[i];
        if (value->type != TYPE_STRING || value->is_null || value->bytes.size == 0)
            return false; /* rows without an element have it too */
    }
    buf_init(&buf, COLUMN_NAME_BYTES_MAX * 16);
    buf_add_slice(&buf, path);
    buf_add_text(&buf, "[]");
    if (filter->path.size > 0 && filter->path.data[0] != '[')
        buf_add_byte(&buf, '.');
    buf_add_slice(&buf, filter->path);
    if (buf_check(&buf, &ignored) == STATUS_OK)
        ret->path = arena_copy(q->arena, buf_slice(&buf), &ignored);
    buf_release(&buf);
    return ignored.status == STATUS_OK;
}

static enum status expand_filter(struct plan *plan, const struct pushed *list, struct query *q,
                                 struct error *err)
{
    const struct plan_expand *p = (const struct plan_expand *)plan;
    const struct pushed *below = NULL;

    for (; p->spec.apply == NULL && list != NULL; list = list->next) {
        struct pushed *one = ARENA_NEW(q->arena, struct pushed, err);
        if (one == NULL)
            return err->status;
        if (!element_filter(p, q, list, one))
            continue;
        one->next = below;
        below = one;
    }
    return plan_filter(plan->inputs[0], below, q, err);
}

static const struct plan_ops ops = {"mv-expand", expand_run, expand_need, expand_filter};

const struct expand_column *op_expand_column(const struct plan *plan)
{
    const struct plan_expand *p = (const struct plan_expand *)plan;

    if (plan->ops != &ops || p->spec.apply != NULL || p->spec.column_count != 1 ||
        p->spec.index_column != UINT32_MAX || p->spec.limit < QUERY_OPERATOR_ROWS_MAX ||
        p->columns[0].type != TYPE_DYNAMIC)
        return NULL;
    return &p->columns[0];
}

void op_expand_elements(struct plan *plan, const struct plan *scan)
{
    ((struct plan_expand *)plan)->elements = scan;
}

static void expand_describe(const struct plan *plan, struct buf *ret)
{
    const struct plan_expand *p = (const struct plan_expand *)plan;

    for (uint32_t i = 0; i < p->spec.column_count; i++) {
        const struct expand_column *c = &p->columns[i];
        buf_add_text(ret, i > 0 ? ", " : "");
        if (c->target < plan->schema.column_count) {
            buf_add_slice(ret, plan->schema.columns[c->target].name);
            buf_add_text(ret, " = ");
        }
        explain_expr(ret, c->expr, &plan->inputs[0]->schema);
    }
}

struct plan *plan_expand(struct query *q, struct plan *input, const struct expand_spec *spec,
                         struct error *err)
{
    struct plan_expand *p = (struct plan_expand *)op_new(q, sizeof(*p), &ops, input, err);

    if (p == NULL)
        return NULL;
    p->plan.describe = expand_describe;
    p->spec = *spec;
    p->plan.inner = spec->apply;
    if (spec->apply != NULL)
        p->plan.depth = spec->apply->depth + 1;
    p->columns = ARENA_ARRAY(q->arena, struct expand_column, spec->column_count, err);
    if (p->columns == NULL)
        return NULL;
    memcpy(p->columns, spec->columns, spec->column_count * sizeof(*p->columns));
    p->plan.schema = spec->apply != NULL ? *spec->result : *spec->schema;
    return &p->plan;
}
