/* SPDX-License-Identifier: Apache-2.0 */
/* One column of a batch: dictionary codes where the rows have leaves, JSON text
 * where they have arrays or objects, constants where the part says so. */
#include "store/scan_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "table/dynamic.h"

#include <stdlib.h>

/* Below this share of its dictionary a batch is gathered instead. */
#define DICT_SHARE 8u
#define TEXT_STEP_BYTES (64 * KIB) /* texts that are made are charged in steps of it */

/* ---- planning ---- */

bool scan_has_rows_of(const struct part_scan *scan, const struct shape *shape)
{
    if (scan->is_whole)
        return shape->row_count > 0 && !shape->is_raw;
    uint32_t at = rising_find(scan->rows, 0, scan->row_count, shape->row_begin);

    return at < scan->row_count && scan->rows[at] < shape->row_begin + shape->row_count;
}

static enum status load_object(struct part_scan *scan, uint32_t s,
                               const struct shape_object *object, struct error *err)
{
    return scan_load_slots(scan, &(struct slot_range){s, object->slot_begin, object->slot_end},
                           err);
}

/* What reads of the leaves: their values, or GUIDs as they are if few of many are read. */
static enum status plan_leaves(struct part_scan *scan, struct column_plan *plan, uint32_t path,
                               struct error *err)
{
    enum type type = plan->column->type;
    const struct path_column *column = &scan->part->paths[path];
    enum status status = scan_load_lean(scan, path, err);

    if (status == STATUS_OK && column->guids != NULL && !plan->has_containers &&
        (type == TYPE_STRING || type == TYPE_GUID) && !scan->is_whole &&
        scan->row_count < column->dict_count / DICT_SHARE) {
        plan->guids = column;
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = scan_load(scan, path, err);
    if (status == STATUS_OK && plan->column->is_parsed)
        return path_values_parsed(scan->part, path, &plan->values, err);
    return status == STATUS_OK ? path_values_get(scan->part, path, type, &plan->values, err)
                               : status;
}

/* What the leaves of a column are decoded to. */
static enum status plan_field(struct part_scan *scan, struct column_plan *plan, struct error *err)
{
    uint32_t value_path = UINT32_MAX;
    enum status status = scan_bind(scan, plan->column->path, &plan->bindings, err);

    for (uint32_t s = 0; s < scan->part->root_shape_count && status == STATUS_OK; s++) {
        const struct shape *shape = &scan->part->shapes[s];
        const struct binding *binding = &plan->bindings[s];
        bool is_live = scan->live_shapes != NULL ? scan->live_shapes[s]
                                                 : scan_has_rows_of(scan, shape);
        if (binding->kind == BIND_NONE || !is_live)
            continue;
        if (binding->kind == BIND_LEAF) {
            value_path = binding->index;
            continue;
        }
        plan->has_containers = true;
        if (binding->kind == BIND_ARRAY)
            status = scan_load_tree(scan, binding->index, err);
        else if (binding->kind == BIND_RAW)
            status = scan_load_shape(scan, s, err);
        else
            status = load_object(scan, s, &shape->objects[binding->index], err);
    }
    if (status != STATUS_OK || value_path == UINT32_MAX)
        return status;
    if (plan->column->type == TYPE_DATETIME)
        plan->event_unit = scan_event_unit(scan, value_path);
    return plan->event_unit > 0 ? scan_load_rows(scan, ROWS_TIMES, err)
                                : plan_leaves(scan, plan, value_path, err);
}

static bool is_rest(const struct part_scan *scan, uint32_t path)
{
    struct slice text = scan->part->paths[path].path;

    return path_is_top_level(text) && map_find(scan->source->fields, text) == NULL;
}

/* What add_rest() reads of a shape. */
static enum status load_rest(struct part_scan *scan, uint32_t s, bool *rest, struct error *err)
{
    const struct shape *shape = &scan->part->shapes[s];
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < shape->slot_count && status == STATUS_OK; i++) {
        uint32_t path = shape->slots[i].path;
        if (shape->slots[i].shadowed)
            continue;
        rest[path] = is_rest(scan, path);
        if (rest[path])
            status = scan_load_slots(scan, &(struct slot_range){s, i, i + 1}, err);
    }
    for (uint32_t i = 0; i < shape->object_count && status == STATUS_OK; i++) {
        uint32_t path = shape->objects[i].path;
        rest[path] = is_rest(scan, path);
        if (rest[path])
            status = load_object(scan, s, &shape->objects[i], err);
    }
    return status;
}

