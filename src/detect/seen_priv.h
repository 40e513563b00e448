/* SPDX-License-Identifier: Apache-2.0 */
/* seen_priv.h - a number for each key that was seen, without the keys.
 *
 * Of a key its seeded 64-bit hash is kept: 16 bytes where a map with texts takes a hundred,
 * and four kilobytes for its first.  Two keys of one hash are one key: of a million keys
 * that is one pair in 30 million tenants, and nobody can choose them.  Zero is an empty set.
 */
#ifndef DETECT_SEEN_PRIV_H
#define DETECT_SEEN_PRIV_H

#include "base/error.h"
#include "base/slice.h"

struct seen_slot {
    uint64_t hash; /* 0: free */
    int64_t value;
};

struct seen {
    struct seen_slot *slots; /* owned; open addressing */
    uint32_t count, capacity;
};

void seen_release(struct seen *seen); /* empty and usable after */
/* Finds or adds it (with value 0); *ret_new tells which.  Valid until the next put.  NULL
 * only without memory, with err set. */
int64_t *seen_put(struct seen *seen, struct slice key, bool *ret_new, struct error *err);
/* Its value; 0 where it is not there. */
int64_t seen_value(const struct seen *seen, struct slice key);
bool seen_has(const struct seen *seen, struct slice key);

#endif
