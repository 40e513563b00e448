/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: at most three quarters of the slots are used, so that every walk meets a free
 * one.  A walk begins at the hash's share of the capacity, which may be any number: there are
 * ten thousands of sets, a third of each would be empty if they doubled. */
#include "detect/seen_priv.h"

#include "base/hash.h"

#include <stdlib.h>

#define CAPACITY_MIN 8u

static uint64_t hash_of(struct slice key)
{
    uint64_t hash = hash_slice(key);

    return hash != 0 ? hash : 1;
}

/* The slot of the hash, or the free one where it belongs. */
static struct seen_slot *walk(const struct seen *seen, uint64_t hash)
{
    uint32_t at = (uint32_t)((hash >> 32) * seen->capacity >> 32);

    while (seen->slots[at].hash != 0 && seen->slots[at].hash != hash)
        at = at + 1 == seen->capacity ? 0 : at + 1;
    return &seen->slots[at];
}

void seen_release(struct seen *seen)
{
    free(seen->slots);
    *seen = (struct seen){0};
}

static bool grow(struct seen *seen)
{
    struct seen bigger = {.count = seen->count};

    bigger.capacity = seen->capacity == 0 ? CAPACITY_MIN : seen->capacity + seen->capacity / 2;
    bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
    if (bigger.slots == NULL)
        return false;
    for (uint32_t i = 0; i < seen->capacity; i++) {
        if (seen->slots[i].hash != 0)
            *walk(&bigger, seen->slots[i].hash) = seen->slots[i];
    }
    free(seen->slots);
    *seen = bigger;
    return true;
}

int64_t *seen_put(struct seen *seen, struct slice key, bool *ret_new, struct error *err)
{
    uint64_t hash = hash_of(key);
    struct seen_slot *slot = seen->capacity == 0 ? NULL : walk(seen, hash);

    *ret_new = slot == NULL || slot->hash == 0;
    if (!*ret_new)
        return &slot->value;
    if ((seen->count + 1) * UINT64_C(4) > seen->capacity * UINT64_C(3) && !grow(seen)) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    slot = walk(seen, hash);
    *slot = (struct seen_slot){.hash = hash};
    seen->count++;
    return &slot->value;
}

bool seen_has(const struct seen *seen, struct slice key)
{
    return seen->count > 0 && walk(seen, hash_of(key))->hash != 0;
}

int64_t seen_value(const struct seen *seen, struct slice key)
{
    const struct seen_slot *slot = seen->count > 0 ? walk(seen, hash_of(key)) : NULL;

    return slot == NULL || slot->hash == 0 ? 0 : slot->value;
}
