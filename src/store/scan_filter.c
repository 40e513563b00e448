/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a part may match the filters.
 *
 * A filter on a field becomes a byte for each dictionary code (does this value
 * match?), asked once a value and not once a row.  `has` on an array, an object
 * or any column marks the values of all paths it may be in, and rows are walked
 * where one of them is marked.  A filter that cannot be decided here lets all
 * rows pass: the engine applies every predicate again.
 */
#include "store/scan_priv.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

/* What values a filter finds below a set of paths. */
struct marks {
    uint8_t **values;      /* per path: a byte a code, NULL if none matches */
    bool *paths;           /* per path: a value of it or below matches */
    bool *shapes;          /* per shape: its literals match */
};

struct test {
    const struct filter *filter;
    struct binding *bindings; /* of the column; NULL for any column */
    const uint8_t *values;    /* of the leaf path: a byte a code; NULL if none matches */
    bool matches_missing;
    bool is_walk;             /* marks may be asked for arrays and objects */
    struct marks marks;
};

/* ---- values ---- */

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool contains_nocase(struct slice text, struct slice word)
{
    if (word.size == 0)
        return true;
    char first = fold(word.data[0]);
    for (size_t i = 0; i + word.size <= text.size; i++) {
        if (fold(text.data[i]) == first &&
            slice_equal_nocase(slice_from(text.data + i, word.size), word))
            return true;
    }
    return false;
}

/* A value that case folding beyond ASCII might change passes. */
static bool equal_nocase(struct slice text, struct slice value)
{
    return slice_equal_nocase(text, value) || !text_is_ascii(text) || !text_is_ascii(value);
}

static bool is_whole_number(enum type type)
{
    return type == TYPE_INT || type == TYPE_LONG || type == TYPE_DATETIME || type == TYPE_TIMESPAN;
}

/* Can values of the type be compared with the filter's here? */
static bool is_comparable(const struct filter *filter, enum type type)
{
    if (filter->kind == FILTER_RANGE)
        return is_whole_number(type) && filter->path.size == 0;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        enum type value = filter->values[i].type;
        bool is_same = value == type && type != TYPE_DECIMAL && type != TYPE_DYNAMIC;
        bool is_number = is_whole_number(type) && (value == TYPE_INT || value == TYPE_LONG);
        bool is_text = type == TYPE_STRING && value == TYPE_STRING;
        if (!is_same && !is_number && !is_text)
            return false;
    }
    return true;
}

/* The type a column's leaves are compared as; TYPE_COUNT_ if they cannot be. */
static enum type compared_type(const struct filter *filter, enum type column)
{
    enum type type = column == TYPE_DYNAMIC ? TYPE_STRING : column;

    if (filter->kind == FILTER_HAS && type != TYPE_STRING)
        return TYPE_COUNT_;
    return is_comparable(filter, type) ? type : TYPE_COUNT_;
}

static bool matches_slice(const struct filter *filter, struct slice text)
{
    for (uint32_t i = 0; i < filter->value_count; i++) {
        struct slice value = filter->values[i].bytes;
        bool is_match = false;
        switch (filter->kind) {
        case FILTER_EQUAL:
            is_match = slice_equal(text, value);
            break;
        case FILTER_EQUAL_NOCASE:
            is_match = equal_nocase(text, value);
            break;
        case FILTER_HAS:
        case FILTER_ANY_HAS:
            is_match = contains_nocase(text, value);
            break;
        case FILTER_RANGE:
            break;
        }
        if (is_match)
            return true;
    }
    return false;
}

static bool matches_number(const struct filter *filter, int64_t number)
{
    if (filter->kind == FILTER_RANGE)
        return number >= filter->low && number <= filter->high;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (!filter->values[i].is_null && filter->values[i].integer == number)
            return true;
    }
    return false;
}

