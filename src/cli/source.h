/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - a file that is read once, or followed as it grows.
 *
 * Followed is the name, as `tail -F` does: a file that was cut short is read from its
 * beginning again, and when another file has the name (logs are rotated so), that one is
 * read after the end of the one before.  Where several had it, because nobody looked for
 * long, each is read, in the order in which they were last written to.  Nobody can write to
 * a pipe whose end was read, so a pipe ends by itself.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "base/error.h"
#include "base/slice.h"

struct source {
    int fd;
    const char *path; /* borrowed; "-" is standard input */
    bool is_followed;
    uint64_t position; /* bytes that were read of this file */
};

enum source_state {
    SOURCE_BYTES, /* there are some */
    SOURCE_WAITS, /* for more to be written */
    SOURCE_ANEW,  /* what comes next is the beginning of a file */
    SOURCE_ENDS,
};

/* STATUS_IO when it cannot be opened. */
enum status source_open(struct source *source, const char *path, bool is_followed,
                        struct error *err) MUST_USE;
void source_close(struct source *source);
/* At most `size` bytes into `chunk`, how many into `ret_size` (0 but for SOURCE_BYTES).
 * A signal is SOURCE_WAITS.  STATUS_IO when it cannot be read. */
enum status source_read(struct source *source, char *chunk, size_t size,
                        enum source_state *ret, size_t *ret_size, struct error *err) MUST_USE;

/* The directory that a path is in, to be freed; NULL without memory. */
char *source_directory(const char *path);

#endif
