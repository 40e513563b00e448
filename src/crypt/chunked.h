/* SPDX-License-Identifier: Apache-2.0 */
/* chunked.h - files encrypted in chunks, for reading at any place: C2SP
 * chunked-encryption with SHA-512 and AES-256-GCM (docs/format/chunked.md).
 *
 * A file key seals one content under one context.  The context says where the
 * content belongs (tenant, segment, section, generation ...); what is moved
 * elsewhere does not open.  Plain byte i is found in chunk i / 16384.
 *
 * Everything is thread-safe; a reader is immutable after chunked_reader_init().
 */
#ifndef CRYPT_CHUNKED_H
#define CRYPT_CHUNKED_H

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/slice.h"
#include "crypt/keyring.h"

#define CHUNKED_HEADER_BYTES 56 /* salt[24] || commitment[32] */
#define CHUNKED_TAG_BYTES 16
#define CHUNKED_CONTEXT_BYTES_MAX 256

/* The size of what chunked_seal() makes of so many bytes. */
uint64_t chunked_size(uint64_t plain_size);
/* The reverse; false for a size that no content has (a truncated one). */
bool chunked_plain_size(uint64_t cipher_size, uint64_t *ret);

/* Appends the ciphertext of `plain` to *ret. */
enum status chunked_seal(const struct key *file_key, struct slice context, struct slice plain,
                         struct buf *ret, struct error *err) MUST_USE;
/* Appends the whole plain text to *ret (left as it was on failure). */
enum status chunked_open(const struct key *file_key, struct slice context, struct slice cipher,
                         struct buf *ret, struct error *err) MUST_USE;

/* Where the ciphertext is: offset 0 is its first byte (the salt). */
struct chunked_source {
    const struct key *file_key;
    struct slice context;
    uint64_t cipher_size; /* from a place that is authenticated, or check the end */
    enum status (*read_at)(void *read_context, uint64_t offset, void *ret, size_t size,
                           struct error *err);
    void *read_context;
};

/* A prepared source: the key is derived and the commitment checked.  The
 * source is copied; file_key and context are not needed after init. */
struct chunked_reader {
    struct chunked_source source;
    uint64_t plain_size;
    struct key key;
    uint8_t base_nonce[12];
};

/* STATUS_CORRUPT for another key or context, or an impossible size. */
enum status chunked_reader_init(struct chunked_reader *reader,
                                const struct chunked_source *source,
                                struct error *err) MUST_USE;
void chunked_reader_release(struct chunked_reader *reader); /* wipes the key */
/* Exactly size plain bytes from offset into ret; STATUS_INVALID outside the
 * content, STATUS_CORRUPT if any chunk touched was altered or moved. */
enum status chunked_reader_read(const struct chunked_reader *reader, uint64_t offset, size_t size,
                                void *ret, struct error *err) MUST_USE;
/* Authenticates the last chunk and with it the size. */
enum status chunked_reader_check_end(const struct chunked_reader *reader,
                                     struct error *err) MUST_USE;

/* init, read, release in one call; does not authenticate the size. */
enum status chunked_open_range(const struct chunked_source *source, uint64_t offset, size_t size,
                               void *ret, struct error *err) MUST_USE;

#endif
