/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.h - the arithmetic of evidence: commitments, batch roots, leaves.
 *
 * One leaf commits to the 1 .. LEAF_RECORDS_MAX records of one accepted batch
 * (docs/format/leaf.md).  Pure functions; thread-safe.
 */
#ifndef CRYPT_LEAF_H
#define CRYPT_LEAF_H

#include "base/error.h"
#include "base/guid.h"
#include "base/slice.h"
#include "crypt/keyring.h"

#define HASH_BYTES 32
#define LEAF_BYTES 128
#define SEED_BYTES 32

struct hash256 {
    uint8_t bytes[HASH_BYTES];
};

enum leaf_kind {
    LEAF_KIND_DATA = 1,
    LEAF_KIND_CONTROL = 2,
    LEAF_KIND_GAP = 3, /* stands for a leaf that was lost; commits to nothing */
};

enum leaf_flag {
    LEAF_FLAG_CLOCK_BACK = 1,  /* the clock stepped back before this leaf */
    LEAF_FLAG_COALESCED = 2,   /* requests of one source share the leaf */
    LEAF_FLAG_IDEMPOTENCY = 4, /* aux holds the HMAC of an idempotency key */
};

struct leaf_fields {
    uint8_t kind;
    uint16_t flags;
    uint64_t leaf_index;
    uint64_t first_seq;
    uint32_t count;
    int64_t commit_time_us;
    uint64_t raw_bytes;
    struct guid source_id;
    struct hash256 batch_root;
    struct hash256 aux;
};

void leaf_encode(const struct leaf_fields *fields, uint8_t ret[LEAF_BYTES]);
enum status leaf_decode(const uint8_t leaf[LEAF_BYTES], struct leaf_fields *ret,
                        struct error *err) MUST_USE;
void leaf_hash(const uint8_t leaf[LEAF_BYTES], struct hash256 *ret); /* SHA256(0x00 || leaf) */

/* All salts of a batch, in order: GGM over the seed (SHA-256, depth
 * max(1, ceil(log2 count))), about two blocks a record. */
void leaf_salts(const uint8_t seed[SEED_BYTES], uint32_t count, struct hash256 *ret_salts);

/* c_j = HMAC-SHA256(salt, "audit-record/v1\0" || raw). */
void leaf_commitment(const struct hash256 *salt, struct slice raw, struct hash256 *ret);
/* Of `count` records, at nearly half the cost; ret may be salts. */
void leaf_commitments(const struct hash256 *salts, const struct slice *raws, size_t count,
                      struct hash256 *ret);

/* RFC 6962 leaf hashes of inner_j = u8 1 | u64 seq | u64 recv_us | u32 raw_len | c_j of
 * `count` records that follow each other; ret may be commitments. */
void leaf_inner_hashes(uint64_t first_seq, int64_t received_us, const uint32_t *raw_bytes,
                       const struct hash256 *commitments, size_t count, struct hash256 *ret);

/* MTH of RFC 6962 section 2.1 over leaf hashes; count >= 1. */
void merkle_root(const struct hash256 *leaf_hashes, size_t count, struct hash256 *ret);

/* The nodes above 64 leaves each, the last one above those that are left; returns how many.
 * Their merkle_root() is that of the leaves.  ret may be where the leaf hashes are. */
#define MERKLE_NODE_LEAVES 64u
size_t merkle_nodes(const struct hash256 *leaf_hashes, size_t count, struct hash256 *ret);

/* merkle_root(), a leaf at a time, for a tree that grows (the frontier: one node a
 * set bit of leaf_count, largest first). */
#define MERKLE_DEPTH_MAX 64

struct merkle_frontier {
    struct hash256 nodes[MERKLE_DEPTH_MAX];
    uint32_t node_count;
    uint64_t leaf_count;
};

void merkle_frontier_init(struct merkle_frontier *frontier);
void merkle_frontier_add(struct merkle_frontier *frontier, const struct hash256 *leaf_hash);
/* The root of all leaves so far; SHA-256 of nothing for none. */
void merkle_frontier_root(const struct merkle_frontier *frontier, struct hash256 *ret);

/* A committed leaf with what is needed to prove and re-check its records. */
struct leaf_commit {
    struct guid tenant;
    uint8_t leaf[LEAF_BYTES];
    uint8_t seed[SEED_BYTES];
    int64_t received_us;
    const struct hash256 *nodes; /* merkle_nodes() of the inner hashes; borrowed for the call */
    bool replayed;               /* from the WAL after a restart; may be known already */
};

/* The next leaf of a tenant: what was before it and is not known is lost. */
struct leaf_place {
    uint64_t leaf_index, first_seq;
    int64_t commit_time_us; /* of the leaf before */
};

/* Takes leaves after they are durable in the WAL, per tenant in index order.
 * skip() says that the log was damaged: leaves that the sink lacks before `next`
 * will not come. */
struct leaf_sink {
    enum status (*take)(struct leaf_sink *sink, const struct leaf_commit *commit,
                        struct error *err);
    enum status (*skip)(struct leaf_sink *sink, const struct guid *tenant,
                        const struct leaf_place *next, struct error *err);
};

#endif
