/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c - see cache_priv.h; also the memory that decoded columns live in.
 *
 * Invariants:
 * 1. An entry is in the order list (newest first) of its kind exactly when it has no pin.
 * 2. `bytes` is the sum over all entries, pinned or not, not dropped; `fresh_bytes` over
 *    those that are not kept.
 * 3. Those are in a bucket and in a list of their owner. */
#include "store/cache_priv.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/slab.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MAPPED_BYTES_MIN ((size_t)32768) /* larger blocks are maps of their own */
#define HEAP_BYTES ((size_t)16) /* that a slab takes beside a block: small ones are many */

/* ---- memory of decoded columns ---- */

struct cache_block {
    struct cache_block *next;
    size_t size;
    bool is_map; /* else a slab's */
    size_t reserved;
};

_Static_assert(sizeof(struct cache_block) % 16 == 0, "data behind it are aligned");

/* Maps that were given back, for the next columns of their size: making, clearing and
 * undoing maps was a third of the time that it took to decode a section. */
#define SPARE_UNIT_BYTES ((size_t)16 * KIB) /* sizes of maps are multiples of it */
#define SPARE_CLASSES 128u                  /* larger ones are not kept */
#define SPARE_BYTES_MAX (16 * MIB)

static struct {
    pthread_mutex_t lock;
    struct cache_block *lists[SPARE_CLASSES]; /* by size */
    size_t bytes;
} spare = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct cache_block *take_spare(size_t total)
{
    size_t class = total / SPARE_UNIT_BYTES - 1;

    if (class >= SPARE_CLASSES)
        return NULL;
    (void)pthread_mutex_lock(&spare.lock);
    struct cache_block *block = spare.lists[class];
    if (block != NULL) {
        spare.lists[class] = block->next;
        spare.bytes -= total;
    }
    (void)pthread_mutex_unlock(&spare.lock);
    return block;
}

static void give_back(struct cache_block *block)
{
    size_t class = block->size / SPARE_UNIT_BYTES - 1;
    bool is_kept = false;

    (void)pthread_mutex_lock(&spare.lock);
    if (class < SPARE_CLASSES && spare.bytes + block->size <= SPARE_BYTES_MAX) {
        block->next = spare.lists[class];
        spare.lists[class] = block;
        spare.bytes += block->size;
        is_kept = true;
    }
    (void)pthread_mutex_unlock(&spare.lock);
    if (!is_kept)
        (void)munmap(block, block->size);
}

static struct cache_block *map_block(size_t total, size_t size)
{
    struct cache_block *block = take_spare(total);

    if (block != NULL) {
        memset(block + 1, 0, size);
        return block;
    }
    block = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return NULL;
    (void)madvise(block, total, MADV_DONTDUMP);
    return block;
}

static struct cache_block *small_block(size_t total)
{
    struct cache_block *block = slab_alloc(total);

    if (block != NULL)
        memset(block, 0, total);
    return block;
}

void *cache_memory_alloc(struct cache_memory *memory, size_t size, struct error *err)
{
    size_t total = size + sizeof(struct cache_block);
    size_t map_bytes = (total + SPARE_UNIT_BYTES - 1) / SPARE_UNIT_BYTES * SPARE_UNIT_BYTES;
    bool mapped = total >= MAPPED_BYTES_MIN;
    /* what a map rounds up to is not touched */
    size_t charged = mapped ? total : total + HEAP_BYTES;
    struct cache_block *block = NULL;

    if (memory->bytes_max > 0 && charged > memory->bytes_max - memory->bytes) {
        (void)ERROR_SET(err, STATUS_LIMIT, "decoded columns need more than %zu bytes",
                        memory->bytes_max);
        return NULL;
    }
    block = mapped ? map_block(map_bytes, size) : small_block(total);
    if (block == NULL) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    block->size = mapped ? map_bytes : total;
    block->is_map = mapped;
    block->next = memory->blocks;
    memory->blocks = block;
    memory->bytes += charged;
    return block + 1;
}

void cache_memory_free(struct cache_memory *memory)
{
    while (memory->blocks != NULL) {
        struct cache_block *block = memory->blocks;
        memory->blocks = block->next;
        if (block->is_map)
            give_back(block);
        else
            slab_free(block, block->size);
    }
    memory->bytes = 0;
}

