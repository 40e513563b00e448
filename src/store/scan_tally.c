/* SPDX-License-Identifier: Apache-2.0 */
/* Rows counted instead of sent: the combinations of dictionary codes that the chosen
 * rows have, each with the number of its rows. */
#include "store/tally_priv.h"

#include "base/limits.h"

#include <stdlib.h>

/* The most combinations a table is kept for. */
#define TALLY_MAX (1u << 20)

/* The bin, counted from 0, that a time is in. */
static int64_t bin_of(int64_t time, int64_t bin)
{
    int64_t rest = time % bin;

    return (time - (rest < 0 ? rest + bin : rest)) / bin;
}

/* The least and the greatest time of the rows that are not kept raw: those in quarantine have
 * the time when they came in.  false: there is no such row. */
static bool find_times(const struct part *part, int64_t *ret_min, int64_t *ret_max)
{
    *ret_min = INT64_MAX;
    *ret_max = INT64_MIN;
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        if (shape->is_raw || shape->row_count == 0)
            continue;
        int64_t first = part->event_times[shape->row_begin];
        int64_t last = part->event_times[shape->row_begin + shape->row_count - 1];
        *ret_min = first < *ret_min ? first : *ret_min;
        *ret_max = last > *ret_max ? last : *ret_max;
    }
    return *ret_min <= *ret_max;
}

/* Rows without the field have no time in it, though they have one of their own. */
static bool is_in_all_rows(const struct part_scan *scan, const struct column_plan *plan)
{
    bool is_there = true;

    for (uint32_t s = 0; s < scan->part->root_shape_count && is_there; s++)
        is_there = plan->bindings[s].kind == BIND_LEAF ||
                   !scan_has_rows_of(scan, &scan->part->shapes[s]);
    return is_there;
}

/* A column whose values are the event times, if no more than their bins is wanted.  A field
 * shows whole units of its time, which may lie before the time's own bin. */
static bool make_bin_digit(const struct part_scan *scan, uint32_t column, struct tally_digit *digit,
                           uint64_t *ret_count)
{
    const int64_t *bins = scan->request->bins;
    const struct column_plan *plan = digit->plan;
    bool is_time = plan->column->source == COLUMN_TIME ||
                   (plan->event_unit > 0 && is_in_all_rows(scan, plan));
    int64_t bin = bins == NULL || !is_time || plan->has_containers ? 0 : bins[column];
    int64_t time_min, time_max;

    if (bin <= 0 || !find_times(scan->part, &time_min, &time_max) ||
        time_min < INT64_MIN + plan->event_unit + bin)
        return false;
    int64_t first = bin_of(time_min - plan->event_unit, bin);
    *ret_count = (uint64_t)bin_of(time_max, bin) - (uint64_t)first + 1;
    digit->bin = bin;
    digit->first = first * bin;
    return true;
}

/* Nobody has to look at rows of the column one by one. */
static bool is_constant(const struct column_plan *plan)
{
    return plan->is_absent || plan->column->source == COLUMN_TENANT ||
           plan->column->source == COLUMN_TABLE;
}

bool tally_digits(const struct part_scan *scan, struct tally_digit *digits, uint32_t *ret_size)
{
    uint64_t size = 1;

    for (uint32_t i = 0; i < scan->request->column_count; i++) {
        const struct column_plan *plan = &scan->plans[i];
        bool is_field = plan->column->source == COLUMN_FIELD && !plan->has_containers &&
                        plan->event_unit == 0 && plan->guids == NULL;
        uint64_t count = 1;
        digits[i] = (struct tally_digit){.plan = plan, .stride = (uint32_t)size};
        if (!is_constant(plan) && !make_bin_digit(scan, i, &digits[i], &count)) {
            if (!is_field)
                return false;
            count = plan->values != NULL ? plan->values->count : 1;
        }
        uint64_t rows = scan->is_whole ? scan->part->row_count : scan->row_count;
        if (count > TALLY_MAX || size * count > TALLY_MAX || size * count > rows * 4 + 64)
            return false;
        digits[i].count = (uint32_t)count;
        size *= count;
    }
    *ret_size = (uint32_t)size;
    return true;
}

