/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants, under the lock:
 * 1. A slab stands in the list of its class exactly when it has room for a block.
 * 2. No slab is empty but the spare ones, which are in a list of their own.
 * 3. A slab begins at a multiple of SLAB_BYTES, so a block says where its slab is.
 * 4. Of its free blocks the first `clean_count` take no memory; dirty_bytes are all others of
 *    slabs in lists whose blocks are no smaller than a page. */
#include "base/slab.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/slab_priv.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SLAB_BYTES ((size_t)256 * KIB)
#define BLOCK_BYTES_MIN ((size_t)128)
#define STEPS 8u /* sizes between a power of two and the next */
#define DOUBLINGS 8u
#define CLASSES (DOUBLINGS * STEPS + 1)

_Static_assert(BLOCK_BYTES_MIN << DOUBLINGS == SLAB_BLOCK_BYTES_MAX, "from the least to the most");
_Static_assert(BLOCK_BYTES_MIN / STEPS % 16 == 0, "blocks are aligned");

#define PAGE_BYTES ((size_t)4096)
#define DIRTY_BYTES_MAX ((size_t)8 * MIB) /* free, and not given back to the system */
#define SPARE_MAX 32u /* checking a section, and merging, fills and empties slabs of many classes */

struct slab {
    struct slab *next, *before;      /* of its class */
    uint32_t class, bytes, capacity; /* bytes of a block, and how many there are */
    uint32_t first;                  /* where they begin, from the slab */
    uint32_t used;                   /* blocks */
    uint32_t fresh;                  /* from this block on nothing was given away, nor touched */
    uint32_t free_count, clean_count;
    uint16_t free[]; /* numbers of blocks that were given back, the last of them last */
};

_Static_assert(SLAB_BYTES / BLOCK_BYTES_MIN <= UINT16_MAX, "blocks have short numbers");

static struct {
    pthread_mutex_t lock;
    struct slab *lists[CLASSES];
    struct slab *spare; /* for the next that is wanted */
    uint32_t spare_count;
    size_t bytes, dirty_bytes;
} slabs = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint32_t class_of(size_t size)
{
    if (size <= BLOCK_BYTES_MIN)
        return 0;
    uint32_t doubled = (uint32_t)(__builtin_clzll(BLOCK_BYTES_MIN - 1) -
                                  __builtin_clzll(size - 1)) - 1;
    size_t low = BLOCK_BYTES_MIN << doubled, step = low / STEPS;

    return doubled * STEPS + (uint32_t)((size - low + step - 1) / step);
}

static size_t bytes_of(uint32_t class)
{
    size_t low = BLOCK_BYTES_MIN << class / STEPS;

    return low + low / STEPS * (class % STEPS);
}

static void start_slab(struct slab *slab, uint32_t class)
{
    size_t bytes = bytes_of(class), unit = bytes < PAGE_BYTES ? 64 : PAGE_BYTES;
    size_t head = sizeof(struct slab) + SLAB_BYTES / bytes * sizeof(uint16_t);
    size_t first = (head + unit - 1) / unit * unit;

    *slab = (struct slab){.class = class,
                          .bytes = (uint32_t)bytes,
                          .capacity = (uint32_t)((SLAB_BYTES - first) / bytes),
                          .first = (uint32_t)first};
}

static char *block_at(struct slab *slab, uint32_t number)
{
    return (char *)slab + slab->first + number * (size_t)slab->bytes;
}

static bool has_room(const struct slab *slab)
{
    return slab->free_count > 0 || slab->fresh < slab->capacity;
}

/* What a free block counts for in dirty_bytes. */
static size_t dirt_of(const struct slab *slab)
{
    return slab->bytes < PAGE_BYTES ? 0 : slab->bytes;
}

static void list_add(struct slab *slab)
{
    struct slab **list = &slabs.lists[slab->class];

    slab->before = NULL;
    slab->next = *list;
    if (*list != NULL)
        (*list)->before = slab;
    *list = slab;
}

static void list_remove(struct slab *slab)
{
    if (slab->before != NULL)
        slab->before->next = slab->next;
    else
        slabs.lists[slab->class] = slab->next;
    if (slab->next != NULL)
        slab->next->before = slab->before;
}

/* Twice as much is mapped, and what stands around the slab given back. */
static struct slab *map_slab(void)
{
    char *map = mmap(NULL, 2 * SLAB_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                     -1, 0);

    if (map == MAP_FAILED)
        return NULL;
    size_t front = (SLAB_BYTES - (uintptr_t)map % SLAB_BYTES) % SLAB_BYTES;
    if (front > 0)
        (void)munmap(map, front);
    (void)munmap(map + front + SLAB_BYTES, SLAB_BYTES - front);
    return (struct slab *)(void *)(map + front);
}

