/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a part may match the filters.
 *
 * A filter on a field becomes a byte for each dictionary code (does this value
 * match?), asked once a value and not once a row.  `has` on an array, an object
 * or any column marks the values of all paths it may be in, and rows are walked
 * where one of them is marked.  A filter that cannot be decided here lets all
 * rows pass, and the engine applies the predicates again.
 */
#include "store/filter_priv.h"

#include "base/limits.h"
#include "base/text.h"

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
        filter->kind == FILTER_EQUAL && filter_type(filter, TYPE_GUID) == TYPE_GUID) {
        for (uint32_t i = 0; i < filter->value_count; i++) {
            if (!filter->values[i].is_null &&
                guid_equal(&filter->values[i].guid, &part->tenant))
                return true;
        }
        return false;
    }
    return true;
}

/* All columns that may have the word are loaded and marked. */
static enum status mark_all(struct part_scan *scan, struct test *test, struct error *err)
{
    bool is_piece = filter_is_guid_piece(test->filter);
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < scan->part->path_count && status == STATUS_OK; i++) {
        if (!filter_may_be_in(scan, test->filter, i))
            continue;
        bool is_lean = is_piece && scan_text_form(scan, i) == FORM_GUID;
        status = is_lean ? scan_load_lean(scan, i, err) : scan_load(scan, i, err);
    }
    return status == STATUS_OK ? filter_mark(scan, test, SLICE(""), err) : status;
}

/* Only the columns that the index names are loaded and marked. */
static enum status mark_hits(struct part_scan *scan, struct test *test, struct error *err)
{
    const struct word_hit *hits = scan->probed.hits;
    uint32_t count = scan->probed.count;
    bool is_known = scan->probed.filter == test->filter, has_literals = false;
    struct word_hit *asked = NULL;
    enum status status = STATUS_OK;

    if (!is_known && !filter_is_number(test->filter) &&
        !filter_shows_guids_anew(scan, test->filter)) {
        status = section_probe_words(section_of_view(scan->part), test->filter->values[0].bytes,
                                     scan->arena, &asked, &count, &is_known, err);
        hits = asked;
    }
    if (status == STATUS_OK && !is_known)
        return mark_all(scan, test, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        has_literals |= hits[i].path == 0;
        status = scan_load(scan, hits[i].path, err);
    }
    return status == STATUS_OK ? filter_mark_hits(scan, test, hits, count, has_literals, err)
                               : status;
}

/* The row whose _Seq is the word, as a number is shown. */
static enum status find_seq(struct part_scan *scan, struct test *test, struct error *err)
{
    const struct part *part = scan->part;
    struct slice word = test->filter->values[0].bytes;
    uint64_t seq;

    if (word.data[0] == '0' || !text_parse_u64(word, &seq) || seq < part->seq_min ||
        seq > part->seq_max)
        return STATUS_OK;
    enum status status = scan_load_rows(scan, ROWS_SEQS, err);
    for (uint32_t row = 0; row < part->row_count && status == STATUS_OK; row++) {
        if (part->seqs[row] != seq)
            continue;
        uint32_t *found = ARENA_ARRAY(scan->arena, uint32_t, 1, err);
        if (found == NULL)
            return err->status;
        *found = row;
        test->seq_row = found;
    }
    return status;
}

static enum status make_any_test(struct part_scan *scan, struct test *test, struct error *err)
{
    bool is_number = filter_is_number(test->filter);
    enum status status = STATUS_OK;

    if ((!is_number && !filter_is_findable(test->filter)) ||
        filter_is_elsewhere(scan->source, &scan->part->tenant, test->filter)) {
        test->filter = NULL; /* decides nothing */
        return STATUS_OK;
    }
    test->is_walk = true;
    if (is_number)
        status = find_seq(scan, test, err);
    if (status != STATUS_OK)
        return status;
    return scan->is_view ? mark_hits(scan, test, err) : filter_mark(scan, test, SLICE(""), err);
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

static enum status test_leaves(struct part_scan *scan, struct test *test, uint32_t path,
                               enum type type, struct error *err)
{
    uint8_t *values = NULL, *codes = NULL;

