/* SPDX-License-Identifier: Apache-2.0 */
/* Words in arrays, objects and anywhere: the values of all paths they may be in
 * are marked, and rows are walked where one of them is. */
#include "store/filter_priv.h"

static bool literals_match(const struct filter *filter, struct slice literals)
{
    return slice_find_byte(literals, '\\', 0) != SIZE_MAX || filter_is_within(filter, literals);
}

/* Matches the values in the hit's blocks; *ret_codes: which ones that is, NULL: all. */
static enum status match_hit(struct part_scan *scan, struct test *test, struct word_hit hit,
                             uint8_t **ret_codes, struct error *err)
{
    struct marks *marks = &test->marks;
    const struct lent_texts *lent = scan->part->paths[hit.path].lent;
    uint32_t donor = lent != NULL ? lent->donor : 0;
    bool is_done = false;
    enum status status = filter_codes_in(scan, hit.path, hit.blocks, ret_codes, err);
    const struct wanted_values wanted = {hit.path, TYPE_STRING, *ret_codes};
    const struct lent_question question = {.filter = test->filter,
                                           .path = hit.path,
                                           .lent_is_known = marks->asked[donor],
                                           .lent = marks->values[donor],
                                           .codes = *ret_codes};

    if (status == STATUS_OK)
        status = filter_match_lent(scan, &question, &marks->values[hit.path], &is_done, err);
    if (status == STATUS_OK && !is_done)
        status = filter_match_path(scan, test->filter, &wanted, &marks->values[hit.path], err);
    marks->asked[hit.path] = *ret_codes == NULL;
    return status;
}

static enum status mark_guids(struct part_scan *scan, struct test *test, uint32_t path,
                              struct error *err)
{
    struct marks *marks = &test->marks;
    enum status status = filter_match_guids(scan, test->filter, &scan->part->paths[path],
                                            &marks->values[path], err);

    marks->asked[path] = true;
    marks->paths[path] = marks->values[path] != NULL;
    return status;
}

/* The values in the hit's blocks.  *exact becomes false if one matches without its JSON
 * escapes and not with them, or the reverse: it depends on the column which of them is seen. */
