/* SPDX-License-Identifier: Apache-2.0 */
/* block.c - see block_priv.h. */
#include "evidence/block_priv.h"

#include "base/hash.h"
#include "crypt/hash.h"

#define BLOCK_LABEL "daybook/evidence/v1"
#define SCAN_BYTES ((size_t)MIB)

_Static_assert(sizeof(BLOCK_LABEL) == BLOCK_LABEL_BYTES, "the label fits its place");

/* The largest block: one leaf of LEAF_RECORDS_MAX records fits the plain limit. */
_Static_assert(ENTRY_BYTES + (LEAF_RECORDS_MAX / NODE_RECORDS + 1) * HASH_BYTES <=
                   BLOCK_PLAIN_BYTES_MAX,
               "an entry fits a block");

static void put_le(uint8_t *at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

void block_encode(struct block_header *header)
{
    uint8_t *at = header->bytes;

    memcpy(at, "EVB1", 4);
    put_le(at + 4, 4, header->size);
    put_le(at + 8, 8, header->first_index);
    put_le(at + 16, 4, header->count);
    put_le(at + 20, 4, 0);
    put_le(at + 24, 4, header->sealed_crc);
    put_le(at + 28, 4, hash_crc32c(0, at, 28));
}

bool block_decode(struct block_header *header)
{
    struct reader r = reader_from(header->bytes, BLOCK_HEADER_BYTES);
    struct slice magic = reader_bytes(&r, 4);

    header->size = reader_u32(&r);
    header->first_index = reader_u64(&r);
    header->count = reader_u32(&r);
    uint32_t zero = reader_u32(&r);
    header->sealed_crc = reader_u32(&r);
    return slice_equal(magic, SLICE("EVB1")) && zero == 0 &&
           reader_u32(&r) == hash_crc32c(0, header->bytes, BLOCK_HEADER_BYTES - 4) &&
           header->count >= 1 && header->count <= BLOCK_LEAVES_MAX &&
           header->size >= BLOCK_HEADER_BYTES + AEAD_OVERHEAD_BYTES + ENTRY_BYTES &&
           header->size <= BLOCK_HEADER_BYTES + AEAD_OVERHEAD_BYTES + BLOCK_PLAIN_BYTES_MAX;
}

struct slice block_additional(const struct guid *tenant, const struct block_header *header,
                              struct slice leaves, uint8_t room[BLOCK_ADDITIONAL_BYTES])
{
    uint8_t *at = room;

    memcpy(at, BLOCK_LABEL, sizeof(BLOCK_LABEL));
    at += sizeof(BLOCK_LABEL);
    memcpy(at, tenant->bytes, 16);
    at += 16;
    memcpy(at, header->bytes, BLOCK_BOUND_BYTES);
    at += BLOCK_BOUND_BYTES;
    sha256(leaves.data, leaves.size, at);
    return (struct slice){(const char *)room, BLOCK_ADDITIONAL_BYTES};
}

enum status block_probe(struct io_file *file, uint64_t offset, uint64_t file_size,
                        struct block_header *ret, struct error *err)
{
    if (offset > file_size || file_size - offset < BLOCK_HEADER_BYTES)
        return STATUS_NOT_FOUND;
    enum status status = io_read_at(file, offset, ret->bytes, BLOCK_HEADER_BYTES, err);
    if (status != STATUS_OK)
        return status;
    return block_decode(ret) && ret->size <= file_size - offset ? STATUS_OK : STATUS_NOT_FOUND;
}

/* The first header behind *offset, which is moved to it; STATUS_NOT_FOUND: none. */
static enum status find_block(struct io_file *file, uint64_t *offset, uint64_t file_size,
                              struct block_header *ret, struct error *err)
{
    enum status status = STATUS_NOT_FOUND;
    struct buf room;

    buf_init(&room, SCAN_BYTES);
    for (uint64_t at = *offset + 1; status == STATUS_NOT_FOUND && at < file_size;) {
        size_t size = file_size - at < SCAN_BYTES ? (size_t)(file_size - at) : SCAN_BYTES;
        buf_clear(&room);
        void *bytes = buf_extend(&room, size);
        enum status read = bytes == NULL ? ERROR_MEMORY(err)
                                         : io_read_at(file, at, bytes, size, err);
        size_t found = 0;
        while (read == STATUS_OK && status == STATUS_NOT_FOUND &&
               (found = slice_find(buf_slice(&room), SLICE("EVB1"), found)) != SIZE_MAX) {
            *offset = at + found++;
            status = block_probe(file, *offset, file_size, ret, err);
        }
        if (read != STATUS_OK)
            status = read;
        at += size > 3 && at + size < file_size ? size - 3 : size; /* a magic on the seam */
    }
    buf_release(&room);
    return status;
}

enum status block_next(struct io_file *file, uint64_t *offset, uint64_t file_size,
                       struct block_header *ret, struct error *err)
{
    enum status status = block_probe(file, *offset, file_size, ret, err);

    return status == STATUS_NOT_FOUND ? find_block(file, offset, file_size, ret, err) : status;
}

enum status block_check(struct io_file *file, uint64_t offset,
                        const struct block_header *header, struct error *err)
{
    struct buf sealed;

    buf_init(&sealed, header->size);
    uint8_t *room = buf_extend(&sealed, header->size - BLOCK_HEADER_BYTES);
    enum status status = room == NULL ? buf_check(&sealed, err)
                                      : io_read_at(file, offset + BLOCK_HEADER_BYTES, room,
                                                   sealed.size, err);
    if (status == STATUS_OK && hash_crc32c(0, sealed.data, sealed.size) != header->sealed_crc)
        status = STATUS_NOT_FOUND;
    buf_release(&sealed);
    return status;
}