static bool matches_missing(const struct filter *filter)
{
    if (filter->kind == FILTER_RANGE)
        return false;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        const struct value *value = &filter->values[i];
        if (value->is_null || (type_is_bytes(value->type) && value->bytes.size == 0))
            return true;
    }
    return false;
}

static bool matches_element(const struct filter *filter, const struct path_values *values,
                            uint32_t i)
{
    if (values->nulls != NULL && values->nulls[i])
        return matches_missing(filter);
    if (type_is_bytes(values->type))
        return matches_slice(filter, ((const struct slice *)values->data)[i]);
    if (is_whole_number(values->type))
        return matches_number(filter, ((const int64_t *)values->data)[i]);
    for (uint32_t k = 0; k < filter->value_count; k++) {
        const struct value *value = &filter->values[k];
        if (value->is_null)
            continue;
        if (values->type == TYPE_BOOL &&
            value->boolean == (((const uint8_t *)values->data)[i] != 0))
            return true;
        if (values->type == TYPE_REAL && value->real == ((const double *)values->data)[i])
            return true;
        if (values->type == TYPE_GUID &&
            guid_equal(&value->guid, &((const struct guid *)values->data)[i]))
            return true;
    }
    return false;
}

/* A byte a code; NULL in *ret if no code matches. */
static enum status match_path(struct part_scan *scan, const struct filter *filter, uint32_t path,
                              enum type type, uint8_t **ret, struct error *err)
{
    const struct path_values *values;
    uint32_t count = scan->part->paths[path].dict_count;
    bool any = false;
    enum status status = path_values_get(scan->part, path, type, &values, err);

    *ret = NULL;
    if (status != STATUS_OK)
        return status;
    uint8_t *matches = arena_alloc_raw(scan->arena, count + (size_t)1, err);
    if (matches == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++) {
        matches[i] = matches_element(filter, values, i);
        any |= matches[i] != 0;
    }
    *ret = any ? matches : NULL;
    return STATUS_OK;
}

/* ---- words in arrays, objects and anywhere ---- */

/* A word that cannot lie across the border of a leaf, nor be made by the way a
 * typed value is printed, is found in a leaf or a literal alone. */
static bool is_findable(struct slice word, bool anywhere)
{
    bool is_like_number = true;
    uint32_t dots = 0;

    if (word.size == 0 || word.data[0] == ':')
        return false;
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        if (memchr("\"\\[]{},/", c, 8) != NULL || (unsigned char)c <= ' ')
            return false;
        dots += c == '.';
        is_like_number &= memchr("0123456789TZtzEe:.+-", c, 20) != NULL;
    }
    return !anywhere || !is_like_number || dots > 1;
}

static bool is_findable_filter(const struct filter *filter)
{
    if (filter->kind != FILTER_HAS && filter->kind != FILTER_ANY_HAS)
        return false;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (filter->values[i].type != TYPE_STRING ||
            !is_findable(filter->values[i].bytes, filter->kind == FILTER_ANY_HAS))
            return false;
    }
    return true;
}

static bool literals_match(const struct filter *filter, struct slice literals)
{
    return slice_find_byte(literals, '\\', 0) != SIZE_MAX || matches_slice(filter, literals);
}

static enum status mark_path(struct part_scan *scan, struct test *test, uint32_t path_index,
                             struct error *err)
{
    const struct path_column *path = &scan->part->paths[path_index];
    struct marks *marks = &test->marks;
    enum status status = match_path(scan, test->filter, path_index, TYPE_STRING,
                                    &marks->values[path_index], err);
    if (status != STATUS_OK || !path->has_escapes)
        goto out;
    /* JSON text shows escapes as they are. */
    for (uint32_t i = 0; i < path->dict_count; i++) {
        if (!matches_slice(test->filter, path->dict[i]))
            continue;
        if (marks->values[path_index] == NULL) {
            marks->values[path_index] = arena_alloc(scan->arena, path->dict_count, err);
            if (marks->values[path_index] == NULL)
                return err->status;
        }
        marks->values[path_index][i] = 1;
    }
out:
    marks->paths[path_index] = marks->values[path_index] != NULL;
    return status;
}