    test->is_event = test->filter->kind == FILTER_RANGE && type == TYPE_DATETIME &&
                     scan_event_unit(scan, path) > 0;
    if (test->is_event)
        return STATUS_OK;
    enum status status = scan_load(scan, path, err);
    if (status == STATUS_OK && test->filter->kind == FILTER_HAS)
        status = filter_codes_in(scan, path, UINT64_MAX, &codes, err);
    const struct wanted_values wanted = {path, type, codes};
    if (status == STATUS_OK)
        status = filter_match_path(scan, test->filter, &wanted, &values, err);
    test->values = values;
    return status;
}

/* A path without elements of arrays in it. */
static enum status make_plain_test(struct part_scan *scan, struct test *test, struct slice path,
                                   const struct source_column *column, struct error *err)
{
    const struct filter *filter = test->filter;
    enum type type = filter_type(filter, column->type);
    uint32_t leaf_path = UINT32_MAX;
    bool has_containers = false;
    enum status status = scan_bind(scan, path, &test->bindings, err);

    for (uint32_t s = 0; s < scan->part->root_shape_count && status == STATUS_OK; s++) {
        has_containers |= test->bindings[s].kind == BIND_ARRAY;
        has_containers |= test->bindings[s].kind == BIND_OBJECT;
        if (test->bindings[s].kind == BIND_LEAF)
            leaf_path = test->bindings[s].index;
    }
    test->matches_missing = filter_matches_missing(filter);
    test->is_exact = column->type != TYPE_DYNAMIC; /* else texts stand for values */
    if (status == STATUS_OK && leaf_path != UINT32_MAX)
        status = test_leaves(scan, test, leaf_path, type, err);
    test->is_walk = has_containers && filter_is_findable(filter);
    if (status == STATUS_OK && test->is_walk)
        status = load_containers(scan, test, err);
    if (status == STATUS_OK && test->is_walk)
        status = filter_mark(scan, test, column->path, err);
    return status;
}

/* A path to elements of arrays.  A scalar in the place of an array has no members;
 * with an object there (its members are elements too) nothing is decided. */
static enum status make_element_test(struct part_scan *scan, struct test *test,
                                     struct slice path, struct error *err)
{
    const struct part *part = scan->part;
    uint32_t leaf = part_find_path(part, path, PATH_VALUE);
    /* the filter's steps have no escapes, what is before them may */
    size_t first = slice_find_byte(path, '[', path.size - test->filter->path.size);

    if (!part_has_only_arrays(part, path)) {
        test->filter = NULL;
        return STATUS_OK;
    }
    enum status status = scan_bind(scan, slice_head(path, first), &test->bindings, err);
    test->is_walk = true;
    if (status == STATUS_OK && leaf != UINT32_MAX)
        status = scan_load(scan, leaf, err);
    if (status == STATUS_OK && leaf != UINT32_MAX)
        return filter_mark_path(scan, test, leaf, err);
    test->marks.paths = ARENA_ARRAY(scan->arena, bool, part->path_count + (size_t)1, err);
    return test->marks.paths == NULL ? err->status : status; /* no array has such an element */
}

/* An empty array with blanks in it is a leaf, `[ ]`, and as a dynamic value it is `[]`. */
static bool asks_for_empty_array(const struct filter *filter)
{
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (filter->values[i].type == TYPE_STRING &&
            slice_equal(filter->values[i].bytes, SLICE("[]")))
            return true;
    }
    return false;
}

static enum status make_field_test(struct part_scan *scan, struct test *test,
                                   const struct source_column *column, struct error *err)
{
    const struct filter *filter = test->filter;
    struct slice full;

    if (filter_type(filter, column->type) == TYPE_COUNT_ ||
        (filter->path.size > 0 && column->type != TYPE_DYNAMIC) ||
        (column->type == TYPE_DYNAMIC && asks_for_empty_array(filter))) {
        test->filter = NULL;
        return STATUS_OK;
    }
    enum status status = scan_filter_path(scan->arena, column, filter, &full, err);
    if (status != STATUS_OK)
        return status;
    if (slice_find_byte(filter->path, '[', 0) != SIZE_MAX)
        return make_element_test(scan, test, full, err);
    return make_plain_test(scan, test, full, column, err);
}

static enum status make_test(struct part_scan *scan, const struct filter *filter,
                             struct test *test, bool *ret_none, struct error *err);

static enum status make_or_test(struct part_scan *scan, struct test *test, struct error *err)
{
    const struct filter *filter = test->filter;
    enum status status = STATUS_OK;

