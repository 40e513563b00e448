/* SPDX-License-Identifier: Apache-2.0 */
#include "base/machine.h"

#include "base/limits.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define HEAPS_MAX 32
#define HEAP_KEEP_BYTES (32 << 20) /* of free memory at its end */

/* What fits of it; empty if it cannot be read. */
static struct slice read_start(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size);

    if (fd >= 0)
        (void)close(fd);
    return slice_from(text, got < 0 ? 0 : (size_t)got);
}

static uint64_t read_limit(const char *path)
{
    char text[32];
    uint64_t limit;

    /* Version 2 says "max" where there is none. */
    return text_parse_u64(slice_trim(read_start(path, text, sizeof(text))), &limit) ? limit
                                                                                    : UINT64_MAX;
}

/* Of the group at `path` and those above it. */
static uint64_t limit_upwards(const char *hierarchy, struct slice path, const char *name)
{
    uint64_t least = UINT64_MAX;
    char file[PATH_MAX];

    for (;;) {
        while (path.size > 0 && path.data[path.size - 1] == '/')
            path.size--;
        int size = snprintf(file, sizeof(file), "%s%.*s/%s", hierarchy, SLICE_FMT(path), name);
        uint64_t limit = size < (int)sizeof(file) ? read_limit(file) : UINT64_MAX;
        least = limit < least ? limit : least;
        if (path.size == 0)
            return least;
        while (path.size > 0 && path.data[path.size - 1] != '/')
            path.size--;
    }
}

static bool has_memory(struct slice controllers)
{
    struct slice name;

    while (slice_next(&controllers, ',', &name)) {
        if (slice_is(name, "memory"))
            return true;
    }
    return false;
}

uint64_t machine_group_bytes(struct slice groups, const char *root)
{
    uint64_t least = UINT64_MAX, limit;
    char version_1[PATH_MAX];
    struct slice line, number, controllers;

    (void)snprintf(version_1, sizeof(version_1), "%s/memory", root);
    while (slice_next(&groups, '\n', &line)) {
        if (!slice_next(&line, ':', &number) || !slice_next(&line, ':', &controllers))
            continue;
        if (controllers.size == 0) /* version 2, whose one hierarchy has all controllers */
            limit = limit_upwards(root, line, "memory.max");
        else if (has_memory(controllers))
            limit = limit_upwards(version_1, line, "memory.limit_in_bytes");
        else
            continue;
        least = limit < least ? limit : least;
    }
    return least;
}

uint64_t machine_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGE_SIZE);
    uint64_t bytes = pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 0;
    char groups[4096];
    uint64_t limit = machine_group_bytes(
        read_start("/proc/self/cgroup", groups, sizeof(groups)), "/sys/fs/cgroup");

    return limit < bytes ? limit : bytes;
}

uint32_t machine_processors(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    return processors > 0 ? (uint32_t)processors : 1;
}

void machine_set_heap(void)
{
    /* Each heap keeps what its threads once needed, but with few of them what is small waits for
     * a question's thread that was put aside with a heap locked. */
    (void)mallopt(M_ARENA_MAX, HEAPS_MAX);
    (void)mallopt(M_MMAP_THRESHOLD, (int)MIB);
    /* Queries of some megabytes come one after the other; what the kernel takes back after one
     * it gives to the next page by page, cleared: a third of what a sort cost. */
    (void)mallopt(M_TRIM_THRESHOLD, HEAP_KEEP_BYTES);
}

void machine_allow_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}