/* Marks the loaded paths that begin with `prefix`.  Parents stand before their
 * children, so going down the numbers sees the elements before the arrays. */
static enum status make_marks(struct part_scan *scan, struct test *test, struct slice prefix,
                              struct error *err)
{
    const struct part *part = scan->part;
    struct marks *marks = &test->marks;
    enum status status = STATUS_OK;

    marks->values = ARENA_ARRAY(scan->arena, uint8_t *, part->path_count, err);
    if (marks->values == NULL)
        return err->status;
    marks->paths = ARENA_ARRAY(scan->arena, bool, part->path_count, err);
    if (marks->paths == NULL)
        return err->status;
    marks->shapes = ARENA_ARRAY(scan->arena, bool, part->shape_count, err);
    if (marks->shapes == NULL)
        return err->status;
    for (uint32_t i = 0; i < part->path_count && status == STATUS_OK; i++) {
        const struct path_column *path = &part->paths[i];
        if (path->loaded && !path->is_array && !path->is_object && path->dict_count > 0 &&
            slice_starts_with(path->path, prefix))
            status = mark_path(scan, test, i, err);
    }
    for (uint32_t s = part->shape_count; s > 0; s--)
        marks->shapes[s - 1] = literals_match(test->filter, part->shapes[s - 1].literals);
    for (uint32_t p = part->path_count; p > 0; p--) {
        for (uint32_t s = part->root_shape_count; s < part->shape_count; s++) {
            const struct shape *shape = &part->shapes[s];
            if (shape->parent_path != p - 1)
                continue;
            bool any = marks->shapes[s];
            for (uint32_t i = 0; i < shape->slot_count && !any; i++)
                any = marks->paths[shape->slots[i].path];
            marks->paths[p - 1] |= any;
        }
    }
    return status;
}

static bool array_matches(const struct part *part, const struct marks *marks, uint32_t path,
                          uint32_t value);

static bool slots_match(const struct part *part, const struct marks *marks,
                        const struct shape *shape, uint32_t slot_begin, uint32_t slot_end,
                        uint32_t rank)
{
    for (uint32_t i = slot_begin; i < slot_end; i++) {
        const struct slot *slot = &shape->slots[i];
        uint32_t value = slot->first + rank;
        if (!marks->paths[slot->path])
            continue;
        if (slot->kind == SLOT_ARRAY ? array_matches(part, marks, slot->path, value)
                                     : marks->values[slot->path]
                                                    [part->paths[slot->path].codes[value]] != 0)
            return true;
    }
    return false;
}

static bool array_matches(const struct part *part, const struct marks *marks, uint32_t path_index,
                          uint32_t value)
{
    const struct path_column *path = &part->paths[path_index];

    for (uint32_t e = path->value_starts[value]; e < path->value_starts[value + 1]; e++) {
        bool is_mixed = path->element_shapes != NULL;
        uint32_t s = is_mixed ? path->element_shapes[e] : path->only_shape;
        uint32_t rank = is_mixed ? path->element_ranks[e] : e;
        const struct shape *shape = &part->shapes[s];
        if (marks->shapes[s] ||
            slots_match(part, marks, shape, 0, shape->slot_count, rank))
            return true;
    }
    return false;
}

/* ---- filters to tests ---- */

/* Filters on system columns decide for whole parts. */
static bool part_may_match(const struct part *part, const struct source_column *column,
                           const struct filter *filter)
{
    if (column->source == COLUMN_SEQ && filter->kind == FILTER_RANGE)
        return filter->low <= (int64_t)part->seq_max && filter->high >= (int64_t)part->seq_min;
    if (column->source == COLUMN_RECEIVED && filter->kind == FILTER_RANGE)
        return filter->low <= time_from_unix_us(part->received_max) &&
               filter->high >= time_from_unix_us(part->received_min);
    if (column->source == COLUMN_TENANT && column->type == TYPE_GUID &&
        filter->kind == FILTER_EQUAL && is_comparable(filter, TYPE_GUID)) {
        for (uint32_t i = 0; i < filter->value_count; i++) {
            if (!filter->values[i].is_null &&
                guid_equal(&filter->values[i].guid, &part->tenant))
                return true;
        }
        return false;
    }
    return true;
}