/* ---- the cache ---- */

#define FRESH_SHARE 8u /* of the bound is for what was asked for once */
/* Powers of two. */
#define BUCKETS_MIN 64u
#define BUCKETS_MAX 65536u
#define BUCKET_BYTES 2048u /* of the bound that are worth a bucket */
#define GHOSTS_MIN 1024u

struct order {
    struct cache_entry *newest, *oldest;
};

/* What left: a later one takes the place of an earlier. */
struct ghost {
    uint64_t key, last_use;
};

struct cache {
    pthread_mutex_t lock;
    size_t bytes, fresh_bytes, bytes_max;
    size_t held, beside; /* cache_hold(), cache_set_beside() */
    uint64_t clock; /* counts what is asked for */
    uint64_t hits, misses;
    struct order fresh, kept;
    uint32_t bucket_count, ghost_count;
    struct cache_entry **buckets; /* by owner and item */
    struct cache_entry **owners;  /* by owner: a merge drops thousands */
    struct ghost *ghosts;
};

static bool make_tables(struct cache *cache)
{
    uint32_t buckets = BUCKETS_MIN;

    while (buckets < BUCKETS_MAX && buckets < cache->bytes_max / BUCKET_BYTES)
        buckets *= 2;
    cache->bucket_count = buckets;
    cache->ghost_count = buckets / 4 < GHOSTS_MIN ? GHOSTS_MIN : buckets / 4;
    cache->buckets = (struct cache_entry **)calloc(buckets, sizeof(*cache->buckets));
    cache->owners = (struct cache_entry **)calloc(buckets, sizeof(*cache->owners));
    cache->ghosts = calloc(cache->ghost_count, sizeof(*cache->ghosts));
    return cache->buckets != NULL && cache->owners != NULL && cache->ghosts != NULL;
}

struct cache *cache_new(size_t bytes_max)
{
    struct cache *cache = calloc(1, sizeof(*cache));

    if (cache == NULL)
        return NULL;
    (void)pthread_mutex_init(&cache->lock, NULL);
    cache->bytes_max = bytes_max;
    if (!make_tables(cache)) {
        cache_free(cache);
        return NULL;
    }
    return cache;
}

static void entry_free(struct cache_entry *entry)
{
    entry->free_payload(entry->payload);
    slab_free(entry, sizeof(*entry));
}

static void free_order(struct cache_entry *newest)
{
    while (newest != NULL) {
        struct cache_entry *entry = newest;
        newest = entry->older;
        entry_free(entry);
    }
}

void cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    free_order(cache->fresh.newest);
    free_order(cache->kept.newest);
    (void)pthread_mutex_destroy(&cache->lock);
    free((void *)cache->buckets);
    free((void *)cache->owners);
    free(cache->ghosts);
    free(cache);
}

static uint64_t key_of(uint64_t owner, uint32_t item)
{
    return hash_u64(owner + item * UINT64_C(0x9E3779B97F4A7C15));
}

static struct cache_entry **bucket_of(struct cache *cache, uint64_t owner, uint32_t item)
{
    return &cache->buckets[key_of(owner, item) & (cache->bucket_count - 1)];
}

static struct order *order_of(struct cache *cache, const struct cache_entry *entry)
{
    return entry->is_kept ? &cache->kept : &cache->fresh;
}

static void order_remove(struct cache *cache, struct cache_entry *entry)
{
    struct order *order = order_of(cache, entry);

    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        order->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        order->oldest = entry->newer;
    entry->newer = entry->older = NULL;
}

static void order_add(struct cache *cache, struct cache_entry *entry)
{
    struct order *order = order_of(cache, entry);

    entry->older = order->newest;
    entry->newer = NULL;
    if (order->newest != NULL)
        order->newest->newer = entry;
    else
        order->oldest = entry;
    order->newest = entry;
}

/* What entries may have beside what is held. */
static size_t room_of(const struct cache *cache)
{
    size_t least = cache->bytes_max / 4, held = cache->held + cache->beside;

    return held < cache->bytes_max - least ? cache->bytes_max - held : least;
}

