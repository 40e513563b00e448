/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h - one line of a batch of queries in, one line out.
 *
 *   {"id","query"}  ->  {"id","columns","types","rows","complete","watermark","scanned"}
 *                   or  {"id","error","code","phase","line","column"}
 */
#ifndef QUERY_BATCH_H
#define QUERY_BATCH_H

#include "base/buf.h"
#include "query/query.h"

/* Runs the query of `line` with the settings of `request` (its text is not
 * looked at) and appends the answer with a line feed.  A query that fails has an
 * answer too, and so has a line that is no such object: its id is null where it
 * has none.  An error is one of `ret`, or STATUS_IO or STATUS_CORRUPT where the
 * tables could not be read, which is nothing that the query can help. */
enum status query_batch_line(const struct query_request *request, struct slice line,
                             struct buf *ret, struct error *err) MUST_USE;
/* Appends the answer to a line that was refused before anybody looked at its query. */
void query_batch_refuse(struct slice line, const struct error *why, struct buf *ret);

#endif
