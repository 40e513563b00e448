/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - what is stored of a tenant: counted at the start, mended where it was damaged.
 *
 * Invariant: blocks are the authority.  A leaf behind the last whole block is
 * not stored, whatever the leaf file holds there. */
#include "evidence/files_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "evidence/block_priv.h"

#include <stdio.h>

#define ASIDE_BYTES_MAX (256 * MIB)

void files_path(const struct guid *tenant, const char *kind, uint64_t number,
                char ret[PATH_BYTES])
{
    char hex[33];

    for (int i = 0; i < 16; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", tenant->bytes[i]);
    if (kind == NULL)
        (void)snprintf(ret, PATH_BYTES, "t/%s", hex);
    else
        (void)snprintf(ret, PATH_BYTES, "t/%s/%s.%llu", hex, kind, (unsigned long long)number);
}

/* ---- loading ---- */

struct newest {
    bool any;
    uint64_t number;
};

static enum status see_name(void *context, const char *name, struct error *err)
{
    struct newest *newest = context;
    struct slice text = slice_of(name);
    uint64_t number = 0;

    (void)err;
    if (slice_starts_with(text, SLICE("batch.")) &&
        text_parse_u64(slice_tail(text, 6), &number) && (!newest->any || number > newest->number)) {
        newest->any = true;
        newest->number = number;
    }
    return STATUS_OK;
}

/* Counts the whole blocks of a batch file.  All are read: a flush writes
 * several at once, and a crash may have kept any part of them. */
static enum status scan_blocks(struct io_file *file, uint64_t first_leaf, struct stored *ret,
                               struct error *err)
{
    uint64_t size = 0;
    enum status status = io_size(file, &size, err);

    *ret = (struct stored){.leaf_count = first_leaf};
    while (status == STATUS_OK) { /* each round moves batch_end forward */
        struct block_header header;
        status = block_probe(file, ret->batch_end, size, &header, err);
        if (status == STATUS_OK)
            status = block_check(file, ret->batch_end, &header, err);
        if (status != STATUS_OK)
            break;
        if (header.first_index != ret->leaf_count ||
            header.first_index + header.count > first_leaf + FILE_LEAVES)
            break; /* one before it is damaged: files_mend() */
        ret->leaf_count += header.count;
        ret->batch_end += header.size;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* A last leaf that is damaged does not say it. */
static enum status find_next_seq(struct io *io, const struct guid *tenant, struct stored *stored,
                                 struct error *err)
{
    uint8_t leaf[LEAF_BYTES];
    struct leaf_fields fields;

    stored->next_seq = 0;
    if (stored->leaf_count == 0)
        return STATUS_OK;
    enum status status = files_leaf(io, tenant, stored->leaf_count - 1, leaf, err);
    if (status == STATUS_OK)
        status = leaf_decode(leaf, &fields, err);
    if (status == STATUS_OK && fields.leaf_index == stored->leaf_count - 1)
        stored->next_seq = fields.first_seq + fields.count;
    return status == STATUS_CORRUPT ? STATUS_OK : status;
}

enum status files_load(struct io *io, const struct guid *tenant, struct stored *ret,
                       struct error *err)
{
    struct newest newest = {false, 0};
    struct io_file *file = NULL;
    char path[PATH_BYTES];

    *ret = (struct stored){0};
    files_path(tenant, NULL, 0, path);
    if (!io_exists(io, path))
        return STATUS_OK;
    enum status status = io_list(io, path, see_name, &newest, err);
    if (status != STATUS_OK || !newest.any)
        return status;
    files_path(tenant, "batch", newest.number, path);
    status = io_open(io, path, IO_READ, &file, err);
    if (status == STATUS_OK)
        status = scan_blocks(file, newest.number * FILE_LEAVES, ret, err);
    io_close(file);
    if (status == STATUS_OK)
        status = find_next_seq(io, tenant, ret, err);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "'%s'", path);
}

/* ---- mending ---- */

/* Copies a damaged file, unless one was kept before. */
static enum status keep_aside(struct io *io, const struct guid *tenant, const char *kind,
                              uint64_t number, struct error *err)
{
    char path[PATH_BYTES], aside[PATH_BYTES + 8];
    struct buf bytes;

    files_path(tenant, kind, number, path);
    (void)snprintf(aside, sizeof(aside), "%s.aside", path);
    aside[sizeof("t/") - 1 + 32] = '-'; /* beside the tenant's directory: they are listed */
    if (io_exists(io, aside))
        return STATUS_OK;
    buf_init(&bytes, ASIDE_BYTES_MAX);
    enum status status = io_read_all(io, path, &bytes, err);
    if (status == STATUS_OK)
        status = io_replace(io, aside, buf_slice(&bytes), err);
    buf_release(&bytes);
    return status == STATUS_FULL || status == STATUS_LIMIT ? STATUS_OK : status;
}

enum status files_put_leaf(struct io *io, const struct guid *tenant, uint64_t index,
                           const uint8_t leaf[LEAF_BYTES], struct error *err)
{
    uint64_t number = index / FILE_LEAVES;
    struct io_file *file = NULL;
    char path[PATH_BYTES];
    enum status status = keep_aside(io, tenant, "leaf", number, err);

    files_path(tenant, "leaf", number, path);
    if (status == STATUS_OK)
        status = io_open(io, path, IO_WRITE, &file, err);
    if (status == STATUS_OK)
        status = io_write_at(file, index % FILE_LEAVES * LEAF_BYTES, leaf, LEAF_BYTES, err);
    io_close(file);
    return status;
}

enum status files_mend(struct io *io, const struct guid *tenant, uint64_t index,
                       struct stored *stored, struct error *err)
{
    uint64_t number = stored->leaf_count / FILE_LEAVES, size = 0, at = stored->batch_end;
    struct block_header header;
    struct io_file *file = NULL;
    char path[PATH_BYTES];

    files_path(tenant, "batch", number, path);
    if (!io_exists(io, path))
        return STATUS_OK;
    enum status status = io_open(io, path, IO_READ, &file, err);
    if (status == STATUS_OK)
        status = io_size(file, &size, err);
    bool is_damaged = size > stored->batch_end;
    while (status == STATUS_OK) { /* each round moves `at` forward */
        status = block_next(file, &at, size, &header, err);
        if (status != STATUS_OK || header.first_index + header.count > index)
            break;
        enum status whole = block_check(file, at, &header, err);
        at += header.size;
        if (whole == STATUS_OK && header.first_index >= stored->leaf_count) {
            stored->leaf_count = header.first_index + header.count;
            stored->batch_end = at;
        } else if (whole != STATUS_NOT_FOUND) {
            status = whole;
        }
    }
    io_close(file);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = find_next_seq(io, tenant, stored, err);
    return status == STATUS_OK && is_damaged ? keep_aside(io, tenant, "batch", number, err)
                                             : status;
}
