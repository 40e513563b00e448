/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants:
 * 1. Shapes of records come first; a record shape's rows are [row_begin,
 *    row_begin + row_count).
 * 2. The values of a path are runs, one for each (shape, slot) in order.
 * 3. A path's number is above its parents', before and after renumbering.
 */
#include "store/layout_priv.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/random.h"

#include <stdlib.h>

enum status part_new(const struct guid *tenant, struct slice table, size_t memory_bytes,
                     struct part **ret, struct error *err)
{
    enum status status = STATUS_OK;
    struct arena *arena = arena_new(memory_bytes);
    if (arena == NULL)
        return ERROR_MEMORY(err);
    struct part *part = ARENA_NEW(arena, struct part, err);
    struct slice name = arena_copy(arena, table, err);
    if (part == NULL || name.data == NULL) {
        status = err->status;
        goto out;
    }
    part->arena = arena;
    part->tenant = *tenant;
    part->table = name;
    part->id = random_u64();
    part->time_min = part->received_min = INT64_MAX;
    part->time_max = part->received_max = INT64_MIN;
    part->seq_min = UINT64_MAX;
    atomic_init(&part->references, 1);
    *ret = part;
    arena = NULL; /* given away */
out:
    arena_free(arena);
    return status;
}

/* ---- numbering ---- */

static void mark_paths(const struct shape *shape, uint32_t *path_map)
{
    path_map[shape->parent_path] = 0;
    for (uint32_t i = 0; i < shape->slot_count; i++)
        path_map[shape->slots[i].path] = 0;
    for (uint32_t i = 0; i < shape->object_count; i++)
        path_map[shape->objects[i].path] = 0;
}

static uint32_t number_paths(struct layout *layout, const struct shape_table *table)
{
    for (uint32_t i = 0; i < table->path_count; i++)
        layout->path_map[i] = UINT32_MAX;
    layout->path_map[0] = 0;
    for (uint32_t i = 0; i < table->shape_count; i++) {
        if (table->shapes[i].row_count > 0)
            mark_paths(&table->shapes[i], layout->path_map);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->path_count; i++) {
        if (layout->path_map[i] != UINT32_MAX)
            layout->path_map[i] = count++;
    }
    return count;
}

static void number_shapes(struct layout *layout, const struct shape_table *table)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < table->shape_count; i++) {
        bool is_root = table->shapes[i].parent_path == 0;
        layout->shape_map[i] = SHAPE_NONE;
        if (table->shapes[i].row_count > 0 && is_root)
            layout->shape_map[i] = count++;
    }
    layout->part->root_shape_count = count;
    for (uint32_t i = 0; i < table->shape_count; i++) {
        bool is_root = table->shapes[i].parent_path == 0;
        if (table->shapes[i].row_count > 0 && !is_root)
            layout->shape_map[i] = count++;
    }
    layout->part->shape_count = count;
}

/* The part's path_count is set with its paths: part_unref() goes by it. */
static enum status copy_tables(struct layout *layout, const struct shape_table *table,
                               uint32_t path_count, struct error *err)
{
    struct part *part = layout->part;
    part->shapes = ARENA_ARRAY(part->arena, struct shape, part->shape_count, err);
    if (part->shapes == NULL)
        return err->status;
    part->paths = ARENA_ARRAY(part->arena, struct path_column, path_count, err);
    if (part->paths == NULL)
        return err->status;
    part->path_count = path_count;
    for (uint32_t i = 0; i < table->path_count; i++) {
        const struct path_column *from = &table->paths[i];
        if (layout->path_map[i] == UINT32_MAX)
            continue;
        struct path_column *to = &part->paths[layout->path_map[i]];
        to->path = from->path;
        to->is_array = from->is_array;
        to->is_object = from->is_object;
        to->loaded = true;
    }
    for (uint32_t i = 0; i < table->shape_count; i++) {
        if (layout->shape_map[i] == SHAPE_NONE)
            continue;
        struct shape *to = &part->shapes[layout->shape_map[i]];
        *to = table->shapes[i];
        to->parent_path = layout->path_map[to->parent_path];
        for (uint32_t k = 0; k < to->slot_count; k++)
            to->slots[k].path = layout->path_map[to->slots[k].path];
        for (uint32_t k = 0; k < to->object_count; k++)
            to->objects[k].path = layout->path_map[to->objects[k].path];
    }
    return STATUS_OK;
}

