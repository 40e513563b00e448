/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: budget->used_bytes counts what every arena of the family holds in
 * blocks plus what was charged; it never passes budget->limit_bytes. */
#include "base/arena.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/slab.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES ((size_t)2 * MIB)
#define GREAT_BYTES ((size_t)8 * MIB) /* of an arena, which takes whole huge pages from then on */

struct budget {
    atomic_size_t used_bytes;
    size_t limit_bytes;
};

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

struct cleanup {
    struct cleanup *next;
    void (*fn)(void *);
    void *arg;
};

struct arena {
    struct block *head; /* newest first */
    struct cleanup *cleanups;
    struct budget *budget; /* own_budget, or the parent's */
    struct budget own_budget;
    size_t held_bytes; /* of the budget, by this arena */
    bool is_apart;     /* its blocks are a slab's */
};

struct arena *arena_new(size_t budget_bytes)
{
    CHECK(budget_bytes > 0 && budget_bytes <= ARENA_BUDGET_BYTES_MAX);
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena == NULL)
        return NULL;
    arena->own_budget.limit_bytes = budget_bytes;
    arena->budget = &arena->own_budget;
    return arena;
}

struct arena *arena_new_apart(size_t budget_bytes)
{
    struct arena *arena = arena_new(budget_bytes);

    if (arena != NULL)
        arena->is_apart = true;
    return arena;
}

struct arena *arena_share(struct arena *parent)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena != NULL)
        arena->budget = parent->budget;
    return arena;
}

void arena_lower_budget(struct arena *arena, size_t budget_bytes)
{
    if (budget_bytes < arena->budget->limit_bytes)
        arena->budget->limit_bytes = budget_bytes;
}

enum status arena_charge(struct arena *arena, size_t size, struct error *err)
{
    size_t before = atomic_fetch_add(&arena->budget->used_bytes, size);

    if (before + size > arena->budget->limit_bytes || before + size < before) {
        atomic_fetch_sub(&arena->budget->used_bytes, size);
        return ERROR_SET(err, STATUS_LIMIT,
                         "the memory budget of %zu bytes is used up (%zu in use, %zu wanted)",
                         arena->budget->limit_bytes, before, size);
    }
    arena->held_bytes += size;
    return STATUS_OK;
}

void arena_refund(struct arena *arena, size_t size)
{
    CHECK(size <= arena->held_bytes);
    arena->held_bytes -= size;
    atomic_fetch_sub(&arena->budget->used_bytes, size);
}

static void run_cleanups(struct arena *arena)
{
    while (arena->cleanups != NULL) {
        struct cleanup *c = arena->cleanups;
        arena->cleanups = c->next;
        c->fn(c->arg);
    }
}

static void free_block(const struct arena *arena, struct block *block)
{
    if (arena->is_apart && block != NULL)
        slab_free(block, sizeof(*block) + block->size);
    else
        free(block);
}

void arena_clear(struct arena *arena)
{
    run_cleanups(arena);
    struct block *keep = NULL;
    for (struct block *block = arena->head; block != NULL;) {
        struct block *next = block->next;
        if (keep == NULL && block->size <= ARENA_BLOCK_BYTES) {
            keep = block;
            keep->used = 0;
        } else {
            free_block(arena, block);
        }
        block = next;
    }
    if (keep != NULL)
        keep->next = NULL;
    arena->head = keep;
    arena_refund(arena, arena->held_bytes - (keep == NULL ? 0 : keep->size));
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    arena_clear(arena);
    free_block(arena, arena->head);
    arena_refund(arena, arena->held_bytes);
    free(arena);
}

/* A block has at most three quarters of what is there, so that little of an arena is
 * empty: memory has parts of a few rows for each of ten thousand tenants.  With its head it
 * is a power of two. */
static size_t next_block_bytes(const struct arena *arena, size_t size)
{
    const size_t head = sizeof(struct block);
    size_t bytes = ARENA_BLOCK_BYTES_MIN;

    while (bytes < ARENA_BLOCK_BYTES &&
           (bytes - head < size || bytes * 2 <= arena->held_bytes / 4 * 3))
        bytes *= 2;
    return bytes - head;
}