static enum status make_any_test(struct part_scan *scan, struct test *test, struct error *err)
{
    char tenant[GUID_TEXT_BYTES + 1];

    guid_format(&scan->part->tenant, tenant);
    if (!is_findable_filter(test->filter) || matches_slice(test->filter, slice_of(tenant))) {
        test->filter = NULL; /* decides nothing */
        return STATUS_OK;
    }
    test->is_walk = true;
    for (uint32_t i = 0; i < scan->part->path_count; i++) {
        enum status status = scan_load(scan, i, err);
        if (status != STATUS_OK)
            return status;
    }
    return make_marks(scan, test, SLICE(""), err);
}

/* Loads what the marks of an array or object column need. */
static enum status load_containers(struct part_scan *scan, const struct test *test,
                                   struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t s = 0; s < scan->part->root_shape_count && status == STATUS_OK; s++) {
        if (test->bindings[s].kind == BIND_ARRAY)
            status = scan_load_tree(scan, test->bindings[s].index, err);
        else if (test->bindings[s].kind == BIND_OBJECT)
            status = scan_load_shape(scan, s, err);
    }
    return status;
}

static enum status make_field_test(struct part_scan *scan, struct test *test,
                                   const struct source_column *column, struct error *err)
{
    const struct filter *filter = test->filter;
    enum type type = compared_type(filter, column->type);
    uint32_t leaf_path = UINT32_MAX;
    bool has_containers = false;
    struct buf path;

    if (type == TYPE_COUNT_ || (filter->path.size > 0 && column->type != TYPE_DYNAMIC) ||
        slice_find_byte(filter->path, '[', 0) != SIZE_MAX) {
        test->filter = NULL;
        return STATUS_OK;
    }
    buf_init(&path, 2 * PART_PATH_BYTES_MAX);
    buf_add_slice(&path, column->path);
    if (filter->path.size > 0)
        buf_add_byte(&path, '.');
    buf_add_slice(&path, filter->path);
    enum status status = buf_check(&path, err);
    if (status == STATUS_OK)
        status = scan_bind(scan, buf_slice(&path), &test->bindings, err);
    buf_release(&path);
    for (uint32_t s = 0; s < scan->part->root_shape_count && status == STATUS_OK; s++) {
        has_containers |= test->bindings[s].kind == BIND_ARRAY;
        has_containers |= test->bindings[s].kind == BIND_OBJECT;
        if (test->bindings[s].kind == BIND_LEAF)
            leaf_path = test->bindings[s].index;
    }
    test->matches_missing = matches_missing(filter);
    if (status == STATUS_OK && leaf_path != UINT32_MAX) {
        uint8_t *values;
        status = scan_load(scan, leaf_path, err);
        if (status == STATUS_OK)
            status = match_path(scan, filter, leaf_path, type, &values, err);
        if (status == STATUS_OK)
            test->values = values;
    }
    test->is_walk = has_containers && is_findable_filter(filter);
    if (status == STATUS_OK && test->is_walk)
        status = load_containers(scan, test, err);
    if (status == STATUS_OK && test->is_walk)
        status = make_marks(scan, test, column->path, err);
    return status;
}

/* ---- tests on rows ---- */

static bool shape_has_marks(const struct marks *marks, const struct shape *shape,
                            uint32_t slot_begin, uint32_t slot_end)
{
    for (uint32_t i = slot_begin; i < slot_end; i++) {
        if (marks->paths[shape->slots[i].path])
            return true;
    }
    return false;
}