    test->parts = ARENA_ARRAY(scan->arena, struct test, filter->part_count + (size_t)1, err);
    if (test->parts == NULL)
        return err->status;
    for (uint32_t i = 0; i < filter->part_count && status == STATUS_OK; i++) {
        bool ignored = false; /* another part may hold */
        status = make_test(scan, &filter->parts[i], &test->parts[i], &ignored, err);
        /* a range of the event time was applied where it stands alone, and only there */
        if (status == STATUS_OK && (test->parts[i].filter == NULL || test->parts[i].is_event))
            test->filter = NULL;
    }
    return status;
}

/* *ret_none: the filter leaves no row of the part. */
static enum status make_test(struct part_scan *scan, const struct filter *filter,
                             struct test *test, bool *ret_none, struct error *err)
{
    enum status status = scan_look(scan, err); /* there may be thousands */

    test->filter = filter;
    if (status != STATUS_OK)
        return status;
    if (scan->source->is_quarantine) {
        test->filter = NULL;
        return STATUS_OK;
    }
    if (filter->kind == FILTER_OR)
        return make_or_test(scan, test, err);
    bool is_unpacked;
    status = filter_is_unpacked(scan, filter, &is_unpacked, err);
    if (status != STATUS_OK)
        return status;
    if (is_unpacked) {
        test->filter = NULL;
        return STATUS_OK;
    }
    if (filter->kind == FILTER_ANY_HAS || filter->column == SOURCE_COLUMN_ANY)
        return make_any_test(scan, test, err);
    const struct source_column *column = &scan->source->columns[filter->column];
    if (column->source == COLUMN_FIELD)
        return make_field_test(scan, test, column, err);
    *ret_none |= !part_may_match(scan->part, column, filter);
    test->is_true = column->source == COLUMN_TIME && filter->kind == FILTER_RANGE;
    test->filter = NULL;
    return STATUS_OK;
}

/* ---- tests on rows ---- */

/* Candidates: rows of one shape, rising. */
struct candidates {
    uint32_t *rows;
    uint32_t count;
};

/* Keeps those that may match by slots [begin, end). */
static void keep_walked(const struct part *part, const struct test *test, uint32_t s,
                        uint32_t slot_begin, uint32_t slot_end, struct candidates *c)
{
    const struct slot_run run = {&part->shapes[s], slot_begin, slot_end};

    if (!test->marks.shapes[s])
        c->count = filter_keep_marked(part, &test->marks, &run, c->rows, c->count);
}

/* The same of any column; a row that has the word as its number stays. */
static void keep_anywhere(const struct part *part, const struct test *test, uint32_t s,
                          struct candidates *c)
{
    uint32_t row = test->seq_row == NULL ? UINT32_MAX : *test->seq_row;
    uint32_t at = rising_find(c->rows, 0, c->count, row);
    bool is_given = at < c->count && c->rows[at] == row;

    keep_walked(part, test, s, 0, part->shapes[s].slot_count, c);
    at = rising_find(c->rows, 0, c->count, row);
    if (!is_given || (at < c->count && c->rows[at] == row))
        return;
    memmove(c->rows + at + 1, c->rows + at, (c->count - at) * sizeof(*c->rows));
    c->rows[at] = row;
    c->count++;
}

static void keep_array(const struct part *part, const struct test *test, uint32_t s,
                       struct candidates *c)
{
    const struct binding *binding = &test->bindings[s];
    uint32_t kept = 0;

    for (uint32_t i = 0; i < c->count && test->marks.paths[binding->index]; i++) {
        uint32_t value = binding->first + (c->rows[i] - part->shapes[s].row_begin);
        if (filter_array_matches(part, &test->marks, binding->index, value))
            c->rows[kept++] = c->rows[i];
    }
    c->count = kept;
}

static void keep_leaves(const struct part *part, const struct test *test, uint32_t s,
                        struct candidates *c)
{
    const struct binding *binding = &test->bindings[s];
    const struct codes codes = part->paths[binding->index].codes;
    uint32_t base = part->shapes[s].row_begin;

