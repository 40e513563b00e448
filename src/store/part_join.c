/* SPDX-License-Identifier: Apache-2.0 */
/* part_join(): one part from several, column by column.
 *
 * Shapes and paths of the inputs are mapped to those of the result, then codes
 * are copied through a map from the old dictionary to the new one.  No JSON is
 * read.  A value of the result is known by its *origin* (input, index of its
 * row or element within its old shape), the same for all slots of the shape.
 */
#include "base/check.h"
#include "base/limits.h"
#include "store/layout_priv.h"

#include <stdlib.h>

struct origin {
    uint32_t input;
    uint32_t rank;  /* in the old shape */
    uint32_t shape; /* of the input */
};

struct row {
    int64_t event_time;
    uint64_t seq;
    uint32_t input;
    uint32_t row; /* in the input */
};

struct array_ref {
    uint32_t input;
    uint32_t path;  /* of the input */
    uint32_t value; /* index in that column */
};

struct input {
    const struct part *part;
    uint32_t *path_map;   /* -> path of the shape table, then of the result */
    uint32_t *shape_map;  /* likewise */
    uint32_t **code_maps; /* per path: old code -> new code + 1, 0 = not yet; or NULL */
};

struct joiner {
    struct input *inputs;
    uint32_t input_count;
    struct shape_table table;
    struct layout layout;
    struct row *rows;
    struct array_ref **refs; /* per path of the result */
    struct origin **origins; /* per shape of the result: of each row or element */
};

static enum path_class class_of(const struct path_column *path)
{
    return path->is_array ? PATH_ARRAY : path->is_object ? PATH_OBJECT : PATH_VALUE;
}

static enum status map_input(struct joiner *j, struct input *in, struct error *err)
{
    const struct part *part = in->part;
    enum status status = STATUS_OK;

    in->path_map = malloc((part->path_count + (size_t)1) * sizeof(uint32_t));
    in->shape_map = malloc((part->shape_count + (size_t)1) * sizeof(uint32_t));
    in->code_maps = calloc(part->path_count + (size_t)1, sizeof(uint32_t *));
    if (in->path_map == NULL || in->shape_map == NULL || in->code_maps == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < part->path_count && status == STATUS_OK; i++) {
        const struct path_column *path = &part->paths[i];
        CHECK(path->loaded);
        status = shape_table_path(&j->table, class_of(path), path->path, &in->path_map[i], err);
        if (path->dict_count == 0 || status != STATUS_OK)
            continue;
        in->code_maps[i] = calloc(path->dict_count, sizeof(uint32_t));
        if (in->code_maps[i] == NULL)
            return ERROR_MEMORY(err);
    }
    for (uint32_t i = 0; i < part->shape_count && status == STATUS_OK; i++) {
        const struct shape *shape = &part->shapes[i];
        status = shape_table_adopt(&j->table, shape, in->path_map, &in->shape_map[i], err);
        if (status == STATUS_OK) {
            uint32_t *count = &j->table.shapes[in->shape_map[i]].row_count;
            if (shape->row_count > UINT32_MAX / 2 - *count)
                return ERROR_SET(err, STATUS_LIMIT, "a shape of a part has too many elements");
            *count += shape->row_count;
        }
    }
    return status;
}

/* From numbers of the shape table to numbers of the result. */
static void renumber(struct joiner *j, struct input *in)
{
    for (uint32_t i = 0; i < in->part->path_count; i++) {
        in->path_map[i] = j->layout.path_map[in->path_map[i]];
        j->layout.dictionaries[in->path_map[i]].most += in->part->paths[i].dict_count;
    }
    for (uint32_t i = 0; i < in->part->shape_count; i++)
        in->shape_map[i] = j->layout.shape_map[in->shape_map[i]];
}