/* Keeps those of rows[0, count) that may match by slots [begin, end). */
static uint32_t keep_walked(const struct part_scan *scan, const struct test *test, uint32_t s,
                            uint32_t slot_begin, uint32_t slot_end, uint32_t count)
{
    const struct part *part = scan->part;
    const struct shape *shape = &part->shapes[s];
    uint32_t *rows = scan->rows + scan->row_count;
    uint32_t kept = 0;

    if (test->marks.shapes[s])
        return count;
    if (!shape_has_marks(&test->marks, shape, slot_begin, slot_end))
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        if (slots_match(part, &test->marks, shape, slot_begin, slot_end,
                        rows[i] - shape->row_begin))
            rows[kept++] = rows[i];
    }
    return kept;
}

static uint32_t keep_array(const struct part_scan *scan, const struct test *test, uint32_t s,
                           uint32_t count)
{
    const struct binding *binding = &test->bindings[s];
    uint32_t *rows = scan->rows + scan->row_count;
    uint32_t kept = 0;

    if (!test->marks.paths[binding->index])
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = binding->first + (rows[i] - scan->part->shapes[s].row_begin);
        if (array_matches(scan->part, &test->marks, binding->index, value))
            rows[kept++] = rows[i];
    }
    return kept;
}

static uint32_t keep_leaves(const struct part_scan *scan, const struct test *test, uint32_t s,
                            uint32_t count)
{
    const struct binding *binding = &test->bindings[s];
    const struct path_column *path = &scan->part->paths[binding->index];
    const uint32_t *codes = path->codes + binding->first;
    uint32_t row_begin = scan->part->shapes[s].row_begin;
    uint32_t *rows = scan->rows + scan->row_count;
    uint32_t kept = 0;

    if (test->values == NULL)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        rows[kept] = rows[i];
        kept += test->values[codes[rows[i] - row_begin]];
    }
    return kept;
}

/* Narrows the candidates at the end of scan->rows, all of shape s. */
static uint32_t keep(const struct part_scan *scan, const struct test *test, uint32_t s,
                     uint32_t count)
{
    const struct shape *shape = &scan->part->shapes[s];

    if (test->filter == NULL)
        return count;
    if (test->bindings == NULL)
        return keep_walked(scan, test, s, 0, shape->slot_count, count);
    switch (test->bindings[s].kind) {
    case BIND_NONE:
        return test->matches_missing ? count : 0;
    case BIND_LEAF:
        return keep_leaves(scan, test, s, count);
    case BIND_ARRAY:
        return test->is_walk ? keep_array(scan, test, s, count) : count;
    case BIND_OBJECT: {
        const struct shape_object *object = &shape->objects[test->bindings[s].index];
        return test->is_walk ? keep_walked(scan, test, s, object->slot_begin, object->slot_end,
                                           count)
                             : count;
    }
    case BIND_RAW:
        return count;
    }
    return count;
}

/* ---- candidates ---- */

struct range {
    int64_t from, last; /* event times, inclusive */
};

