/* SPDX-License-Identifier: Apache-2.0 */
/* sum.c - a sum of what SQLite reads (docs/format/control.md).  It adds up a hash of each
 * page, so a change needs the pages that it wrote and no others.
 *
 * Free pages are left out: SQLite does not put into the journal what it is not going to
 * need, so a rollback leaves other bytes in them.  The pages that list them are journaled as
 * any other, and are in the sum (https://www.sqlite.org/fileformat2.html#the_freelist). */
#include "meta/sum_priv.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/twin.h"

#include <stdlib.h>
#include <string.h>

#define SUM_MAGIC "DBMSUM2" /* with its NUL */
#define SUM_BYTES 36u
#define HEADER_BYTES 100u
#define PAGE_SIZE_AT 16u
#define COUNTER_AT 24u
#define FIRST_TRUNK_AT 32u
#define FREE_COUNT_AT 36u
#define TRUNK_HEADER_BYTES 8u /* the next trunk, how many free pages follow */

bool meta_sums_equal(const struct meta_sum *a, const struct meta_sum *b)
{
    return a->counter == b->counter && a->size == b->size && a->hash == b->hash;
}

/* ---- the file of a sum ---- */

/* twin_check. */
static enum status check_sum(void *context, struct slice *bytes, struct error *err)
{
    struct reader r = reader_from(bytes->data, bytes->size);
    struct slice magic = reader_bytes(&r, sizeof(SUM_MAGIC));
    struct meta_sum *ret = context;

    ret->counter = reader_u32(&r);
    (void)reader_u32(&r);
    ret->size = reader_u64(&r);
    ret->hash = reader_u64(&r);
    uint32_t check = reader_u32(&r);
    if (bytes->size == SUM_BYTES &&
        slice_equal(magic, slice_from(SUM_MAGIC, sizeof(SUM_MAGIC))) &&
        check == hash_crc32c(0, bytes->data, SUM_BYTES - 4))
        return STATUS_OK;
    return ERROR_SET(err, STATUS_CORRUPT, "the sum of the control plane is damaged");
}

bool meta_sum_read(struct io *io, const char *path, struct meta_sum *ret)
{
    enum twin_sound sound = TWIN_IN_BOTH;
    struct error ignored;
    struct buf bytes;

    if (!io_exists(io, path)) /* whoever puts a database back removes it, and not its copy */
        return false;
    buf_init(&bytes, 128 * KIB);
    /* Whether the other could be mended is the next change's to find out. */
    enum status status = twin_load(io, path, check_sum, ret, &bytes, &sound, &ignored);
    struct slice taken = buf_slice(&bytes); /* both were looked at: now what this one says */
    bool is_sound = (status == STATUS_OK || taken.size > 0) &&
                    check_sum(ret, &taken, &ignored) == STATUS_OK;
    buf_release(&bytes);
    return is_sound;
}

enum status meta_sum_write(struct io *io, const char *path, const struct meta_sum *sum,
                           struct error *err)
{
    struct buf bytes;

    buf_init(&bytes, SUM_BYTES);
    buf_add(&bytes, SUM_MAGIC, sizeof(SUM_MAGIC));
    buf_put_u32(&bytes, sum->counter);
    buf_put_u32(&bytes, 0);
    buf_put_u64(&bytes, sum->size);
    buf_put_u64(&bytes, sum->hash);
    if (!bytes.failed)
        buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    enum status status = buf_check(&bytes, err);
    if (status == STATUS_OK)
        status = twin_save(io, path, buf_slice(&bytes), err);
    buf_release(&bytes);
    return status;
}

/* ---- pages ---- */

enum status meta_page_read(struct io_file *file, uint64_t size, uint64_t page,
                           struct meta_page *ret, struct error *err)
{
    uint64_t at = page * META_PAGE_BYTES;

    ret->size = at >= size                     ? 0
                : size - at < META_PAGE_BYTES ? (size_t)(size - at)
                                               : META_PAGE_BYTES;
    return ret->size == 0 ? STATUS_OK : io_read_at(file, at, ret->bytes, ret->size, err);
}

void meta_pages_release(struct meta_pages *pages)
{
    free(pages->hashes);
    *pages = (struct meta_pages){.size_max = pages->size_max};
}

