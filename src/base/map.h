/* SPDX-License-Identifier: Apache-2.0 */
/* map.h - a hash table from byte strings to a 64-bit value.
 *
 * Keys are copied into the map.  Open addressing, seeded hash; iteration is in
 * insertion order.  Values that are pointers are borrowed.  One thread.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/error.h"
#include "base/slice.h"

struct map_entry {
    struct slice key; /* owned by the map */
    uint64_t value;
    uint64_t hash;
};

struct map {
    struct map_entry *entries; /* count, in insertion order */
    size_t count;
    size_t entry_capacity;
    uint32_t *slots; /* slot_count, entry index + 1, 0 = free */
    size_t slot_count;
    struct map_block *blocks; /* key bytes */
    size_t block_used;
};

void map_init(struct map *map);
void map_release(struct map *map);
void map_clear(struct map *map);

/* The entry, or NULL. Valid until the next put. */
struct map_entry *map_find(const struct map *map, struct slice key);
/* Finds or inserts (with value 0); *ret_new tells which, and may be NULL.
 * NULL only without memory, with err set. */
struct map_entry *map_put(struct map *map, struct slice key, bool *ret_new, struct error *err);

static inline void *map_pointer(const struct map *map, struct slice key)
{
    struct map_entry *entry = map_find(map, key);
    return entry == NULL ? NULL : (void *)(uintptr_t)entry->value;
}

#endif
