/* SPDX-License-Identifier: Apache-2.0 */
/* chunked.c - see chunked.h and docs/format/chunked.md.
 *
 * Invariants:
 * 1. Each chunk but the last has CIPHER_CHUNK_BYTES, the last one fewer
 *    (perhaps none), so the size of a content fixes which chunk is the last.
 * 2. The nonce of chunk k is the base nonce with k XORed in, so a chunk opens
 *    at its own place only. */
#include "crypt/chunked_priv.h"

#include "base/random.h"
#include "crypt/aead_priv.h"
#include "crypt/hash.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define SALT_BYTES CHUNKED_SALT_BYTES
#define COMMITMENT_BYTES 32
#define NONCE_BYTES 12
#define SEALED_CHUNK_BYTES (CIPHER_CHUNK_BYTES + CHUNKED_TAG_BYTES)
#define CHUNKS_MAX ((uint64_t)1 << 38)
#define READ_CHUNKS 16 /* of one read_at() */

_Static_assert(CIPHER_CHUNK_BYTES == 16384, "the scheme says 16 KiB");
_Static_assert(SALT_BYTES + COMMITMENT_BYTES == CHUNKED_HEADER_BYTES, "header");

struct chunk_keys {
    struct key key;
    uint8_t base_nonce[NONCE_BYTES];
    uint8_t commitment[COMMITMENT_BYTES];
};

_Static_assert(sizeof(struct chunk_keys) == 76, "filled as one run of bytes");

uint64_t chunked_size(uint64_t plain_size)
{
    return CHUNKED_HEADER_BYTES + plain_size +
           (plain_size / CIPHER_CHUNK_BYTES + 1) * CHUNKED_TAG_BYTES;
}

bool chunked_plain_size(uint64_t cipher_size, uint64_t *ret)
{
    if (cipher_size < CHUNKED_HEADER_BYTES)
        return false;
    uint64_t body = cipher_size - CHUNKED_HEADER_BYTES;
    uint64_t full = body / SEALED_CHUNK_BYTES, last = body % SEALED_CHUNK_BYTES;
    if (last < CHUNKED_TAG_BYTES || full >= CHUNKS_MAX)
        return false;
    *ret = full * CIPHER_CHUNK_BYTES + last - CHUNKED_TAG_BYTES;
    return true;
}

static enum status derive(const struct key *file_key, const uint8_t salt[SALT_BYTES],
                          struct slice context, struct chunk_keys *ret, struct error *err)
{
    static const char label[] = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"; /* and NUL */
    uint8_t info[sizeof(label) + SALT_BYTES + CHUNKED_CONTEXT_BYTES_MAX];
    uint8_t keys[sizeof(*ret)];

    if (context.size > CHUNKED_CONTEXT_BYTES_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "encryption context of %zu bytes, at most %d allowed",
                         context.size, CHUNKED_CONTEXT_BYTES_MAX);
    memcpy(info, label, sizeof(label));
    memcpy(info + sizeof(label), salt, SALT_BYTES);
    if (context.size > 0)
        memcpy(info + sizeof(label) + SALT_BYTES, context.data, context.size);
    struct slice all = {(const char *)info, sizeof(label) + SALT_BYTES + context.size};
    hkdf_expand_sha512(file_key->bytes, all, keys, sizeof(keys));
    memcpy(ret->key.bytes, keys, 32);
    memcpy(ret->base_nonce, keys + 32, NONCE_BYTES);
    memcpy(ret->commitment, keys + 32 + NONCE_BYTES, COMMITMENT_BYTES);
    OPENSSL_cleanse(keys, sizeof(keys));
    return STATUS_OK;
}

static void chunk_nonce(const uint8_t base[NONCE_BYTES], uint64_t index, uint8_t ret[NONCE_BYTES])
{
    memcpy(ret, base, NONCE_BYTES);
    for (size_t i = NONCE_BYTES; index > 0; index >>= 8)
        ret[--i] ^= (uint8_t)index;
}

enum status chunked_seal_salt(const struct key *file_key, const uint8_t salt[CHUNKED_SALT_BYTES],
                              struct slice context, struct slice plain, struct buf *ret,
                              struct error *err)
{
    enum status status = STATUS_OK;
    struct chunk_keys keys;
    struct gcm *gcm = NULL;
    size_t start_size = ret->size;
    uint8_t *at = buf_extend(ret, chunked_size(plain.size));