static enum status set_count(struct meta_pages *pages, uint64_t count, struct error *err)
{
    if (count > pages->capacity) {
        uint64_t *hashes = realloc(pages->hashes, (size_t)count * sizeof(*hashes));
        if (hashes == NULL)
            return ERROR_MEMORY(err);
        pages->hashes = hashes;
        pages->capacity = count;
    }
    pages->count = count;
    return STATUS_OK;
}

enum status meta_pages_follow(struct meta_pages *pages, struct io_file *file, uint64_t page,
                              struct error *err)
{
    struct meta_page now;

    if (page >= pages->count)
        return STATUS_OK;
    enum status status = meta_page_read(file, pages->size, page, &now, err);
    if (status == STATUS_OK)
        pages->hashes[page] = hash_xxh3(now.bytes, now.size, page + 1);
    return status;
}

enum status meta_pages_resize(struct meta_pages *pages, struct io_file *file, struct error *err)
{
    uint64_t known = pages->size / META_PAGE_BYTES; /* whole ones */
    enum status status = io_size(file, &pages->size, err);

    if (status == STATUS_OK && pages->size > pages->size_max)
        status = ERROR_SET(err, STATUS_LIMIT, "the control plane has %llu bytes, its most is %llu",
                           (unsigned long long)pages->size,
                           (unsigned long long)pages->size_max);
    if (status == STATUS_OK)
        status = set_count(pages, (pages->size + META_PAGE_BYTES - 1) / META_PAGE_BYTES, err);
    for (uint64_t i = known; i < pages->count && status == STATUS_OK; i++)
        status = meta_pages_follow(pages, file, i, err);
    if (status != STATUS_OK)
        pages->size = 0; /* none is known */
    return status;
}

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The sum of the free pages.  A list that makes no sense ends where it does: its pages are
 * in the sum, so damage to it is seen there. */
static enum status sum_free_pages(const struct meta_pages *pages, struct io_file *file,
                                  const struct meta_page *header, uint64_t *ret,
                                  struct error *err)
{
    uint32_t trunk = big_endian(header->bytes + FIRST_TRUNK_AT);
    uint32_t left = big_endian(header->bytes + FREE_COUNT_AT);
    struct meta_page now;

    *ret = 0;
    for (; trunk != 0 && trunk <= pages->count && left > 0; left--) {
        enum status status = meta_page_read(file, pages->size, trunk - 1, &now, err);
        if (status != STATUS_OK)
            return status;
        if (now.size < META_PAGE_BYTES)
            break;
        uint32_t count = big_endian(now.bytes + 4);
        if (count > (META_PAGE_BYTES - TRUNK_HEADER_BYTES) / 4 || count >= left)
            break;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t page = big_endian(now.bytes + TRUNK_HEADER_BYTES + (size_t)4 * i);
            if (page > 0 && page <= pages->count)
                *ret += pages->hashes[page - 1];
        }
        left -= count;
        trunk = big_endian(now.bytes);
    }
    return STATUS_OK;
}

enum status meta_pages_sum(const struct meta_pages *pages, struct io_file *file,
                           struct meta_sum *ret, struct error *err)
{
    struct meta_page header;
    uint64_t free_pages = 0;
    enum status status = meta_page_read(file, pages->size, 0, &header, err);

    *ret = (struct meta_sum){.size = pages->size};
    if (status != STATUS_OK || header.size < HEADER_BYTES)
        return status;
    ret->counter = big_endian(header.bytes + COUNTER_AT);
    /* A database with pages of another size (another program's VACUUM) is summed whole. */
    if (big_endian(header.bytes + PAGE_SIZE_AT) >> 16 == META_PAGE_BYTES)
        status = sum_free_pages(pages, file, &header, &free_pages, err);
    for (uint64_t i = 0; i < pages->count; i++)
        ret->hash += pages->hashes[i];
    ret->hash -= free_pages;
    return status;
}

enum status meta_sum_of(struct io *io, const char *path, uint64_t size_max, struct meta_sum *ret,
                        struct error *err)
{
    struct meta_pages pages = {.size_max = size_max};
    struct io_file *file = NULL;
    uint64_t size = 0;
    enum status status = io_open(io, path, IO_READ, &file, err);

    if (status == STATUS_OK)
        status = io_size(file, &size, err);
    if (status == STATUS_OK && size <= size_max)
        status = meta_pages_resize(&pages, file, err);
    else
        pages.size = size; /* no sum that was written has it */
    if (status == STATUS_OK)
        status = meta_pages_sum(&pages, file, ret, err);
    meta_pages_release(&pages);
    io_close(file);
    return status;
}
