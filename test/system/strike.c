/* SPDX-License-Identifier: Apache-2.0 */
/* strike.c - ends a server in the middle of a call on a file, as kill -9 would.
 *
 * Preloaded by torture.py.  DAYBOOK_STRIKE is "PLACE N": at the N-th call of that
 * place the line "PLACE" goes to the file DAYBOOK_STRIKE_REPORT and the process is
 * gone, of a write half done.  Once the report has a line nothing more is struck.
 *
 * Which file a descriptor is comes from openat2(), which the server reaches
 * through syscall().  A segment that a thread begins after it read another one is
 * a merge, else a flush. */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES_MAX 65536

enum kind { OTHER, WAL, FLUSH, MERGE, SEGMENT, EVIDENCE, SAVE, CATALOG, CONTROL, KEYS, KINDS };

static const char *const kind_names[KINDS] = {
    [WAL] = "wal",           [FLUSH] = "flush", [MERGE] = "merge",
    [EVIDENCE] = "evidence", [SAVE] = "save",   [CATALOG] = "catalog",
    [CONTROL] = "control",   [KEYS] = "keys"};

static struct {
    char place[32];
    long wanted;
    atomic_long seen;
    int report;
    atomic_uchar kinds[FILES_MAX];
} strike = {.report = -1};

static _Thread_local bool has_read;

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("DAYBOOK_STRIKE"), *report = getenv("DAYBOOK_STRIKE_REPORT");

    if (what == NULL || report == NULL ||
        sscanf(what, "%31s %ld", strike.place, &strike.wanted) != 2)
        return;
    strike.report = open(report, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* Is this call the one? */
static bool hits(const char *place)
{
    struct stat st;

    if (strike.report < 0 || (strcmp(place, strike.place) != 0 && strcmp("any", strike.place) != 0))
        return false;
    return atomic_fetch_add(&strike.seen, 1) + 1 == strike.wanted &&
           fstat(strike.report, &st) == 0 && st.st_size == 0;
}

static void end(const char *place)
{
    char line[48];
    int size = snprintf(line, sizeof(line), "%s\n", place);

    if (write(strike.report, line, (size_t)size) == size)
        _exit(137);
}

static void check(int fd, const char *call)
{
    enum kind kind = fd >= 0 && fd < FILES_MAX ? atomic_load(&strike.kinds[fd]) : OTHER;
    char place[32];

    if (kind_names[kind] == NULL)
        return;
    (void)snprintf(place, sizeof(place), "%s-%s", kind_names[kind], call);
    if (hits(place))
        end(place);
}

static enum kind kind_of(const char *path, bool writes)
{
    if (strncmp(path, "wal/", 4) == 0)
        return writes ? WAL : OTHER;
    if (strncmp(path, "t/", 2) == 0)
        return writes ? EVIDENCE : OTHER;
    if (strncmp(path, "ingest/", 7) == 0)
        return writes ? SAVE : OTHER;
    if (strncmp(path, "control/", 8) == 0)
        return writes ? CONTROL : OTHER;
    if (strncmp(path, "keys/", 5) == 0)
        return writes ? KEYS : OTHER;
    if (strncmp(path, "seg/", 4) != 0)
        return OTHER;
    if (strstr(path, "catalog") != NULL) /* whole, or a change behind it */
        return writes ? CATALOG : OTHER;
    return !writes ? SEGMENT : has_read ? MERGE : FLUSH;
}

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    long a[6];
    va_list arguments;

    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    if (real == NULL)
        real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long fd = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (number == SYS_openat2 && fd >= 0 && fd < FILES_MAX) {
        const struct open_how *how = (const struct open_how *)a[2];
        bool writes = (how->flags & O_ACCMODE) != O_RDONLY;
        enum kind kind = kind_of((const char *)a[1], writes);
        atomic_store(&strike.kinds[fd], (unsigned char)kind);
        if (kind == FLUSH || kind == MERGE)
            has_read = false;
    }
    return fd;
}

ssize_t pread64(int fd, void *data, size_t size, off_t offset)
{
    static ssize_t (*real)(int, void *, size_t, off_t);

    if (real == NULL)
        real = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread64");
    if (fd >= 0 && fd < FILES_MAX && atomic_load(&strike.kinds[fd]) == SEGMENT)
        has_read = true;
    return real(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);

    if (real == NULL)
        real = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64");
    enum kind kind = fd >= 0 && fd < FILES_MAX ? atomic_load(&strike.kinds[fd]) : OTHER;
    char place[32];
    if (kind_names[kind] != NULL) {
        (void)snprintf(place, sizeof(place), "%s-write", kind_names[kind]);
        if (hits(place)) {
            (void)!real(fd, data, size / 2, offset);
            end(place);
        }
    }
    return real(fd, data, size, offset);
}

int fdatasync(int fd)
{
    static int (*real)(int);

    if (real == NULL)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    check(fd, "sync");
    return real(fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    static int (*real)(int, const char *, int, const char *);

    if (real == NULL)
        real = (int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat");
    if (strcmp(to, "catalog") == 0 && hits("catalog-rename"))
        end("catalog-rename");
    int got = real(from_fd, from, to_fd, to);
    if (strcmp(to, "catalog") == 0 && hits("catalog-renamed"))
        end("catalog-renamed");
    return got;
}

int unlinkat(int dir_fd, const char *name, int flags)
{
    static int (*real)(int, const char *, int);
    size_t size = strlen(name);

    if (real == NULL)
        real = (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");
    if (size > 4 && strcmp(name + size - 4, ".wal") == 0 && hits("trim"))
        end("trim");
    if (size > 4 && strcmp(name + size - 4, ".seg") == 0 && hits("merge-remove"))
        end("merge-remove");
    return real(dir_fd, name, flags);
}
