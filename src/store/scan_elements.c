/* SPDX-License-Identifier: Apache-2.0 */
/* A row per element of arrays, with one member of it, read from the columns: no text of
 * the arrays is made, and no other member of them is read.
 *
 * It is done for a part whose chosen rows satisfy the filters for sure and where the
 * arrays hold objects alone; any other part is left to the engine.
 */
#include "store/scan_priv.h"

#include "base/limits.h"

#define LEVELS_MAX 8u
#define BLOCK_ROWS 2048u      /* rows of the table that are looked at at once */
#define FLAT_SHARE 8u         /* below this share of its dictionary a batch is gathered */
#define NO_VALUE UINT32_MAX
#define STATES_ID 0x656c656d656e7473u /* of the dictionary of the two below: always the same */

/* An element as the engine sees it: there is none, or it is an object. */
static const struct slice states[2] = {{"", 0}, {"{}", 2}};
static const uint8_t state_nulls[2] = {1, 0};

/* One array path, and in which value of a shape of its elements it goes on. */
struct level {
    uint32_t path;
    uint32_t *next; /* a shape of the part: where its values begin, or NO_VALUE */
};

struct element_walk {
    struct binding *bindings; /* where root shapes have the outermost array */
    struct level levels[LEVELS_MAX];
    uint32_t level_count;
    const struct path_values *values; /* of the member */
    struct codes codes;
};

/* The rows under construction. */
struct element_rows {
    const struct part_scan *scan;
    const struct tally_sink *out;
    struct arena *arena;
    struct batch block; /* the columns of the rows that are looked at */
    uint32_t *sources;  /* row of the block */
    uint32_t *states;
    uint32_t *codes;
    uint32_t count;
    bool *stop;
};

static bool is_absent(const struct part *part, struct slice path, enum path_class kind)
{
    return part_find_path(part, path, kind) == UINT32_MAX;
}

/* Nothing but arrays of objects where the path (up to "[]") has one. */
static bool holds_objects(const struct part *part, struct slice array, struct slice element)
{
    return is_absent(part, array, PATH_VALUE) && is_absent(part, array, PATH_OBJECT) &&
           is_absent(part, element, PATH_VALUE) && is_absent(part, element, PATH_ARRAY);
}

static bool are_texts(const struct path_column *path)
{
    for (uint32_t i = 0; i < path->dict_count; i++) {
        if (path->dict_kinds[i] != JSON_STRING && path->dict_kinds[i] != JSON_NULL)
            return false;
    }
    return true;
}

/* Where the element shapes of an array have a path. */
static enum status find_next(struct part_scan *scan, struct level *level, uint32_t path,
                             struct error *err)
{
    const struct part *part = scan->part;

    level->next = arena_alloc_raw(scan->arena, (part->shape_count + 1) * sizeof(uint32_t), err);
    if (level->next == NULL)
        return err->status;
    memset(level->next, 0xff, part->shape_count * sizeof(uint32_t));
    for (uint32_t s = part->root_shape_count; s < part->shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        for (uint32_t i = 0; shape->parent_path == level->path && i < shape->slot_count; i++) {
            if (shape->slots[i].path == path && !shape->slots[i].shadowed)
                level->next[s] = shape->slots[i].first;
        }
    }
    return STATUS_OK;
}

/* Binds the arrays of a path like "Folders[].FolderItems[]".  *ret_fits false: not here. */
static enum status bind_levels(struct part_scan *scan, struct element_walk *walk,
                               struct slice path, bool *ret_fits, struct error *err)
{
    const struct part *part = scan->part;
    enum status status = STATUS_OK;

    *ret_fits = true;
    for (size_t at = slice_find_byte(path, '[', 0); at != SIZE_MAX && status == STATUS_OK;
         at = slice_find_byte(path, '[', at + 1)) {
        struct slice array = slice_head(path, at);
        uint32_t found = part_find_path(part, array, PATH_ARRAY);
        *ret_fits = found != UINT32_MAX && walk->level_count < LEVELS_MAX &&
                    holds_objects(part, array, slice_head(path, at + 2));
        if (!*ret_fits)
            return STATUS_OK;
        status = scan_load(scan, found, err);
        if (walk->level_count == 0 && status == STATUS_OK)
            status = scan_bind(scan, array, &walk->bindings, err);
        else if (status == STATUS_OK)
            status = find_next(scan, &walk->levels[walk->level_count - 1], found, err);
        walk->levels[walk->level_count++].path = found;
    }
    return status;
}

