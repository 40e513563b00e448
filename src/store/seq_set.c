/* SPDX-License-Identifier: Apache-2.0 */
#include "store/seq_set_priv.h"

#include <stdlib.h>

struct seq_range {
    uint64_t first, last;
};

struct seq_ranges { /* rising; a gap of one number at least between two */
    struct seq_range *list;
    size_t count, capacity;
};

static struct slice key_of(const struct guid *tenant)
{
    return (struct slice){(const char *)tenant->bytes, sizeof(tenant->bytes)};
}

void seq_set_init(struct seq_set *set)
{
    map_init(&set->tenants);
}

void seq_set_release(struct seq_set *set)
{
    for (size_t i = 0; i < set->tenants.count; i++) {
        struct seq_ranges *ranges =
            (struct seq_ranges *)(uintptr_t)set->tenants.entries[i].value;
        if (ranges != NULL)
            free(ranges->list);
        free(ranges);
    }
    map_release(&set->tenants);
}

/* The place of the first range that ends at `seq` or behind it. */
static size_t find(const struct seq_ranges *ranges, uint64_t seq)
{
    size_t low = 0, high = ranges->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->list[middle].last < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum status insert(struct seq_ranges *ranges, size_t at, struct seq_range range,
                          struct error *err)
{
    if (ranges->count == ranges->capacity) {
        size_t capacity = ranges->capacity == 0 ? 16 : 2 * ranges->capacity;
        struct seq_range *list = realloc(ranges->list, capacity * sizeof(*list));
        if (list == NULL)
            return ERROR_MEMORY(err);
        ranges->list = list;
        ranges->capacity = capacity;
    }
    memmove(ranges->list + at + 1, ranges->list + at,
            (ranges->count - at) * sizeof(*ranges->list));
    ranges->list[at] = range;
    ranges->count++;
    return STATUS_OK;
}

enum status seq_set_add(struct seq_set *set, const struct guid *tenant, uint64_t first,
                        uint64_t last, struct error *err)
{
    struct map_entry *entry = map_put(&set->tenants, key_of(tenant), NULL, err);

    if (entry == NULL)
        return err->status;
    struct seq_ranges *ranges = (struct seq_ranges *)(uintptr_t)entry->value;
    if (ranges == NULL) {
        ranges = calloc(1, sizeof(*ranges));
        if (ranges == NULL)
            return ERROR_MEMORY(err);
        entry->value = (uint64_t)(uintptr_t)ranges;
    }
    size_t at = find(ranges, first == 0 ? 0 : first - 1), end = at;
    struct seq_range whole = {first, last};
    for (; end < ranges->count &&
           (last == UINT64_MAX || ranges->list[end].first <= last + 1); end++) {
        if (ranges->list[end].first < whole.first)
            whole.first = ranges->list[end].first;
        if (ranges->list[end].last > whole.last)
            whole.last = ranges->list[end].last;
    }
    if (at == end)
        return insert(ranges, at, whole, err);
    ranges->list[at] = whole;
    memmove(ranges->list + at + 1, ranges->list + end,
            (ranges->count - end) * sizeof(*ranges->list));
    ranges->count -= end - at - 1;
    return STATUS_OK;
}

bool seq_set_has(const struct seq_set *set, const struct guid *tenant, uint64_t seq)
{
    return seq_set_count(set, tenant, seq, seq) == 1;
}

uint64_t seq_set_count(const struct seq_set *set, const struct guid *tenant, uint64_t first,
                       uint64_t last)
{
    const struct seq_ranges *ranges = map_pointer(&set->tenants, key_of(tenant));
    uint64_t count = 0;

    if (ranges == NULL)
        return 0;
    for (size_t i = find(ranges, first); i < ranges->count && ranges->list[i].first <= last;
         i++) {
        uint64_t from = ranges->list[i].first > first ? ranges->list[i].first : first;
        uint64_t to = ranges->list[i].last < last ? ranges->list[i].last : last;
        count += to - from + 1;
    }
    return count;
}

bool seq_set_lack(const struct seq_set *set, const struct guid *tenant, uint64_t from,
                  uint64_t last, uint64_t *ret_first, uint64_t *ret_last)
{
    const struct seq_ranges *ranges = map_pointer(&set->tenants, key_of(tenant));
    size_t count = ranges == NULL ? 0 : ranges->count;
    size_t at = ranges == NULL ? 0 : find(ranges, from);

    if (at < count && ranges->list[at].first <= from) {
        if (ranges->list[at].last >= last)
            return false;
        from = ranges->list[at++].last + 1; /* no other range follows at once */
    }
    if (from > last)
        return false;
    *ret_first = from;
    *ret_last = at < count && ranges->list[at].first <= last ? ranges->list[at].first - 1 : last;
    return true;
}