/* The fields that are no columns, or whole records. */
static enum status plan_texts(struct part_scan *scan, struct column_plan *plan, bool whole,
                              struct error *err)
{
    bool *rest = ARENA_ARRAY(scan->arena, bool, scan->part->path_count + (size_t)1, err);
    enum status status = rest == NULL ? err->status : STATUS_OK;

    plan->rest = rest;
    for (uint32_t s = 0; s < scan->part->root_shape_count && status == STATUS_OK; s++) {
        const struct slot_range all = {s, 0, scan->part->shapes[s].slot_count};
        if (!scan_has_rows_of(scan, &scan->part->shapes[s]))
            continue;
        /* a record that is kept whole is parsed: it has to be a text */
        bool is_parsed = !whole && scan->part->shapes[s].is_raw;
        status = is_parsed ? scan_load_shape(scan, s, err)
                 : whole   ? scan_load_slots(scan, &all, err)
                           : load_rest(scan, s, rest, err);
    }
    return status;
}

enum status scan_plan_column(struct part_scan *scan, struct column_plan *plan,
                             struct error *err)
{
    switch (plan->column->source) {
    case COLUMN_FIELD:
        return plan_field(scan, plan, err);
    case COLUMN_REST:
        return plan_texts(scan, plan, false, err);
    case COLUMN_RAW:
        return plan_texts(scan, plan, true, err);
    case COLUMN_SEQ:
        return scan_load_rows(scan, ROWS_SEQS, err);
    case COLUMN_RECEIVED:
        return scan_load_rows(scan, ROWS_RECEIVED, err);
    case COLUMN_TIME:
        return scan_load_rows(scan, ROWS_TIMES, err);
    case COLUMN_REASON:
        return scan_load_rows(scan, ROWS_FLAGS, err);
    case COLUMN_TENANT:
    case COLUMN_TABLE:
        break;
    }
    return STATUS_OK;
}

/* Few rows are of few shapes: the columns are bound in these alone. */
static enum status find_live_shapes(struct part_scan *scan, struct error *err)
{
    uint32_t count = scan->part->root_shape_count;
    bool *live = ARENA_ARRAY(scan->arena, bool, count + (size_t)1, err);

    for (uint32_t s = 0; s < count && live != NULL; s++)
        live[s] = scan_has_rows_of(scan, &scan->part->shapes[s]);
    scan->live_shapes = live;
    return live == NULL ? err->status : STATUS_OK;
}

enum status scan_plan_columns(struct part_scan *scan, struct error *err)
{
    const struct scan_request *request = scan->request;
    enum status status = find_live_shapes(scan, err);

    scan->plans = ARENA_ARRAY(scan->arena, struct column_plan, request->column_count, err);
    if (scan->plans == NULL)
        return err->status;
    for (uint32_t i = 0; i < request->column_count && status == STATUS_OK; i++) {
        scan->plans[i].column = &scan->source->columns[request->columns[i]];
        scan->plans[i].is_absent =
            (scan->is_decided && request->for_filters != NULL && request->for_filters[i]) ||
            (scan->elements != NULL && request->columns[i] == request->elements->column);
        if (!scan->plans[i].is_absent)
            status = scan_plan_column(scan, &scan->plans[i], err);
    }
    return status;
}

/* ---- rows shape by shape ---- */

struct run {
    uint32_t begin, end; /* in the batch */
    uint32_t shape;
};

/* The next run of rows of one shape; begin with end = 0. */
static bool next_run(const struct part *part, const uint32_t *rows, uint32_t count,
                     struct run *run)
{
    if (run->end == count)
        return false;
    run->begin = run->end;
    run->shape = part_root_shape(part, rows[run->begin]);
    uint32_t row_end = part->shapes[run->shape].row_begin + part->shapes[run->shape].row_count;
    run->end = rows[count - 1] < row_end ? count : rising_find(rows, run->begin, count, row_end);
    return true;
}

/* ---- fields ---- */

static enum status make_null(enum type type, uint32_t count, struct arena *arena,
                             struct vector *ret, struct error *err)
{
    struct value value = {.type = type, .is_null = type != TYPE_STRING};

    return vector_const(arena, &value, count, ret, err);
}