/* Counts the entry's bytes, or no longer. */
static void charge(struct cache *cache, const struct cache_entry *entry, size_t bytes)
{
    cache->bytes += bytes;
    cache->fresh_bytes += entry->is_kept ? 0 : bytes;
}

static void discharge(struct cache *cache, const struct cache_entry *entry)
{
    cache->bytes -= entry->bytes;
    cache->fresh_bytes -= entry->is_kept ? 0 : entry->bytes;
}

static struct cache_entry **owner_of(struct cache *cache, uint64_t owner)
{
    return &cache->owners[hash_u64(owner) & (cache->bucket_count - 1)];
}

static void bucket_add(struct cache *cache, struct cache_entry *entry)
{
    struct cache_entry **bucket = bucket_of(cache, entry->owner, entry->item);
    struct cache_entry **owner = owner_of(cache, entry->owner);

    entry->next_in_bucket = *bucket;
    *bucket = entry;
    entry->next_of_owner = *owner;
    if (*owner != NULL)
        (*owner)->last_of_owner = entry;
    *owner = entry;
    charge(cache, entry, entry->bytes);
}

static void bucket_remove(struct cache *cache, struct cache_entry *entry)
{
    struct cache_entry **at = bucket_of(cache, entry->owner, entry->item);

    while (*at != entry)
        at = &(*at)->next_in_bucket;
    *at = entry->next_in_bucket;
    if (entry->last_of_owner != NULL)
        entry->last_of_owner->next_of_owner = entry->next_of_owner;
    else
        *owner_of(cache, entry->owner) = entry->next_of_owner;
    if (entry->next_of_owner != NULL)
        entry->next_of_owner->last_of_owner = entry->last_of_owner;
    discharge(cache, entry);
}

static struct ghost *ghost_of(struct cache *cache, uint64_t key)
{
    return &cache->ghosts[(key >> 32) & (cache->ghost_count - 1)];
}

static struct cache_entry *next_to_leave(const struct cache *cache)
{
    bool are_too_many = cache->fresh_bytes > room_of(cache) / FRESH_SHARE;

    if (cache->fresh.oldest != NULL && (are_too_many || cache->kept.oldest == NULL))
        return cache->fresh.oldest;
    return cache->kept.oldest;
}

/* Takes entries out until the bound holds; a list of them for entry_free(). */
static struct cache_entry *evict(struct cache *cache)
{
    struct cache_entry *list = NULL;

    while (cache->bytes > room_of(cache)) {
        struct cache_entry *entry = next_to_leave(cache);
        if (entry == NULL)
            break;
        uint64_t key = key_of(entry->owner, entry->item);
        *ghost_of(cache, key) = (struct ghost){key, entry->last_use};
        order_remove(cache, entry);
        bucket_remove(cache, entry);
        entry->older = list;
        list = entry;
    }
    return list;
}

static void free_list(struct cache_entry *list)
{
    while (list != NULL) {
        struct cache_entry *entry = list;
        list = entry->older;
        entry_free(entry);
    }
}

static struct cache_entry *find_locked(struct cache *cache, uint64_t owner, uint32_t item)
{
    struct cache_entry *entry = *bucket_of(cache, owner, item);

    while (entry != NULL && (entry->owner != owner || entry->item != item))
        entry = entry->next_in_bucket;
    if (entry == NULL)
        return NULL;
    if (entry->pins++ == 0)
        order_remove(cache, entry);
    entry->last_use = ++cache->clock;
    cache->fresh_bytes -= entry->is_kept ? 0 : entry->bytes;
    entry->is_kept = true;
    return entry;
}

/* Was it here before, and is there room among what is kept or something used less lately? */
static bool is_wanted_again(struct cache *cache, const struct cache_entry *entry)
{
    uint64_t key = key_of(entry->owner, entry->item);
    const struct ghost *ghost = ghost_of(cache, key);
    size_t room = room_of(cache) - room_of(cache) / FRESH_SHARE;

    if (ghost->key != key || ghost->last_use == 0)
        return false;
    return cache->bytes - cache->fresh_bytes + entry->bytes <= room ||
           (cache->kept.oldest != NULL && ghost->last_use > cache->kept.oldest->last_use);
}