static enum status mark_path(struct part_scan *scan, struct test *test, struct word_hit hit,
                             bool *exact, struct error *err)
{
    uint32_t path_index = hit.path;
    const struct path_column *path = &scan->part->paths[path_index];
    const struct path_values *plain = NULL;
    struct marks *marks = &test->marks;
    uint8_t *codes = NULL;

    bool is_lean = path->guids != NULL && path->dict == NULL;
    if (is_lean && filter_is_guid_piece(test->filter))
        return mark_guids(scan, test, path_index, err);
    /* another filter may have loaded it so */
    enum status status = is_lean ? scan_load(scan, path_index, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = match_hit(scan, test, hit, &codes, err);
    if (status == STATUS_OK && path->has_escapes)
        status = path_values_get(scan->part, path_index, TYPE_STRING, &plain, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t n = 0; plain != NULL && n < plain->rewritten_count; n++) {
        uint32_t i = plain->rewritten[n];
        if (codes != NULL && codes[i] == 0)
            continue;
        bool is_marked = marks->values[path_index] != NULL && marks->values[path_index][i] != 0;
        bool is_match = filter_matches_slice(test->filter, path->dict[i]);
        *exact = *exact && is_match == is_marked;
        if (!is_match || is_marked)
            continue;
        if (marks->values[path_index] == NULL)
            marks->values[path_index] = arena_alloc(scan->arena, path->dict_count, err);
        if (marks->values[path_index] == NULL)
            return err->status;
        marks->values[path_index][i] = 1;
    }
    marks->paths[path_index] = marks->values[path_index] != NULL;
    return STATUS_OK;
}

static enum status make_room(struct part_scan *scan, struct marks *marks, struct error *err)
{
    const struct part *part = scan->part;

    marks->values = ARENA_ARRAY(scan->arena, uint8_t *, part->path_count, err);
    marks->paths = ARENA_ARRAY(scan->arena, bool, part->path_count, err);
    marks->asked = ARENA_ARRAY(scan->arena, bool, part->path_count, err);
    marks->free = ARENA_ARRAY(scan->arena, uint64_t, part->path_count, err);
    marks->shapes = ARENA_ARRAY(scan->arena, bool, part->shape_count, err);
    marks->spans = ARENA_ARRAY(scan->arena, struct slot_span, part->shape_count, err);
    return marks->values == NULL || marks->paths == NULL || marks->asked == NULL ||
                   marks->free == NULL || marks->shapes == NULL || marks->spans == NULL
               ? err->status
               : STATUS_OK;
}

/* Marks arrays whose elements have marks.  Parents stand before their children,
 * so going down the numbers sees the elements before the arrays. */
static void mark_array(const struct part *part, struct marks *marks, uint32_t array)
{
    uint64_t free = UINT64_MAX;
    bool any = false;

    for (uint32_t s = part->root_shape_count; s < part->shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        if (shape->parent_path != array)
            continue;
        struct slot_span span = {shape->slot_count, 0};
        for (uint32_t i = 0; i < shape->slot_count; i++) {
            uint32_t path = shape->slots[i].path;
            if (!marks->paths[path])
                continue;
            free &= marks->free[path];
            span.begin = i < span.begin ? i : span.begin;
            span.end = i + 1;
        }
        any |= marks->shapes[s] || span.end > 0;
        free = marks->shapes[s] ? 0 : free;
        marks->spans[s] = span;
    }
    marks->paths[array] |= any;
    marks->free[array] = any ? free : 0;
}

static void mark_arrays(const struct part *part, struct marks *marks)
{
    for (uint32_t p = part->path_count; p > 0; p--) {
        if (part->paths[p - 1].is_array)
            mark_array(part, marks, p - 1);
    }
}

enum status filter_mark(struct part_scan *scan, struct test *test, struct slice prefix,
                        struct error *err)
{
    const struct part *part = scan->part;
    struct marks *marks = &test->marks;
    enum status status = make_room(scan, marks, err);
    bool ignored = true;

    for (uint32_t i = 0; i < part->path_count && status == STATUS_OK; i++) {
        const struct path_column *path = &part->paths[i];
        if (!path->loaded || path->is_array || path->is_object || path->dict_count == 0 ||
            !slice_starts_with(path->path, prefix))
            continue;
        status = mark_path(scan, test, (struct word_hit){i, UINT64_MAX}, &ignored, err);
        if (status == STATUS_OK && test->filter->kind == FILTER_ANY_HAS && path->dict != NULL)
            status = filter_match_shown(scan, test->filter, i, &marks->values[i], err);
        marks->paths[i] = marks->values[i] != NULL;
    }
    if (status != STATUS_OK)
        return status;
    for (uint32_t s = part->shape_count; s > 0; s--)
        marks->shapes[s - 1] = literals_match(test->filter, part->shapes[s - 1].literals);
    mark_arrays(part, marks);
    return STATUS_OK;
}

/* Have the fields that are no columns a place?  A user table in which only the time of the event
 * is none has no AdditionalFields. */
static bool has_rest(const struct scan_source *source)
{
    for (uint32_t i = 0; i < source->schema.column_count; i++) {
        if (source->columns[i].source == COLUMN_REST)
            return true;
    }
    return false;
}

/* Does the text of a value stand in a column as it is?  Values of columns that are
 * neither text nor dynamic do not. */
static bool is_shown(const struct part_scan *scan, uint32_t path)
{
    const struct path_column *column = &scan->part->paths[path];
    size_t end = 0;

    while (end < column->path.size && column->path.data[end] != '.' &&
           column->path.data[end] != '[' && column->path.data[end] != '\\')
        end++;
    if (end < column->path.size && column->path.data[end] == '\\')
        return false; /* the path's text is not the key's */
    struct slice top = slice_head(column->path, end);
    if (map_find(scan->source->fields, top) == NULL)
        return has_rest(scan->source); /* in AdditionalFields */
    for (uint32_t i = 0; i < scan->source->schema.column_count; i++) {
        const struct source_column *c = &scan->source->columns[i];
        if (c->source == COLUMN_FIELD && slice_equal(c->path, top))
            return c->type == TYPE_STRING || c->type == TYPE_DYNAMIC;
    }
    return false;
}

enum status filter_mark_hits(struct part_scan *scan, struct test *test,
                             const struct word_hit *hits, uint32_t count, bool has_literals,
                             struct error *err)
{
    const struct part *part = scan->part;
    struct marks *marks = &test->marks;
    enum status status = make_room(scan, marks, err);

    test->is_exact = !part->has_shadowed;
    /* first those that lend, then those that are made of theirs */
    for (uint32_t n = 0; n < 2 * count && status == STATUS_OK; n++) {
        uint32_t i = n % count, path = hits[i].path;
        if (path == 0 || part->paths[path].dict_count == 0 ||
            (part->paths[path].lent != NULL) != (n >= count))
            continue;
        status = mark_path(scan, test, hits[i], &test->is_exact, err);
        marks->free[path] = ~hits[i].blocks;
        test->is_exact = test->is_exact && (!marks->paths[path] || is_shown(scan, path));
    }
    for (uint32_t s = 0; s < part->shape_count && has_literals && status == STATUS_OK; s++) {
        marks->shapes[s] = literals_match(test->filter, part->shapes[s].literals);
        test->is_exact = test->is_exact && !marks->shapes[s];
        if (marks->shapes[s] && s >= part->root_shape_count) /* rows are walked down to it */
            status = scan_load(scan, part->shapes[s].parent_path, err);
    }
    if (status == STATUS_OK)
        mark_arrays(part, marks);
    return status;
}

enum status filter_mark_path(struct part_scan *scan, struct test *test, uint32_t path,
                             struct error *err)
{
    struct marks *marks = &test->marks;
    const struct wanted_values wanted = {path, TYPE_STRING, NULL};
    enum status status = make_room(scan, marks, err);

    if (status == STATUS_OK)
        status = filter_match_path(scan, test->filter, &wanted, &marks->values[path], err);
    if (status != STATUS_OK)
        return status;
    marks->paths[path] = marks->values[path] != NULL;
    mark_arrays(scan->part, marks);
    return STATUS_OK;
}

static bool slots_match(const struct part *part, const struct marks *marks,
                        const struct shape *shape, uint32_t slot_begin, uint32_t slot_end,
                        uint32_t rank)
{
    for (uint32_t i = slot_begin; i < slot_end; i++) {
        const struct slot *slot = &shape->slots[i];
        uint32_t value = slot->first + rank;
        if (!marks->paths[slot->path])
            continue;
        if (slot->kind == SLOT_ARRAY ? filter_array_matches(part, marks, slot->path, value)
                                     : marks->values[slot->path]
                                                    [code_at(part->paths[slot->path].codes,
                                                             value)] != 0)
            return true;
    }
    return false;
}

bool filter_array_matches(const struct part *part, const struct marks *marks, uint32_t path_index,
                          uint32_t value)
{
    const struct path_column *path = &part->paths[path_index];

    for (uint32_t e = path->value_starts[value]; e < path->value_starts[value + 1]; e++) {
        bool is_mixed = path->element_shapes != NULL;
        uint32_t s = is_mixed ? path->element_shapes[e] : path->only_shape;
        uint32_t rank = is_mixed ? path->element_ranks[e] : e;
        const struct shape *shape = &part->shapes[s];
        if (marks->shapes[s] ||
            slots_match(part, marks, shape, marks->spans[s].begin, marks->spans[s].end, rank))
            return true;
    }
    return false;
}

/* ---- rows ---- */

enum { STEP_ROWS = 1024 };

/* The blocks that rising rows lie in, and those between them. */
static uint64_t blocks_of(const uint32_t *rows, uint32_t count)
{
    uint32_t first = rows[0] / INDEX_BLOCK_ROWS, last = rows[count - 1] / INDEX_BLOCK_ROWS;

    if (last >= 64)
        return UINT64_MAX; /* no section has so many, and nothing is known of a part in memory */
    return (last == 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1) & UINT64_MAX << first;
}

/* The one column whose marks decide about the elements of an array, which have one shape; NULL:
 * there is more to look at. */
static const struct slot *deciding_slot(const struct part *part, const struct marks *marks,
                                        const struct path_column *array)
{
    const struct slot_span span = marks->spans[array->only_shape];
    const struct slot *slot = &part->shapes[array->only_shape].slots[span.begin];
    bool is_one = array->element_shapes == NULL && !marks->shapes[array->only_shape] &&
                  span.end == span.begin + 1 && slot->kind != SLOT_ARRAY;

    return is_one ? slot : NULL;
}

/* Which of the rows have an array, in the first slot of the run, with a marked element. */
static void find_arrays(const struct part *part, const struct marks *marks,
                        const struct slot_run *run, const uint32_t *rows, uint32_t count,
                        uint8_t *found)
{
    const struct slot *slot = &run->shape->slots[run->begin];
    uint32_t base = run->shape->row_begin;
    const struct path_column *array = &part->paths[slot->path];
    const struct slot *leaf = deciding_slot(part, marks, array);

    if (leaf == NULL) {
        for (uint32_t i = 0; i < count; i++)
            found[i] = found[i] != 0 || filter_array_matches(part, marks, slot->path,
                                                             slot->first + rows[i] - base);
        return;
    }
    const struct codes codes = codes_from(part->paths[leaf->path].codes, leaf->first);
    const uint8_t *values = marks->values[leaf->path];
    const uint32_t *value_starts = array->value_starts;
    const uint32_t first = slot->first;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *starts = value_starts + (first + rows[i] - base);
        uint8_t any = 0;
        for (uint32_t e = starts[0]; e < starts[1]; e++)
            any |= values[code_at(codes, e)];
        found[i] |= any;
    }
}

