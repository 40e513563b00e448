/* SPDX-License-Identifier: Apache-2.0 */
/* See vfs_priv.h, and https://www.sqlite.org/vfs.html for what SQLite expects. */
#include "meta/vfs_priv.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 200
#define SECTOR_BYTES 4096
#define JULIAN_DAY_1970 2440587.5

struct vfs_file {
    sqlite3_file base; /* first */
    struct meta_vfs *vfs;
    struct io_file *file;
    uint64_t size;
    bool is_database; /* not its journal */
    bool is_new;      /* its name may not be on the disk */
    char name[NAME_BYTES_MAX];
};

/* ---- what went wrong ---- */

static int fail(struct meta_vfs *vfs, enum status status, const struct error *err, int code)
{
    vfs->last = *err;
    return status == STATUS_FULL ? SQLITE_FULL : status == STATUS_LIMIT ? SQLITE_NOMEM : code;
}

/* The same of a call that changes something. */
static int fail_for_good(struct meta_vfs *vfs, enum status status, const struct error *err,
                         int code)
{
    vfs->is_failed = vfs->is_failed || status != STATUS_FULL;
    return fail(vfs, status, err, code);
}

/* ---- a file ---- */

static int close_file(sqlite3_file *base)
{
    io_close(((struct vfs_file *)base)->file);
    return SQLITE_OK;
}