static enum status make_codes(const struct part_scan *scan, const struct column_plan *plan,
                              const uint32_t *rows, uint32_t count, struct arena *arena,
                              const uint32_t **ret, struct error *err)
{
    const struct part *part = scan->part;
    uint32_t missing =
        plan->guids != NULL ? plan->guids->dict_count : plan->values->count - 1;
    struct run run = {0};

    (void)next_run(part, rows, count, &run);
    const struct binding *first = &plan->bindings[run.shape];
    bool is_stretch = run.end == count && first->kind == BIND_LEAF &&
                      rows[count - 1] - rows[0] == count - 1;
    struct codes own = {0};
    if (is_stretch)
        own = codes_from(part->paths[first->index].codes,
                         first->first + (rows[0] - part->shapes[run.shape].row_begin));
    *ret = own.wide;
    if (is_stretch && own.width == CODE_WIDE)
        return STATUS_OK; /* the part's own */
    uint32_t *codes = arena_alloc_raw(arena, count * sizeof(*codes), err);
    if (codes == NULL)
        return err->status;
    *ret = codes;
    if (is_stretch) {
        codes_copy(own, count, codes);
        return STATUS_OK;
    }
    run = (struct run){0};
    while (next_run(part, rows, count, &run)) {
        const struct binding *binding = &plan->bindings[run.shape];
        bool is_leaf = binding->kind == BIND_LEAF; /* a typed column has no arrays and objects */
        for (uint32_t i = run.begin; i < run.end && !is_leaf; i++)
            codes[i] = missing;
        if (!is_leaf)
            continue;
        codes_take(codes_from(part->paths[binding->index].codes, binding->first),
                   rows + run.begin, part->shapes[run.shape].row_begin, run.end - run.begin,
                   codes + run.begin);
    }
    return STATUS_OK;
}

struct vector scan_dict_vector(const struct path_values *values, const uint32_t *codes,
                               uint32_t count)
{
    return (struct vector){.type = values->type,
                           .encoding = VECTOR_DICT,
                           .row_count = count,
                           .data = values->data,
                           .nulls = values->nulls,
                           .codes = codes,
                           .dict_size = values->count,
                           .dict_unique = values->unique,
                           .dict_id = values->id};
}

/* A few GUIDs, as texts or as they are; the code behind the last is for none. */
static enum status make_guids(const struct column_plan *plan, const uint32_t *codes,
                              uint32_t count, struct arena *arena, struct vector *ret,
                              struct error *err)
{
    const struct path_column *column = plan->guids;
    bool is_text = plan->column->type == TYPE_STRING;
    char *text = is_text ? arena_alloc_raw(arena, (size_t)count * GUID_TEXT_BYTES + 1, err) : NULL;

    if (is_text && text == NULL)
        return err->status;
    enum status status = vector_flat(arena, plan->column->type, count, !is_text, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        bool is_null = codes[i] == column->dict_count ||
                       column->dict_kinds[codes[i]] == JSON_NULL;
        struct guid guid = is_null ? (struct guid){0} : column->guids[codes[i]];
        if (!is_text) {
            ((struct guid *)data)[i] = guid;
            nulls[i] = is_null;
            continue;
        }
        ((struct slice *)data)[i] = (struct slice){text, is_null ? 0 : GUID_TEXT_BYTES};
        guid_format(&guid, text); /* its 0 gives way to the next */
        text += is_null ? 0 : GUID_TEXT_BYTES;
    }
    return status;
}

static enum status make_leaves(const struct part_scan *scan, const struct column_plan *plan,
                               const uint32_t *rows, uint32_t count, struct arena *arena,
                               struct vector *ret, struct error *err)
{
    const struct path_values *values = plan->values;
    const uint32_t *codes = NULL;
    enum status status = make_codes(scan, plan, rows, count, arena, &codes, err);
    if (status != STATUS_OK)
        return status;
    if (plan->guids != NULL)
        return make_guids(plan, codes, count, arena, ret, err);
    *ret = scan_dict_vector(values, codes, count);
    if (count >= values->count / DICT_SHARE)
        return STATUS_OK;
    /* Few rows of a big dictionary: the consumer must not walk all of it. */
    size_t size = vector_element_bytes(values->type);
    struct vector flat;
    status = vector_flat(arena, values->type, count, values->nulls != NULL, &flat, err);
    void *data = vector_data(&flat);
    uint8_t *nulls = vector_nulls(&flat);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < count; i++) {
        memcpy((char *)data + i * size, (const char *)values->data + codes[i] * size, size);
        if (nulls != NULL)
            nulls[i] = values->nulls[codes[i]];
    }
    *ret = flat;
    return STATUS_OK;
}