/* ---- order of the rows ---- */

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    if (a->event_time != b->event_time)
        return a->event_time < b->event_time ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static enum status order_rows(struct joiner *j, struct error *err)
{
    const struct part *part = j->layout.part;
    uint32_t *next = calloc(part->root_shape_count + (size_t)1, sizeof(*next));
    j->rows = malloc((part->row_count + (size_t)1) * sizeof(*j->rows));
    if (next == NULL || j->rows == NULL) {
        free(next);
        return ERROR_MEMORY(err);
    }
    for (uint32_t i = 0; i < j->input_count; i++) {
        const struct part *in = j->inputs[i].part;
        for (uint32_t s = 0; s < in->root_shape_count; s++) {
            uint32_t shape = j->inputs[i].shape_map[s];
            struct row *to = j->rows + part->shapes[shape].row_begin + next[shape];
            uint32_t begin = in->shapes[s].row_begin;
            for (uint32_t r = 0; r < in->shapes[s].row_count; r++)
                to[r] = (struct row){in->event_times[begin + r], in->seqs[begin + r], i, begin + r};
            next[shape] += in->shapes[s].row_count;
        }
    }
    free(next);
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        struct row *rows = j->rows + part->shapes[s].row_begin;
        uint32_t count = part->shapes[s].row_count, sorted = 1;
        while (sorted < count && compare_rows(&rows[sorted - 1], &rows[sorted]) <= 0)
            sorted++;
        if (sorted < count)
            qsort(rows, count, sizeof(*rows), compare_rows);
    }
    return STATUS_OK;
}

/* ---- values ---- */

/* The code in the result of an input's code that was not met yet, plus 1; 0 without memory. */
static uint32_t map_code(struct joiner *j, const struct input *in, uint32_t old_path,
                         uint32_t old_code)
{
    const struct path_column *path = &in->part->paths[old_path];
    uint32_t code = dictionary_put(&j->layout.dictionaries[in->path_map[old_path]],
                                   path->dict[old_code], path->dict_kinds[old_code]);

    return in->code_maps[old_path][old_code] = code == DICTIONARY_NO_CODE ? 0 : code + 1;
}

/* The values of one slot of a shape, in the order of the new ranks, from `i` on, as long as
 * they come from one shape of one input, which is mostly long; returns where they end.  0
 * without memory. */
static uint32_t put_run(struct joiner *j, uint32_t shape, uint32_t slot_index, uint32_t i)
{
    const struct part *part = j->layout.part;
    const struct slot *slot = &part->shapes[shape].slots[slot_index];
    const struct origin *origins = j->origins[shape], first = origins[i];
    const struct input *in = &j->inputs[first.input];
    const struct slot *from = &in->part->shapes[first.shape].slots[slot_index];
    const struct codes old = in->part->paths[from->path].codes;
    uint32_t *codes = part->paths[slot->path].codes.wide + slot->first;
    const uint32_t *map = in->code_maps[from->path];

    for (; i < part->shapes[shape].row_count && origins[i].input == first.input &&
           origins[i].shape == first.shape;
         i++) {
        uint32_t value = from->first + origins[i].rank, code = code_at(old, value);
        if (slot->kind == SLOT_ARRAY) {
            codes[i] = code;
            j->refs[slot->path][slot->first + i] =
                (struct array_ref){first.input, from->path, value};
            continue;
        }
        if (map[code] == 0 && map_code(j, in, from->path, code) == 0)
            return 0;
        codes[i] = map[code] - 1;
    }
    return i;
}

static enum status put_slot(struct joiner *j, uint32_t shape, uint32_t slot_index,
                            struct error *err)
{
    for (uint32_t i = 0; i < j->layout.part->shapes[shape].row_count;) {
        i = put_run(j, shape, slot_index, i);
        if (i == 0)
            return ERROR_MEMORY(err);
    }
    return STATUS_OK;
}

/* A column at a time: its dictionary stays in the cache. */
static enum status put_shape(struct joiner *j, uint32_t shape, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < j->layout.part->shapes[shape].slot_count && status == STATUS_OK; i++)
        status = put_slot(j, shape, i, err);
    return status;
}