/* Rows of one shape, with room for as many codes and numbers of combinations. */
struct tally_rows {
    const uint32_t *rows;
    uint32_t count, shape;
    uint32_t *codes, *numbers;
};

/* Rows of a shape come in the order of time: only where a bin ends is there a division. */
static void add_bins(const struct part_scan *scan, const struct tally_digit *digit,
                     const struct tally_rows *rows)
{
    const int64_t *times = scan->part->event_times;
    int64_t unit = digit->plan->event_unit > 0 ? digit->plan->event_unit : 1;
    int64_t end = INT64_MIN; /* of the bin: the first time that is shown behind it */
    uint32_t number = 0;

    for (uint32_t i = 0; i < rows->count; i++) {
        int64_t time = times[rows->rows[i]];
        if (time >= end) {
            int64_t shown = bin_of(time, unit) * unit;
            number = (uint32_t)((shown - digit->first) / digit->bin);
            end = digit->first + ((int64_t)number + 1) * digit->bin;
            end = -bin_of(-end, unit) * unit;
            number *= digit->stride;
        }
        rows->numbers[i] += number;
    }
}

/* Adds the digit of the rows to their numbers. */
static void add_digit(const struct part_scan *scan, const struct tally_digit *digit,
                      const struct tally_rows *rows)
{
    if (digit->count == 1)
        return;
    if (digit->bin > 0) {
        add_bins(scan, digit, rows);
        return;
    }
    const struct binding *binding = &digit->plan->bindings[rows->shape];
    if (binding->kind != BIND_LEAF) {
        for (uint32_t i = 0; i < rows->count; i++)
            rows->numbers[i] += (digit->count - 1) * digit->stride;
        return;
    }
    codes_take(codes_from(scan->part->paths[binding->index].codes, binding->first), rows->rows,
               scan->part->shapes[rows->shape].row_begin, rows->count, rows->codes);
    for (uint32_t i = 0; i < rows->count; i++)
        rows->numbers[i] += rows->codes[i] * digit->stride;
}

enum status tally_count(const struct part_scan *scan, const struct tally_digit *digits,
                        uint32_t *table, struct error *err)
{
    enum { STEP = 1024 };
    uint32_t *numbers = arena_alloc_raw(scan->arena, 2 * STEP * sizeof(*numbers), err);
    const struct part *part = scan->part;

    if (numbers == NULL)
        return err->status;
    for (uint32_t at = 0, s = 0; at < scan->row_count;) {
        const uint32_t *rows = scan->rows + at;
        while (rows[0] >= part->shapes[s].row_begin + part->shapes[s].row_count)
            s++;
        uint32_t end = part->shapes[s].row_begin + part->shapes[s].row_count;
        uint32_t count = scan->row_count - at < STEP ? scan->row_count - at : STEP;
        while (rows[count - 1] >= end)
            count--;
        memset(numbers, 0, count * sizeof(*numbers));
        const struct tally_rows run = {rows, count, s, numbers + STEP, numbers};
        for (uint32_t i = 0; i < scan->request->column_count; i++)
            add_digit(scan, &digits[i], &run);
        for (uint32_t i = 0; i < count; i++)
            table[numbers[i]]++;
        at += count;
    }
    return STATUS_OK;
}

/* A column without a row at hand. */
static enum status make_constant(const struct part_scan *scan, const struct column_plan *plan,
                                 uint32_t count, struct vector *ret, struct error *err)
{
    const uint32_t first = 0; /* row 0 is not of the raw shape: see scan_tally_whole() */
    enum status status = scan_make_column(scan, plan, &first, 1, scan->arena, ret, err);

    if (status != STATUS_OK)
        return status;
    if (ret->encoding != VECTOR_CONST)
        status = vector_flatten(scan->arena, ret, ret, err);
    ret->encoding = VECTOR_CONST;
    ret->row_count = count;
    return status;
}

/* Where the bins of the combinations begin. */
static enum status make_bins(const struct part_scan *scan, const struct tally_digit *digit,
                             const uint32_t *numbers, uint32_t count, struct vector *ret,
                             struct error *err)
{
    enum status status = vector_flat(scan->arena, TYPE_DATETIME, count, false, ret, err);
    int64_t *times = vector_data(ret);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        times[i] = digit->first +
                   (int64_t)(numbers[i] / digit->stride % digit->count) * digit->bin;
    return status;
}

