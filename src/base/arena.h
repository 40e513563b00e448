/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory that dies together, with a byte budget.
 *
 * One arena per request, query or rule.  Nothing is freed alone.  Reaching the
 * budget is STATUS_LIMIT for its owner, never a dead server.  An arena has one
 * owner thread at a time; arena_share() makes a second arena that draws on the
 * same budget for a worker thread.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"
#include "base/buf.h"

struct arena;

/* budget_bytes: 1 .. ARENA_BUDGET_BYTES_MAX.  NULL when there is no memory. */
struct arena *arena_new(size_t budget_bytes);
/* The same with blocks of slabs (base/slab.h): for what stays while much comes and goes. */
struct arena *arena_new_apart(size_t budget_bytes);

/* Makes the budget of the arena and all that share it smaller; a greater one changes
 * nothing.  No other thread may use them meanwhile. */
void arena_lower_budget(struct arena *arena, size_t budget_bytes);

/* Own blocks, the parent's budget (atomic).  The parent must outlive it. */
struct arena *arena_share(struct arena *parent);

void arena_free(struct arena *arena); /* runs the clean-ups, last added first; NULL allowed */
void arena_clear(struct arena *arena); /* as free, but usable again; keeps one block */

/* Zeroed, aligned for any type.  NULL on failure with err set (STATUS_LIMIT). */
void *arena_alloc(struct arena *arena, size_t size, struct error *err) MUST_USE;
/* The same without zeroing, aligned to 8: for data that is filled at once. */
void *arena_alloc_raw(struct arena *arena, size_t size, struct error *err) MUST_USE;
/* count * size with overflow checked. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size,
                        struct error *err) MUST_USE;
/* A copy with a NUL behind it (not counted in size); data NULL on failure. */
struct slice arena_copy(struct arena *arena, struct slice s, struct error *err);

#define ARENA_NEW(arena, type, err) ((type *)arena_alloc((arena), sizeof(type), (err)))
#define ARENA_ARRAY(arena, type, count, err)                                                       \
    ((type *)arena_alloc_array((arena), (count), sizeof(type), (err)))

/* Charges memory that is held elsewhere (malloc, caches) to the budget. */
enum status arena_charge(struct arena *arena, size_t size, struct error *err) MUST_USE;
void arena_refund(struct arena *arena, size_t size);

/* Ties what is not memory (a file, a reference) to the arena's life. */
enum status arena_on_free(struct arena *arena, void (*fn)(void *), void *arg,
                          struct error *err) MUST_USE;

size_t arena_used_bytes(const struct arena *arena);

#endif