static enum status put_rows(struct joiner *j, struct error *err)
{
    struct part *part = j->layout.part;
    enum status status = STATUS_OK;

    for (uint32_t s = 0; s < part->root_shape_count && status == STATUS_OK; s++) {
        uint32_t begin = part->shapes[s].row_begin;
        for (uint32_t i = 0; i < part->shapes[s].row_count; i++) {
            const struct row *row = &j->rows[begin + i];
            const struct part *in = j->inputs[row->input].part;
            uint32_t old = part_root_shape(in, row->row);
            struct record record = {.seq = in->seqs[row->row],
                                    .event_time = in->event_times[row->row],
                                    .flags = in->row_flags[row->row]};
            if (in->reasons != NULL)
                record.quarantine_reason = in->reasons[row->row];
            layout_set_row(&j->layout, begin + i, &record, in->received_us[row->row]);
            if (part->tags != NULL)
                part->tags[begin + i] = in->tags[row->row];
            j->origins[s][i] =
                (struct origin){row->input, row->row - in->shapes[old].row_begin, old};
        }
        status = put_shape(j, s, err);
    }
    return status;
}

static enum status put_elements(struct joiner *j, uint32_t path_index, struct error *err)
{
    const struct part *part = j->layout.part;
    const struct path_column *path = &part->paths[path_index];
    uint32_t element = 0;
    enum status status = layout_open_array(&j->layout, path_index, err);

    for (uint32_t v = 0; v < path->value_count && status == STATUS_OK; v++) {
        struct array_ref ref = j->refs[path_index][v];
        const struct input *in = &j->inputs[ref.input];
        const struct path_column *old = &in->part->paths[ref.path];
        uint32_t end = old->value_starts[ref.value + 1];
        for (uint32_t e = old->value_starts[ref.value]; e < end; e++) {
            bool is_mixed = old->element_shapes != NULL;
            struct origin origin = {ref.input, is_mixed ? old->element_ranks[e] : e,
                                    is_mixed ? old->element_shapes[e] : old->only_shape};
            uint32_t shape = in->shape_map[origin.shape];
            uint32_t rank = layout_place_element(&j->layout, path_index, element++, shape);
            j->origins[shape][rank] = origin;
        }
    }
    for (uint32_t s = part->root_shape_count; s < part->shape_count && status == STATUS_OK; s++) {
        if (part->shapes[s].parent_path == path_index)
            status = put_shape(j, s, err);
    }
    return status;
}

static enum status make_scratch(struct joiner *j, struct error *err)
{
    const struct part *part = j->layout.part;

    j->refs = calloc(part->path_count, sizeof(struct array_ref *));
    j->origins = calloc(part->shape_count + (size_t)1, sizeof(struct origin *));
    if (j->refs == NULL || j->origins == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < part->path_count; i++) {
        if (!part->paths[i].is_array)
            continue;
        j->refs[i] = malloc(part->paths[i].value_count * sizeof(struct array_ref) + 1);
        if (j->refs[i] == NULL)
            return ERROR_MEMORY(err);
    }
    for (uint32_t i = 0; i < part->shape_count; i++) {
        j->origins[i] = malloc(part->shapes[i].row_count * sizeof(struct origin) + 1);
        if (j->origins[i] == NULL)
            return ERROR_MEMORY(err);
    }
    return STATUS_OK;
}

static enum status fill(struct joiner *j, struct error *err)
{
    struct part *part = j->layout.part;