    if (at == NULL)
        return buf_check(ret, err);
    memcpy(at, salt, SALT_BYTES);
    status = derive(file_key, at, context, &keys, err);
    if (status != STATUS_OK)
        goto out;
    memcpy(at + SALT_BYTES, keys.commitment, COMMITMENT_BYTES);
    at += CHUNKED_HEADER_BYTES;
    gcm = gcm_new(&keys.key, true, err);
    if (gcm == NULL) {
        status = err->status;
        goto out;
    }
    for (uint64_t index = 0; index <= plain.size / CIPHER_CHUNK_BYTES; index++) {
        uint8_t nonce[NONCE_BYTES];
        struct slice part = slice_head(slice_tail(plain, index * CIPHER_CHUNK_BYTES),
                                       CIPHER_CHUNK_BYTES);
        chunk_nonce(keys.base_nonce, index, nonce);
        status = gcm_seal(gcm, nonce, (struct slice){NULL, 0}, part, at, err);
        if (status != STATUS_OK)
            goto out;
        at += part.size + CHUNKED_TAG_BYTES;
    }
out:
    if (status != STATUS_OK)
        ret->size = start_size;
    OPENSSL_cleanse(&keys, sizeof(keys));
    gcm_free(gcm);
    return status;
}

enum status chunked_seal(const struct key *file_key, struct slice context, struct slice plain,
                         struct buf *ret, struct error *err)
{
    uint8_t salt[SALT_BYTES];

    random_bytes(salt, sizeof(salt));
    return chunked_seal_salt(file_key, salt, context, plain, ret, err);
}

enum status chunked_reader_init(struct chunked_reader *reader,
                                const struct chunked_source *source, struct error *err)
{
    uint8_t header[CHUNKED_HEADER_BYTES];
    struct chunk_keys keys;

    *reader = (struct chunked_reader){.source = *source};
    reader->source.file_key = NULL;
    reader->source.context = (struct slice){NULL, 0};
    if (!chunked_plain_size(source->cipher_size, &reader->plain_size))
        return ERROR_SET(err, STATUS_CORRUPT,
                         "encrypted content is truncated: no content has %llu bytes",
                         (unsigned long long)source->cipher_size);
    enum status status =
        source->read_at(source->read_context, 0, header, sizeof(header), err);
    if (status != STATUS_OK)
        return status;
    status = derive(source->file_key, header, source->context, &keys, err);
    if (status != STATUS_OK)
        return status;
    if (secret_equal(keys.commitment, header + SALT_BYTES, COMMITMENT_BYTES)) {
        reader->key = keys.key;
        memcpy(reader->base_nonce, keys.base_nonce, NONCE_BYTES);
    } else {
        status = ERROR_SET(err, STATUS_CORRUPT,
                           "encrypted content belongs to another key or another place");
    }
    OPENSSL_cleanse(&keys, sizeof(keys));
    return status;
}

void chunked_reader_release(struct chunked_reader *reader)
{
    OPENSSL_cleanse(reader, sizeof(*reader));
}

/* The plain bytes of chunk `index`. */
static size_t chunk_plain_bytes(const struct chunked_reader *reader, uint64_t index)
{
    uint64_t left = reader->plain_size - index * CIPHER_CHUNK_BYTES;

    return left < CIPHER_CHUNK_BYTES ? (size_t)left : CIPHER_CHUNK_BYTES;
}

struct range {
    const struct chunked_reader *reader;
    struct gcm *gcm;
    uint8_t *sealed; /* READ_CHUNKS sealed chunks */
    uint8_t *chunk;  /* a plain chunk of which only a part is wanted */
    uint64_t offset;
    size_t size;
    uint8_t *ret;
};

static enum status open_chunk(const struct range *range, uint64_t index, struct slice sealed,
                              struct error *err)
{
    uint64_t start = index * CIPHER_CHUNK_BYTES;
    size_t plain_size = sealed.size - CHUNKED_TAG_BYTES;
    uint64_t from = start > range->offset ? start : range->offset;
    uint64_t end = start + plain_size, range_end = range->offset + range->size;
    uint64_t to = end < range_end ? end : range_end;
    bool whole = plain_size > 0 && from == start && to == end;
    uint8_t *into = whole ? range->ret + (start - range->offset) : range->chunk;
    uint8_t nonce[NONCE_BYTES];

    chunk_nonce(range->reader->base_nonce, index, nonce);
    enum status status =
        gcm_open(range->gcm, nonce, (struct slice){NULL, 0}, sealed, into, err);
    if (status != STATUS_OK)
        return error_wrap(err, "chunk %llu", (unsigned long long)index);
    if (!whole && to > from)
        memcpy(range->ret + (from - range->offset), range->chunk + (from - start), to - from);
    return STATUS_OK;
}