    if (test->values == NULL || c->count == 0) {
        c->count = 0;
        return;
    }
    /* Rows of a shape have often one value: of the field that says what kind they are. */
    uint32_t first = binding->first + (c->rows[0] - base);
    bool is_stretch = c->rows[c->count - 1] - c->rows[0] == c->count - 1;
    if (is_stretch && codes_are_one(codes_from(codes, first), c->count))
        c->count = test->values[code_at(codes, first)] != 0 ? c->count : 0;
    else
        c->count = codes_keep(codes_from(codes, binding->first), test->values, base, c->rows,
                              c->count);
}

/* Adds the rows of `more` that are not in c. */
static void merge_rows(struct candidates *c, const struct candidates *more, uint32_t *room)
{
    uint32_t a = 0, b = 0, count = 0;

    while (a < c->count || b < more->count) {
        bool left = b == more->count || (a < c->count && c->rows[a] <= more->rows[b]);
        uint32_t row = left ? c->rows[a] : more->rows[b];
        b += b < more->count && more->rows[b] == row;
        a += left;
        room[count++] = row;
    }
    if (count > 0)
        memcpy(c->rows, room, count * sizeof(*room));
    c->count = count;
}

static enum status keep(struct part_scan *scan, const struct test *test, uint32_t s,
                        struct candidates *c, bool *exact, struct error *err);

#define PARTS_A_LOOK 16u /* of alternatives, each of which goes through all candidates */

static enum status keep_any(struct part_scan *scan, const struct test *test, uint32_t s,
                            struct candidates *c, bool *exact, struct error *err)
{
    size_t bytes = (size_t)c->count * sizeof(*c->rows);
    uint32_t *given = arena_alloc_raw(scan->arena, bytes + 1, err);
    uint32_t *rows = arena_alloc_raw(scan->arena, bytes + 1, err);
    uint32_t *room = arena_alloc_raw(scan->arena, bytes + 1, err);
    uint32_t given_count = c->count;
    enum status status = given == NULL || rows == NULL || room == NULL ? err->status : STATUS_OK;

    if (status == STATUS_OK)
        memcpy(given, c->rows, bytes);
    c->count = 0;
    for (uint32_t i = 0; i < test->filter->part_count && status == STATUS_OK; i++) {
        struct candidates more = {rows, given_count};
        memcpy(rows, given, bytes);
        if (i % PARTS_A_LOOK == PARTS_A_LOOK - 1)
            status = scan_look(scan, err);
        if (status == STATUS_OK)
            status = keep(scan, &test->parts[i], s, &more, exact, err);
        merge_rows(c, &more, room);
    }
    return status;
}

/* Narrows the candidates, rows of shape s.  *exact becomes false if one that is
 * left may not match. */
static enum status keep(struct part_scan *scan, const struct test *test, uint32_t s,
                        struct candidates *c, bool *exact, struct error *err)
{
    const struct part *part = scan->part;
    const struct shape *shape = &part->shapes[s];
    bool is_exact = test->is_exact;

    if (test->filter == NULL) {
        *exact = *exact && test->is_true;
        return STATUS_OK;
    }
    if (test->parts != NULL)
        return keep_any(scan, test, s, c, exact, err);
    if (test->bindings == NULL) {
        keep_anywhere(part, test, s, c);
        *exact = *exact && (c->count == 0 || (is_exact && !test->marks.shapes[s]));
        return STATUS_OK;
    }
    switch (test->bindings[s].kind) {
    case BIND_NONE:
        c->count = test->matches_missing ? c->count : 0;
        break;
    case BIND_LEAF:
        if (!test->is_event)
            keep_leaves(part, test, s, c);
        break;
    case BIND_ARRAY:
        if (test->is_walk)
            keep_array(part, test, s, c);
        is_exact = false;
        break;
    case BIND_OBJECT: {
        const struct shape_object *object = &shape->objects[test->bindings[s].index];
        if (test->is_walk)
            keep_walked(part, test, s, object->slot_begin, object->slot_end, c);
        is_exact = false;
        break;
    }
    case BIND_RAW:
        is_exact = false;
        break;
    }
    *exact = *exact && (is_exact || c->count == 0);
    return STATUS_OK;
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
    for (uint32_t row = begin; row < end;) {
        uint32_t block = row / INDEX_BLOCK_ROWS, stop = (block + 1) * INDEX_BLOCK_ROWS;
        bool is_left =
            scan->blocks == NULL || ((scan->blocks[block / 64] >> (block % 64)) & 1) != 0;
        stop = stop < end ? stop : end;
        for (; row < stop && is_left && !shape->is_raw; row++)
            rows[count++] = row;
        for (; row < stop && is_left; row++) {
            rows[count] = row;
            count += ((part->row_flags[row] & RECORD_QUARANTINED) != 0) ==
                     scan->source->is_quarantine;
        }
        row = stop;
    }
    return count;
}

