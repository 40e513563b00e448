/* SPDX-License-Identifier: Apache-2.0 */
/* run_block_priv.h - some entries of a run as bytes (docs/format/ingest.md, "block").
 *
 * Packed: entries whose value is a fingerprint, of which RUN_PRINT_BYTES count; the keys
 * are steps.  Else they stand one behind the other as they are.  One owner.
 */
#ifndef INGEST_RUN_BLOCK_PRIV_H
#define INGEST_RUN_BLOCK_PRIV_H

#include "base/bits.h"
#include "base/limits.h"

#define RUN_PRINT_BYTES 8
#define RUN_BLOCK_ENTRIES 1024u    /* of a packed block, at most */
#define RUN_BLOCK_BYTES (16 * KIB) /* of another: the entry that reaches it is the last */

struct run_entry {
    uint64_t key;
    uint32_t minute; /* of receipt, since 1970 */
    struct slice value;
};

struct run_block_writer {
    bool is_packed;
    uint32_t count;
    uint64_t first_key;
    uint64_t keys[RUN_BLOCK_ENTRIES]; /* the first two: of packed ones */
    uint32_t minutes[RUN_BLOCK_ENTRIES];
    struct buf values; /* or entries */
};

void run_block_writer_init(struct run_block_writer *writer, size_t bytes_max);
void run_block_writer_release(struct run_block_writer *writer);
void run_block_begin(struct run_block_writer *writer, bool is_packed);
bool run_block_is_full(const struct run_block_writer *writer);
/* In order of key, to a block that is not full.  packed: value has RUN_PRINT_BYTES at least. */
void run_block_add(struct run_block_writer *writer, const struct run_entry *entry);
/* Appends the bytes to *ret, and begins another block of the same form. */
void run_block_end(struct run_block_writer *writer, struct buf *ret);

struct run_block_reader {
    bool is_packed;
    bool failed; /* the bytes are no block */
    struct reader plain;
    struct bit_reader bits;
    const char *values;
    uint64_t left, key;
    uint32_t lowest_minute;
    unsigned k, minute_bits;
};

/* bytes is borrowed. */
void run_block_open(struct run_block_reader *reader, struct slice bytes, bool is_packed);
/* The next entry, whose value is borrowed from the bytes; false at the end, or failed. */
bool run_block_next(struct run_block_reader *reader, struct run_entry *ret);

#endif
