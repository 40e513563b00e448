/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/reserve_priv.h"

#include "base/limits.h"

#define RESERVE_TMP_PATH RESERVE_PATH ".tmp"
#define STEP_BYTES (16 * KIB)

static enum status write_zeros(struct io_file *file, uint64_t size_bytes, struct error *err)
{
    enum status status = io_truncate(file, 0, err);

    if (status == STATUS_OK)
        status = io_write_zeros(file, 0, size_bytes, err);
    return status == STATUS_OK ? io_sync(file, err) : status;
}

/* Under another name first: a file cut short is not taken for the reserve. */
static enum status make(struct reserve *reserve, struct error *err)
{
    struct io_file *file = NULL;
    enum status status = io_open(reserve->io, RESERVE_TMP_PATH, IO_WRITE, &file, err);

    if (status == STATUS_OK)
        status = write_zeros(file, reserve->size_bytes, err);
    io_close(file);
    if (status == STATUS_OK)
        status = io_rename(reserve->io, RESERVE_TMP_PATH, RESERVE_PATH, err);
    if (status == STATUS_OK)
        reserve->left_bytes = reserve->size_bytes;
    else if (io_exists(reserve->io, RESERVE_TMP_PATH))
        io_unlink_if_possible(reserve->io, RESERVE_TMP_PATH);
    return status;
}

static enum status read_size(struct reserve *reserve, struct error *err)
{
    struct io_file *file = NULL;
    enum status status = io_open(reserve->io, RESERVE_PATH, IO_READ, &file, err);

    if (status == STATUS_OK)
        status = io_size(file, &reserve->left_bytes, err);
    io_close(file);
    if (reserve->left_bytes > reserve->size_bytes)
        reserve->left_bytes = reserve->size_bytes;
    return status;
}

enum status reserve_open(struct reserve *reserve, struct io *io, uint64_t size_bytes,
                         struct error *err)
{
    *reserve = (struct reserve){.io = io, .size_bytes = size_bytes};
    if (size_bytes == 0)
        return STATUS_OK;
    enum status status = io_exists(io, RESERVE_PATH) ? read_size(reserve, err)
                                                     : make(reserve, err);
    return status == STATUS_FULL ? STATUS_OK : status;
}

bool reserve_release(struct reserve *reserve, uint64_t bytes)
{
    uint64_t step = (bytes / STEP_BYTES + 2) * STEP_BYTES;
    uint64_t rest = reserve->left_bytes > step ? reserve->left_bytes - step : 0;
    struct io_file *file = NULL;
    struct error ignored;

    if (reserve->left_bytes == 0)
        return false;
    enum status status = io_open(reserve->io, RESERVE_PATH, IO_WRITE, &file, &ignored);
    if (status == STATUS_OK)
        status = io_truncate(file, rest, &ignored);
    io_close(file);
    if (status == STATUS_OK)
        reserve->left_bytes = rest;
    return status == STATUS_OK;
}

void reserve_renew(struct reserve *reserve)
{
    struct error ignored;
    uint64_t available = 0;

    if (reserve_is_whole(reserve) ||
        io_free_bytes(reserve->io, &available, &ignored) != STATUS_OK ||
        available < reserve->size_bytes + INGEST_RESERVE_BYTES)
        return;
    enum status status = make(reserve, &ignored); /* or at the next time */
    (void)status;
}
