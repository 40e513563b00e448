/* SPDX-License-Identifier: Apache-2.0 */
/* sum_priv.h - a sum of what SQLite reads of a database, kept up page by page. */
#ifndef META_SUM_PRIV_H
#define META_SUM_PRIV_H

#include "base/io.h"

#define META_PAGE_BYTES 4096u

struct meta_sum {
    uint32_t counter; /* of changes, from the header of the database */
    uint64_t size;    /* of the file */
    uint64_t hash;    /* of its pages, without those that are free */
};

bool meta_sums_equal(const struct meta_sum *a, const struct meta_sum *b);
/* The file of a sum is kept twice (base/twin.h): where it alone took the harm, what it is of may
 * have the other half, as a write that went to the wrong file has.  To read it makes the other
 * of the two good.  false: there is no sound one, or the first was removed. */
bool meta_sum_read(struct io *io, const char *path, struct meta_sum *ret);
enum status meta_sum_write(struct io *io, const char *path, const struct meta_sum *sum,
                           struct error *err) MUST_USE;
/* Of a whole file; one of more than size_max has the hash of none. */
enum status meta_sum_of(struct io *io, const char *path, uint64_t size_max, struct meta_sum *ret,
                        struct error *err) MUST_USE;

struct meta_page {
    uint8_t bytes[META_PAGE_BYTES];
    size_t size; /* less at the end of a file, 0 behind it */
};

/* Pages are counted from 0. */
enum status meta_page_read(struct io_file *file, uint64_t size, uint64_t page,
                           struct meta_page *ret, struct error *err) MUST_USE;

/* The hashes of the pages of a file, as they were when they were looked at; none at first. */
struct meta_pages {
    uint64_t size_max; /* of the file; set by the caller */
    uint64_t *hashes; /* owned */
    uint64_t count, capacity;
    uint64_t size; /* of the file */
};

void meta_pages_release(struct meta_pages *pages);
/* Looks at the size of the file and at the pages that are new.  After an error none is known:
 * STATUS_LIMIT for a file of more than size_max. */
enum status meta_pages_resize(struct meta_pages *pages, struct io_file *file,
                              struct error *err) MUST_USE;
/* Looks at a page that was written. */
enum status meta_pages_follow(struct meta_pages *pages, struct io_file *file, uint64_t page,
                              struct error *err) MUST_USE;
enum status meta_pages_sum(const struct meta_pages *pages, struct io_file *file,
                           struct meta_sum *ret, struct error *err) MUST_USE;

#endif
