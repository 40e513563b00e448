/* SPDX-License-Identifier: Apache-2.0 */
/* cache_priv.h - what was decrypted and decoded, bounded.
 *
 * Plain "least recently used" never hits for a scan that is greater than the cache, which
 * questions over all sections are.  So what was asked for once is *fresh* and has an
 * eighth of the bound when there is no room; what was asked for again is *kept*, the least
 * recently used of it leaves first.  Of what left, the cache remembers when it was last
 * used: if it comes back and was used later than the oldest that is kept, it is kept at
 * once.  A scan greater than the cache hits as often as its share that fits; another one
 * takes its place when it is asked for the second time.
 *
 * An entry is immutable and pinned while somebody uses it; pinned entries
 * count but do not leave, so the bound may be passed by what is in use.
 * Thread-safe.
 */
#ifndef STORE_CACHE_PRIV_H
#define STORE_CACHE_PRIV_H

#include "store/column_priv.h"

struct cache;

struct cache_entry {
    uint64_t owner; /* section */
    uint32_t item;
    void *payload;  /* freed by free_payload */
    void (*free_payload)(void *payload);
    size_t bytes;
    /* the cache's own */
    struct cache *cache;
    uint32_t pins;
    bool is_dropped;
    bool is_kept;      /* else it is fresh */
    uint64_t last_use; /* on the cache's clock */
    struct cache_entry *next_in_bucket;
    struct cache_entry *next_of_owner, *last_of_owner; /* among owners of one hash */
    struct cache_entry *newer, *older; /* while not pinned */
};

struct cache *cache_new(size_t bytes_max);
void cache_free(struct cache *cache); /* nothing is pinned any more; NULL allowed */

/* Pinned, or NULL. */
struct cache_entry *cache_find(struct cache *cache, uint64_t owner, uint32_t item);
/* Takes the payload (frees it on failure); gives the pinned entry, which is
 * another one if two threads made the same.  NULL without memory. */
struct cache_entry *cache_add(struct cache *cache, uint64_t owner, uint32_t item, void *payload,
                              void (*free_payload)(void *payload), size_t bytes);
void cache_unpin(struct cache_entry *entry); /* NULL allowed */
/* A pinned entry's payload has grown by so many bytes. */
void cache_charge(struct cache_entry *entry, size_t bytes);
/* Memory of the owners themselves counts against the bound, too; entries keep a quarter of it. */
void cache_hold(struct cache *cache, size_t bytes);
void cache_let_go(struct cache *cache, size_t bytes);
/* Sets, not adds, what is counted of memory that is not theirs. */
void cache_set_beside(struct cache *cache, size_t bytes);
/* Forgets all entries of an owner; the pinned ones when they are given back. */
void cache_drop(struct cache *cache, uint64_t owner);

struct cache_stats {
    uint64_t bytes, hits, misses;
};
void cache_stats(struct cache *cache, struct cache_stats *ret);

#endif
