/* SPDX-License-Identifier: Apache-2.0 */
/* sort_rank.c - see sort_rank_priv.h. */
#include "query/sort_rank_priv.h"

#include "base/hash.h"

#include <stdlib.h>

#define SLOTS_FIRST 256u
#define EIGHTS_MAX 4u /* of bytes by which texts are sorted before they are compared */

static uint32_t slot_of(const struct sort_texts *t, struct slice bytes)
{
    uint64_t hash = hash_u64((uint64_t)(uintptr_t)bytes.data + bytes.size);
    uint32_t at = (uint32_t)hash & (t->slot_count - 1);

    while (t->slots[at] != UINT32_MAX) {
        const struct slice *s = &t->list[t->slots[at]];
        if (s->data == bytes.data && s->size == bytes.size)
            break;
        at = (at + 1) & (t->slot_count - 1);
    }
    return at;
}

static enum status grow_texts(struct sort_texts *t, struct arena *arena, struct error *err)
{
    uint32_t slots = t->slot_count == 0 ? SLOTS_FIRST : t->slot_count * 2;
    struct slice *list = arena_alloc_raw(arena, slots / 2 * sizeof(*list), err);

    t->slots = list == NULL ? NULL : arena_alloc_raw(arena, slots * sizeof(*t->slots), err);
    if (t->slots == NULL)
        return err->status;
    if (t->count > 0)
        memcpy(list, t->list, t->count * sizeof(*list));
    memset(t->slots, 0xff, slots * sizeof(*t->slots));
    t->list = list;
    t->capacity = slots / 2;
    t->slot_count = slots;
    for (uint32_t i = 0; i < t->count; i++)
        t->slots[slot_of(t, list[i])] = i;
    return STATUS_OK;
}

enum status sort_texts_add(struct sort_texts *t, struct arena *arena, struct slice bytes,
                           uint32_t *ret, struct error *err)
{
    if (t->count == t->capacity) {
        enum status status = grow_texts(t, arena, err);
        if (status != STATUS_OK)
            return status;
    }
    uint32_t at = slot_of(t, bytes);
    if (t->slots[at] == UINT32_MAX) {
        t->list[t->count] = bytes;
        t->slots[at] = t->count++;
    }
    *ret = t->slots[at];
    return STATUS_OK;
}

static int compare_bytes(const struct slice *a, const struct slice *b, enum type type)
{
    struct value x = {.type = type, .bytes = *a};
    struct value y = {.type = type, .bytes = *b};

    return a->data == b->data && a->size == b->size ? 0 : value_compare(&x, &y);
}

static int compare_entries(const void *a, const void *b, void *arg)
{
    const struct sort_texts *t = arg;

    return compare_bytes(&t->list[((const struct sort_entry *)a)->row],
                         &t->list[((const struct sort_entry *)b)->row], t->type);
}

/* What all texts begin with says nothing about their order. */
static size_t common_prefix(const struct sort_texts *t)
{
    struct slice first = t->list[0];
    size_t size = first.size;

    for (uint32_t i = 1; i < t->count; i++) {
        struct slice s = t->list[i];
        size_t same = 0;
        while (same < size && same < s.size && s.data[same] == first.data[same])
            same++;
        size = same;
    }
    return size;
}

uint64_t sort_text_prefix(struct slice s, size_t from)
{
    uint64_t bits = 0;

    if (from + 8 <= s.size) {
        memcpy(&bits, s.data + from, 8);
        return __builtin_bswap64(bits);
    }
    for (size_t i = from; i < from + 8; i++)
        bits = bits << 8 | (i < s.size ? (uint8_t)s.data[i] : 0);
    return bits;
}

/* What is sorted, its eight bytes that come next, and how many times there are such. */
struct eights {
    struct sort_entry *list, *spare;
    size_t from;
    uint32_t left;
};

/* Are equal keys, of bytes before `from` and eight more, equal texts? */
static bool are_equal(const struct sort_texts *t, const struct sort_entry *list, uint32_t count,
                      size_t from)
{
    size_t size = t->list[list[0].row].size;
    bool are = size <= from + 8;

    for (uint32_t i = 1; i < count && are; i++)
        are = t->list[list[i].row].size == size;
    return are;
}

/* How many of the lowest bits the keys differ in. */
static uint32_t different_bits(const struct sort_entry *list, uint32_t count)
{
    uint64_t bits = 0;

    for (uint32_t i = 1; i < count; i++)
        bits |= list[i].key ^ list[0].key;
    return bits == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(bits);
}

