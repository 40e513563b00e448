/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status source_open(struct source *source, const char *path, bool is_followed,
                        struct error *err)
{
    *source = (struct source){.fd = STDIN_FILENO, .path = path, .is_followed = is_followed};
    if (strcmp(path, "-") != 0)
        source->fd = open(path, O_RDONLY | O_CLOEXEC);
    return source->fd >= 0 ? STATUS_OK : ERROR_SET(err, STATUS_IO, "cannot open '%s'", path);
}

void source_close(struct source *source)
{
    if (source->fd > STDERR_FILENO)
        (void)close(source->fd);
    source->fd = -1;
}

char *source_directory(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* "log.1", "log-20260401": what rotation makes of "log", unless it is compressed. */
static bool is_rotated(const char *name, const char *base)
{
    size_t size = strlen(base);

    return strncmp(name, base, size) == 0 && (name[size] == '.' || name[size] == '-') &&
           name[size + 1] != '\0' && name[size + 1 + strspn(name + size + 1, "0123456789-_.T:")] ==
                                         '\0';
}

/* Before the file that has the name by now others may have had it: of those that were last
 * written to between the two, the first; -1 without one. */
static int open_between(const char *path, const struct stat *old, const struct stat *now)
{
    const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
    struct timespec best = now->st_mtim;
    char *name = source_directory(path);
    DIR *directory = name == NULL ? NULL : opendir(name);
    struct stat st;
    int fd = -1;

    free(name);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (!is_rotated(entry->d_name, base) ||
            fstatat(dirfd(directory), entry->d_name, &st, 0) != 0 || !S_ISREG(st.st_mode) ||
            !is_before(&old->st_mtim, &st.st_mtim) || !is_before(&st.st_mtim, &best))
            continue;
        int other = openat(dirfd(directory), entry->d_name, O_RDONLY | O_CLOEXEC);
        if (other < 0)
            continue;
        if (fd >= 0)
            (void)close(fd);
        fd = other;
        best = st.st_mtim;
    }
    if (directory != NULL)
        (void)closedir(directory);
    return fd;
}

/* Another file has the name now, and the old one is read; false also while none has it. */
static bool open_other(struct source *source)
{
    struct stat old, st;
    int fd = open(source->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    /* The old size is asked for last: till then something was written there, perhaps. */
    if (fstat(fd, &st) != 0 || fstat(source->fd, &old) != 0 ||
        (st.st_dev == old.st_dev && st.st_ino == old.st_ino) ||
        (uint64_t)old.st_size != source->position) {
        (void)close(fd);
        return false;
    }
    int between = open_between(source->path, &old, &st);
    if (between >= 0) {
        (void)close(fd);
        fd = between;
    }
    source_close(source);
    source->fd = fd;
    return true;
}

/* Where a followed file has no more bytes. */
static enum source_state at_end(struct source *source)
{
    struct stat st;

    if (!source->is_followed || fstat(source->fd, &st) != 0)
        return SOURCE_ENDS;
    bool is_standard = source->fd == STDIN_FILENO;
    if (!S_ISREG(st.st_mode))
        return is_standard ? SOURCE_ENDS : SOURCE_WAITS;
    bool is_anew = false;
    if ((uint64_t)st.st_size < source->position)
        is_anew = lseek(source->fd, 0, SEEK_SET) == 0;
    else if (!is_standard)
        is_anew = open_other(source);
    if (is_anew)
        source->position = 0;
    return is_anew ? SOURCE_ANEW : SOURCE_WAITS;
}

enum status source_read(struct source *source, char *chunk, size_t size,
                        enum source_state *ret, size_t *ret_size, struct error *err)
{
    ssize_t got = read(source->fd, chunk, size);

    *ret_size = 0;
    *ret = SOURCE_WAITS;
    if (got < 0 && errno == EINTR)
        return STATUS_OK;
    if (got < 0)
        return ERROR_SET(err, STATUS_IO, "cannot read '%s'", source->path);
    if (got == 0) {
        *ret = at_end(source);
        return STATUS_OK;
    }
    source->position += (uint64_t)got;
    *ret_size = (size_t)got;
    *ret = SOURCE_BYTES;
    return STATUS_OK;
}
