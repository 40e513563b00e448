/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>

#define PATH_BYTES 512
#define ZEROS_BYTES (256 * KIB)

enum status io_open(struct io *io, const char *path, enum io_open_mode mode, struct io_file **ret,
                    struct error *err)
{
    return io->ops->open(io, path, mode, ret, err);
}

void io_close(struct io_file *file)
{
    if (file != NULL)
        file->ops->close(file);
}

enum status io_read_at(struct io_file *file, uint64_t offset, void *ret, size_t size,
                       struct error *err)
{
    return file->ops->read_at(file, offset, ret, size, err);
}

enum status io_write_at(struct io_file *file, uint64_t offset, const void *data, size_t size,
                        struct error *err)
{
    return file->ops->write_at(file, offset, data, size, err);
}

enum status io_sync(struct io_file *file, struct error *err)
{
    return file->ops->sync(file, err);
}

enum status io_pace(struct io_file *file, uint64_t end, struct error *err)
{
    return file->ops->pace == NULL ? STATUS_OK : file->ops->pace(file, end, err);
}

enum status io_size(struct io_file *file, uint64_t *ret, struct error *err)
{
    return file->ops->size(file, ret, err);
}

enum status io_truncate(struct io_file *file, uint64_t size, struct error *err)
{
    return file->ops->truncate(file, size, err);
}

enum status io_rename(struct io *io, const char *from, const char *to, struct error *err)
{
    return io->ops->rename(io, from, to, err);
}

enum status io_unlink(struct io *io, const char *path, struct error *err)
{
    return io->ops->unlink(io, path, err);
}

void io_unlink_if_possible(struct io *io, const char *path)
{
    struct error ignored;
    enum status status = io_unlink(io, path, &ignored);

    (void)status;
}

enum status io_make_dir(struct io *io, const char *path, struct error *err)
{
    return io->ops->make_dir(io, path, err);
}

enum status io_sync_dir(struct io *io, const char *path, struct error *err)
{
    return io->ops->sync_dir(io, path, err);
}

enum status io_list(struct io *io, const char *path,
                    enum status (*entry)(void *context, const char *name, struct error *err),
                    void *context, struct error *err)
{
    return io->ops->list(io, path, entry, context, err);
}

enum status io_free_bytes(struct io *io, uint64_t *ret, struct error *err)
{
    return io->ops->free_bytes(io, ret, err);
}

bool io_has_merge_space(struct io *io, uint64_t bytes)
{
    uint64_t available = 0, needed = bytes;
    struct error ignored;

    if (bytes > MERGE_SMALL_BYTES)
        needed += 2 * INGEST_RESERVE_BYTES;
    return io_free_bytes(io, &available, &ignored) == STATUS_OK && available >= needed;
}

void io_free(struct io *io)
{
    if (io != NULL)
        io->ops->release(io);
}

enum status io_write_zeros(struct io_file *file, uint64_t offset, uint64_t end,
                           struct error *err)
{
    static const char zeros[ZEROS_BYTES];
    enum status status = STATUS_OK;

    for (; offset < end && status == STATUS_OK; offset += ZEROS_BYTES) {
        uint64_t left = end - offset;
        status = io_write_at(file, offset, zeros, left < ZEROS_BYTES ? (size_t)left : ZEROS_BYTES,
                             err);
    }
    return status;
}

bool io_exists(struct io *io, const char *path)
{
    struct error err;
    struct io_file *file = NULL;

    if (io_open(io, path, IO_READ, &file, &err) != STATUS_OK)
        return err.status != STATUS_NOT_FOUND;
    io_close(file);
    return true;
}

enum status io_read_all(struct io *io, const char *path, struct buf *ret, struct error *err)
{
    struct io_file *file = NULL;
    uint64_t size = 0;
    enum status status = io_open(io, path, IO_READ, &file, err);

    if (status != STATUS_OK)
        return status;
    status = io_size(file, &size, err);
    if (status != STATUS_OK)
        goto out;
    if (size > ret->max_bytes - ret->size) {
        status = ERROR_SET(err, STATUS_LIMIT, "'%s' has %llu bytes, at most %zu are allowed", path,
                           (unsigned long long)size, ret->max_bytes);
        goto out;
    }
    void *at = buf_extend(ret, (size_t)size);
    if (at == NULL)
        status = ERROR_MEMORY(err);
    else if (size > 0)
        status = io_read_at(file, 0, at, (size_t)size, err);
out:
    io_close(file);
    return status;
}

static void temporary_path(const char *path, char ret[PATH_BYTES])
{
    CHECK(strlen(path) + 5 < PATH_BYTES);
    (void)snprintf(ret, PATH_BYTES, "%s.tmp", path);
}

enum status io_replace_begin(struct io *io, const char *path, struct io_replacing *ret,
                             struct error *err)
{
    char temporary[PATH_BYTES];

    temporary_path(path, temporary);
    *ret = (struct io_replacing){.io = io, .path = path};
    enum status status = io_open(io, temporary, IO_WRITE, &ret->file, err);
    return status == STATUS_OK ? io_truncate(ret->file, 0, err) : status;
}

enum status io_replace_add(struct io_replacing *replacing, struct slice piece, struct error *err)
{
    enum status status = STATUS_OK;

    if (piece.size > 0)
        status = io_write_at(replacing->file, replacing->bytes, piece.data, piece.size, err);
    replacing->bytes += piece.size;
    return status;
}

static enum status sync_directory_of(struct io *io, const char *path, struct error *err)
{
    char directory[PATH_BYTES];

    (void)snprintf(directory, sizeof(directory), "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        directory[0] = '\0';
    else
        *slash = '\0';
    return io_sync_dir(io, directory, err);
}

enum status io_replace_end(struct io_replacing *replacing, bool is_whole, struct error *err)
{
    bool is_begun = replacing->file != NULL;
    enum status status = is_whole ? io_sync(replacing->file, err) : STATUS_OK;
    char temporary[PATH_BYTES];

    io_close(replacing->file);
    replacing->file = NULL;
    temporary_path(replacing->path, temporary);
    if (is_whole && status == STATUS_OK)
        status = io_rename(replacing->io, temporary, replacing->path, err);
    if (is_whole && status == STATUS_OK)
        return sync_directory_of(replacing->io, replacing->path, err);
    if (is_begun) /* what there was no space for takes what is left */
        io_unlink_if_possible(replacing->io, temporary);
    return status;
}

enum status io_replace(struct io *io, const char *path, struct slice content, struct error *err)
{
    struct io_replacing replacing;
    enum status status = io_replace_begin(io, path, &replacing, err);

    if (status == STATUS_OK)
        status = io_replace_add(&replacing, content, err);
    enum status end = io_replace_end(&replacing, status == STATUS_OK, err);
    return status == STATUS_OK ? end : status;
}
