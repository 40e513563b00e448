/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_io.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

struct memory_file {
    struct io_file file; /* first */
    struct memory_io *memory;
    struct memory_entry *entry;
};

static struct memory_entry *find(struct memory_io *memory, const char *path)
{
    for (uint32_t i = 0; i < MEMORY_FILES_MAX; i++) {
        if (strcmp(memory->files[i].path, path) == 0)
            return &memory->files[i];
    }
    return NULL;
}

static enum status not_found(const char *path, struct error *err)
{
    return ERROR_SET(err, STATUS_NOT_FOUND, "'%s' is not there", path);
}

struct buf *memory_io_file(struct memory_io *memory, const char *path)
{
    struct memory_entry *entry = find(memory, path);

    if (entry == NULL) {
        entry = find(memory, "");
        CHECK(entry != NULL && strlen(path) < sizeof(entry->path));
        (void)snprintf(entry->path, sizeof(entry->path), "%s", path);
        buf_init(&entry->bytes, 256 * MIB);
    }
    return &entry->bytes;
}

static bool is_directory(const struct memory_io *memory, const char *path)
{
    size_t size = strlen(path);

    for (uint32_t i = 0; i < MEMORY_FILES_MAX; i++) {
        const char *other = memory->files[i].path;
        if (strncmp(other, path, size) == 0 && other[size] == '/')
            return true;
    }
    return false;
}

static void lock(struct io *io)
{
    (void)pthread_mutex_lock(&((struct memory_io *)io)->lock);
}

static void unlock(struct io *io)
{
    (void)pthread_mutex_unlock(&((struct memory_io *)io)->lock);
}

static struct io *io_of(struct io_file *file)
{
    return &((struct memory_file *)file)->memory->io;
}

static enum status open_entry(struct io *io, const char *path, enum io_open_mode mode,
                              struct io_file **ret, struct error *err)
{
    struct memory_io *memory = (struct memory_io *)io;
    struct memory_entry *entry = find(memory, path);

    CHECK(path[0] != '\0');
    if (entry == NULL && mode == IO_READ && !is_directory(memory, path))
        return not_found(path, err);
    if (entry != NULL && mode == IO_CREATE)
        return ERROR_SET(err, STATUS_IO, "'%s' is there", path);
    struct memory_file *file = calloc(1, sizeof(*file));
    CHECK(file != NULL);
    if (mode != IO_READ)
        (void)memory_io_file(memory, path);
    *file = (struct memory_file){{io->ops}, memory, find(memory, path)};
    memory->open_count++;
    *ret = &file->file;
    return STATUS_OK;
}

static enum status memory_open(struct io *io, const char *path, enum io_open_mode mode,
                               struct io_file **ret, struct error *err)
{
    lock(io);
    enum status status = open_entry(io, path, mode, ret, err);
    unlock(io);
    return status;
}

static void memory_close(struct io_file *file)
{
    struct io *io = io_of(file);

    lock(io);
    ((struct memory_io *)io)->open_count--;
    unlock(io);
    free(file);
}

static struct buf *bytes_of(struct io_file *file)
{
    CHECK(((struct memory_file *)file)->entry != NULL); /* no directory */
    return &((struct memory_file *)file)->entry->bytes;
}

static enum status memory_read_at(struct io_file *file, uint64_t offset, void *ret, size_t size,
                                  struct error *err)
{
    const struct buf *bytes = bytes_of(file);
    struct io *io = io_of(file);

    lock(io);
    bool is_there = offset <= bytes->size && size <= bytes->size - offset;
    if (is_there && size > 0)
        memcpy(ret, bytes->data + offset, size);
    unlock(io);
    return is_there ? STATUS_OK : ERROR_SET(err, STATUS_CORRUPT, "the file is too short");
}

static enum status set_size(struct io_file *file, uint64_t size, struct error *err)
{
    struct buf *bytes = bytes_of(file);

    if (size > bytes->size) {
        size_t more = (size_t)size - bytes->size;
        void *at = buf_extend(bytes, more);
        if (at == NULL)
            return ERROR_SET(err, STATUS_FULL, "no space");
        memset(at, 0, more);
    }
    bytes->size = (size_t)size;
    return STATUS_OK;
}

static enum status memory_truncate(struct io_file *file, uint64_t size, struct error *err)
{
    struct io *io = io_of(file);

    lock(io);
    enum status status = set_size(file, size, err);
    unlock(io);
    return status;
}