/* What fills whole huge pages asks for them: a table of tens of megabytes that a query has for
 * a moment would be faulted in thousands of times.  Kernels may refuse. */
static struct block *get_block(const struct arena *arena, size_t bytes)
{
    if (bytes < HUGE_PAGE_BYTES)
        return arena->is_apart ? slab_alloc(bytes) : malloc(bytes);
    struct block *block = NULL;
    if (posix_memalign((void **)&block, HUGE_PAGE_BYTES, bytes) != 0)
        return NULL;
    (void)madvise(block, bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES, MADV_HUGEPAGE);
    return block;
}

static struct block *new_block(struct arena *arena, size_t size, struct error *err)
{
    if (arena_charge(arena, size, err) != STATUS_OK)
        return NULL;
    struct block *block = get_block(arena, sizeof(*block) + size);
    if (block == NULL) {
        arena_refund(arena, size);
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    block->size = size;
    block->used = 0;
    return block;
}

/* A huge page for an arena that is great already; NULL where that is too much. */
static struct block *huge_block(struct arena *arena, size_t size)
{
    const size_t bytes = HUGE_PAGE_BYTES - sizeof(struct block);
    struct error ignored;

    return arena->held_bytes < GREAT_BYTES || size > bytes / 4
               ? NULL
               : new_block(arena, bytes, &ignored);
}

static struct block *add_block(struct arena *arena, size_t size, struct error *err)
{
    struct block *block = huge_block(arena, size);
    bool is_alone = block == NULL && size > ARENA_BLOCK_BYTES / 4;

    if (block == NULL)
        block = new_block(arena, is_alone ? size : next_block_bytes(arena, size), err);

    if (block == NULL)
        return NULL;
    if (is_alone && arena->head != NULL) {
        /* A block of its own goes behind the one that still has room. */
        block->next = arena->head->next;
        arena->head->next = block;
    } else {
        block->next = arena->head;
        arena->head = block;
    }
    return block;
}

void *arena_alloc_raw(struct arena *arena, size_t size, struct error *err)
{
    const size_t align = alignof(max_align_t);

    if (size > ARENA_BUDGET_BYTES_MAX) {
        (void)ERROR_SET(err, STATUS_LIMIT, "%zu bytes wanted at once", size);
        return NULL;
    }
    size_t rounded = (size + align - 1) & ~(align - 1);
    struct block *block = arena->head;
    if (block == NULL || block->size - block->used < rounded) {
        block = add_block(arena, rounded, err);
        if (block == NULL)
            return NULL;
    }
    void *memory = block->data + block->used;
    block->used += rounded;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size, struct error *err)
{
    void *memory = arena_alloc_raw(arena, size, err);

    if (memory != NULL && size > 0)
        memset(memory, 0, size);
    return memory;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size, struct error *err)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        (void)ERROR_SET(err, STATUS_LIMIT, "%zu items of %zu bytes wanted at once", count, size);
        return NULL;
    }
    return arena_alloc(arena, bytes, err);
}

struct slice arena_copy(struct arena *arena, struct slice s, struct error *err)
{
    char *copy = arena_alloc_raw(arena, s.size + 1, err);

    if (copy == NULL)
        return (struct slice){NULL, 0};
    if (s.size > 0)
        memcpy(copy, s.data, s.size);
    copy[s.size] = '\0';
    return slice_from(copy, s.size);
}

enum status arena_on_free(struct arena *arena, void (*fn)(void *), void *arg, struct error *err)
{
    struct cleanup *c = ARENA_NEW(arena, struct cleanup, err);

    if (c == NULL)
        return err->status;
    *c = (struct cleanup){.next = arena->cleanups, .fn = fn, .arg = arg};
    arena->cleanups = c;
    return STATUS_OK;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return atomic_load(&arena->budget->used_bytes);
}