/* Narrows the range by a filter on a field that is the event time. */
static void narrow_by_event(struct part_scan *scan, const struct filter *filter,
                            struct range *range)
{
    const struct source_column *column = &scan->source->columns[filter->column];
    uint32_t path = column->source == COLUMN_FIELD && column->type == TYPE_DATETIME &&
                            filter->path.size == 0
                        ? part_find_path(scan->part, column->path, PATH_VALUE)
                        : UINT32_MAX;
    int64_t unit = path == UINT32_MAX ? 0 : scan_event_unit(scan, path);

    if (unit == 0)
        return;
    /* The field shows whole units of the time. */
    int64_t low = filter->low, high = filter->high;
    if (low > INT64_MIN + unit && low % unit != 0)
        low += low > 0 ? unit - low % unit : -(low % unit);
    if (high < INT64_MAX - unit && high > INT64_MIN + unit)
        high = (high / unit - (high % unit < 0)) * unit + unit - 1;
    if (low > range->from)
        range->from = low;
    if (high < range->last)
        range->last = high;
}

static void narrow_range(struct part_scan *scan, const struct filter *filter, bool by_fields,
                         struct range *range)
{
    if (filter->kind != FILTER_RANGE || filter->column == SOURCE_COLUMN_ANY)
        return;
    if (scan->source->columns[filter->column].source != COLUMN_TIME) {
        if (by_fields)
            narrow_by_event(scan, filter, range);
        return;
    }
    if (filter->low > range->from)
        range->from = filter->low;
    if (filter->high < range->last)
        range->last = filter->high;
}

/* Of rows in columns, and (not by_fields) of those that are kept raw: what their fields
 * say is not known before they are parsed. */
static struct range time_range(struct part_scan *scan, bool by_fields)
{
    const struct scan_request *request = scan->request;
    bool has_end = request->time_to != INT64_MAX && request->time_to != INT64_MIN;
    struct range range = {request->time_from, request->time_to - (has_end ? 1 : 0)};

    if (scan->source->is_quarantine)
        return range;
    for (uint32_t i = 0; i < request->filter_count; i++)
        narrow_range(scan, &request->filters[i], by_fields, &range);
    if (request->top != NULL) {
        const struct filter top = {.kind = FILTER_RANGE,
                                   .column = request->top->column,
                                   .low = scan_top_low(request->top),
                                   .high = INT64_MAX};
        narrow_range(scan, &top, by_fields, &range);
    }
    return range;
}

static bool has_raw_shapes(const struct part *part)
{
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        if (part->shapes[s].is_raw)
            return true;
    }
    return false;
}

static bool misses(const struct part *part, struct range range)
{
    return range.from > part->time_max || range.last < part->time_min;
}

bool scan_is_outside(struct part_scan *scan)
{
    return misses(scan->part, time_range(scan, !has_raw_shapes(scan->part)));
}

/* ---- sections that need not be opened ---- */

static uint64_t mark_of(const struct scan_source *source, uint32_t index, struct slice path)
{
    const struct source_column *column = &source->columns[index];

    return column->source == COLUMN_FIELD && column->type == TYPE_DATETIME && path.size == 0
               ? section_time_mark(column->path)
               : 0;
}

enum status scan_marks_make(const struct scan_source *source, const struct scan_request *request,
                            struct scan_marks *ret, struct error *err)
{
    ret->filters = ARENA_ARRAY(request->arena, uint64_t, request->filter_count + (size_t)1, err);
    if (ret->filters == NULL)
        return err->status;
    for (uint32_t i = 0; i < request->filter_count; i++) {
        const struct filter *filter = &request->filters[i];
        if (filter->kind == FILTER_RANGE && filter->column != SOURCE_COLUMN_ANY)
            ret->filters[i] = mark_of(source, filter->column, filter->path);
    }
    ret->top = request->top == NULL ? 0 : mark_of(source, request->top->column, SLICE(""));
    return STATUS_OK;
}

