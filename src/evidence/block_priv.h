/* SPDX-License-Identifier: Apache-2.0 */
/* block_priv.h - a block of a batch file: entries of consecutive leaves, encrypted, behind a
 * header (docs/format/evidence.md).
 *
 * Pure functions but those that read a file; thread-safe. */
#ifndef EVIDENCE_BLOCK_PRIV_H
#define EVIDENCE_BLOCK_PRIV_H

#include "base/guid.h"
#include "base/io.h"
#include "base/limits.h"
#include "crypt/aead.h"
#include "evidence/run_priv.h"

#define BLOCK_LEAVES_MAX 1024u
#define BLOCK_PLAIN_BYTES_MAX (64 * KIB)
#define BLOCK_HEADER_BYTES 32u
#define BLOCK_LABEL_BYTES 20u
#define BLOCK_BOUND_BYTES 24u /* of the header, in the additional data */
#define BLOCK_ADDITIONAL_BYTES (BLOCK_LABEL_BYTES + 16 + BLOCK_BOUND_BYTES + HASH_BYTES)

struct block_header {
    uint32_t size; /* of the whole block */
    uint64_t first_index;
    uint32_t count;
    uint32_t sealed_crc;
    uint8_t bytes[BLOCK_HEADER_BYTES];
};

/* Fills bytes from the fields. */
void block_encode(struct block_header *header);
/* Fills the fields from bytes; false for what is no header. */
bool block_decode(struct block_header *header);
/* What the entries are bound to: tenant, header and leaves. */
struct slice block_additional(const struct guid *tenant, const struct block_header *header,
                              struct slice leaves, uint8_t room[BLOCK_ADDITIONAL_BYTES]);

/* A whole header at offset, with room for its block behind it; STATUS_NOT_FOUND: there is none. */
enum status block_probe(struct io_file *file, uint64_t offset, uint64_t file_size,
                        struct block_header *ret, struct error *err) MUST_USE;
/* The block at *offset, or the first one behind what is damaged there, to which *offset is moved;
 * STATUS_NOT_FOUND: there is none. */
enum status block_next(struct io_file *file, uint64_t *offset, uint64_t file_size,
                       struct block_header *ret, struct error *err) MUST_USE;
/* Are its bytes those that the header has a checksum of?  STATUS_NOT_FOUND: they are not. */
enum status block_check(struct io_file *file, uint64_t offset, const struct block_header *header,
                        struct error *err) MUST_USE;

#endif
