/* SPDX-License-Identifier: Apache-2.0 */
/* The real disk: openat2() below one directory, pread, pwrite, fdatasync. */
#include "base/io.h"

#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

struct linux_io {
    struct io io; /* first */
    int root_fd;
};

struct linux_file {
    struct io_file file; /* first */
    int fd;
    uint64_t pace_from, pace_to; /* the piece that is on its way to the disk */
    char path[256]; /* for error texts; cut at the end */
};

#define OPEN_TRIES_MAX 1000
/* Larger ones: the sync of a neighbour waits longer; smaller ones: more calls.  Measurements in
 * docs/design/neighbours.md. */
#define PACE_BYTES (256 * KIB)

/* The kernel gives up with EAGAIN where something is renamed, wherever that is, while it
 * follows ".." in a link: openat2(2) says to ask again. */
static int open_below(const struct linux_io *io, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (unsigned long long)(unsigned)(flags | O_CLOEXEC),
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };

    if (path[0] == '\0')
        path = ".";
    int fd = -1;
    errno = EAGAIN;
    for (int i = 0; i < OPEN_TRIES_MAX && fd < 0 && errno == EAGAIN; i++)
        fd = (int)syscall(SYS_openat2, io->root_fd, path, &how, sizeof(how));
    return fd;
}

/* Where only a descriptor or memory was wanting nothing happened, and a later try may do.
 * `missing` is for what is not there: STATUS_NOT_FOUND where somebody may ask whether it is. */
static enum status open_failed(const char *what, const char *path, enum status missing,
                               struct error *err)
{
    int code = errno;

    if (code != EMFILE && code != ENFILE && code != ENOMEM)
        return ERROR_SET(err, code == ENOENT ? missing : STATUS_IO, "cannot open %s'%s'", what,
                         path);
    (void)ERROR_SET(err, STATUS_BUSY, "cannot open %s'%s': %s", what, path,
                    code == ENOMEM ? "out of memory" : "too many files are open");
    err->os_errno = code;
    return STATUS_BUSY;
}

static enum status linux_open(struct io *base, const char *path, enum io_open_mode mode,
                              struct io_file **ret, struct error *err)
{
    static const int flags[] = {
        [IO_READ] = O_RDONLY,
        [IO_CREATE] = O_RDWR | O_CREAT | O_EXCL,
        [IO_WRITE] = O_RDWR | O_CREAT,
    };
    struct linux_io *io = (struct linux_io *)base;
    int fd = open_below(io, path, flags[mode], mode == IO_READ ? 0 : 0600);

    if (fd < 0)
        return errno == ENOTDIR ? ERROR_SET(err, STATUS_NOT_FOUND, "cannot open '%s'", path)
                                : open_failed("", path, STATUS_NOT_FOUND, err);
    struct linux_file *file = calloc(1, sizeof(*file));
    if (file == NULL) {
        (void)close(fd);
        return ERROR_MEMORY(err);
    }
    file->file.ops = base->ops;
    file->fd = fd;
    (void)snprintf(file->path, sizeof(file->path), "%s", path);
    *ret = &file->file;
    return STATUS_OK;
}

static void linux_close(struct io_file *base)
{
    struct linux_file *file = (struct linux_file *)base;

    if (file == NULL)
        return;
    (void)close(file->fd);
    free(file);
}

static enum status linux_read_at(struct io_file *base, uint64_t offset, void *ret, size_t size,
                                 struct error *err)
{
    struct linux_file *file = (struct linux_file *)base;
    char *at = ret;

