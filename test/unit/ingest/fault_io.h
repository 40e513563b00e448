/* SPDX-License-Identifier: Apache-2.0 */
/* fault_io.h - an io over another one that fails the n-th call.
 *
 * Calls that change or read the disk are counted from 1.  A failing write
 * leaves half of its bytes.  Sticky: all calls from the n-th on fail.  Of one
 * path all reads and writes can fail instead.
 * How much is free is what the test says, not what the disk says: other tests
 * fill the same disk at the same time, and the log refuses to commit when its
 * reserve is touched. */
#ifndef TEST_INGEST_FAULT_IO_H
#define TEST_INGEST_FAULT_IO_H

#include "base/check.h"
#include "base/io.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_FREE_BYTES (UINT64_C(1) << 40)

struct fault_io {
    struct io io; /* first */
    struct io *real;
    pthread_mutex_t lock;
    uint64_t calls, fail_at; /* fail_at 0: never */
    bool sticky;
    int os_errno;
    uint64_t free_bytes; /* what is told */
    const char *bad_path; /* or NULL */
    const char *bad_write_path; /* the same of writes alone */
    int bad_rename_errno; /* of renames of bad_path; 0: they succeed */
};

struct fault_file {
    struct io_file file; /* first */
    struct fault_io *io;
    struct io_file *real;
    char path[64];
};

static inline bool fault_hits(struct fault_io *f)
{
    (void)pthread_mutex_lock(&f->lock);
    uint64_t call = ++f->calls;
    bool hit = f->fail_at != 0 && (f->sticky ? call >= f->fail_at : call == f->fail_at);
    (void)pthread_mutex_unlock(&f->lock);
    return hit;
}

static inline bool fault_hits_file(struct fault_file *file)
{
    bool is_bad = file->io->bad_path != NULL && strcmp(file->io->bad_path, file->path) == 0;

    return fault_hits(file->io) || is_bad;
}

static inline enum status fault_error(struct fault_io *f, struct error *err)
{
    errno = f->os_errno;
    return ERROR_SET(err, STATUS_IO, "injected fault");
}

/* Of a sync, which never says that there is no space (io.h). */
static inline enum status fault_sync_error(struct error *err)
{
    errno = EIO;
    return ERROR_SET(err, STATUS_IO, "injected fault");
}

static enum status fault_open(struct io *io, const char *path, enum io_open_mode mode,
                              struct io_file **ret, struct error *err)
{
    struct fault_io *f = (struct fault_io *)io;
    struct fault_file *file = calloc(1, sizeof(*file));

    CHECK(file != NULL);
    enum status status =
        fault_hits(f) ? fault_error(f, err) : io_open(f->real, path, mode, &file->real, err);
    if (status != STATUS_OK) {
        free(file);
        return status;
    }
    file->file.ops = io->ops;
    file->io = f;
    (void)snprintf(file->path, sizeof(file->path), "%s", path);
    *ret = &file->file;
    return STATUS_OK;
}

static void fault_close(struct io_file *file)
{
    if (file != NULL)
        io_close(((struct fault_file *)file)->real);
    free(file);
}

static enum status fault_read_at(struct io_file *file, uint64_t offset, void *ret, size_t size,
                                 struct error *err)
{
    struct fault_file *f = (struct fault_file *)file;

    return fault_hits_file(f) ? fault_error(f->io, err)
                              : io_read_at(f->real, offset, ret, size, err);
}

static enum status fault_write_at(struct io_file *file, uint64_t offset, const void *data,
                                  size_t size, struct error *err)
{
    struct fault_file *f = (struct fault_file *)file;
    const char *bad = f->io->bad_write_path;
    struct error ignored;

    if (!fault_hits_file(f) && (bad == NULL || strcmp(bad, f->path) != 0))
        return io_write_at(f->real, offset, data, size, err);
    if (io_write_at(f->real, offset, data, size / 2, &ignored) != STATUS_OK)
        return fault_error(f->io, err);
    return fault_error(f->io, err);
}

static enum status fault_sync(struct io_file *file, struct error *err)
{
    struct fault_file *f = (struct fault_file *)file;

    return fault_hits(f->io) ? fault_sync_error(err) : io_sync(f->real, err);
}

static enum status fault_pace(struct io_file *file, uint64_t end, struct error *err)
{
    struct fault_file *f = (struct fault_file *)file;

    return fault_hits(f->io) ? fault_sync_error(err) : io_pace(f->real, end, err);
}

static enum status fault_size(struct io_file *file, uint64_t *ret, struct error *err)
{
    struct fault_file *f = (struct fault_file *)file;

    return fault_hits(f->io) ? fault_error(f->io, err) : io_size(f->real, ret, err);
}

static enum status fault_truncate(struct io_file *file, uint64_t size, struct error *err)
{
    struct fault_file *f = (struct fault_file *)file;

    return fault_hits(f->io) ? fault_error(f->io, err) : io_truncate(f->real, size, err);
}

static enum status fault_rename(struct io *io, const char *from, const char *to,
                                struct error *err)
{
    struct fault_io *f = (struct fault_io *)io;

    if (fault_hits(f))
        return fault_error(f, err);
    if (f->bad_rename_errno != 0 && f->bad_path != NULL && strcmp(f->bad_path, from) == 0) {
        errno = f->bad_rename_errno;
        return ERROR_SET(err, STATUS_IO, "injected fault");
    }
    return io_rename(f->real, from, to, err);
}

static enum status fault_unlink(struct io *io, const char *path, struct error *err)
{
    struct fault_io *f = (struct fault_io *)io;

    return fault_hits(f) ? fault_error(f, err) : io_unlink(f->real, path, err);
}

static enum status fault_make_dir(struct io *io, const char *path, struct error *err)
{
    struct fault_io *f = (struct fault_io *)io;

    return fault_hits(f) ? fault_error(f, err) : io_make_dir(f->real, path, err);
}

static enum status fault_sync_dir(struct io *io, const char *path, struct error *err)
{
    struct fault_io *f = (struct fault_io *)io;

    return fault_hits(f) ? fault_sync_error(err) : io_sync_dir(f->real, path, err);
}

static enum status fault_list(struct io *io, const char *path,
                              enum status (*entry)(void *context, const char *name,
                                                   struct error *err),
                              void *context, struct error *err)
{
    struct fault_io *f = (struct fault_io *)io;

    return fault_hits(f) ? fault_error(f, err) : io_list(f->real, path, entry, context, err);
}

static enum status fault_free_bytes(struct io *io, uint64_t *ret, struct error *err)
{
    struct fault_io *f = (struct fault_io *)io;

    if (fault_hits(f))
        return fault_error(f, err);
    *ret = f->free_bytes;
    return STATUS_OK;
}

static void fault_release(struct io *io)
{
    (void)io;
}

static inline void fault_io_init(struct fault_io *f, struct io *real)
{
    static const struct io_ops ops = {
        .open = fault_open,         .close = fault_close,       .read_at = fault_read_at,
        .write_at = fault_write_at, .sync = fault_sync,         .size = fault_size,
        .truncate = fault_truncate, .rename = fault_rename,     .unlink = fault_unlink,
        .make_dir = fault_make_dir, .sync_dir = fault_sync_dir, .list = fault_list,
        .free_bytes = fault_free_bytes, .release = fault_release, .pace = fault_pace,
    };

    *f = (struct fault_io){
        .io = {&ops}, .real = real, .os_errno = EIO, .free_bytes = FAULT_FREE_BYTES};
    (void)pthread_mutex_init(&f->lock, NULL);
}

#endif
