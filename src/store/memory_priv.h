/* SPDX-License-Identifier: Apache-2.0 */
/* memory_priv.h - the rows that are not sealed yet, of all tenants.
 *
 * A shelf per (tenant, table) holds parts, or small batches as text, in the order they
 * came.  Small ones are joined by the thread that adds one too many, outside of the lock.
 * The caller of every function holds the store's lock.
 *
 * A flush: memory_begin_flush() pins the parts below the floor and keeps them
 * from being joined; when they are durable elsewhere, memory_end_flush() takes
 * them out.  Both are called by one thread at a time.
 */
#ifndef STORE_MEMORY_PRIV_H
#define STORE_MEMORY_PRIV_H

#include "base/map.h"
#include "store/held_priv.h"

struct held_list;

struct memory_part {
    struct held *held;    /* one reference */
    uint64_t added_us;    /* monotonic: age of the rows */
    size_t size_bytes;
    const struct held_list *holder; /* of the join or flush under way that has it, or NULL */
    bool stays;           /* a join with it passed a bound: not to be tried again */
};

struct memory_shelf {
    struct guid tenant;
    struct slice table;   /* owned */
    struct memory_part *parts;
    uint32_t part_count, part_capacity;
};

struct memory {
    struct memory_shelf *shelves;
    uint32_t shelf_count, shelf_capacity;
    struct map places;    /* tenant and table -> index of the shelf */
    uint64_t row_count, byte_count;
    uint64_t oldest_us;   /* UINT64_MAX when empty */
    struct held_pool pool;
};

void memory_make_empty(struct memory *memory);

/* Counted, for snapshots and flushes. */
struct held_list {
    struct held **held; /* one reference each */
    uint32_t count, capacity;
};
void held_list_release(struct held_list *list); /* gives the references back */

void memory_release(struct memory *memory);
/* Takes over the reference on success. */
enum status memory_add(struct memory *memory, struct held *held, uint64_t now_us,
                       struct error *err) MUST_USE;
/* All parts, in no order, or those of one tenant. */
enum status memory_list(const struct memory *memory, const struct guid *tenant,
                        struct held_list *ret, struct error *err) MUST_USE;
/* The parts whose rows all come from WAL files below wal_floor.  STATUS_BUSY
 * while one of them is being joined. */
enum status memory_begin_flush(struct memory *memory, uint64_t wal_floor, struct held_list *ret,
                               struct error *err) MUST_USE;
/* done: the parts of the list leave memory; else they may be joined again.  `list` is the
 * very one that was given to memory_begin_flush(). */
void memory_end_flush(struct memory *memory, const struct held_list *list, bool done);

/* Parts of one shelf and one WAL file worth joining: pinned and busy.
 * false if there are none. */
bool memory_begin_join(struct memory *memory, const struct guid *tenant, struct slice table,
                       struct held_list *ret);
/* Puts `joined` (reference taken over) in their place; NULL: they cannot be
 * joined and stay as they are.  `list` is the very one of memory_begin_join(). */
void memory_end_join(struct memory *memory, const struct held_list *list, struct held *joined);

#endif