/* ---- room ---- */

static enum status count_values(struct part *part, uint64_t *ret_total, struct error *err)
{
    uint64_t total = 0, rows = 0;

    for (uint32_t i = 0; i < part->shape_count; i++) {
        struct shape *shape = &part->shapes[i];
        shape->row_begin = i < part->root_shape_count ? (uint32_t)rows : 0;
        rows += i < part->root_shape_count ? shape->row_count : 0;
        part->value_count += shape_value_count(shape);
        for (uint32_t k = 0; k < shape->slot_count; k++) {
            struct path_column *path = &part->paths[shape->slots[k].path];
            shape->slots[k].first = path->value_count;
            if (shape->row_count > UINT32_MAX / 2 - path->value_count)
                return ERROR_SET(err, STATUS_LIMIT, "a column of a part is too long");
            path->value_count += shape->row_count;
            total += shape->row_count;
        }
    }
    if (rows > PART_ROWS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "a part has at most %u rows", PART_ROWS_MAX);
    part->row_count = (uint32_t)rows;
    *ret_total = total;
    return STATUS_OK;
}

static enum status make_arrays(struct part *part, struct error *err)
{
    for (uint32_t i = part->root_shape_count; i < part->shape_count; i++) {
        struct path_column *path = &part->paths[part->shapes[i].parent_path];
        bool is_first = path->element_count == 0;
        if (part->shapes[i].row_count > UINT32_MAX / 2 - path->element_count)
            return ERROR_SET(err, STATUS_LIMIT, "an array column of a part is too long");
        path->element_count += part->shapes[i].row_count;
        /* A second shape: mark that each element needs its own. */
        if (!is_first)
            path->element_shapes = &path->only_shape;
        path->only_shape = i;
    }
    for (uint32_t i = 0; i < part->path_count; i++) {
        struct path_column *path = &part->paths[i];
        if (path->element_shapes == NULL)
            continue;
        size_t bytes = path->element_count * sizeof(uint32_t);
        path->element_shapes = arena_alloc_raw(part->arena, bytes, err);
        if (path->element_shapes == NULL)
            return err->status;
        path->element_ranks = arena_alloc_raw(part->arena, bytes, err);
        if (path->element_ranks == NULL)
            return err->status;
    }
    return STATUS_OK;
}

static enum status make_rows(struct part *part, struct error *err)
{
    size_t bytes = part->row_count * sizeof(uint64_t);

    part->seqs = arena_alloc_raw(part->arena, bytes, err);
    if (part->seqs == NULL)
        return err->status;
    part->event_times = arena_alloc_raw(part->arena, bytes, err);
    if (part->event_times == NULL)
        return err->status;
    part->received_us = arena_alloc_raw(part->arena, bytes, err);
    if (part->received_us == NULL)
        return err->status;
    part->row_flags = arena_alloc(part->arena, part->row_count, err);
    return part->row_flags == NULL ? err->status : STATUS_OK;
}

static enum status make_columns(struct layout *layout, uint64_t total, struct error *err)
{
    struct part *part = layout->part;

    layout->codes = malloc(total * sizeof(uint32_t) + 1);
    layout->dictionaries = calloc(part->path_count, sizeof(*layout->dictionaries));
    layout->cursors = calloc(part->shape_count + (size_t)1, sizeof(uint32_t));
    if (layout->codes == NULL || layout->dictionaries == NULL || layout->cursors == NULL)
        return ERROR_MEMORY(err);
    uint32_t *next = layout->codes;
    for (uint32_t i = 0; i < part->path_count; i++) {
        part->paths[i].codes = (struct codes){CODE_WIDE, {next}};
        next += part->paths[i].value_count;
    }
    return STATUS_OK;
}