    while (size > 0) {
        ssize_t got = pread(file->fd, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERROR_SET(err, STATUS_IO, "cannot read '%s'", file->path);
        if (got == 0)
            return ERROR_SET(err, STATUS_CORRUPT, "'%s' ends at %llu, %zu bytes more were expected",
                             file->path, (unsigned long long)offset, size);
        at += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return STATUS_OK;
}

static enum status linux_write_at(struct io_file *base, uint64_t offset, const void *data,
                                  size_t size, struct error *err)
{
    struct linux_file *file = (struct linux_file *)base;
    const char *at = data;

    while (size > 0) {
        ssize_t got = pwrite(file->fd, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERROR_SET(err, STATUS_IO, "cannot write '%s'", file->path);
        at += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return STATUS_OK;
}

/* After a failed sync nobody knows what is on the disk, also when space was
 * what it wanted: never STATUS_FULL, which invites to try again. */
static enum status sync_failed(const char *what, const char *path, struct error *err)
{
    errno = EIO;
    return ERROR_SET(err, STATUS_IO, "cannot sync %s'%s'", what, path);
}

static enum status linux_sync(struct io_file *base, struct error *err)
{
    struct linux_file *file = (struct linux_file *)base;

    return fdatasync(file->fd) != 0 ? sync_failed("", file->path, err) : STATUS_OK;
}

static enum status linux_pace(struct io_file *base, uint64_t end, struct error *err)
{
    const unsigned whole =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    struct linux_file *file = (struct linux_file *)base;
    uint64_t from = file->pace_from, to = file->pace_to;
    int failed = 0;

    if (end < to) /* it is written from the front again */
        file->pace_from = file->pace_to = to = from = 0;
    if (end - to < PACE_BYTES)
        return STATUS_OK;
    if (to > from)
        failed = sync_file_range(file->fd, (off_t)from, (off_t)(to - from), whole);
    if (failed == 0)
        failed = sync_file_range(file->fd, (off_t)to, (off_t)(end - to), SYNC_FILE_RANGE_WRITE);
    file->pace_from = to;
    file->pace_to = end;
    if (failed == 0 || errno == ENOSYS || errno == EINVAL || errno == ESPIPE)
        return STATUS_OK;
    errno = EIO; /* as above */
    return ERROR_SET(err, STATUS_IO, "cannot write '%s' to the disk", file->path);
}

static enum status linux_size(struct io_file *base, uint64_t *ret, struct error *err)
{
    struct linux_file *file = (struct linux_file *)base;
    struct stat st;

    if (fstat(file->fd, &st) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot stat '%s'", file->path);
    *ret = (uint64_t)st.st_size;
    return STATUS_OK;
}

static enum status linux_truncate(struct io_file *base, uint64_t size, struct error *err)
{
    struct linux_file *file = (struct linux_file *)base;

    if (ftruncate(file->fd, (off_t)size) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot truncate '%s'", file->path);
    return STATUS_OK;
}

/* Opens the directory of a path, so that renames cannot leave the root either. */
static int open_parent(const struct linux_io *io, const char *path, const char **ret_name)
{
    char directory[512];
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        *ret_name = path;
        return open_below(io, ".", O_RDONLY | O_DIRECTORY, 0);
    }
    *ret_name = slash + 1;
    (void)snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
    return open_below(io, directory, O_RDONLY | O_DIRECTORY, 0);
}

static enum status linux_rename(struct io *base, const char *from, const char *to,
                                struct error *err)
{
    struct linux_io *io = (struct linux_io *)base;
    const char *from_name, *to_name;
    int from_fd = open_parent(io, from, &from_name);
    int to_fd = open_parent(io, to, &to_name);
    enum status status = STATUS_OK;

    if (from_fd < 0 || to_fd < 0)
        status = open_failed("the directory of ", from, STATUS_IO, err);
    else if (renameat(from_fd, from_name, to_fd, to_name) != 0)
        status = ERROR_SET(err, STATUS_IO, "cannot rename '%s' to '%s'", from, to);
    if (from_fd >= 0)
        (void)close(from_fd);
    if (to_fd >= 0)
        (void)close(to_fd);
    return status;
}

static enum status linux_unlink(struct io *base, const char *path, struct error *err)
{
    struct linux_io *io = (struct linux_io *)base;
    const char *name;
    int fd = open_parent(io, path, &name);
    enum status status = STATUS_OK;

    if (fd < 0)
        status = open_failed("the directory of ", path, STATUS_NOT_FOUND, err);
    else if (unlinkat(fd, name, 0) != 0)
        status = ERROR_SET(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
                           "cannot remove '%s'", path);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

static enum status linux_make_dir(struct io *base, const char *path, struct error *err)
{
    struct linux_io *io = (struct linux_io *)base;
    const char *name;
    int fd = open_parent(io, path, &name);
    enum status status = STATUS_OK;

    if (fd < 0)
        status = open_failed("the directory of ", path, STATUS_IO, err);
    else if (mkdirat(fd, name, 0700) != 0 && errno != EEXIST)
        status = ERROR_SET(err, STATUS_IO, "cannot make directory '%s'", path);
    else if (fsync(fd) != 0)
        status = sync_failed("the directory of ", path, err);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

static enum status linux_sync_dir(struct io *base, const char *path, struct error *err)
{
    int fd = open_below((struct linux_io *)base, path, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0)
        return open_failed("directory ", path, STATUS_IO, err);
    enum status status = fsync(fd) != 0 ? sync_failed("directory ", path, err) : STATUS_OK;
    (void)close(fd);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* NULL with errno 0 at the end; else it is the beginning of a list, which nobody may take for
 * the whole: what is not in it would be overwritten. */
static struct dirent *next_entry(DIR *dir)
{
    errno = 0;
    return readdir(dir);
}

/* Reads all names first: the callback may change the directory. */
static enum status read_names(DIR *dir, const char *path, char ***ret_names, size_t *ret_count,
                              struct error *err)
{
    size_t capacity = 0;

    for (struct dirent *d = next_entry(dir); d != NULL; d = next_entry(dir)) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (*ret_count == capacity) {
            capacity = capacity == 0 ? 64 : capacity * 2;
            char **names = realloc(*ret_names, capacity * sizeof(*names));
            if (names == NULL)
                return ERROR_MEMORY(err);
            *ret_names = names;
        }
        (*ret_names)[*ret_count] = slice_dup(slice_of(d->d_name));
        if ((*ret_names)[*ret_count] == NULL)
            return ERROR_MEMORY(err);
        ++*ret_count;
    }
    return errno == 0 ? STATUS_OK
                      : ERROR_SET(err, STATUS_IO, "cannot read directory '%s'", path);
}

static enum status linux_list(struct io *base, const char *path,
                              enum status (*entry)(void *context, const char *name,
                                                   struct error *err),
                              void *context, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    int fd = open_below((struct linux_io *)base, path, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0)
        return open_failed("directory ", path, STATUS_NOT_FOUND, err);
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return ERROR_SET(err, STATUS_IO, "cannot read directory '%s'", path);
    }
    enum status status = read_names(dir, path, &names, &count, err);
    (void)closedir(dir);
    if (count > 0)
        qsort(names, count, sizeof(*names), by_name);
    for (size_t i = 0; i < count; i++) {
        if (status == STATUS_OK)
            status = entry(context, names[i], err);
        free(names[i]);
    }
    free(names);
    return status;
}

static enum status linux_free_bytes(struct io *base, uint64_t *ret, struct error *err)
{
    struct statvfs st;

    if (fstatvfs(((struct linux_io *)base)->root_fd, &st) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot ask for the free space");
    *ret = (uint64_t)st.f_bavail * st.f_frsize;
    return STATUS_OK;
}

static void linux_release(struct io *base)
{
    struct linux_io *io = (struct linux_io *)base;

    (void)close(io->root_fd);
    free(io);
}

enum status io_linux_new(const char *root, struct io **ret, struct error *err)
{
    static const struct io_ops ops = {
        .open = linux_open,
        .close = linux_close,
        .read_at = linux_read_at,
        .write_at = linux_write_at,
        .sync = linux_sync,
        .size = linux_size,
        .truncate = linux_truncate,
        .rename = linux_rename,
        .unlink = linux_unlink,
        .make_dir = linux_make_dir,
        .sync_dir = linux_sync_dir,
        .list = linux_list,
        .free_bytes = linux_free_bytes,
        .release = linux_release,
        .pace = linux_pace,
    };
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return ERROR_SET(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
                         "cannot open directory '%s'", root);
    struct linux_io *io = calloc(1, sizeof(*io));
    if (io == NULL) {
        (void)close(fd);
        return ERROR_MEMORY(err);
    }
    io->io.ops = &ops;
    io->root_fd = fd;
    *ret = &io->io;
    return STATUS_OK;
}
