/* SPDX-License-Identifier: Apache-2.0 */
/* group.c - keys as bytes and the hash table over them.
 *
 * A key is its columns one after the other: a byte (1 = null), then 8 bytes
 * (numbers, times, bool), 16 (guid) or a 4-byte size and the bytes.
 */
#include "base/hash.h"
#include "query/op_priv.h"

#define AHEAD 8u /* keys whose slots are fetched before they are needed */

static size_t value_bytes(const struct vector *v, uint32_t at)
{
    if (type_is_bytes(v->type))
        return 5 + v->slices[at].size;
    return v->type == TYPE_GUID ? 17 : 9;
}

size_t key_bytes(const struct key_encoder *keys, uint32_t row)
{
    size_t size = 0;

    for (uint32_t c = 0; c < keys->count; c++)
        size += value_bytes(&keys->columns[c], vector_index(&keys->columns[c], row));
    return size;
}

static char *encode(const struct vector *v, uint32_t at, char *to, bool *ret_null)
{
    bool null = v->nulls != NULL && v->nulls[at] != 0;

    *ret_null = *ret_null || null;
    *to++ = null;
    if (type_is_bytes(v->type)) {
        uint32_t size = null ? 0 : (uint32_t)v->slices[at].size;
        memcpy(to, &size, 4);
        if (size > 0)
            memcpy(to + 4, v->slices[at].data, size);
        return to + 4 + size;
    }
    if (v->type == TYPE_GUID) {
        memset(to, 0, 16);
        if (!null)
            memcpy(to, &v->guids[at], 16);
        return to + 16;
    }
    int64_t bits = 0;
    if (!null && v->type == TYPE_BOOL) {
        bits = v->booleans[at] != 0;
    } else if (!null && v->type == TYPE_REAL) {
        double real = type_real_key(v->reals[at]);
        memcpy(&bits, &real, 8);
    } else if (!null) {
        bits = v->integers[at];
    }
    memcpy(to, &bits, 8);
    return to + 8;
}

void key_encode(const struct key_encoder *keys, uint32_t row, char *to, bool *ret_null)
{
    *ret_null = false;
    for (uint32_t c = 0; c < keys->count; c++)
        to = encode(&keys->columns[c], vector_index(&keys->columns[c], row), to, ret_null);
}

enum status group_init(struct group_table *table, struct arena *arena, struct error *err)
{
    *table = (struct group_table){.arena = arena, .capacity = 16, .slot_count = 32};
    table->entries = ARENA_ARRAY(arena, struct group_entry, table->capacity, err);
    table->slots = ARENA_ARRAY(arena, struct group_slot, table->slot_count, err);
    return table->entries == NULL || table->slots == NULL ? err->status : STATUS_OK;
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

/* The slot of the key, or the free one where it would be. */
static struct group_slot *slot_of(const struct group_table *table, struct slice key,
                                  uint64_t hash)
{
    uint32_t mask = table->slot_count - 1;
    uint32_t i = (uint32_t)hash & mask;

    for (; table->slots[i].entry != 0; i = (i + 1) & mask) {
        const struct group_slot *slot = &table->slots[i];
        if (slot->tag == tag_of(hash) && slice_equal(table->entries[slot->entry - 1].key, key))
            break;
    }
    return &table->slots[i];
}

uint32_t group_find(const struct group_table *table, struct slice key, uint64_t hash)
{
    uint32_t entry = slot_of(table, key, hash)->entry;

    return entry == 0 ? GROUP_NONE : entry - 1;
}

static void insert(struct group_table *table, uint32_t entry)
{
    uint64_t hash = table->entries[entry].hash;
    uint32_t mask = table->slot_count - 1;
    uint32_t i = (uint32_t)hash & mask;

    while (table->slots[i].entry != 0)
        i = (i + 1) & mask;
    table->slots[i] = (struct group_slot){tag_of(hash), entry + 1};
}

static enum status grow(struct group_table *table, struct error *err)
{
    uint32_t capacity = table->capacity * 2;
    struct group_entry *entries =
        arena_alloc_raw(table->arena, capacity * sizeof(*entries), err);
    struct group_slot *slots =
        ARENA_ARRAY(table->arena, struct group_slot, (size_t)capacity * 2, err);

    if (entries == NULL || slots == NULL)
        return err->status;
    memcpy(entries, table->entries, table->count * sizeof(*entries));
    table->entries = entries;
    table->capacity = capacity;
    table->slots = slots;
    table->slot_count = capacity * 2;
    for (uint32_t i = 0; i < table->count; i++) {
        if (i + AHEAD < table->count)
            group_prefetch(table, entries[i + AHEAD].hash);
        insert(table, i);
    }
    return STATUS_OK;
}

static enum status add(struct group_table *table, struct slice key, uint64_t hash, bool copies,
                       uint32_t *ret, bool *ret_new, struct error *err)
{
    struct group_slot *slot = slot_of(table, key, hash);

    *ret_new = slot->entry == 0;
    if (slot->entry != 0) {
        *ret = slot->entry - 1;
        return STATUS_OK;
    }
    if (table->count >= QUERY_OPERATOR_ROWS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "more than %u groups", QUERY_OPERATOR_ROWS_MAX);
    if (table->count == table->capacity) {
        enum status status = grow(table, err);
        if (status != STATUS_OK)
            return status;
        slot = slot_of(table, key, hash);
    }
    if (copies) {
        char *copy = arena_alloc_raw(table->arena, key.size + 1, err);
        if (copy == NULL)
            return err->status;
        if (key.size > 0)
            memcpy(copy, key.data, key.size);
        key.data = copy;
    }
    table->entries[table->count] = (struct group_entry){key, hash};
    *ret = table->count++;
    *slot = (struct group_slot){tag_of(hash), table->count};
    return STATUS_OK;
}

enum status group_add(struct group_table *table, struct slice key, uint64_t hash, uint32_t *ret,
                      bool *ret_new, struct error *err)
{
    return add(table, key, hash, true, ret, ret_new, err);
}

enum status group_take(struct group_table *table, const struct group_entry *entries,
                       uint32_t count, uint32_t *map, struct error *err)
{
    enum status status = STATUS_OK;
    bool is_new;

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (i + AHEAD < count)
            group_prefetch(table, entries[i + AHEAD].hash);
        status = add(table, entries[i].key, entries[i].hash, false, &map[i], &is_new, err);
    }
    return status;
}

void group_clear(struct group_table *table)
{
    memset(table->slots, 0, table->slot_count * sizeof(*table->slots));
    table->count = 0;
}

enum status group_merge(struct group_table *table, const struct group_table *from, bool copies,
                        uint32_t *map, struct error *err)
{
    const struct group_entry *entries = from->entries;
    enum status status = STATUS_OK;
    bool is_new;

    for (uint32_t i = 0; i < from->count && status == STATUS_OK; i++) {
        if (i + AHEAD < from->count)
            group_prefetch(table, entries[i + AHEAD].hash);
        status = add(table, entries[i].key, entries[i].hash, copies, &map[i], &is_new, err);
    }
    return status;
}