static enum status sort_eights(const struct run *run, const struct sort_texts *t,
                               const struct eights *eights, uint32_t count, struct error *err);

/* Texts whose keys, the eight bytes from a place on, are there: by these, those that are equal
 * in them by the next eight, and in the end by comparing. */
static enum status sort_keys(const struct run *run, const struct sort_texts *t,
                             const struct eights *eights, uint32_t count, struct error *err)
{
    struct sort_entry *list = eights->list;
    struct sort_entry *sorted = list;
    struct sort_entry *other = eights->spare;
    enum status status =
        sort_entries(run, &sorted, &other, count, different_bits(list, count), err);

    if (sorted != list)
        memcpy(list, sorted, count * sizeof(*list));
    for (uint32_t i = 0, end; i < count && status == STATUS_OK; i = end) {
        for (end = i + 1; end < count && list[end].key == list[i].key;)
            end++;
        const struct eights next = {list + i, eights->spare + i, eights->from + 8,
                                    eights->left - 1};
        if (end - i > 1 && !are_equal(t, list + i, end - i, eights->from))
            status = sort_eights(run, t, &next, end - i, err);
    }
    return status;
}

static enum status sort_eights(const struct run *run, const struct sort_texts *t,
                               const struct eights *eights, uint32_t count, struct error *err)
{
    struct sort_entry *list = eights->list;

    if (eights->left == 0) {
        qsort_r(list, count, sizeof(*list), compare_entries, (void *)(uintptr_t)t);
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < count; i++)
        list[i].key = sort_text_prefix(t->list[list[i].row], eights->from);
    return sort_keys(run, t, eights, count, err);
}

static bool differ(const struct sort_texts *t, uint32_t a, uint32_t b)
{
    return t->type == TYPE_DECIMAL
               ? compare_bytes(&t->list[a], &t->list[b], t->type) != 0
               : !slice_equal(t->list[a], t->list[b]);
}

enum status sort_texts_fit(struct sort_texts *t, struct arena *arena, struct error *err)
{
    size_t count = (size_t)t->count + 1;

    t->entries = arena_alloc_raw(arena, count * sizeof(*t->entries), err);
    t->spare = arena_alloc_raw(arena, count * sizeof(*t->spare), err);
    t->ranks = arena_alloc_raw(arena, count * sizeof(*t->ranks), err);
    return t->entries == NULL || t->spare == NULL || t->ranks == NULL ? err->status : STATUS_OK;
}

/* By the highest bits that the keys differ in; decimals, whose bytes do not say their order,
 * are one part. */
void sort_texts_divide(struct sort_texts *t)
{
    struct sort_entry *list = t->entries;
    uint64_t low = UINT64_MAX, high = 0;

    t->begin = t->count == 0 || t->type == TYPE_DECIMAL ? 0 : common_prefix(t);
    for (uint32_t i = 0; i < t->count; i++) {
        uint64_t key = t->type == TYPE_DECIMAL ? 0 : sort_text_prefix(t->list[i], t->begin);
        list[i] = (struct sort_entry){.key = key, .row = i};
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    uint32_t bits = low < high ? 64 - (uint32_t)__builtin_clzll(high - low) : 0;
    uint32_t shift = bits < SORT_TEXT_PART_BITS ? 0 : bits - SORT_TEXT_PART_BITS;
    memset(t->first, 0, sizeof(t->first));
    for (uint32_t i = 0; i < t->count; i++)
        t->first[((list[i].key - low) >> shift) + 2]++;
    for (uint32_t part = 0; part < SORT_TEXT_PARTS; part++)
        t->first[part + 2] += t->first[part + 1];
    for (uint32_t i = 0; i < t->count; i++)
        t->spare[t->first[((list[i].key - low) >> shift) + 1]++] = list[i];
}

enum status sort_texts_sort(const struct sort_texts *t, uint32_t part, const struct run *run,
                            struct error *err)
{
    uint32_t from = t->first[part];
    uint32_t count = t->first[part + 1] - from;
    const struct eights eights = {t->spare + from, t->entries + from, t->begin,
                                  t->type == TYPE_DECIMAL ? 0 : EIGHTS_MAX};

    if (count < 2)
        return STATUS_OK;
    return eights.left == 0 ? sort_eights(run, t, &eights, count, err)
                            : sort_keys(run, t, &eights, count, err);
}

void sort_texts_rank(struct sort_texts *t)
{
    const struct sort_entry *list = t->spare;

    t->span = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        t->span += i > 0 && (t->all_differ || differ(t, list[i - 1].row, list[i].row));
        t->ranks[list[i].row] = t->span;
    }
}
