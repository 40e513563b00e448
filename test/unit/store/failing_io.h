/* SPDX-License-Identifier: Apache-2.0 */
/* failing_io.h - a disk whose n-th change fails, once or for ever. */
#ifndef STORE_FAILING_IO_H
#define STORE_FAILING_IO_H

#include "base/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct failing_io {
    struct io io; /* first */
    struct io *inner;
    uint64_t change_count; /* so far */
    uint64_t fail_at;      /* 1-based; 0 = never */
    bool sticky;
    int os_errno; /* of the failures; ENOSPC: STATUS_FULL */
    uint64_t free_bytes; /* what is told; 0: what the disk has */
    const char *unreadable; /* path of a file of which no byte can be read, or NULL */
};

struct failing_file {
    struct io_file file; /* first */
    struct io_file *inner;
    struct failing_io *io;
    char path[64];
};

static inline enum status failing_change(struct failing_io *io, struct error *err)
{
    uint64_t n = ++io->change_count;

    if (io->fail_at == 0 || (n != io->fail_at && !(io->sticky && n > io->fail_at)))
        return STATUS_OK;
    errno = io->os_errno;
    return ERROR_SET(err, STATUS_IO, "the disk failed");
}

/* A sync never says that there is no space (io.h). */
static inline enum status failing_sync_change(struct failing_io *io, struct error *err)
{
    enum status status = failing_change(io, err);

    errno = EIO;
    return status == STATUS_FULL ? ERROR_SET(err, STATUS_IO, "the disk failed") : status;
}

#define INNER_FILE(file) (((struct failing_file *)(file))->inner)
#define FILE_IO(file) (((struct failing_file *)(file))->io)
#define INNER(io) (((struct failing_io *)(io))->inner)

static const struct io_ops FAILING_OPS;

static inline enum status failing_open(struct io *io, const char *path, enum io_open_mode mode,
                                       struct io_file **ret, struct error *err)
{
    struct failing_file *file = calloc(1, sizeof(*file));
    enum status status = file == NULL ? ERROR_MEMORY(err) : STATUS_OK;

    if (status == STATUS_OK && mode != IO_READ)
        status = failing_change((struct failing_io *)io, err);
    if (status == STATUS_OK)
        status = io_open(INNER(io), path, mode, &file->inner, err);
    if (status != STATUS_OK) {
        free(file);
        return status;
    }
    file->file.ops = &FAILING_OPS;
    file->io = (struct failing_io *)io;
    (void)snprintf(file->path, sizeof(file->path), "%s", path);
    *ret = &file->file;
    return STATUS_OK;
}

static inline void failing_close(struct io_file *file)
{
    io_close(INNER_FILE(file));
    free(file);
}

static inline enum status failing_read_at(struct io_file *file, uint64_t offset, void *ret,
                                          size_t size, struct error *err)
{
    const char *unreadable = FILE_IO(file)->unreadable;

    if (unreadable != NULL && strcmp(unreadable, ((struct failing_file *)file)->path) == 0) {
        errno = EIO;
        return ERROR_SET(err, STATUS_IO, "the disk failed");
    }
    return io_read_at(INNER_FILE(file), offset, ret, size, err);
}

/* A failing write leaves half of its bytes. */
static inline enum status failing_write_at(struct io_file *file, uint64_t offset,
                                           const void *data, size_t size, struct error *err)
{
    enum status status = failing_change(FILE_IO(file), err);
    struct error ignored;

    if (status == STATUS_OK)
        return io_write_at(INNER_FILE(file), offset, data, size, err);
    enum status half = io_write_at(INNER_FILE(file), offset, data, size / 2, &ignored);
    (void)half;
    return status;
}

static inline enum status failing_sync(struct io_file *file, struct error *err)
{
    enum status status = failing_sync_change(FILE_IO(file), err);

    return status == STATUS_OK ? io_sync(INNER_FILE(file), err) : status;
}

static inline enum status failing_size(struct io_file *file, uint64_t *ret, struct error *err)
{
    return io_size(INNER_FILE(file), ret, err);
}

static inline enum status failing_truncate(struct io_file *file, uint64_t size, struct error *err)
{
    enum status status = failing_change(FILE_IO(file), err);

    return status == STATUS_OK ? io_truncate(INNER_FILE(file), size, err) : status;
}

static inline enum status failing_rename(struct io *io, const char *from, const char *to,
                                         struct error *err)
{
    enum status status = failing_change((struct failing_io *)io, err);

    return status == STATUS_OK ? io_rename(INNER(io), from, to, err) : status;
}

static inline enum status failing_unlink(struct io *io, const char *path, struct error *err)
{
    enum status status = failing_change((struct failing_io *)io, err);

    return status == STATUS_OK ? io_unlink(INNER(io), path, err) : status;
}

static inline enum status failing_make_dir(struct io *io, const char *path, struct error *err)
{
    enum status status = failing_change((struct failing_io *)io, err);

    return status == STATUS_OK ? io_make_dir(INNER(io), path, err) : status;
}

static inline enum status failing_sync_dir(struct io *io, const char *path, struct error *err)
{
    enum status status = failing_sync_change((struct failing_io *)io, err);

    return status == STATUS_OK ? io_sync_dir(INNER(io), path, err) : status;
}

static inline enum status failing_list(struct io *io, const char *path,
                                       enum status (*entry)(void *context, const char *name,
                                                            struct error *err),
                                       void *context, struct error *err)
{
    return io_list(INNER(io), path, entry, context, err);
}

static inline enum status failing_free_bytes(struct io *io, uint64_t *ret, struct error *err)
{
    *ret = ((struct failing_io *)io)->free_bytes;
    return *ret > 0 ? STATUS_OK : io_free_bytes(INNER(io), ret, err);
}

static inline enum status failing_pace(struct io_file *file, uint64_t end, struct error *err)
{
    enum status status = failing_sync_change(FILE_IO(file), err);

    return status == STATUS_OK ? io_pace(INNER_FILE(file), end, err) : status;
}

static inline void failing_release(struct io *io)
{
    (void)io;
}

static const struct io_ops FAILING_OPS = {
    failing_open,   failing_close,  failing_read_at,  failing_write_at, failing_sync,
    failing_size,   failing_truncate, failing_rename, failing_unlink,   failing_make_dir,
    failing_sync_dir, failing_list, failing_free_bytes, failing_release,
    failing_pace,
};

static inline struct failing_io failing_io_over(struct io *inner)
{
    return (struct failing_io){.io = {&FAILING_OPS}, .inner = inner};
}

#endif