/* Are the values of the column within the event times of the section? */
static bool is_time_of(const struct scan_source *source, uint32_t column, uint64_t mark,
                       const struct section_info *info)
{
    bool is_listed = false;

    for (uint32_t i = 0; i < info->time_count && mark != 0; i++)
        is_listed = is_listed || info->times[i] == mark;
    return is_listed || source->columns[column].source == COLUMN_TIME;
}

bool scan_times_are_outside(const struct scan_request *request, int64_t time_min,
                            int64_t time_max)
{
    return time_max < request->time_from ||
           (request->time_to != INT64_MAX && time_min >= request->time_to);
}

bool scan_times_are_inside(const struct scan_request *request, int64_t time_min,
                           int64_t time_max)
{
    return request->time_from <= time_min &&
           (request->time_to == INT64_MAX || time_max < request->time_to);
}

bool scan_section_is_outside(const struct scan_source *source, const struct scan_request *request,
                             const struct scan_marks *marks, const struct section_info *info)
{
    const struct scan_top *top = request->top;

    if (scan_times_are_outside(request, info->time_min, info->time_max))
        return true;
    if (source->is_quarantine)
        return false;
    for (uint32_t i = 0; i < request->filter_count; i++) {
        const struct filter *filter = &request->filters[i];
        if (filter->kind != FILTER_RANGE || filter->column == SOURCE_COLUMN_ANY ||
            filter->path.size > 0 ||
            !is_time_of(source, filter->column, marks->filters[i], info))
            continue;
        if (filter->low > info->time_max || filter->high < info->time_min)
            return true;
    }
    return top != NULL && scan_top_low(top) > info->time_max &&
           is_time_of(source, top->column, marks->top, info);
}

static enum status load_rows(struct part_scan *scan, bool has_times, struct error *err)
{
    bool has_raw = has_raw_shapes(scan->part);
    unsigned which = (has_times ? (unsigned)ROWS_TIMES : 0) | (has_raw ? (unsigned)ROWS_FLAGS : 0);

    return which == 0 ? STATUS_OK : scan_load_rows(scan, which, err);
}

static enum status narrow(struct part_scan *scan, const struct test *tests, uint32_t s,
                          struct candidates *c, struct error *err)
{
    bool is_raw = scan->part->shapes[s].is_raw;
    bool exact = !is_raw || scan->request->filter_count == 0;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < scan->request->filter_count && c->count > 0 && !is_raw &&
                         status == STATUS_OK;
         i++)
        status = keep(scan, &tests[i], s, c, &exact, err);
    scan->is_decided = scan->is_decided && (exact || c->count == 0);
    return status;
}

enum status scan_choose_rows(struct part_scan *scan, uint64_t *ret_examined, struct error *err)
{
    const struct part *part = scan->part;
    const struct scan_request *request = scan->request;
    struct range range = time_range(scan, true), raw_range = time_range(scan, false);
    bool has_times = range.from > part->time_min || range.last < part->time_max;
    bool is_none = scan_is_outside(scan);
    enum status status = STATUS_OK;

    scan->row_count = 0;
    scan->is_decided = true;
    *ret_examined = 0;
    if (is_none)
        return STATUS_OK;
    struct test *tests = ARENA_ARRAY(scan->arena, struct test, request->filter_count, err);
    if (tests == NULL)
        return err->status;
    for (uint32_t i = 0; i < request->filter_count && status == STATUS_OK && !is_none; i++)
        status = make_test(scan, &request->filters[i], &tests[i], &is_none, err);
    if (status != STATUS_OK || is_none)
        return status;
    status = load_rows(scan, has_times, err);
    if (status != STATUS_OK)
        return status;
    size_t room = (part->row_count + (size_t)1) * sizeof(uint32_t);
    scan->rows = arena_alloc_raw(scan->arena, room, err);
    if (scan->rows == NULL)
        return err->status;
    for (uint32_t s = 0; s < part->root_shape_count && status == STATUS_OK; s++) {
        const struct shape *shape = &part->shapes[s];
        if (scan->source->is_quarantine && !shape->is_raw)
            continue;
        struct candidates c = {scan->rows + scan->row_count,
                               add_candidates(scan, shape, shape->is_raw ? raw_range : range,
                                              has_times)};
        *ret_examined += c.count;
        status = narrow(scan, tests, s, &c, err);
        scan->row_count += c.count;
    }
    return status;
}
