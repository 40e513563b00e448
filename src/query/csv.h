/* SPDX-License-Identifier: Apache-2.0 */
/* csv.h - lines of cells (RFC 4180, with any separator), for watchlists and
 * external data.
 *
 * A cell in double quotes may hold the separator, line ends and doubled quotes.
 * A line ends with LF or CRLF; empty lines are passed over.
 */
#ifndef QUERY_CSV_H
#define QUERY_CSV_H

#include "base/arena.h"

struct csv {
    struct slice rest;
    char separator; /* ',' */
    struct arena *arena; /* of cells that had doubled quotes */
};

/* The next line's cells, at most `room` (further ones are counted, not stored).
 * *ret_count is 0 at the end.  STATUS_INVALID for a quote that is not closed. */
enum status csv_next(struct csv *csv, struct slice *cells, uint32_t room, uint32_t *ret_count,
                     struct error *err) MUST_USE;

#endif
