/* SPDX-License-Identifier: Apache-2.0 */
#include "store/gap_priv.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gap_list_init(struct gap_list *list)
{
    *list = (struct gap_list){.items = NULL};
    (void)pthread_mutex_init(&list->lock, NULL);
}

void gap_list_release(struct gap_list *list)
{
    free(list->items);
    (void)pthread_mutex_destroy(&list->lock);
}

static enum status set(struct gap_list *list, const struct store_gap *gap, struct error *err)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct store_gap *known = &list->items[i];
        if (guid_equal(&known->tenant, &gap->tenant) && known->first_seq == gap->first_seq &&
            known->last_seq == gap->last_seq) {
            *known = *gap;
            return STATUS_OK;
        }
    }
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        struct store_gap *items = realloc(list->items, capacity * sizeof(*items));
        if (items == NULL)
            return ERROR_MEMORY(err);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *gap;
    return STATUS_OK;
}

enum status gap_list_set(struct gap_list *list, const struct store_gap *gap, struct error *err)
{
    (void)pthread_mutex_lock(&list->lock);
    enum status status = set(list, gap, err);
    (void)pthread_mutex_unlock(&list->lock);
    return status;
}

bool gap_list_find(struct gap_list *list, const struct guid *tenant, uint64_t from, uint64_t last,
                   struct store_gap *ret)
{
    bool found = false;

    (void)pthread_mutex_lock(&list->lock);
    for (uint32_t i = 0; i < list->count && !found; i++) {
        const struct store_gap *gap = &list->items[i];
        found = guid_equal(&gap->tenant, tenant) && gap->first_seq <= last &&
                gap->last_seq >= from;
        if (found)
            *ret = *gap;
    }
    (void)pthread_mutex_unlock(&list->lock);
    return found;
}

enum status gap_list_numbers(struct gap_list *list, const struct guid *tenant,
                             bool (*is_left_out)(const void *context,
                                                 const struct store_gap *gap),
                             const void *context, struct seq_set *ret, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&list->lock);
    for (uint32_t i = 0; i < list->count && status == STATUS_OK; i++) {
        const struct store_gap *gap = &list->items[i];
        if (guid_equal(&gap->tenant, tenant) && !is_left_out(context, gap))
            status = seq_set_add(ret, tenant, gap->first_seq, gap->last_seq, err);
    }
    (void)pthread_mutex_unlock(&list->lock);
    return status;
}

enum status gap_list_all(struct gap_list *list, uint32_t more, struct arena *arena,
                         struct store_gap **ret, uint32_t *ret_count, struct error *err)
{
    (void)pthread_mutex_lock(&list->lock);
    *ret_count = list->count;
    *ret = ARENA_ARRAY(arena, struct store_gap, (size_t)list->count + more + 1, err);
    if (*ret != NULL && list->count > 0)
        memcpy(*ret, list->items, list->count * sizeof(**ret));
    (void)pthread_mutex_unlock(&list->lock);
    return *ret == NULL ? err->status : STATUS_OK;
}

enum status gap_list_copy(struct gap_list *list,
                          bool (*is_of)(const void *context, const struct guid *tenant),
                          const void *context, struct scan_source *source, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&list->lock);
    if (list->count > 0) {
        source->gaps = ARENA_ARRAY(source->arena, struct store_gap, list->count, err);
        status = source->gaps == NULL ? err->status : STATUS_OK;
    }
    for (uint32_t i = 0; i < list->count && status == STATUS_OK; i++) {
        if (is_of(context, &list->items[i].tenant))
            source->gaps[source->gap_count++] = list->items[i];
    }
    (void)pthread_mutex_unlock(&list->lock);
    return status;
}

/* ---- what a scan could have met ---- */

static bool is_apart(int64_t low, int64_t high, int64_t first, int64_t last)
{
    return high < first || low > last;
}

/* Do all values lie outside? */
static bool are_apart(const struct filter *filter, int64_t first, int64_t last)
{
    if (filter->kind == FILTER_RANGE)
        return is_apart(filter->low, filter->high, first, last);
    if (filter->kind != FILTER_EQUAL)
        return false;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        const struct value *value = &filter->values[i];
        bool is_number = value->type == TYPE_LONG || value->type == TYPE_INT ||
                         value->type == TYPE_DATETIME;
        if (value->is_null || !is_number ||
            !is_apart(value->integer, value->integer, first, last))
            return false;
    }
    return true;
}

/* No record of the gap satisfies the filter. */
static bool rules_out(const struct scan_source *source, const struct filter *filter,
                      const struct store_gap *gap)
{
    if (filter->kind == FILTER_OR) {
        for (uint32_t i = 0; i < filter->part_count; i++) {
            if (!rules_out(source, &filter->parts[i], gap))
                return false;
        }
        return filter->part_count > 0;
    }
    if (filter->column == SOURCE_COLUMN_ANY || filter->path.size > 0)
        return false;
    enum column_source column = source->columns[filter->column].source;
    if (column == COLUMN_SEQ)
        return are_apart(filter, (int64_t)gap->first_seq, (int64_t)gap->last_seq);
    if (column == COLUMN_TIME || column == COLUMN_RECEIVED ||
        filter->column == source->time_column)
        return are_apart(filter, gap->time_from, gap->time_to);
    return false;
}

static bool is_met(const struct scan_source *source, const struct scan_request *request,
                   const struct store_gap *gap)
{
    if (!gap->is_accepted)
        return true;
    bool is_before = request->time_to != INT64_MAX && request->time_to <= gap->time_from;
    if (is_before || request->time_from > gap->time_to)
        return false;
    for (uint32_t i = 0; i < request->filter_count; i++) {
        if (rules_out(source, &request->filters[i], gap))
            return false;
    }
    return true;
}

const struct store_gap *gap_met(const struct scan_source *source,
                                const struct scan_request *request)
{
    for (uint32_t i = 0; i < source->gap_count; i++) {
        if (is_met(source, request, &source->gaps[i]))
            return &source->gaps[i];
    }
    return NULL;
}

struct store_gap section_gap(const struct section *section)
{
    const struct section_info *info = section_info(section);
    const int64_t received_min = time_from_unix_us(info->received_min);
    const int64_t received_max = time_from_unix_us(info->received_max);

    return (struct store_gap){
        .tenant = info->tenant,
        .first_seq = info->seq_min,
        .last_seq = info->seq_max,
        .is_section = true,
        .is_whole = info->seq_max - info->seq_min + 1 == info->row_count,
        .time_from = info->time_min < received_min ? info->time_min : received_min,
        .time_to = info->time_max > received_max ? info->time_max : received_max,
    };
}

void gap_describe(const struct store_gap *gap, char *ret, size_t size)
{
    (void)snprintf(ret, size, "records %llu to %llu%s %s%s", (unsigned long long)gap->first_seq,
                   (unsigned long long)gap->last_seq,
                   gap->is_whole ? "" : ", or some of them,",
                   gap->is_section ? "cannot be read" : "were lost to damage",
                   gap->is_accepted ? ", which was accepted" : "");
}
