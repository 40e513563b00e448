/* SPDX-License-Identifier: Apache-2.0 */
/* join_nets.c - see join_nets_priv.h. */
#include "query/join_nets_priv.h"

#include "query/ip_priv.h"
#include "query/key_set_priv.h"

#define ADDRESS_BITS 128u
#define V4_BITS 32u
#define MERGED_MAX 65536u /* between two looks at the time */

/* The address without what is behind the prefix. */
static void mask(struct net *net, uint32_t prefix)
{
    if (prefix == 0)
        net->high = 0;
    else if (prefix < 64)
        net->high &= UINT64_MAX << (64 - prefix);
    if (prefix <= 64)
        net->low = 0;
    else if (prefix < ADDRESS_BITS)
        net->low &= UINT64_MAX << (ADDRESS_BITS - prefix);
}

static bool parse(bool is_v6, struct slice text, struct net *ret)
{
    uint8_t bytes[16];
    uint32_t v4 = 0;
    int64_t prefix;

    if (is_v6 ? !ip_parse_v6(text, bytes, &prefix) : !ip_parse_v4(text, &v4, &prefix))
        return false;
    *ret = (struct net){.low = v4, .prefix = (uint32_t)prefix + ADDRESS_BITS - V4_BITS};
    if (is_v6) {
        ret->prefix = (uint32_t)prefix;
        ret->low = 0;
        for (int i = 0; i < 8; i++) {
            ret->high = ret->high << 8 | bytes[i];
            ret->low = ret->low << 8 | bytes[8 + i];
        }
    }
    mask(ret, ret->prefix);
    return true;
}

static bool is_same(const struct net *a, const struct net *b)
{
    return a->group == b->group && a->high == b->high && a->low == b->low &&
           a->prefix == b->prefix;
}

/* Is `inner`, of the same group, within `outer`, or the same? */
static bool holds(const struct net *outer, const struct net *inner)
{
    struct net masked = *inner;

    mask(&masked, outer->prefix);
    return outer->prefix <= inner->prefix && masked.high == outer->high &&
           masked.low == outer->low;
}

/* By group, first address and prefix. */
static bool is_behind(const struct net *a, const struct net *b)
{
    if (a->group != b->group)
        return a->group > b->group;
    if (a->high != b->high)
        return a->high > b->high;
    if (a->low != b->low)
        return a->low > b->low;
    return a->prefix > b->prefix;
}

/* ---- the kept side ---- */

enum status join_nets_add(struct join_nets *nets, const struct vector *texts,
                          const uint32_t *groups, uint32_t first_row, struct error *err)
{
    uint32_t wanted = nets->count + texts->row_count;
    enum status status = STATUS_OK;

    if (wanted > nets->capacity) {
        uint32_t capacity = nets->capacity + nets->capacity / 2;
        capacity = capacity < wanted ? wanted : capacity;
        struct net *list = arena_alloc_raw(nets->arena, capacity * sizeof(*list), err);
        if (list == NULL)
            return err->status;
        if (nets->count > 0)
            memcpy(list, nets->list, nets->count * sizeof(*list));
        nets->list = list;
        nets->capacity = capacity;
    }
    for (uint32_t r = 0; r < texts->row_count && status == STATUS_OK; r++) {
        struct slice text = texts->slices[vector_index(texts, r)];
        struct net *net = &nets->list[nets->count];
        status = key_spend(nets->run, &nets->spent_bytes, text.size, err);
        if (status != STATUS_OK || !parse(nets->is_v6, text, net))
            continue;
        net->group = groups[r];
        net->row = first_row + r;
        nets->count++;
    }
    return status;
}

/* Merges two sorted runs that follow each other; equal ones keep their order. */
static void merge_runs(const struct net *from, uint64_t first, uint64_t count, struct net *to)
{
    uint64_t a = 0, b = first;

    for (uint64_t i = 0; i < count; i++) {
        bool second = a == first || (b < count && is_behind(&from[a], &from[b]));
        to[i] = from[second ? b++ : a++];
    }
}

static enum status sort_nets(struct join_nets *nets, struct error *err)
{
    struct net *from = nets->list;
    struct net *to = arena_alloc_raw(nets->arena, (nets->count + 1) * sizeof(*to), err);
    uint64_t count = nets->count, merged = 0;
    enum status status = to == NULL ? err->status : STATUS_OK;