/* Text that is made row by row: texts grow in one buffer.  The arena is charged for it while it
 * grows, as a batch of rows may be a thousand times what a part keeps of them, and has it at the
 * end. */
struct text_column {
    struct buf text;
    struct arena *arena;
    size_t charged_bytes;
    uint32_t *ends; /* per row, in text */
    uint32_t count;
};

static enum status charge_text(struct text_column *column, struct error *err)
{
    if (column->text.size <= column->charged_bytes)
        return STATUS_OK;
    /* A wide row has hundreds of them, mostly short. */
    size_t step = column->text.size < TEXT_STEP_BYTES ? column->text.size : TEXT_STEP_BYTES;
    size_t bytes = column->text.size - column->charged_bytes + step;
    enum status status = arena_charge(column->arena, bytes, err);
    if (status == STATUS_OK)
        column->charged_bytes += bytes;
    return status;
}

static enum status finish_text(struct text_column *column, enum type type, struct vector *ret,
                               struct error *err)
{
    enum status status = buf_check(&column->text, err);
    if (status == STATUS_OK)
        status = vector_flat(column->arena, type, column->count, type != TYPE_STRING, ret, err);
    if (status == STATUS_OK)
        status = arena_on_free(column->arena, free, column->text.data, err);
    if (status != STATUS_OK)
        return status;
    const char *text = column->text.data == NULL ? "" : column->text.data;
    column->text.data = NULL; /* given away */
    struct slice *slices = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    uint32_t begin = 0;
    for (uint32_t i = 0; i < column->count; i++) {
        slices[i] = slice_from(text + begin, column->ends[i] - begin);
        if (nulls != NULL)
            nulls[i] = slices[i].size == 0;
        begin = column->ends[i];
    }
    return STATUS_OK;
}

static void add_field(const struct part_scan *scan, const struct column_plan *plan, uint32_t row,
                      uint32_t shape_index, struct buf *ret)
{
    const struct part *part = scan->part;
    const struct shape *shape = &part->shapes[shape_index];
    const struct binding *binding = &plan->bindings[shape_index];
    uint32_t value = binding->first + (row - shape->row_begin);

    switch (binding->kind) {
    case BIND_NONE:
    case BIND_RAW:
        return;
    case BIND_LEAF: {
        const struct slice *slices = plan->values->data;
        buf_add_slice(ret, slices[code_at(part->paths[binding->index].codes, value)]);
        return;
    }
    case BIND_ARRAY:
        part_render_array(part, binding->index, value, ret);
        return;
    case BIND_OBJECT:
        part_render_object(part, shape, &shape->objects[binding->index], row, ret);
        return;
    }
}

/* ---- the fields that are no columns ---- */

static void add_member(struct buf *ret, bool *is_first, struct slice path, struct buf *key)
{
    struct slice rest = path;

    if (!*is_first)
        buf_add_byte(ret, ',');
    *is_first = false;
    (void)path_next_key(&rest, key);
    text_add_json_string(ret, buf_slice(key));
    buf_add_byte(ret, ':');
}

static void add_leaf_json(const struct path_column *path, uint32_t value, struct buf *ret)
{
    uint32_t code = code_at(path->codes, value);
    bool is_string = path->dict_kinds[code] == JSON_STRING;

    if (is_string)
        buf_add_byte(ret, '"');
    part_add_text(path, code, ret);
    if (is_string)
        buf_add_byte(ret, '"');
}

static void add_rest(const struct part *part, const bool *rest, uint32_t row, uint32_t shape_index,
                     struct buf *key, struct buf *ret)
{
    const struct shape *shape = &part->shapes[shape_index];
    bool is_first = true;

    buf_add_byte(ret, '{');
    for (uint32_t i = 0; i < shape->slot_count; i++) {
        const struct slot *slot = &shape->slots[i];
        const struct path_column *path = &part->paths[slot->path];
        if (slot->shadowed || !rest[slot->path])
            continue;
        add_member(ret, &is_first, path->path, key);
        uint32_t value = slot->first + (row - shape->row_begin);
        if (slot->kind == SLOT_ARRAY)
            part_render_array(part, slot->path, value, ret);
        else
            add_leaf_json(path, value, ret);
    }
    for (uint32_t i = 0; i < shape->object_count; i++) {
        if (!rest[shape->objects[i].path])
            continue;
        add_member(ret, &is_first, part->paths[shape->objects[i].path].path, key);
        part_render_object(part, shape, &shape->objects[i], row, ret);
    }
    buf_add_byte(ret, '}');
    if (is_first) /* nothing left: null */
        ret->size -= ret->failed ? 0 : 2;
}