static enum status open_chunks(const struct range *range, uint64_t first, uint64_t last,
                               struct error *err)
{
    const struct chunked_reader *reader = range->reader;
    const struct chunked_source *source = &reader->source;

    for (uint64_t index = first; index <= last;) {
        size_t size = 0, at = 0;
        uint64_t group_end = index;

        for (; group_end <= last && group_end < index + READ_CHUNKS; group_end++)
            size += chunk_plain_bytes(reader, group_end) + CHUNKED_TAG_BYTES;
        enum status status =
            source->read_at(source->read_context, CHUNKED_HEADER_BYTES + index * SEALED_CHUNK_BYTES,
                            range->sealed, size, err);
        for (; status == STATUS_OK && index < group_end; index++) {
            size_t part = chunk_plain_bytes(reader, index) + CHUNKED_TAG_BYTES;
            struct slice sealed = {(const char *)range->sealed + at, part};
            status = open_chunk(range, index, sealed, err);
            at += part;
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status read_range(const struct chunked_reader *reader, uint64_t offset, size_t size,
                              void *ret, struct error *err)
{
    enum status status = STATUS_OK;
    uint64_t first = offset / CIPHER_CHUNK_BYTES;
    uint64_t last = size == 0 ? first : (offset + size - 1) / CIPHER_CHUNK_BYTES;
    size_t group = last - first + 1 < READ_CHUNKS ? (size_t)(last - first + 1) : READ_CHUNKS;
    struct range range = {.reader = reader, .offset = offset, .size = size, .ret = ret};

    range.gcm = gcm_new(&reader->key, false, err);
    if (range.gcm == NULL) {
        status = err->status;
        goto out;
    }
    range.sealed = malloc(group * SEALED_CHUNK_BYTES);
    range.chunk = malloc(CIPHER_CHUNK_BYTES);
    if (range.sealed == NULL || range.chunk == NULL) {
        status = ERROR_MEMORY(err);
        goto out;
    }
    status = open_chunks(&range, first, last, err);
out:
    if (status != STATUS_OK && size > 0)
        OPENSSL_cleanse(ret, size);
    free(range.sealed);
    free(range.chunk);
    gcm_free(range.gcm);
    return status;
}

enum status chunked_reader_read(const struct chunked_reader *reader, uint64_t offset, size_t size,
                                void *ret, struct error *err)
{
    if (offset > reader->plain_size || size > reader->plain_size - offset)
        return ERROR_SET(err, STATUS_INVALID, "%zu bytes at %llu are outside the %llu stored ones",
                         size, (unsigned long long)offset,
                         (unsigned long long)reader->plain_size);
    return size == 0 ? STATUS_OK : read_range(reader, offset, size, ret, err);
}

enum status chunked_reader_check_end(const struct chunked_reader *reader, struct error *err)
{
    return read_range(reader, reader->plain_size, 0, NULL, err);
}

enum status chunked_open_range(const struct chunked_source *source, uint64_t offset, size_t size,
                               void *ret, struct error *err)
{
    struct chunked_reader reader;
    enum status status = chunked_reader_init(&reader, source, err);

    if (status == STATUS_OK)
        status = chunked_reader_read(&reader, offset, size, ret, err);
    chunked_reader_release(&reader);
    return status;
}

static enum status read_slice(void *read_context, uint64_t offset, void *ret, size_t size,
                              struct error *err)
{
    const struct slice *cipher = read_context;

    if (offset > cipher->size || size > cipher->size - offset)
        return ERROR_SET(err, STATUS_CORRUPT, "encrypted content is truncated");
    memcpy(ret, cipher->data + offset, size);
    return STATUS_OK;
}

enum status chunked_open(const struct key *file_key, struct slice context, struct slice cipher,
                         struct buf *ret, struct error *err)
{
    struct chunked_source source = {file_key, context, cipher.size, read_slice, &cipher};
    struct chunked_reader reader;
    size_t start_size = ret->size;
    enum status status = chunked_reader_init(&reader, &source, err);

    if (status != STATUS_OK)
        goto out;
    status = chunked_reader_check_end(&reader, err);
    if (status != STATUS_OK || reader.plain_size == 0)
        goto out;
    uint8_t *room = buf_extend(ret, reader.plain_size);
    status = room == NULL ? buf_check(ret, err)
                          : chunked_reader_read(&reader, 0, reader.plain_size, room, err);
    if (status != STATUS_OK)
        ret->size = start_size;
out:
    chunked_reader_release(&reader);
    return status;
}
