/* SPDX-License-Identifier: Apache-2.0 */
/* Values against a filter: asked once a dictionary value, not once a row. */
#include "store/filter_priv.h"

#include "table/search.h"

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

enum type filter_type(const struct filter *filter, enum type column)
{
    enum type type = column == TYPE_DYNAMIC ? TYPE_STRING : column;

    if (filter->kind == FILTER_HAS && type != TYPE_STRING)
        return TYPE_COUNT_;
    return is_comparable(filter, type) ? type : TYPE_COUNT_;
}

bool filter_is_within(const struct filter *filter, struct slice text)
{
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (search_contains(text, filter->values[i].bytes, false))
            return true;
    }
    return false;
}

bool filter_matches_slice(const struct filter *filter, struct slice text)
{
    for (uint32_t i = 0; i < filter->value_count; i++) {
        struct slice value = filter->values[i].bytes;
        bool is_match = false;
        switch (filter->kind) {
        case FILTER_EQUAL:
            is_match = slice_equal(text, value);
            break;
        case FILTER_EQUAL_NOCASE:
            is_match = search_equal(text, value, false);
            break;
        case FILTER_HAS:
        case FILTER_ANY_HAS:
            is_match = search_has(text, value, false, false, false);
            break;
        case FILTER_RANGE:
        case FILTER_OR:
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

bool filter_matches_missing(const struct filter *filter)
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
        return filter_matches_missing(filter);
    if (type_is_bytes(values->type))
        return filter_matches_slice(filter, ((const struct slice *)values->data)[i]);
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

enum status filter_match_path(struct part_scan *scan, const struct filter *filter, uint32_t path,
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