/* A column of the combinations. */
static enum status make_column(const struct part_scan *scan, const struct tally_digit *digit,
                               const uint32_t *numbers, uint32_t count, struct vector *ret,
                               struct error *err)
{
    if (digit->bin > 0)
        return make_bins(scan, digit, numbers, count, ret, err);
    if (scan->is_whole && digit->count == 1)
        return make_constant(scan, digit->plan, count, ret, err);
    if (is_constant(digit->plan) || digit->plan->values == NULL)
        return scan_make_column(scan, digit->plan, scan->rows, count, scan->arena, ret, err);
    uint32_t *codes = arena_alloc_raw(scan->arena, (size_t)count * sizeof(*codes) + 1, err);
    if (codes == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++)
        codes[i] = numbers[i] / digit->stride % digit->count;
    *ret = scan_dict_vector(digit->plan->values, codes, count);
    return STATUS_OK;
}

static enum status send(struct part_scan *scan, const struct tally_digit *digits,
                        const uint32_t *numbers, const uint32_t *weights, uint32_t count,
                        const struct tally_sink *out, struct error *err)
{
    uint32_t column_count = scan->request->column_count;
    struct vector *columns = ARENA_ARRAY(scan->arena, struct vector, column_count, err);
    enum status status = columns == NULL ? err->status : STATUS_OK;
    const struct vector *absent[TYPE_COUNT_] = {NULL}; /* one for all that nobody reads */
    bool is_enough = false; /* what is counted is soon sent */

    for (uint32_t i = 0; i < column_count && status == STATUS_OK; i++) {
        const struct vector **same = &absent[digits[i].plan->column->type];
        if (digits[i].plan->is_absent && *same != NULL) {
            columns[i] = **same;
            continue;
        }
        status = make_column(scan, &digits[i], numbers, count, &columns[i], err);
        if (digits[i].plan->is_absent)
            *same = &columns[i];
    }
    struct batch batch = {.row_count = count, .column_count = column_count, .columns = columns,
                          .decided = true, .weights = weights};
    return status == STATUS_OK ? out->take(out, &batch, &is_enough, err) : status;
}

static enum status send_table(struct part_scan *scan, const struct tally_digit *digits,
                              const uint32_t *table, uint32_t size,
                              const struct tally_sink *out, struct error *err)
{
    uint32_t *numbers = arena_alloc_raw(scan->arena, BATCH_ROWS_MAX * sizeof(uint32_t), err);
    uint32_t *weights = arena_alloc_raw(scan->arena, BATCH_ROWS_MAX * sizeof(uint32_t), err);
    uint32_t count = 0;
    enum status status = numbers == NULL || weights == NULL ? err->status : STATUS_OK;

    for (uint32_t n = 0; n < size && status == STATUS_OK; n++) {
        if (table[n] == 0)
            continue;
        numbers[count] = n;
        weights[count++] = table[n];
        if (count == BATCH_ROWS_MAX) {
            status = send(scan, digits, numbers, weights, count, out, err);
            count = 0;
        }
    }
    if (status == STATUS_OK && count > 0)
        status = send(scan, digits, numbers, weights, count, out, err);
    return status;
}

enum status scan_tally(struct part_scan *scan, const struct tally_sink *out, bool *ret_done,
                       struct error *err)
{
    struct tally_digit *digits =
        ARENA_ARRAY(scan->arena, struct tally_digit, scan->request->column_count, err);
    uint32_t size = 0;

    *ret_done = false;
    if (digits == NULL)
        return err->status;
    for (uint32_t s = 0; s < scan->part->root_shape_count; s++) {
        if (scan->part->shapes[s].is_raw && scan_has_rows_of(scan, &scan->part->shapes[s]))
            return STATUS_OK;
    }
    if (!tally_digits(scan, digits, &size))
        return STATUS_OK;
    *ret_done = true;
    uint32_t *table = ARENA_ARRAY(scan->arena, uint32_t, size, err);
    if (table == NULL)
        return err->status;
    enum status status = tally_count(scan, digits, table, err);
    return status == STATUS_OK ? send_table(scan, digits, table, size, out, err) : status;
}

/* ---- whole parts ---- */

