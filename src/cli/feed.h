/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - cuts a file into request bodies on record boundaries.
 *
 * NDJSON is cut behind lines; a JSON array is cut between its elements, each
 * body being an array again, so that the bytes of every element stay exact.
 * Bytes come in any cut, decoded (feed does not know of gzip).
 */
#ifndef CLI_FEED_H
#define CLI_FEED_H

#include "base/buf.h"

#define FEED_BODY_BYTES ((size_t)4 << 20) /* a body is cut at the first boundary behind this */
#define FEED_RECORDS_MAX 4000u

struct feed {
    bool started, is_array, array_ended;
    bool has_rest;           /* a body had more than blanks behind the array */
    bool in_string, escaped; /* array scan */
    unsigned depth;
    struct buf body;         /* of the next request */
    size_t scanned;          /* bytes of body already scanned */
    size_t boundary;         /* body bytes up to the last record boundary */
    uint32_t record_count;   /* records before the boundary */
};

void feed_init(struct feed *feed);
/* What is added begins with a line of NDJSON, not at the beginning of a file. */
void feed_begin_lines(struct feed *feed);
void feed_release(struct feed *feed);
/* Takes bytes; STATUS_LIMIT when one record does not fit a request. */
enum status feed_add(struct feed *feed, struct slice bytes, struct error *err) MUST_USE;
enum feed_part {
    FEED_FULL,  /* a body that is worth a request */
    FEED_WHOLE, /* also less, but no record of which more may come */
    FEED_ALL,   /* also the rest, complete or not */
};

/* The next body, if there is one; borrowed until feed_taken(). */
bool feed_body(struct feed *feed, enum feed_part part, struct slice *ret);
void feed_taken(struct feed *feed);
/* There was an array, and what was added does not have its end. */
bool feed_is_cut(const struct feed *feed);
/* A body had more behind the array, which is no record to the server. */
bool feed_has_rest(const struct feed *feed);

#endif
