/* SPDX-License-Identifier: Apache-2.0 */
/* held_priv.h - rows in memory: a part, or the text of a small batch that becomes one
 * when somebody wants its columns.
 *
 * A part of one row takes 19 KiB where the row has 36 fields, its text 1.5: thousands of
 * tenants that send a few records each would fill the memory with shapes and paths.  Who
 * asks gets a part that is made anew; while the pool has room it is kept, so that the
 * questions of few tenants do not make it again and again.
 *
 * Counted and, but for the part that is kept, immutable; every function is thread-safe.
 */
#ifndef STORE_HELD_PRIV_H
#define STORE_HELD_PRIV_H

#include "store/part_priv.h"

/* What the parts take that were made of texts and are kept. */
struct held_pool {
    atomic_size_t bytes;
};

/* There may be a hundred thousand of a row each. */
struct held {
    atomic_uint references;
    uint32_t row_count;
    uint32_t quarantined_count; /* of a text; a part's flags say it */
    uint32_t text_bytes;        /* of the block that a text is */
    struct guid tenant;
    struct slice table; /* owned, or the part's */
    int64_t time_min, time_max; /* event times, ticks */
    uint64_t seq_min, seq_max;
    uint64_t value_count;       /* of the part; of a text at least that of what it becomes */
    uint64_t wal_file_max;      /* newest file of the write-ahead log that holds a row */
    /* of a text, as in struct record_batch; NULL: `part` was there from the start */
    const struct record *records;
    const int64_t *received_times_us;
    int64_t received_us;
    _Atomic(struct part *) part; /* one reference, or NULL: not made or not kept */
    struct held_pool *pool;
    uint32_t kept_bytes;         /* of the pool, for `part` */
    bool replayed;
};

/* Text of few rows, else a part.  The pool outlives all that is held. */
enum status held_from_batch(const struct record_batch *batch, struct held_pool *pool,
                            struct held **ret, struct error *err) MUST_USE;
/* Takes over the reference on success. */
enum status held_from_part(struct part *part, struct held **ret, struct error *err) MUST_USE;
struct held *held_ref(struct held *held);
void held_unref(struct held *held); /* NULL allowed */

bool held_is_text(const struct held *held);
/* What it takes, without a part that the pool pays for. */
size_t held_bytes(const struct held *held);
/* Its rows as a part, one reference of which is the caller's. */
enum status held_part(struct held *held, struct part **ret, struct error *err) MUST_USE;
/* One of all their rows, of one tenant and table: a text where they are texts of few rows, else
 * a part; errors of part_join(). */
enum status held_merge(struct held *const *held, uint32_t count, struct held **ret,
                       struct error *err) MUST_USE;
/* One part of them. */
enum status held_join(struct held *const *held, uint32_t count, struct part **ret,
                      struct error *err) MUST_USE;

#endif