/* Which of up to STEP_ROWS rows have a mark in the slots. */
static void find_marked(const struct part *part, const struct marks *marks,
                        const struct slot_run *run, const uint32_t *rows, uint32_t count,
                        uint8_t *found)
{
    uint32_t base = run->shape->row_begin;
    uint64_t blocks = blocks_of(rows, count);

    memset(found, 0, count);
    for (uint32_t s = run->begin; s < run->end; s++) {
        const struct slot *slot = &run->shape->slots[s];
        if (!marks->paths[slot->path] || (blocks & ~marks->free[slot->path]) == 0)
            continue;
        if (slot->kind != SLOT_ARRAY) {
            codes_find(codes_from(part->paths[slot->path].codes, slot->first),
                       marks->values[slot->path], base, rows, count, found);
            continue;
        }
        const struct slot_run array = {run->shape, s, s + 1};
        find_arrays(part, marks, &array, rows, count, found);
    }
}

/* How many of the rows are in the block of the first. */
static uint32_t count_in_block(const struct part *part, const uint32_t *rows, uint32_t count)
{
    uint32_t end = (rows[0] / INDEX_BLOCK_ROWS + 1) * INDEX_BLOCK_ROWS;
    uint32_t most = count < STEP_ROWS ? count : STEP_ROWS;

    if (end >= part->row_count || rows[most - 1] < end)
        return most;
    return rising_find(rows, 1, most, end);
}

uint32_t filter_keep_marked(const struct part *part, const struct marks *marks,
                            const struct slot_run *run, uint32_t *rows, uint32_t count)
{
    uint8_t found[STEP_ROWS];
    uint32_t kept = 0;
    bool any = false;

    for (uint32_t s = run->begin; s < run->end && !any; s++)
        any = marks->paths[run->shape->slots[s].path];
    for (uint32_t at = 0, step; at < count && any; at += step) {
        step = count_in_block(part, rows + at, count - at);
        find_marked(part, marks, run, rows + at, step, found);
        for (uint32_t i = 0; i < step; i++) {
            rows[kept] = rows[at + i];
            kept += found[i];
        }
    }
    return kept;
}