/* The raw bytes as a string of KQL: UTF-8, whatever came. */
static void add_raw(const struct part *part, uint32_t row, struct buf *scratch, struct buf *ret)
{
    buf_clear(scratch);
    part_render(part, row, scratch);
    struct slice raw = buf_slice(scratch);
    if (text_is_utf8(raw)) {
        buf_add_slice(ret, raw);
        return;
    }
    for (size_t at = 0; at < raw.size;)
        text_add_rune(ret, text_next_rune(raw, &at));
}

static enum status make_text(const struct part_scan *scan, const struct column_plan *plan,
                             const uint32_t *rows, uint32_t count, struct arena *arena,
                             struct vector *ret, struct error *err)
{
    struct text_column column = {.arena = arena, .count = count};
    struct run run = {0};
    enum status status = STATUS_OK;
    struct buf scratch;
    bool is_dynamic = plan->column->type == TYPE_DYNAMIC;

    column.ends = arena_alloc_raw(arena, count * sizeof(uint32_t), err);
    if (column.ends == NULL)
        return err->status;
    buf_init(&column.text, QUERY_MEMORY_BYTES);
    buf_init(&scratch, REQUEST_BODY_BYTES_MAX);
    while (status == STATUS_OK && next_run(scan->part, rows, count, &run)) {
        for (uint32_t i = run.begin; i < run.end && status == STATUS_OK; i++) {
            size_t begin = column.text.size;
            if (plan->column->source == COLUMN_REST)
                add_rest(scan->part, plan->rest, rows[i], run.shape, &scratch, &column.text);
            else if (plan->column->source == COLUMN_RAW)
                add_raw(scan->part, rows[i], &scratch, &column.text);
            else
                add_field(scan, plan, rows[i], run.shape, &column.text);
            if (is_dynamic)
                dynamic_compact_tail(&column.text, begin, &scratch);
            column.ends[i] = (uint32_t)column.text.size;
            status = charge_text(&column, err);
        }
    }
    if (status == STATUS_OK)
        status = buf_check(&scratch, err);
    if (status == STATUS_OK)
        status = finish_text(&column, plan->column->type, ret, err);
    buf_release(&scratch);
    buf_release(&column.text);
    return status;
}

/* A field that is the event time: no text is made or read. */
static enum status make_event_time(const struct part_scan *scan, const struct column_plan *plan,
                                   const uint32_t *rows, uint32_t count, struct arena *arena,
                                   struct vector *ret, struct error *err)
{
    const int64_t *times = scan->part->event_times;
    bool is_whole = plan->event_unit == TICKS_PER_SECOND && section_times_are_whole(scan->part);
    struct run run = {0};

    (void)next_run(scan->part, rows, count, &run);
    if (is_whole && run.end == count && plan->bindings[run.shape].kind == BIND_LEAF &&
        rows[count - 1] - rows[0] == count - 1) {
        *ret = (struct vector){.type = TYPE_DATETIME,
                               .encoding = VECTOR_FLAT,
                               .row_count = count,
                               .integers = times + rows[0]};
        return STATUS_OK;
    }
    enum status status = vector_flat(arena, TYPE_DATETIME, count, true, ret, err);
    if (status != STATUS_OK)
        return status;
    int64_t *out = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    run = (struct run){0};
    bool any_null = false;
    while (next_run(scan->part, rows, count, &run)) {
        bool is_null = plan->bindings[run.shape].kind != BIND_LEAF;
        any_null = any_null || is_null;
        memset(nulls + run.begin, is_null, run.end - run.begin);
        for (uint32_t i = run.begin; i < run.end; i++)
            out[i] = is_null ? 0 : times[rows[i]];
        for (uint32_t i = run.begin; i < run.end && !is_null && !is_whole; i++) {
            int64_t rest = out[i] % plan->event_unit;
            out[i] -= rest + (rest < 0 ? plan->event_unit : 0);
        }
    }
    ret->nulls = any_null ? nulls : NULL;
    return STATUS_OK;
}

/* A column that is neither text nor dynamic has nulls where containers are. */
static enum status make_field(const struct part_scan *scan, const struct column_plan *plan,
                              const uint32_t *rows, uint32_t count, struct arena *arena,
                              struct vector *ret, struct error *err)
{
    enum type type = plan->column->type;
    bool has_leaves = false, has_containers = false;
    struct run run = {0};

