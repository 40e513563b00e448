/* SPDX-License-Identifier: Apache-2.0 */
/* memory_io.h - a few files in memory behind base/io.h, for targets that read whole files.
 *
 * Nothing fails but for want of what is not there; directories exist.  Threads may work side
 * by side, but for memory_io_file(): nobody else then. */
#ifndef FUZZ_MEMORY_IO_H
#define FUZZ_MEMORY_IO_H

#include "base/io.h"

#include <pthread.h>

#define MEMORY_FILES_MAX 64u

struct memory_io {
    struct io io; /* first */
    pthread_mutex_t lock; /* everything below */
    struct memory_entry {
        char path[128]; /* "" = free */
        struct buf bytes;
    } files[MEMORY_FILES_MAX];
    uint32_t open_count; /* to be 0 when all is closed */
};

void memory_io_init(struct memory_io *memory);
void memory_io_release(struct memory_io *memory);
/* The bytes of the file, which is made if it is not there. */
struct buf *memory_io_file(struct memory_io *memory, const char *path);

#endif