static enum status bind_member(struct part_scan *scan, struct element_walk *walk,
                               struct slice path, bool *ret_fits, struct error *err)
{
    const struct part *part = scan->part;
    uint32_t leaf = part_find_path(part, path, PATH_VALUE);

    *ret_fits = leaf != UINT32_MAX && is_absent(part, path, PATH_ARRAY) &&
                is_absent(part, path, PATH_OBJECT);
    if (!*ret_fits)
        return STATUS_OK;
    enum status status = scan_load(scan, leaf, err);
    if (status != STATUS_OK)
        return status;
    *ret_fits = are_texts(&part->paths[leaf]);
    if (*ret_fits)
        status = path_values_get(part, leaf, TYPE_STRING, &walk->values, err);
    walk->codes = part->paths[leaf].codes;
    return status == STATUS_OK
               ? find_next(scan, &walk->levels[walk->level_count - 1], leaf, err)
               : status;
}

static bool has_raw_rows(const struct part_scan *scan)
{
    for (uint32_t s = 0; s < scan->part->root_shape_count; s++) {
        if (scan->part->shapes[s].is_raw && scan_has_rows_of(scan, &scan->part->shapes[s]))
            return true;
    }
    return false;
}

enum status scan_plan_elements(struct part_scan *scan, struct error *err)
{
    const struct scan_elements *wanted = scan->request->elements;
    struct element_walk *walk = NULL;
    struct slice path, member;
    bool fits = false;

    scan->elements = NULL;
    if (wanted == NULL || !scan->is_decided || has_raw_rows(scan) ||
        scan->source->columns[wanted->column].source != COLUMN_FIELD)
        return STATUS_OK;
    walk = ARENA_NEW(scan->arena, struct element_walk, err);
    if (walk == NULL)
        return err->status;
    const struct filter to_elements = {.path = wanted->path};
    const struct source_column *column = &scan->source->columns[wanted->column];
    enum status status = scan_filter_path(scan->arena, column, &to_elements, &path, err);
    if (status == STATUS_OK) {
        const struct source_column elements = {.path = path};
        const struct filter to_member = {.path = wanted->member};
        status = scan_filter_path(scan->arena, &elements, &to_member, &member, err);
    }
    if (status == STATUS_OK)
        status = bind_levels(scan, walk, path, &fits, err);
    if (status == STATUS_OK && fits)
        status = bind_member(scan, walk, member, &fits, err);
    if (status == STATUS_OK && fits)
        scan->elements = walk;
    return status;
}

/* ---- rows ---- */

static enum status make_member(const struct element_rows *rows, struct vector *ret,
                               struct error *err)
{
    const struct path_values *values = rows->scan->elements->values;
    const struct slice *texts = values->data;

    *ret = scan_dict_vector(values, rows->codes, rows->count);
    if (rows->count >= values->count / FLAT_SHARE)
        return STATUS_OK;
    enum status status = vector_flat(rows->arena, TYPE_STRING, rows->count, false, ret, err);
    struct slice *data = vector_data(ret);
    for (uint32_t i = 0; i < rows->count && status == STATUS_OK; i++)
        data[i] = texts[rows->codes[i]];
    return status;
}

static enum status flush(struct element_rows *rows, struct error *err)
{
    uint32_t width = rows->block.column_count;
    struct vector *columns = ARENA_ARRAY(rows->arena, struct vector, width + (size_t)1, err);
    struct vector *member = ARENA_NEW(rows->arena, struct vector, err);
    enum status status =
        columns == NULL || member == NULL ? err->status : make_member(rows, member, err);

    for (uint32_t c = 0; c < width && status == STATUS_OK; c++)
        status = vector_take(rows->arena, &rows->block.columns[c], rows->sources, rows->count,
                             &columns[c], err);
    if (status != STATUS_OK)
        return status;
    columns[width] = (struct vector){.type = TYPE_DYNAMIC,
                                     .encoding = VECTOR_DICT,
                                     .row_count = rows->count,
                                     .slices = states,
                                     .nulls = state_nulls,
                                     .codes = rows->states,
                                     .dict_size = 2,
                                     .dict_unique = true,
                                     .dict_id = STATES_ID,
                                     .member = member};
    struct batch batch = {.row_count = rows->count,
                          .column_count = width + 1,
                          .columns = columns,
                          .decided = true};
    rows->count = 0;
    return rows->out->take(rows->out, &batch, rows->stop, err);
}