struct cache_entry *cache_find(struct cache *cache, uint64_t owner, uint32_t item)
{
    (void)pthread_mutex_lock(&cache->lock);
    struct cache_entry *entry = find_locked(cache, owner, item);
    *(entry == NULL ? &cache->misses : &cache->hits) += 1;
    (void)pthread_mutex_unlock(&cache->lock);
    return entry;
}

struct cache_entry *cache_add(struct cache *cache, uint64_t owner, uint32_t item, void *payload,
                              void (*free_payload)(void *payload), size_t bytes)
{
    struct cache_entry *entry = slab_alloc(sizeof(*entry));

    if (entry == NULL) {
        free_payload(payload);
        return NULL;
    }
    *entry = (struct cache_entry){.owner = owner, .item = item, .payload = payload,
                                  .free_payload = free_payload,
                                  .bytes = bytes + sizeof(*entry) + HEAP_BYTES, .cache = cache,
                                  .pins = 1};
    (void)pthread_mutex_lock(&cache->lock);
    struct cache_entry *other = find_locked(cache, owner, item), *evicted = NULL;
    if (other == NULL) {
        entry->last_use = ++cache->clock;
        entry->is_kept = is_wanted_again(cache, entry);
        bucket_add(cache, entry);
        evicted = evict(cache);
    }
    (void)pthread_mutex_unlock(&cache->lock);
    free_list(evicted);
    if (other != NULL) {
        entry_free(entry);
        return other;
    }
    return entry;
}

void cache_unpin(struct cache_entry *entry)
{
    struct cache_entry *evicted = NULL;

    if (entry == NULL)
        return;
    struct cache *cache = entry->cache;
    (void)pthread_mutex_lock(&cache->lock);
    CHECK(entry->pins > 0);
    bool dead = --entry->pins == 0 && entry->is_dropped;
    if (entry->pins == 0 && !dead) {
        order_add(cache, entry);
        evicted = evict(cache);
    }
    (void)pthread_mutex_unlock(&cache->lock);
    free_list(evicted);
    if (dead)
        entry_free(entry);
}

void cache_charge(struct cache_entry *entry, size_t bytes)
{
    struct cache *cache = entry->cache;

    (void)pthread_mutex_lock(&cache->lock);
    CHECK(entry->pins > 0);
    entry->bytes += bytes;
    if (!entry->is_dropped)
        charge(cache, entry, bytes);
    struct cache_entry *evicted = evict(cache);
    (void)pthread_mutex_unlock(&cache->lock);
    free_list(evicted);
}

void cache_hold(struct cache *cache, size_t bytes)
{
    (void)pthread_mutex_lock(&cache->lock);
    cache->held += bytes;
    struct cache_entry *evicted = evict(cache);
    (void)pthread_mutex_unlock(&cache->lock);
    free_list(evicted);
}

void cache_let_go(struct cache *cache, size_t bytes)
{
    (void)pthread_mutex_lock(&cache->lock);
    CHECK(cache->held >= bytes);
    cache->held -= bytes;
    (void)pthread_mutex_unlock(&cache->lock);
}

void cache_set_beside(struct cache *cache, size_t bytes)
{
    (void)pthread_mutex_lock(&cache->lock);
    cache->beside = bytes;
    struct cache_entry *evicted = evict(cache);
    (void)pthread_mutex_unlock(&cache->lock);
    free_list(evicted);
}

void cache_drop(struct cache *cache, uint64_t owner)
{
    struct cache_entry *list = NULL;

    (void)pthread_mutex_lock(&cache->lock);
    struct cache_entry *next = NULL;
    for (struct cache_entry *entry = *owner_of(cache, owner); entry != NULL; entry = next) {
        next = entry->next_of_owner;
        if (entry->owner != owner)
            continue;
        bucket_remove(cache, entry);
        if (entry->pins > 0) {
            entry->is_dropped = true;
            continue;
        }
        order_remove(cache, entry);
        entry->older = list;
        list = entry;
    }
    (void)pthread_mutex_unlock(&cache->lock);
    free_list(list);
}

void cache_stats(struct cache *cache, struct cache_stats *ret)
{
    (void)pthread_mutex_lock(&cache->lock);
    *ret = (struct cache_stats){cache->bytes, cache->hits, cache->misses};
    (void)pthread_mutex_unlock(&cache->lock);
}