    enum status status = make_scratch(j, err);
    if (status != STATUS_OK)
        return status;
    bool has_tags = true;
    for (uint32_t i = 0; i < j->input_count; i++) {
        has_tags &= j->inputs[i].part->tags != NULL;
        if (j->inputs[i].part->reasons != NULL && part->reasons == NULL) {
            part->reasons = ARENA_ARRAY(part->arena, const char *, part->row_count, err);
            if (part->reasons == NULL)
                return err->status;
        }
    }
    if (has_tags) {
        part->tags = arena_alloc_raw(part->arena, part->row_count * sizeof(uint64_t), err);
        if (part->tags == NULL)
            return err->status;
    }
    status = put_rows(j, err);
    for (uint32_t i = 0; i < part->path_count && status == STATUS_OK; i++) {
        if (part->paths[i].is_array)
            status = put_elements(j, i, err);
    }
    return status;
}

/* ---- the door ---- */

static void release(struct joiner *j)
{
    for (uint32_t i = 0; j->refs != NULL && i < j->layout.part->path_count; i++)
        free(j->refs[i]);
    free(j->refs);
    for (uint32_t i = 0; j->origins != NULL && i < j->layout.part->shape_count; i++)
        free(j->origins[i]);
    free(j->origins);
    for (uint32_t i = 0; i < j->input_count; i++) {
        struct input *in = &j->inputs[i];
        for (uint32_t k = 0; in->code_maps != NULL && k < in->part->path_count; k++)
            free(in->code_maps[k]);
        free(in->code_maps);
        free(in->path_map);
        free(in->shape_map);
    }
    free(j->inputs);
    free(j->rows);
    layout_release(&j->layout);
    shape_table_release(&j->table);
}

static enum status check_inputs(struct part *const *parts, uint32_t part_count, struct error *err)
{
    uint64_t rows = 0, values = 0;

    if (part_count == 0)
        return ERROR_SET(err, STATUS_INVALID, "no parts to join");
    for (uint32_t i = 0; i < part_count; i++) {
        rows += parts[i]->row_count;
        values += parts[i]->value_count;
        if (!guid_equal(&parts[i]->tenant, &parts[0]->tenant) ||
            !slice_equal(parts[i]->table, parts[0]->table))
            return ERROR_SET(err, STATUS_INVALID, "parts of different tenants or tables");
    }
    if (rows > PART_ROWS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "a part has at most %u rows", PART_ROWS_MAX);
    if (values > PART_VALUES_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "at most %u values are joined", PART_VALUES_MAX);
    return STATUS_OK;
}

enum status part_join(struct part *const *parts, uint32_t part_count, struct part **ret,
                      struct error *err)
{
    struct joiner j = {0};
    struct part *part = NULL;

    enum status status = check_inputs(parts, part_count, err);
    if (status == STATUS_OK)
        status = part_new(&parts[0]->tenant, parts[0]->table, PART_MEMORY_BYTES_MAX, &part, err);
    if (status == STATUS_OK)
        status = shape_table_init(&j.table, part->arena, err);
    if (status != STATUS_OK)
        goto out;
    j.inputs = calloc(part_count, sizeof(*j.inputs));
    if (j.inputs == NULL)
        status = ERROR_MEMORY(err);
    for (uint32_t i = 0; i < part_count && status == STATUS_OK; i++) {
        j.inputs[i].part = parts[i];
        j.input_count = i + 1;
        if (parts[i]->wal_file_max > part->wal_file_max)
            part->wal_file_max = parts[i]->wal_file_max;
        part->raw_bytes += parts[i]->raw_bytes;
        status = map_input(&j, &j.inputs[i], err);
    }
    if (status == STATUS_OK)
        status = layout_begin(&j.layout, part, &j.table, err);
    if (status != STATUS_OK)
        goto out;
    for (uint32_t i = 0; i < part_count; i++)
        renumber(&j, &j.inputs[i]);
    status = order_rows(&j, err);
    if (status == STATUS_OK)
        status = fill(&j, err);
    if (status == STATUS_OK)
        status = layout_finish(&j.layout, err);
    if (status == STATUS_OK) {
        *ret = part;
        part = NULL; /* given away */
    }
out:
    release(&j);
    part_unref(part);
    return status;
}