static enum status add_row(struct element_rows *rows, uint32_t source, bool is_there,
                           uint32_t code, struct error *err)
{
    rows->sources[rows->count] = source;
    rows->states[rows->count] = is_there;
    rows->codes[rows->count++] = code;
    return rows->count == BATCH_ROWS_MAX ? flush(rows, err) : STATUS_OK;
}

/* The elements of one array and of those inside; none of an empty array, one row of null
 * where there is no array. */
static enum status walk_array(struct element_rows *rows, uint32_t depth, uint32_t value,
                              uint32_t source, struct error *err)
{
    const struct element_walk *walk = rows->scan->elements;
    const struct level *level = &walk->levels[depth];
    const struct path_column *array = &rows->scan->part->paths[level->path];
    uint32_t missing = walk->values->count - 1;
    uint32_t end = array->value_starts[value + 1];
    uint32_t e = array->value_starts[value];
    enum status status = STATUS_OK;

    for (; e < end && !*rows->stop && status == STATUS_OK; e++) {
        bool is_mixed = array->element_shapes != NULL;
        uint32_t first = level->next[is_mixed ? array->element_shapes[e] : array->only_shape];
        uint32_t rank = is_mixed ? array->element_ranks[e] : e;
        if (depth + 1 == walk->level_count)
            status = add_row(rows, source, true,
                             first == NO_VALUE ? missing : code_at(walk->codes, first + rank), err);
        else if (first == NO_VALUE)
            status = add_row(rows, source, false, missing, err);
        else
            status = walk_array(rows, depth + 1, first + rank, source, err);
    }
    return status;
}

static enum status open_block(struct element_rows *rows, uint32_t at, uint32_t count,
                              struct error *err)
{
    const struct part_scan *scan = rows->scan;
    uint32_t width = scan->request->column_count;
    struct vector *columns = ARENA_ARRAY(rows->arena, struct vector, width + (size_t)1, err);
    enum status status = columns == NULL ? err->status : STATUS_OK;

    for (uint32_t i = 0; i < width && status == STATUS_OK; i++)
        status = scan_make_column(scan, &scan->plans[i], scan->rows + at, count, rows->arena,
                                  &columns[i], err);
    rows->block = (struct batch){.row_count = count, .column_count = width, .columns = columns};
    return status;
}

static enum status send_block(struct element_rows *rows, uint32_t at, uint32_t count,
                              struct error *err)
{
    const struct part_scan *scan = rows->scan;
    const struct element_walk *walk = scan->elements;
    enum status status = open_block(rows, at, count, err);

    for (uint32_t i = 0; i < count && !*rows->stop && status == STATUS_OK; i++) {
        uint32_t row = scan->rows[at + i];
        uint32_t s = part_root_shape(scan->part, row);
        const struct binding *binding = &walk->bindings[s];
        if (binding->kind == BIND_ARRAY)
            status = walk_array(rows, 0, binding->first + (row - scan->part->shapes[s].row_begin),
                                i, err);
        else
            status = add_row(rows, i, false, walk->values->count - 1, err);
    }
    return rows->count > 0 && status == STATUS_OK ? flush(rows, err) : status;
}

enum status scan_send_elements(struct part_scan *scan, struct arena *arena,
                               const struct tally_sink *out, struct error *err)
{
    bool stop = false;
    struct element_rows rows = {.scan = scan, .out = out, .arena = arena, .stop = &stop};
    size_t bytes = BATCH_ROWS_MAX * sizeof(uint32_t);
    enum status status = STATUS_OK;

    rows.sources = arena_alloc_raw(scan->arena, bytes, err);
    rows.states = arena_alloc_raw(scan->arena, bytes, err);
    rows.codes = arena_alloc_raw(scan->arena, bytes, err);
    if (rows.sources == NULL || rows.states == NULL || rows.codes == NULL)
        return err->status;
    for (uint32_t at = 0; at < scan->row_count && !stop && status == STATUS_OK;
         at += BLOCK_ROWS) {
        uint32_t left = scan->row_count - at;
        status = send_block(&rows, at, left < BLOCK_ROWS ? left : BLOCK_ROWS, err);
        arena_clear(arena);
    }
    return status;
}
