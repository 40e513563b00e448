/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: slot_count is a power of two and at least 4/3 of count. */
#include "base/map.h"

#include "base/hash.h"

#include <stdlib.h>

struct map_block {
    struct map_block *next;
    size_t size;
    char data[];
};

#define KEY_BLOCK_BYTES 4080u
#define KEY_BLOCK_BYTES_MIN 112u /* there are very many maps of an entry or two */

void map_init(struct map *map)
{
    *map = (struct map){0};
}

static void free_blocks(struct map *map)
{
    while (map->blocks != NULL) {
        struct map_block *next = map->blocks->next;
        free(map->blocks);
        map->blocks = next;
    }
    map->block_used = 0;
}

void map_release(struct map *map)
{
    free_blocks(map);
    free(map->entries);
    free(map->slots);
    *map = (struct map){0};
}

void map_clear(struct map *map)
{
    free_blocks(map);
    map->count = 0;
    if (map->slots != NULL)
        memset(map->slots, 0, map->slot_count * sizeof(*map->slots));
}

/* The slot of the key, or the free one where it belongs. */
static size_t probe(const struct map *map, struct slice key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    size_t at = hash & mask;

    for (; map->slots[at] != 0; at = (at + 1) & mask) {
        const struct map_entry *entry = &map->entries[map->slots[at] - 1];
        if (entry->hash == hash && slice_equal(entry->key, key))
            break;
    }
    return at;
}

struct map_entry *map_find(const struct map *map, struct slice key)
{
    if (map->count == 0)
        return NULL;
    size_t at = probe(map, key, hash_slice(key));
    return map->slots[at] == 0 ? NULL : &map->entries[map->slots[at] - 1];
}

static bool grow_slots(struct map *map)
{
    size_t slot_count = map->slot_count == 0 ? 16 : map->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof(*slots));

    if (slots == NULL)
        return false;
    free(map->slots);
    map->slots = slots;
    map->slot_count = slot_count;
    for (size_t i = 0; i < map->count; i++) {
        size_t at = map->entries[i].hash & (slot_count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (slot_count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    return true;
}

static bool reserve(struct map *map)
{
    if (map->count == map->entry_capacity) {
        size_t capacity = map->entry_capacity == 0 ? 8 : map->entry_capacity * 2;
        struct map_entry *entries = realloc(map->entries, capacity * sizeof(*entries));
        if (entries == NULL)
            return false;
        map->entries = entries;
        map->entry_capacity = capacity;
    }
    return (map->count + 1) * 4 <= map->slot_count * 3 || grow_slots(map);
}

static const char *copy_key(struct map *map, struct slice key)
{
    if (map->blocks == NULL || map->blocks->size - map->block_used < key.size) {
        size_t size = map->blocks == NULL ? KEY_BLOCK_BYTES_MIN : 2 * map->blocks->size;
        size = size > KEY_BLOCK_BYTES ? KEY_BLOCK_BYTES : size;
        size = key.size > size ? key.size : size;
        struct map_block *block = malloc(sizeof(*block) + size);
        if (block == NULL)
            return NULL;
        *block = (struct map_block){.next = map->blocks, .size = size};
        map->blocks = block;
        map->block_used = 0;
    }
    char *copy = map->blocks->data + map->block_used;
    if (key.size > 0)
        memcpy(copy, key.data, key.size);
    map->block_used += key.size;
    return copy;
}

struct map_entry *map_put(struct map *map, struct slice key, bool *ret_new, struct error *err)
{
    uint64_t hash = hash_slice(key);

    if (ret_new != NULL)
        *ret_new = false;
    if (map->count > 0) {
        size_t at = probe(map, key, hash);
        if (map->slots[at] != 0)
            return &map->entries[map->slots[at] - 1];
    }
    if (!reserve(map)) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    const char *copy = copy_key(map, key);
    if (copy == NULL) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    size_t at = probe(map, key, hash);
    struct map_entry *entry = &map->entries[map->count++];
    *entry = (struct map_entry){.key = slice_from(copy, key.size), .hash = hash};
    map->slots[at] = (uint32_t)map->count;
    if (ret_new != NULL)
        *ret_new = true;
    return entry;
}
