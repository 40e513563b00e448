/* SPDX-License-Identifier: Apache-2.0 */
/* scan_top.c - what a scan leaves out where only the highest of a column are wanted.
 *
 * Units come newest first where the column is a time, so that most of them are below what
 * was found already; if it is the event time they are not even opened.  In the others the
 * column is read first, and only rows that can still be among the highest have their other
 * columns made.
 */
#include "store/scan_priv.h"

#include <stdlib.h>

static int64_t newest(const struct scan_unit *unit)
{
    return unit->section != NULL ? section_info(unit->section)->time_max : unit->held->time_max;
}

static int compare_newest(const void *a, const void *b)
{
    int64_t x = newest(a), y = newest(b);

    return (x < y) - (x > y);
}

enum status scan_top_order(const struct scan_source *source, const struct scan_request *request,
                           const struct scan_unit **ret, struct error *err)
{
    const struct scan_top *top = request->top;

    *ret = source->units;
    if (top == NULL || source->columns[top->column].type != TYPE_DATETIME)
        return STATUS_OK;
    struct scan_unit *units =
        ARENA_ARRAY(request->arena, struct scan_unit, source->unit_count + (size_t)1, err);
    if (units == NULL)
        return err->status;
    memcpy(units, source->units, source->unit_count * sizeof(*units));
    qsort(units, source->unit_count, sizeof(*units), compare_newest);
    *ret = units;
    return STATUS_OK;
}

/* The values of the chosen rows [begin, end) to `values`; of null what is below all. */
static enum status read_values(struct part_scan *scan, const struct column_plan *plan,
                               uint32_t begin, uint32_t end, int64_t *values, struct error *err)
{
    struct vector v;
    enum status status = scan_make_column(scan, plan, scan->rows + begin, end - begin,
                                          scan->arena, &v, err);

    for (uint32_t i = begin; i < end && status == STATUS_OK; i++) {
        bool is_null = vector_is_null(&v, i - begin);
        values[i] = is_null ? INT64_MIN : v.integers[vector_index(&v, i - begin)];
    }
    return status;
}

enum status scan_top_narrow(struct part_scan *scan, struct highest *highest, struct error *err)
{
    const struct scan_top *top = scan->request->top;
    struct column_plan plan = {.column = &scan->source->columns[top->column]};
    enum status status = scan_plan_column(scan, &plan, err);
    int64_t *values =
        arena_alloc_raw(scan->arena, (scan->row_count + (size_t)1) * sizeof(*values), err);

    if (values == NULL)
        return err->status;
    for (uint32_t at = 0; at < scan->row_count && status == STATUS_OK;) {
        uint32_t end = scan_batch_end(scan, at);
        status = read_values(scan, &plan, at, end, values, err);
        at = end;
    }
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < scan->row_count && scan->is_decided && top->keeps_all; i++)
        highest_add(highest, values[i]);
    scan_top_raise(top, highest_bound(highest));
    int64_t low = scan_top_low(top);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scan->row_count; i++) {
        if (values[i] >= low)
            scan->rows[kept++] = scan->rows[i];
    }
    scan->row_count = kept;
    return STATUS_OK;
}