/* Rows of all shapes but the raw one; false if a raw row is not in quarantine. */
static enum status plain_rows(struct part_scan *scan, uint64_t *ret_rows, bool *ret_plain,
                              struct error *err)
{
    const struct part *part = scan->part;
    enum status status = STATUS_OK;

    *ret_rows = 0;
    *ret_plain = true;
    for (uint32_t s = 0; s < part->root_shape_count && status == STATUS_OK; s++) {
        const struct shape *shape = &part->shapes[s];
        if (!shape->is_raw) {
            *ret_rows += shape->row_count;
            continue;
        }
        *ret_plain = *ret_plain && s > 0; /* row 0 is looked at, see make_constant() */
        status = scan_load_rows(scan, ROWS_FLAGS, err);
        for (uint32_t i = 0; i < shape->row_count && status == STATUS_OK; i++)
            *ret_plain = *ret_plain && (part->row_flags[shape->row_begin + i] &
                                        RECORD_QUARANTINED) != 0;
    }
    return status;
}

bool scan_tallies_all(const struct scan_source *source, const struct scan_request *request,
                      int64_t time_min, int64_t time_max)
{
    return request->tally && request->filter_count == 0 && !source->is_quarantine &&
           scan_times_are_inside(request, time_min, time_max);
}

static uint32_t *count_codes(const struct part_scan *scan, const struct tally_digit *digit,
                             struct error *err)
{
    const struct part *part = scan->part;
    uint32_t *counts = calloc(digit->count, sizeof(*counts));

    if (counts == NULL) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        const struct binding *binding = &digit->plan->bindings[s];
        if (shape->is_raw)
            continue;
        if (binding->kind != BIND_LEAF) {
            counts[digit->count - 1] += shape->row_count;
            continue;
        }
        codes_count(codes_from(part->paths[binding->index].codes, binding->first),
                    shape->row_count, counts);
    }
    return counts;
}

/* The counts of a digit, from the values or put there. */
static enum status get_counts(const struct part_scan *scan, const struct tally_digit *digit,
                              const uint32_t **ret, struct error *err)
{
    /* the values are the cache's: what is made once belongs to all */
    struct path_values *values = (struct path_values *)(uintptr_t)digit->plan->values;
    uint32_t *found = atomic_load_explicit(&values->tally, memory_order_acquire);

    if (found == NULL) {
        uint32_t *mine = count_codes(scan, digit, err);
        if (mine == NULL)
            return err->status;
        if (atomic_compare_exchange_strong(&values->tally, &found, mine))
            found = mine;
        else
            free(mine);
    }
    *ret = found;
    return STATUS_OK;
}

enum status scan_tally_whole(struct part_scan *scan, const struct tally_sink *out,
                             bool *ret_done, uint64_t *ret_rows, struct error *err)
{
    const struct scan_request *request = scan->request;
    struct tally_digit *digits =
        ARENA_ARRAY(scan->arena, struct tally_digit, request->column_count, err);
    const struct part *part = scan->part;
    const struct tally_digit *only = NULL;
    uint32_t size = 0, all[1] = {0}, varying = 0;
    const uint32_t *counts = all;
    bool is_plain = false;

    *ret_done = false;
    if (digits == NULL)
        return err->status;
    if (!scan_tallies_all(scan->source, request, part->time_min, part->time_max))
        return STATUS_OK;
    enum status status = plain_rows(scan, ret_rows, &is_plain, err);
    if (status != STATUS_OK || !is_plain || *ret_rows == 0)
        return status;
    scan->is_whole = scan->is_decided = true;
    status = scan_plan_columns(scan, err);
    bool fits = status == STATUS_OK && tally_digits(scan, digits, &size);
    for (uint32_t i = 0; i < request->column_count && fits; i++) {
        varying += digits[i].count > 1;
        only = digits[i].count > 1 ? &digits[i] : only;
    }
    *ret_done = fits && varying <= 1 && (only == NULL || only->bin == 0);
    if (*ret_done) {
        all[0] = (uint32_t)*ret_rows;
        if (only != NULL)
            status = get_counts(scan, only, &counts, err);
        if (status == STATUS_OK)
            status = send_table(scan, digits, counts, size, out, err);
    }
    scan->is_whole = scan->is_decided = false;
    scan->live_shapes = NULL;
    return status;
}