/* First row of [begin, end) whose time is not below `time`. */
static uint32_t lower_bound(const int64_t *times, uint32_t begin, uint32_t end, int64_t time)
{
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        if (times[middle] < time)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* Puts the rows of a shape that the time range, the blocks and the quarantine
 * leave behind the chosen ones; returns how many. */
static uint32_t add_candidates(const struct part_scan *scan, const struct shape *shape,
                               struct range range, bool has_times)
{
    const struct part *part = scan->part;
    uint32_t begin = shape->row_begin, end = begin + shape->row_count, count = 0;
    uint32_t *rows = scan->rows + scan->row_count;

    if (has_times) {
        end = range.last == INT64_MAX ? end
                                      : lower_bound(part->event_times, begin, end, range.last + 1);
        begin = lower_bound(part->event_times, begin, end, range.from);
    }
    for (uint32_t row = begin; row < end; row++) {
        uint32_t block = row / INDEX_BLOCK_ROWS;
        if (scan->blocks != NULL && ((scan->blocks[block / 64] >> (block % 64)) & 1) == 0) {
            row = (block + 1) * INDEX_BLOCK_ROWS - 1;
            continue;
        }
        if (shape->is_raw && ((part->row_flags[row] & RECORD_QUARANTINED) != 0) !=
                                 scan->source->is_quarantine)
            continue;
        rows[count++] = row;
    }
    return count;
}

static struct range time_range(const struct part_scan *scan)
{
    const struct scan_request *request = scan->request;
    bool has_end = request->time_to != INT64_MAX && request->time_to != INT64_MIN;
    struct range range = {request->time_from, request->time_to - (has_end ? 1 : 0)};

    for (uint32_t i = 0; i < request->filter_count; i++) {
        const struct filter *filter = &request->filters[i];
        if (filter->kind != FILTER_RANGE || filter->column == SOURCE_COLUMN_ANY ||
            scan->source->columns[filter->column].source != COLUMN_TIME)
            continue;
        if (filter->low > range.from)
            range.from = filter->low;
        if (filter->high < range.last)
            range.last = filter->high;
    }
    return range;
}

/* *ret_none: a filter leaves no row of the part. */
static enum status make_tests(struct part_scan *scan, struct test *tests, bool *ret_none,
                              struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < scan->request->filter_count && status == STATUS_OK; i++) {
        const struct filter *filter = &scan->request->filters[i];
        tests[i].filter = filter;
        if (scan->source->is_quarantine) {
            tests[i].filter = NULL;
            continue;
        }
        if (filter->kind == FILTER_ANY_HAS || filter->column == SOURCE_COLUMN_ANY) {
            status = make_any_test(scan, &tests[i], err);
            continue;
        }
        const struct source_column *column = &scan->source->columns[filter->column];
        if (column->source == COLUMN_FIELD) {
            status = make_field_test(scan, &tests[i], column, err);
        } else {
            *ret_none |= !part_may_match(scan->part, column, filter);
            tests[i].filter = NULL;
        }
    }
    return status;
}

static enum status load_rows(struct part_scan *scan, bool has_times, struct error *err)
{
    bool has_raw = false;

    for (uint32_t s = 0; s < scan->part->root_shape_count; s++)
        has_raw |= scan->part->shapes[s].is_raw;
    unsigned which = (has_times ? (unsigned)ROWS_TIMES : 0) | (has_raw ? (unsigned)ROWS_FLAGS : 0);
    return which == 0 ? STATUS_OK : scan_load_rows(scan, which, err);
}

enum status scan_choose_rows(struct part_scan *scan, uint64_t *ret_examined, struct error *err)
{
    const struct part *part = scan->part;
    struct range range = time_range(scan);
    bool has_times = range.from > part->time_min || range.last < part->time_max;
    bool is_none = range.from > part->time_max || range.last < part->time_min;

    scan->row_count = 0;
    *ret_examined = 0;
    if (is_none)
        return STATUS_OK;
    struct test *tests = ARENA_ARRAY(scan->arena, struct test, scan->request->filter_count, err);
    if (tests == NULL)
        return err->status;
    enum status status = make_tests(scan, tests, &is_none, err);
    if (status != STATUS_OK || is_none)
        return status;
    status = load_rows(scan, has_times, err);
    if (status != STATUS_OK)
        return status;
    size_t room = (part->row_count + (size_t)1) * sizeof(uint32_t);
    scan->rows = arena_alloc_raw(scan->arena, room, err);
    if (scan->rows == NULL)
        return err->status;
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        if (scan->source->is_quarantine && !shape->is_raw)
            continue;
        uint32_t count = add_candidates(scan, shape, range, has_times);
        *ret_examined += count;
        for (uint32_t i = 0; i < scan->request->filter_count && count > 0 && !shape->is_raw; i++)
            count = keep(scan, &tests[i], s, count);
        scan->row_count += count;
    }
    return STATUS_OK;
}