static struct slab *slab_with_room(uint32_t class)
{
    struct slab *slab = slabs.lists[class];

    if (slab != NULL)
        return slab;
    if (slabs.spare != NULL) {
        slab = slabs.spare;
        slabs.spare = slab->next;
        slabs.spare_count--;
    } else {
        slab = map_slab();
        if (slab == NULL)
            return NULL;
    }
    start_slab(slab, class);
    slabs.bytes += SLAB_BYTES;
    list_add(slab);
    return slab;
}

static void *take_block(struct slab *slab)
{
    uint32_t number;

    if (slab->free_count == 0) {
        number = slab->fresh++;
    } else {
        number = slab->free[--slab->free_count];
        if (slab->clean_count > slab->free_count)
            slab->clean_count = slab->free_count;
        else
            slabs.dirty_bytes -= dirt_of(slab);
    }
    slab->used++;
    if (!has_room(slab))
        list_remove(slab);
    return block_at(slab, number);
}

void *slab_take(size_t size)
{
    (void)pthread_mutex_lock(&slabs.lock);
    struct slab *slab = slab_with_room(class_of(size));
    void *block = slab == NULL ? NULL : take_block(slab);
    (void)pthread_mutex_unlock(&slabs.lock);
    return block;
}

static void drop_slab(struct slab *slab)
{
    list_remove(slab);
    slabs.dirty_bytes -= (slab->free_count - slab->clean_count) * dirt_of(slab);
    slabs.bytes -= SLAB_BYTES;
    if (slabs.spare_count == SPARE_MAX) {
        (void)munmap(slab, SLAB_BYTES);
        return;
    }
    slab->next = slabs.spare;
    slabs.spare = slab;
    slabs.spare_count++;
}

/* The whole pages of free blocks go back to the system. */
static void clean_slab(struct slab *slab)
{
    for (; slab->clean_count < slab->free_count; slab->clean_count++) {
        char *block = block_at(slab, slab->free[slab->clean_count]);
        size_t front = (PAGE_BYTES - (uintptr_t)block % PAGE_BYTES) % PAGE_BYTES;
        size_t pages = (slab->bytes - front) / PAGE_BYTES * PAGE_BYTES;
        if (pages > 0)
            (void)madvise(block + front, pages, MADV_DONTNEED);
    }
}

/* Who keeps much and then little leaves a few blocks in each slab. */
static void clean_all(void)
{
    for (uint32_t class = class_of(PAGE_BYTES); class < CLASSES; class++)
        for (struct slab *slab = slabs.lists[class]; slab != NULL; slab = slab->next)
            clean_slab(slab);
    slabs.dirty_bytes = 0;
    while (slabs.spare != NULL) {
        struct slab *slab = slabs.spare;
        slabs.spare = slab->next;
        (void)munmap(slab, SLAB_BYTES);
    }
    slabs.spare_count = 0;
}

static void give_back(struct slab *slab, const char *block)
{
    bool had_room = has_room(slab);
    size_t offset = (size_t)(block - block_at(slab, 0));

    slab->free[slab->free_count++] = (uint16_t)((uint32_t)offset / slab->bytes);
    slabs.dirty_bytes += dirt_of(slab);
    if (!had_room)
        list_add(slab);
    if (--slab->used == 0)
        drop_slab(slab);
    if (slabs.dirty_bytes > DIRTY_BYTES_MAX)
        clean_all();
}

void slab_give_back(void *block, size_t size)
{
    struct slab *slab = (struct slab *)(void *)((char *)block - (uintptr_t)block % SLAB_BYTES);
    (void)pthread_mutex_lock(&slabs.lock);
    CHECK(slab->used > 0 && slab->class == class_of(size));
    give_back(slab, block);
    (void)pthread_mutex_unlock(&slabs.lock);
}

void *slab_alloc(size_t size)
{
    return SLAB_IN_HEAP || size > SLAB_BLOCK_BYTES_MAX ? malloc(size) : slab_take(size);
}

void slab_free(void *block, size_t size)
{
    if (SLAB_IN_HEAP || block == NULL || size > SLAB_BLOCK_BYTES_MAX)
        free(block);
    else
        slab_give_back(block, size);
}

size_t slab_bytes(void)
{
    (void)pthread_mutex_lock(&slabs.lock);
    size_t bytes = slabs.bytes;
    (void)pthread_mutex_unlock(&slabs.lock);
    return bytes;
}