static enum status memory_write_at(struct io_file *file, uint64_t offset, const void *data,
                                   size_t size, struct error *err)
{
    struct buf *bytes = bytes_of(file);
    struct io *io = io_of(file);
    enum status status = STATUS_OK;

    lock(io);
    if (offset + size > bytes->size)
        status = set_size(file, offset + size, err);
    if (status == STATUS_OK && size > 0)
        memcpy(bytes->data + offset, data, size);
    unlock(io);
    return status;
}

static enum status memory_sync(struct io_file *file, struct error *err)
{
    (void)file;
    (void)err;
    return STATUS_OK;
}

static enum status memory_size(struct io_file *file, uint64_t *ret, struct error *err)
{
    struct io *io = io_of(file);

    (void)err;
    lock(io);
    *ret = bytes_of(file)->size;
    unlock(io);
    return STATUS_OK;
}

static enum status remove_entry(struct io *io, const char *path, struct error *err)
{
    struct memory_entry *entry = find((struct memory_io *)io, path);

    if (entry == NULL)
        return not_found(path, err);
    buf_release(&entry->bytes);
    entry->path[0] = '\0';
    return STATUS_OK;
}

static enum status memory_unlink(struct io *io, const char *path, struct error *err)
{
    lock(io);
    enum status status = remove_entry(io, path, err);
    unlock(io);
    return status;
}

static enum status rename_entry(struct io *io, const char *from, const char *to,
                                struct error *err)
{
    struct memory_entry *entry = find((struct memory_io *)io, from);

    if (entry == NULL)
        return not_found(from, err);
    if (strcmp(from, to) != 0 && find((struct memory_io *)io, to) != NULL)
        (void)remove_entry(io, to, err);
    CHECK(strlen(to) < sizeof(entry->path));
    (void)snprintf(entry->path, sizeof(entry->path), "%s", to);
    return STATUS_OK;
}

static enum status memory_rename(struct io *io, const char *from, const char *to,
                                 struct error *err)
{
    lock(io);
    enum status status = rename_entry(io, from, to, err);
    unlock(io);
    return status;
}

static enum status memory_dir(struct io *io, const char *path, struct error *err)
{
    (void)io;
    (void)path;
    (void)err;
    return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static enum status memory_list(struct io *io, const char *path,
                               enum status (*entry)(void *context, const char *name,
                                                    struct error *err),
                               void *context, struct error *err)
{
    const struct memory_io *memory = (struct memory_io *)io;
    char names[MEMORY_FILES_MAX][128];
    size_t count = 0, size = strlen(path);
    enum status status = STATUS_OK;

    lock(io);
    for (uint32_t i = 0; i < MEMORY_FILES_MAX; i++) {
        const char *other = memory->files[i].path;
        if (strncmp(other, path, size) == 0 && other[size] == '/' &&
            strchr(other + size + 1, '/') == NULL)
            (void)snprintf(names[count++], sizeof(names[0]), "%s", other + size + 1);
    }
    unlock(io);
    qsort(names, count, sizeof(names[0]), compare);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = entry(context, names[i], err);
    return status;
}

static enum status memory_free_bytes(struct io *io, uint64_t *ret, struct error *err)
{
    (void)io;
    (void)err;
    *ret = GIB;
    return STATUS_OK;
}

static void memory_no_release(struct io *io)
{
    (void)io; /* its owner's */
}

static const struct io_ops memory_ops = {
    .open = memory_open,         .close = memory_close,           .read_at = memory_read_at,
    .write_at = memory_write_at, .sync = memory_sync,             .size = memory_size,
    .truncate = memory_truncate, .rename = memory_rename,         .unlink = memory_unlink,
    .make_dir = memory_dir,      .sync_dir = memory_dir,          .list = memory_list,
    .free_bytes = memory_free_bytes, .release = memory_no_release,
};

void memory_io_init(struct memory_io *memory)
{
    *memory = (struct memory_io){.io.ops = &memory_ops};
    (void)pthread_mutex_init(&memory->lock, NULL);
}

void memory_io_release(struct memory_io *memory)
{
    CHECK(memory->open_count == 0);
    (void)pthread_mutex_destroy(&memory->lock);
    for (uint32_t i = 0; i < MEMORY_FILES_MAX; i++) {
        if (memory->files[i].path[0] != '\0')
            buf_release(&memory->files[i].bytes);
    }
}