    for (uint64_t run = 1; run < count && status == STATUS_OK; run *= 2) {
        for (uint64_t at = 0; at < count && status == STATUS_OK; at += 2 * run) {
            uint64_t size = at + 2 * run < count ? 2 * run : count - at;
            merge_runs(from + at, run < size ? run : size, size, to + at);
            merged += size;
            if (merged < MERGED_MAX)
                continue;
            status = run_check(nets->run, err);
            merged = 0;
        }
        struct net *swap = from;
        from = to;
        to = swap;
    }
    nets->list = from;
    return status;
}

/* What holds each is the one before it, or what holds that. */
static void link_nets(struct join_nets *nets)
{
    for (uint32_t i = 0; i < nets->count; i++) {
        struct net *net = &nets->list[i];
        uint32_t up = i; /* + 1, of the one before */
        if (i > 0 && is_same(net, net - 1)) {
            net->up = net[-1].up;
            continue;
        }
        if (i > 0 && net[-1].group != net->group)
            up = 0;
        while (up != 0 && !holds(&nets->list[up - 1], net))
            up = nets->list[up - 1].up;
        net->up = up;
    }
}

enum status join_nets_order(struct join_nets *nets, uint32_t group_count, struct error *err)
{
    nets->first = ARENA_ARRAY(nets->arena, uint32_t, group_count + (size_t)1, err);
    enum status status = nets->first == NULL ? err->status : sort_nets(nets, err);

    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < nets->count; i++)
        nets->first[nets->list[i].group + 1]++;
    for (uint32_t g = 0; g < group_count; g++)
        nets->first[g + 1] += nets->first[g];
    link_nets(nets);
    return STATUS_OK;
}

/* ---- the other side ---- */

static enum status add_hit(struct net_hits *hits, uint32_t row, struct error *err)
{
    if (hits->count == hits->capacity) {
        uint32_t capacity = hits->capacity == 0 ? 64 : hits->capacity * 2;
        size_t bytes = capacity * sizeof(*hits->list);
        struct sort_entry *list = arena_alloc_raw(hits->arena, bytes, err);
        struct sort_entry *spare = arena_alloc_raw(hits->arena, bytes, err);
        if (list == NULL || spare == NULL)
            return err->status;
        if (hits->count > 0)
            memcpy(list, hits->list, hits->count * sizeof(*list));
        hits->list = list;
        hits->spare = spare;
        hits->capacity = capacity;
    }
    hits->list[hits->count++] = (struct sort_entry){.key = row, .row = row};
    return STATUS_OK;
}

/* How many of the list, up to `end`, are not behind it. */
static uint32_t find_place(const struct join_nets *nets, uint32_t end, const struct net *net)
{
    uint32_t low = nets->first[net->group], high = end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_behind(&nets->list[middle], net))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

enum status join_nets_find(const struct join_nets *nets, uint32_t group, struct slice address,
                           struct net_hits *ret, struct error *err)
{
    struct net net;
    enum status status = key_spend(nets->run, &ret->spent_bytes, address.size + 64, err);

    ret->count = 0;
    if (status != STATUS_OK || !parse(nets->is_v6, address, &net))
        return status;
    net.group = group;
    uint32_t begin = nets->first[group], end = nets->first[group + 1];
    uint32_t place = find_place(nets, end, &net);
    for (uint32_t up = place > begin ? place : 0; up != 0; up = nets->list[up - 1].up) {
        const struct net *last = &nets->list[up - 1];
        if (!holds(last, &net))
            continue;
        for (uint32_t i = up; i > begin && is_same(&nets->list[i - 1], last); i--) {
            status = add_hit(ret, nets->list[i - 1].row, err);
            if (status != STATUS_OK)
                return status;
        }
    }
    for (uint32_t i = place; i < end && holds(&net, &nets->list[i]); i++) {
        status = add_hit(ret, nets->list[i].row, err);
        if (status != STATUS_OK)
            return status;
    }
    return ret->count < 2 ? STATUS_OK
                          : sort_entries(nets->run, &ret->list, &ret->spare, ret->count, 32, err);
}
