/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.c - which sections are live, and the floor of the write-ahead log
 * (docs/format/catalog.md). */
#include "base/hash.h"
#include "store/sealed_priv.h"

#include <stdlib.h>

#define MAGIC "DAYBKCAT"
#define MAGIC_BYTES 8u
#define FORMAT_VERSION 1u
#define CRC_BYTES 4u

static enum status corrupt(struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "the catalog '%s' is damaged", CATALOG_PATH);
}

static enum status get_infos(struct reader *r, uint32_t count, struct catalog *ret,
                             struct error *err)
{
    if (r->failed || count > SECTIONS_MAX || count > reader_left(r))
        return corrupt(err);
    ret->infos = calloc((size_t)count + 1, sizeof(*ret->infos));
    if (ret->infos == NULL)
        return ERROR_MEMORY(err);
    for (; ret->count < count; ret->count++) {
        enum status status = section_entry_get(r, &ret->infos[ret->count], err);
        if (status != STATUS_OK)
            return status;
        if (ret->infos[ret->count].segment >= ret->next_segment)
            return corrupt(err);
    }
    return reader_left(r) == 0 ? STATUS_OK : corrupt(err);
}

enum status catalog_decode(struct slice bytes, struct catalog *ret, struct error *err)
{
    *ret = (struct catalog){0};
    if (bytes.size < MAGIC_BYTES + CRC_BYTES || memcmp(bytes.data, MAGIC, MAGIC_BYTES) != 0)
        return corrupt(err);
    size_t size = bytes.size - CRC_BYTES;
    struct reader r = reader_from(bytes.data + size, CRC_BYTES);
    if (reader_u32(&r) != hash_crc32c(0, bytes.data, size))
        return corrupt(err);
    r = reader_from(bytes.data + MAGIC_BYTES, size - MAGIC_BYTES);
    uint16_t version = reader_u16(&r);
    (void)reader_u16(&r);
    (void)reader_u32(&r); /* compatible flags */
    uint32_t incompatible = reader_u32(&r);
    if (version > FORMAT_VERSION || incompatible != 0)
        return ERROR_SET(err, STATUS_INVALID,
                         "the catalog has version %u and flags %x: a newer program wrote it",
                         version, incompatible);
    ret->generation = reader_u64(&r);
    ret->wal_floor = reader_u64(&r);
    ret->next_segment = reader_u64(&r);
    uint32_t count = reader_u32(&r);
    enum status status = get_infos(&r, count, ret, err);
    if (status != STATUS_OK)
        catalog_release(ret);
    return status;
}

enum status catalog_load(struct io *io, struct catalog *ret, struct error *err)
{
    struct buf bytes;

    *ret = (struct catalog){.next_segment = 1};
    buf_init(&bytes, CATALOG_BYTES_MAX);
    enum status status = io_read_all(io, CATALOG_PATH, &bytes, err);
    if (status == STATUS_OK)
        status = catalog_decode(buf_slice(&bytes), ret, err);
    buf_release(&bytes);
    return status;
}

void catalog_release(struct catalog *catalog)
{
    free(catalog->infos);
    *catalog = (struct catalog){0};
}

enum status catalog_save(struct io *io, const struct catalog *catalog,
                         struct section *const *sections, uint32_t count, struct error *err)
{
    struct buf bytes;

    if (count > SECTIONS_MAX) /* it could not be read again */
        return ERROR_SET(err, STATUS_LIMIT,
                         "the store would have %u sections, the limit is %u; merges make "
                         "them fewer",
                         count, SECTIONS_MAX);
    buf_init(&bytes, CATALOG_BYTES_MAX);
    buf_add(&bytes, MAGIC, MAGIC_BYTES);
    buf_put_u16(&bytes, FORMAT_VERSION);
    buf_put_u16(&bytes, 0);
    buf_put_u32(&bytes, 0);
    buf_put_u32(&bytes, 0);
    buf_put_u64(&bytes, catalog->generation);
    buf_put_u64(&bytes, catalog->wal_floor);
    buf_put_u64(&bytes, catalog->next_segment);
    buf_put_u32(&bytes, count);
    for (uint32_t i = 0; i < count; i++)
        section_entry_put(&bytes, &sections[i]->info);
    if (!bytes.failed)
        buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    enum status status = buf_check(&bytes, err);
    if (status == STATUS_OK)
        status = io_replace(io, CATALOG_PATH, buf_slice(&bytes), err);
    buf_release(&bytes);
    return status;
}