static int read_file(sqlite3_file *base, void *ret, int size, sqlite3_int64 offset)
{
    struct vfs_file *f = (struct vfs_file *)base;
    uint64_t at = (uint64_t)offset, wanted = (uint64_t)size;
    enum status status = STATUS_OK;
    struct error err;

    if (at + wanted > f->size) /* somebody else may have written */
        status = io_size(f->file, &f->size, &err);
    uint64_t there = at >= f->size ? 0 : f->size - at < wanted ? f->size - at : wanted;
    if (status == STATUS_OK && there > 0)
        status = io_read_at(f->file, at, ret, (size_t)there, &err);
    if (status != STATUS_OK)
        return fail(f->vfs, status, &err, SQLITE_IOERR_READ);
    memset((char *)ret + there, 0, (size_t)(wanted - there));
    return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

/* A write that fails may have been done in part. */
static void note_write(struct vfs_file *f, uint64_t offset, uint64_t size)
{
    struct meta_written *w = &f->vfs->written;
    uint64_t end = (offset + size + META_PAGE_BYTES - 1) / META_PAGE_BYTES;

    if (!f->is_database)
        return;
    for (uint64_t page = offset / META_PAGE_BYTES; page < end && !w->is_all; page++) {
        if (w->count < META_WRITTEN_MAX)
            w->pages[w->count++] = page;
        else
            w->is_all = true;
    }
}

static int write_file(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
    struct vfs_file *f = (struct vfs_file *)base;
    uint64_t end = (uint64_t)offset + (uint64_t)size;
    struct error err, ignored;

    if (f->vfs->is_failed)
        return SQLITE_IOERR_WRITE;
    note_write(f, (uint64_t)offset, (uint64_t)size);
    enum status status = io_write_at(f->file, (uint64_t)offset, data, (size_t)size, &err);
    if (status == STATUS_OK) {
        f->size = end > f->size ? end : f->size;
        return SQLITE_OK;
    }
    if (io_size(f->file, &f->size, &ignored) != STATUS_OK) /* it may be written in part */
        f->vfs->is_failed = true;
    return fail_for_good(f->vfs, status, &err, SQLITE_IOERR_WRITE);
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    struct vfs_file *f = (struct vfs_file *)base;
    struct error err;

    if (f->vfs->is_failed)
        return SQLITE_IOERR_TRUNCATE;
    f->vfs->written.is_all = f->vfs->written.is_all || f->is_database;
    enum status status = io_truncate(f->file, (uint64_t)size, &err);
    if (status != STATUS_OK)
        return fail_for_good(f->vfs, status, &err, SQLITE_IOERR_TRUNCATE);
    f->size = (uint64_t)size;
    return SQLITE_OK;
}

enum status meta_sync_directory(struct io *io, const char *name, struct error *err)
{
    char directory[NAME_BYTES_MAX] = "";
    const char *end = strrchr(name, '/');

    if (end != NULL)
        (void)snprintf(directory, sizeof(directory), "%.*s", (int)(end - name), name);
    return io_sync_dir(io, directory, err);
}

/* The flags only tell how hard: it is always done as hard as can be. */
static int sync_file(sqlite3_file *base, int flags)
{
    struct vfs_file *f = (struct vfs_file *)base;
    struct error err;

    (void)flags;
    if (f->vfs->is_failed)
        return SQLITE_IOERR_FSYNC;
    enum status status = io_sync(f->file, &err);
    if (status == STATUS_OK && f->is_new)
        status = meta_sync_directory(f->vfs->io, f->name, &err);
    if (status != STATUS_OK)
        return fail_for_good(f->vfs, STATUS_IO, &err, SQLITE_IOERR_FSYNC);
    f->is_new = false;
    return SQLITE_OK;
}

static int size_file(sqlite3_file *base, sqlite3_int64 *ret)
{
    struct vfs_file *f = (struct vfs_file *)base;
    struct error err;
    enum status status = io_size(f->file, &f->size, &err);

    *ret = (sqlite3_int64)f->size;
    return status == STATUS_OK ? SQLITE_OK : fail(f->vfs, status, &err, SQLITE_IOERR_FSTAT);
}

static int lock_file(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int check_lock(sqlite3_file *base, int *ret)
{
    (void)base;
    *ret = 0; /* by nobody else, so a journal that is there is hot */
    return SQLITE_OK;
}

static int control_file(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int sector_bytes(sqlite3_file *base)
{
    (void)base;
    return SECTOR_BYTES;
}

/* Nothing is promised: not that a sector is whole, not that neighbours are left alone. */
static int characteristics(sqlite3_file *base)
{
    (void)base;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_file,
    .xLock = lock_file,
    .xUnlock = lock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control_file,
    .xSectorSize = sector_bytes,
    .xDeviceCharacteristics = characteristics,
};

/* ---- the directory ---- */

/* STATUS_NOT_FOUND only if it is not there for sure. */
static enum status look(struct meta_vfs *vfs, const char *name, uint64_t *ret_size,
                        struct error *err)
{
    struct io_file *file = NULL;
    enum status status = io_open(vfs->io, name, IO_READ, &file, err);

    if (status == STATUS_OK)
        status = io_size(file, ret_size, err);
    io_close(file);
    return status;
}

static int open_file(sqlite3_vfs *base, const char *name, sqlite3_file *ret, int flags,
                     int *ret_flags)
{
    struct meta_vfs *vfs = (struct meta_vfs *)base;
    struct vfs_file *f = (struct vfs_file *)ret;
    bool writes = (flags & SQLITE_OPEN_READWRITE) != 0, makes = (flags & SQLITE_OPEN_CREATE) != 0;
    struct error err;

    ret->pMethods = NULL;
    if (name == NULL || strlen(name) >= sizeof(f->name)) /* a temporary file has no name */
        return SQLITE_CANTOPEN;
    *f = (struct vfs_file){.vfs = vfs, .is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0};
    (void)snprintf(f->name, sizeof(f->name), "%s", name);
    enum status status = look(vfs, name, &f->size, &err);
    f->is_new = status == STATUS_NOT_FOUND && writes && makes;
    if (status == STATUS_OK || f->is_new)
        status = io_open(vfs->io, name, writes ? IO_WRITE : IO_READ, &f->file, &err);
    if (status != STATUS_OK)
        return fail(vfs, status, &err, SQLITE_CANTOPEN);
    if (ret_flags != NULL)
        *ret_flags = flags;
    f->base.pMethods = &methods;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *base, const char *name, int sync_directory)
{
    struct meta_vfs *vfs = (struct meta_vfs *)base;
    struct error err;

    if (vfs->is_failed)
        return SQLITE_IOERR_DELETE;
    enum status status = io_unlink(vfs->io, name, &err);
    if (status == STATUS_NOT_FOUND)
        return SQLITE_IOERR_DELETE_NOENT;
    if (status == STATUS_OK && sync_directory != 0)
        status = meta_sync_directory(vfs->io, name, &err);
    return status == STATUS_OK ? SQLITE_OK
                               : fail_for_good(vfs, STATUS_IO, &err, SQLITE_IOERR_DELETE);
}

/* An empty file is none, as in SQLite's own VFS. */
static int access_file(sqlite3_vfs *base, const char *name, int flags, int *ret)
{
    struct meta_vfs *vfs = (struct meta_vfs *)base;
    uint64_t size = 0;
    struct error err;
    enum status status = look(vfs, name, &size, &err);

    *ret = status == STATUS_OK && (size > 0 || flags != SQLITE_ACCESS_EXISTS);
    return status == STATUS_OK || status == STATUS_NOT_FOUND
               ? SQLITE_OK
               : fail(vfs, status, &err, SQLITE_IOERR_ACCESS);
}

static int full_name(sqlite3_vfs *base, const char *name, int size, char *ret)
{
    (void)base;
    return snprintf(ret, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int make_random(sqlite3_vfs *base, int size, char *ret)
{
    (void)base;
    random_bytes(ret, (size_t)size);
    return size;
}

static int sleep_us(sqlite3_vfs *base, int us)
{
    (void)base;
    return sqlite3_sleep(us / 1000) * 1000;
}

static int now(sqlite3_vfs *base, double *ret)
{
    (void)base;
    *ret = JULIAN_DAY_1970 + (double)clock_unix_us(clock_system()) / (double)US_PER_DAY;
    return SQLITE_OK;
}

static int last_error(sqlite3_vfs *base, int size, char *ret)
{
    return full_name(base, ((struct meta_vfs *)base)->last.text, size, ret);
}

enum status meta_vfs_open(struct meta_vfs *vfs, struct io *io, struct error *err)
{
    *vfs = (struct meta_vfs){
        .base = {.iVersion = 1,
                 .szOsFile = (int)sizeof(struct vfs_file),
                 .mxPathname = NAME_BYTES_MAX - 1,
                 .zName = vfs->name,
                 .xOpen = open_file,
                 .xDelete = delete_file,
                 .xAccess = access_file,
                 .xFullPathname = full_name,
                 .xRandomness = make_random,
                 .xSleep = sleep_us,
                 .xCurrentTime = now,
                 .xGetLastError = last_error},
        .io = io,
        .written.is_all = true,
    };
    /* There may be several in a process: each has a name of its own. */
    (void)snprintf(vfs->name, sizeof(vfs->name), "daybook-%p", (void *)vfs);
    return sqlite3_vfs_register(&vfs->base, 0) == SQLITE_OK
               ? STATUS_OK
               : ERROR_SET(err, STATUS_LIMIT, "cannot begin with SQLite");
}

void meta_vfs_close(struct meta_vfs *vfs)
{
    (void)sqlite3_vfs_unregister(&vfs->base);
}
