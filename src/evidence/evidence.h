/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h - the leaves of all tenants, with what proves their records.
 *
 * The sink takes leaves that are durable in the write-ahead log and holds them
 * in memory; evidence_flush() puts them into the files of docs/format/
 * evidence.md before the log is cut.  Everything here sees both.
 *
 * Thread-safe.  A tenant costs memory once it was used (about 300 bytes); no
 * file stays open.
 */
#ifndef EVIDENCE_EVIDENCE_H
#define EVIDENCE_EVIDENCE_H

#include "base/guid.h"
#include "base/io.h"
#include "crypt/keyring.h"
#include "crypt/leaf.h"

struct evidence;

/* io (the data directory; the files are in t/) and keyring are borrowed until
 * evidence_close(). */
enum status evidence_open(struct io *io, struct keyring *keyring, struct evidence **ret,
                          struct error *err) MUST_USE;
/* How many syncs evidence_flush() waits for at once (1 if it is not told); before the first. */
void evidence_set_threads(struct evidence *evidence, uint32_t count);
void evidence_close(struct evidence *evidence); /* does not flush; NULL allowed */

/* take(): STATUS_CORRUPT if the leaf is not the next one of its tenant.  A
 * replayed leaf that is known already must be equal.  skip() puts gaps, leaves that
 * commit to nothing, in the place of those that are not known. */
struct leaf_sink *evidence_sink(struct evidence *evidence);

/* Writes and syncs every leaf taken before the call.  STATUS_FULL, STATUS_BUSY:
 * call again when there is space, or a file can be opened.  After any other
 * failure nothing is written any more: the process has to start again. */
enum status evidence_flush(struct evidence *evidence, struct error *err) MUST_USE;
bool evidence_may_try_again(enum status status);

/* Where the bytes of a record are that evidence_verify() needs and its raw()
 * does not have (STATUS_NOT_FOUND): appends them to *ret. */
struct evidence_neighbours {
    enum status (*raw)(void *context, const struct guid *tenant, uint64_t seq, struct buf *ret,
                       struct error *err);
    void *context;
};

/* Set once, before the first evidence_verify(). */
void evidence_set_neighbours(struct evidence *evidence,
                             const struct evidence_neighbours *neighbours);

/* Do the records [first_seq, first_seq + count) have the bytes that raw()
 * gives?  Records are checked in runs of 64 of a leaf, so up to 63 records on
 * each side of the range are needed too: raw() is asked first, then the
 * neighbours.  STATUS_CORRUPT names leaf and sequence number; STATUS_NOT_FOUND
 * if no leaf covers the range; another failure of raw() is passed on. */
enum status evidence_verify(struct evidence *evidence, const struct guid *tenant,
                            uint64_t first_seq, uint32_t count,
                            enum status (*raw)(void *context, uint64_t seq, struct slice *ret,
                                               struct error *err),
                            void *context, struct error *err) MUST_USE;

/* What a tenant's log comes to. */
struct evidence_summary {
    uint64_t leaf_count;
    uint64_t record_count;
    uint64_t next_seq;   /* after the last record; 0 without any */
    uint64_t lost_leaf_count, lost_record_count; /* gaps; the latter at most */
    struct hash256 root; /* RFC 6962, over all leaves */
};

/* Reads all of a tenant's evidence: every leaf at its place, its records
 * following those of the leaf before without gap, its time not before it, its
 * entry authentic, its nodes giving the batch root.  STATUS_CORRUPT names the
 * leaf.  Records are not looked at: evidence_verify(). */
enum status evidence_check(struct evidence *evidence, const struct guid *tenant,
                           struct evidence_summary *ret, struct error *err) MUST_USE;

/* Leaves of a tenant (0 for an unknown one) and the sequence number after the
 * last record; either pointer may be NULL. */
enum status evidence_count(struct evidence *evidence, const struct guid *tenant,
                           uint64_t *ret_leaves, uint64_t *ret_next_seq,
                           struct error *err) MUST_USE;

/* A leaf with its secrets: enough to make the proof of a record.  Wipe it. */
struct evidence_entry {
    uint8_t leaf[LEAF_BYTES];
    struct leaf_fields fields;
    uint8_t seed[SEED_BYTES];
    int64_t received_us;
};

/* The bare leaf, cheaply.  STATUS_NOT_FOUND behind the last one. */
enum status evidence_leaf(struct evidence *evidence, const struct guid *tenant, uint64_t index,
                          uint8_t ret[LEAF_BYTES], struct error *err) MUST_USE;
/* The leaf that holds a record.  STATUS_NOT_FOUND if none does. */
enum status evidence_leaf_of_seq(struct evidence *evidence, const struct guid *tenant,
                                 uint64_t seq, uint64_t *ret_index,
                                 struct error *err) MUST_USE;
/* Leaf and seed, authenticated. */
enum status evidence_entry(struct evidence *evidence, const struct guid *tenant, uint64_t index,
                           struct evidence_entry *ret, struct error *err) MUST_USE;

#endif
