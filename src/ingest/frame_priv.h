/* SPDX-License-Identifier: Apache-2.0 */
/* frame_priv.h - the bytes of the write-ahead log (docs/format/wal.md).
 *
 * Pure functions over memory; thread-safe.
 */
#ifndef INGEST_FRAME_PRIV_H
#define INGEST_FRAME_PRIV_H

#include "base/arena.h"
#include "crypt/aead.h"
#include "crypt/leaf.h"
#include "table/record.h"

#define WAL_HEADER_BYTES 64
#define FRAME_MAGIC "DBWF"
#define FRAME_HEADER_BYTES 64
#define FRAME_SEALED_BYTES_MAX (96 * 1024 * 1024)
#define FRAME_LEAF_BYTES (LEAF_BYTES + SEED_BYTES)
#define FRAME_BLOCK_BYTES (1024 * 1024) /* plain; docs/design/wal-compression.md */

struct wal_header {
    struct guid log_id;
    uint64_t number, first_lsn;
    bool is_ahead; /* the file was made of zeros: these follow its last frame */
};

void wal_header_encode(const struct wal_header *header, uint8_t ret[WAL_HEADER_BYTES]);
bool wal_header_decode(const uint8_t bytes[WAL_HEADER_BYTES], struct wal_header *ret);

struct frame_header {
    uint64_t lsn, commit_lsn;
    struct guid tenant;
    uint8_t previous[AEAD_TAG_BYTES];
};

/* Appends a whole frame. */
enum status frame_seal(const struct guid *log_id, const struct frame_header *header,
                       const struct key *key, struct slice payload, struct buf *ret,
                       struct error *err) MUST_USE;

/* Of the frame, head and all. */
static inline size_t frame_sealed_size(struct slice payload)
{
    return FRAME_HEADER_BYTES + payload.size + AEAD_OVERHEAD_BYTES;
}

struct frame { /* borrowed from the bytes */
    struct frame_header header;
    struct slice head;   /* authenticated bytes */
    struct slice sealed;
    const uint8_t *tag;
};

/* The frame at the front of `bytes`; false if none checks there. */
bool frame_decode(struct slice bytes, struct frame *ret);
/* The fields of a head that need not be right: its checksum is not looked at. */
bool frame_peek(struct slice bytes, struct frame_header *ret);
static inline size_t frame_size(const struct frame *frame)
{
    return FRAME_HEADER_BYTES + frame->sealed.size;
}
/* Appends the payload; STATUS_CORRUPT if it is not authentic. */
enum status frame_open(const struct frame *frame, const struct guid *log_id, const struct key *key,
                       struct buf *ret, struct error *err) MUST_USE;

/* ---- the payload ---- */

struct payload_tail {
    struct slice table;
    int64_t received_us;
    struct guid source_id;
    bool is_received;     /* the body as it came stands in place of the blocks */
    uint32_t block_count; /* received: 1 */
    uint32_t leaf_count;
    const uint8_t *leaves; /* leaf_count * FRAME_LEAF_BYTES */
    bool keyed;
    struct hash256 key_mac, body_hash; /* if keyed */
    struct slice answer;
};

/* Its owner initialises and releases both; reused from block to block. */
struct payload_scratch {
    struct buf plain, packed;
};

struct payload_body {
    struct slice packed; /* zstd_unpack() makes plain of it */
    struct slice plain;
};

/* Appends one block. */
enum status payload_add_block(struct buf *payload, const struct record *records, uint32_t count,
                              struct payload_scratch *scratch, struct error *err) MUST_USE;
/* Appends the body as it was received, and where in it the records are.  False, and
 * nothing is appended, if one of them is no part of it or they are out of order. */
bool payload_add_received(struct buf *payload, const struct payload_body *body,
                          const struct record *records, uint32_t count);
void payload_add_tail(struct buf *payload, const struct payload_tail *tail);

/* STATUS_CORRUPT if it is not such a payload.  *ret_blocks is in front of it. */
enum status payload_decode_tail(struct slice payload, struct payload_tail *ret,
                                struct slice *ret_blocks, struct error *err) MUST_USE;
/* The records of the next block, appended to records[*count] (room for max);
 * raw bytes live in the arena.  Tokens and numbers are not set. */
struct payload_records {
    struct record *items;
    uint32_t count, max;
};
enum status payload_next_block(struct reader *blocks, struct arena *arena,
                               struct payload_records *ret, struct error *err) MUST_USE;
/* The same of a body as it was received. */
enum status payload_next_received(struct reader *blocks, struct arena *arena,
                                  struct payload_records *ret, struct error *err) MUST_USE;

#endif
