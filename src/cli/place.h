/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - how far a followed file is sent, kept in a file (`ingest --state`).
 *
 * It is written before a request, with the length of its body, and after the answer.  So who
 * was killed in between sends the same bytes under the same idempotency key again: nothing is
 * stored twice, and nothing left out.
 *
 * A file is known by its device and inode, whatever its name is by now; since inodes are given
 * again, also by a hash of the last bytes that were sent (docs/format/place.md).
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/guid.h"

struct place {
    uint64_t device, inode; /* 0: none is known yet */
    uint64_t offset;        /* of the first byte that has no answer */
    uint64_t length;        /* of the request that is under way; 0: none is */
    uint64_t mark, mark_bytes; /* hash of so many bytes before offset + length */
    struct guid run;        /* with the number it makes the idempotency key of a request */
    uint64_t request;       /* number of the next one, or of the one under way */
};

struct place_file;

/* The state file `path`, which need not be there: then *place is left as it is.  `target` says
 * where to the records go: STATUS_CONFLICT if the place is of another one, or another process
 * has the file.  STATUS_CORRUPT if it is no such file. */
enum status place_open(const char *path, struct slice target, struct place *place,
                       struct place_file **ret, struct error *err) MUST_USE;
/* Durable when it returns.  NULL: nothing is kept. */
enum status place_save(struct place_file *file, const struct place *place,
                       struct error *err) MUST_USE;
void place_close(struct place_file *file);

/* A request with these bytes begins, and has its answer. */
void place_begin(struct place *place, struct slice body);
void place_end(struct place *place);
/* Other bytes come next, from the beginning of this file. */
enum status place_restart(struct place *place, int fd, struct error *err) MUST_USE;

/* Opens the file that the place is in: `path`, or another name in its directory.  *ret is -1 if
 * there is none. */
enum status place_find(const struct place *place, const char *path, int *ret,
                       struct error *err) MUST_USE;

#endif
