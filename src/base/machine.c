/* SPDX-License-Identifier: Apache-2.0 */
#include "base/machine.h"

#include "base/limits.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#define HEAPS_MAX 32
#define HEAP_KEEP_BYTES (32 << 20) /* of free memory at its end */

uint64_t machine_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGE_SIZE);

    return pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 0;
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
