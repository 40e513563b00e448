/* SPDX-License-Identifier: Apache-2.0 */
/* leaves_priv.h - the leaves of one request: cut, commit, number, check.
 *
 * The costly part (leaves_commit) needs no number and runs before the lock of
 * the tenant; leaves_finish() runs under it.  Pure functions.
 */
#ifndef INGEST_LEAVES_PRIV_H
#define INGEST_LEAVES_PRIV_H

#include "base/arena.h"
#include "crypt/leaf.h"
#include "table/record.h"

struct leaf_draft {
    uint32_t first, count; /* of the request's stored records */
    uint64_t raw_bytes;
    uint8_t seed[SEED_BYTES];
    uint8_t leaf[LEAF_BYTES]; /* once finished */
    struct leaf_fields fields;
};

struct leaves {
    struct leaf_draft *items; /* in the arena */
    uint32_t count;
    struct hash256 *hashes;   /* one a record: commitments; then of each leaf its nodes */
};

/* Cuts records into leaves of at most LEAF_RECORDS_MAX records and
 * LEAF_BYTES_MAX bytes, and draws their seeds. */
enum status leaves_cut(const struct record *records, uint32_t count, struct arena *arena,
                       struct leaves *ret, struct error *err) MUST_USE;
void leaves_commit(struct leaves *leaves, const struct record *records);

/* fields: what all leaves of the request share, with the first one's numbers
 * (leaf index, first seq, commit time, flags); counts on from there. */
void leaves_finish(struct leaves *leaves, const struct record *records,
                   const struct leaf_fields *fields, int64_t received_us);

/* Computes nodes and root of records read back; ret_hashes has room for one a record.
 * STATUS_CORRUPT unless they are the ones the leaf commits to. */
enum status leaves_check(const struct leaf_draft *draft, const struct record *records,
                         int64_t received_us, struct hash256 *ret_hashes,
                         struct error *err) MUST_USE;

#endif