enum status layout_begin(struct layout *layout, struct part *part, struct shape_table *table,
                         struct error *err)
{
    uint64_t total = 0;

    *layout = (struct layout){.part = part};
    layout->shape_map = malloc((table->shape_count + (size_t)1) * sizeof(uint32_t));
    layout->path_map = malloc((table->path_count + (size_t)1) * sizeof(uint32_t));
    if (layout->shape_map == NULL || layout->path_map == NULL)
        return ERROR_MEMORY(err);
    uint32_t path_count = number_paths(layout, table);
    number_shapes(layout, table);
    enum status status = copy_tables(layout, table, path_count, err);
    if (status == STATUS_OK)
        status = count_values(part, &total, err);
    if (status == STATUS_OK)
        status = make_arrays(part, err);
    if (status == STATUS_OK)
        status = make_rows(part, err);
    if (status == STATUS_OK)
        status = make_columns(layout, total, err);
    return status;
}

void layout_release(struct layout *layout)
{
    for (uint32_t i = 0; layout->dictionaries != NULL && i < layout->part->path_count; i++)
        dictionary_release(&layout->dictionaries[i]);
    free(layout->dictionaries);
    free(layout->shape_map);
    free(layout->path_map);
    free(layout->codes);
    free(layout->cursors);
    *layout = (struct layout){0};
}

/* ---- filling ---- */

enum status layout_open_array(struct layout *layout, uint32_t path_index, struct error *err)
{
    struct part *part = layout->part;
    struct path_column *path = &part->paths[path_index];
    uint32_t at = 0;

    CHECK(path->is_array);
    path->value_starts =
        arena_alloc_raw(part->arena, (path->value_count + (size_t)1) * sizeof(uint32_t), err);
    if (path->value_starts == NULL)
        return err->status;
    for (uint32_t i = 0; i < path->value_count; i++) {
        path->value_starts[i] = at;
        at += path->codes.wide[i];
    }
    path->value_starts[path->value_count] = at;
    CHECK(at == path->element_count);
    return STATUS_OK;
}

uint32_t layout_place_element(struct layout *layout, uint32_t path_index, uint32_t element,
                              uint32_t shape)
{
    struct path_column *path = &layout->part->paths[path_index];
    uint32_t rank = layout->cursors[shape]++;

    if (path->element_shapes != NULL) {
        path->element_shapes[element] = shape;
        path->element_ranks[element] = rank;
    }
    return rank;
}

void layout_set_row(struct layout *layout, uint32_t row, const struct record *record,
                    int64_t received_us)
{
    struct part *part = layout->part;

    part->seqs[row] = record->seq;
    part->event_times[row] = record->event_time;
    part->received_us[row] = received_us;
    part->row_flags[row] = (uint8_t)record->flags;
    if (part->reasons != NULL)
        part->reasons[row] = record->quarantine_reason;
    if (record->event_time < part->time_min)
        part->time_min = record->event_time;
    if (record->event_time > part->time_max)
        part->time_max = record->event_time;
    if (received_us < part->received_min)
        part->received_min = received_us;
    if (received_us > part->received_max)
        part->received_max = received_us;
    if (record->seq < part->seq_min)
        part->seq_min = record->seq;
    if (record->seq > part->seq_max)
        part->seq_max = record->seq;
}

/* The codes of a value take the fewest bytes, as memory has many of them; what an array has
 * for a code is a count. */
enum status layout_finish(struct layout *layout, struct error *err)
{
    struct part *part = layout->part;

    for (uint32_t i = 0; i < part->path_count; i++) {
        struct path_column *path = &part->paths[i];
        enum code_width width = CODE_WIDE;
        if (!path->is_array) {
            enum status status =
                dictionary_finish(&layout->dictionaries[i], part->arena, path, err);
            if (status != STATUS_OK)
                return status;
            width = code_width_for(path->dict_count);
        }
        void *room = arena_alloc_raw(part->arena, codes_bytes(width, path->value_count), err);
        if (room == NULL)
            return err->status;
        path->codes = codes_pack(path->codes.wide, path->value_count, width, room);
    }
    return STATUS_OK;
}