    if (plan->event_unit > 0)
        return make_event_time(scan, plan, rows, count, arena, ret, err);
    while (next_run(scan->part, rows, count, &run)) {
        enum binding_kind kind = plan->bindings[run.shape].kind;
        has_leaves |= kind == BIND_LEAF;
        has_containers |= kind == BIND_ARRAY || kind == BIND_OBJECT;
    }
    if (has_containers && (type == TYPE_STRING || type == TYPE_DYNAMIC))
        return make_text(scan, plan, rows, count, arena, ret, err);
    if (!has_leaves)
        return make_null(type, count, arena, ret, err);
    return make_leaves(scan, plan, rows, count, arena, ret, err);
}

/* ---- system columns ---- */

static enum status make_tenant(const struct part *part, enum type type, uint32_t count,
                               struct arena *arena, struct vector *ret, struct error *err)
{
    char text[GUID_TEXT_BYTES + 1];
    struct value value = {.type = type, .guid = part->tenant};

    if (type == TYPE_STRING) {
        guid_format(&part->tenant, text);
        value.bytes = slice_from(text, GUID_TEXT_BYTES);
    }
    return vector_const(arena, &value, count, ret, err);
}

static enum status make_row_numbers(const struct part *part, enum column_source source,
                                    const uint32_t *rows, uint32_t count, struct arena *arena,
                                    struct vector *ret, struct error *err)
{
    enum type type = source == COLUMN_SEQ ? TYPE_LONG : TYPE_DATETIME;

    if (source == COLUMN_RECEIVED && part->received_min == part->received_max) {
        struct value value = {.type = type, .integer = time_from_unix_us(part->received_min)};
        return vector_const(arena, &value, count, ret, err);
    }
    enum status status = vector_flat(arena, type, count, false, ret, err);
    void *data = vector_data(ret);
    if (status != STATUS_OK)
        return status;
    int64_t *out = data;
    for (uint32_t i = 0; i < count; i++) {
        if (source == COLUMN_SEQ)
            out[i] = (int64_t)part->seqs[rows[i]];
        else if (source == COLUMN_TIME)
            out[i] = part->event_times[rows[i]];
        else
            out[i] = time_from_unix_us(part->received_us[rows[i]]);
    }
    return STATUS_OK;
}

static enum status make_reason(const struct part *part, const uint32_t *rows, uint32_t count,
                               struct arena *arena, struct vector *ret, struct error *err)
{
    enum status status = vector_flat(arena, TYPE_STRING, count, false, ret, err);
    void *data = vector_data(ret);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        const char *reason = part->reasons == NULL ? NULL : part->reasons[rows[i]];
        ((struct slice *)data)[i] = slice_of(reason == NULL ? "" : reason);
    }
    return status;
}

enum status scan_make_column(const struct part_scan *scan, const struct column_plan *plan,
                             const uint32_t *rows, uint32_t count, struct arena *arena,
                             struct vector *ret, struct error *err)
{
    bool is_raw = scan->part->shapes[part_root_shape(scan->part, rows[0])].is_raw;
    struct value table = {.type = TYPE_STRING, .bytes = scan->part->table};

    if (plan->is_absent)
        return make_null(plan->column->type, count, arena, ret, err);
    switch (plan->column->source) {
    case COLUMN_FIELD:
        if (is_raw)
            return scan_make_raw_column(scan, plan, rows, count, arena, ret, err);
        return make_field(scan, plan, rows, count, arena, ret, err);
    case COLUMN_REST:
        if (is_raw)
            return scan_make_raw_column(scan, plan, rows, count, arena, ret, err);
        return make_text(scan, plan, rows, count, arena, ret, err);
    case COLUMN_RAW:
        return make_text(scan, plan, rows, count, arena, ret, err);
    case COLUMN_SEQ:
    case COLUMN_TIME:
    case COLUMN_RECEIVED:
        return make_row_numbers(scan->part, plan->column->source, rows, count, arena, ret, err);
    case COLUMN_REASON:
        return make_reason(scan->part, rows, count, arena, ret, err);
    case COLUMN_TENANT:
        return make_tenant(scan->part, plan->column->type, count, arena, ret, err);
    case COLUMN_TABLE:
        return vector_const(arena, &table, count, ret, err);
    }
    return STATUS_OK;
}
