/* SPDX-License-Identifier: Apache-2.0 */
/* zone.h - time zones: compiled tables of the system, and the offsets they give.
 *
 * A table is a TZif file of version 2 or later (RFC 8536): changes of the offset up to
 * some year, then a rule that holds for ever.  Seconds count from 1970-01-01T00:00:00, of
 * UTC or of the zone's own clock.  A zone is immutable and a set takes a lock: any number
 * of threads may ask.
 */
#ifndef QUERY_ZONE_H
#define QUERY_ZONE_H

#include "base/error.h"
#include "base/io.h"
#include "base/slice.h"

struct zone;

#define ZONE_DIRECTORY "/usr/share/zoneinfo"

enum zone_clock {
    ZONE_UTC,   /* seconds are UTC */
    ZONE_LOCAL, /* seconds are what the clocks of the zone show */
};

/* The caller owns *ret.  STATUS_CORRUPT if the file is none, or one that counts leap seconds. */
enum status zone_parse(struct slice file, struct zone **ret, struct error *err) MUST_USE;
void zone_free(struct zone *zone); /* NULL allowed */

/* Seconds to add to UTC.  A local time that comes twice is the earlier one; one that is
 * left out is counted with the offset after the change, as Kusto does it. */
int32_t zone_offset(const struct zone *zone, int64_t seconds, enum zone_clock clock);

/* ---- the zones of a directory, each read when it is first asked for ---- */

struct zone_set;

/* The set owns `io` in any case; the caller owns *ret. */
enum status zone_set_new(struct io *io, struct zone_set **ret, struct error *err) MUST_USE;
void zone_set_free(struct zone_set *set); /* and its zones; NULL allowed */

/* *ret is NULL if there is none of that name; it lives as long as the set. */
enum status zone_set_find(struct zone_set *set, struct slice name, const struct zone **ret,
                          struct error *err) MUST_USE;

/* All names as a JSON array, what is in a directory in its place. */
enum status zone_set_names(struct zone_set *set, struct buf *ret, struct error *err) MUST_USE;

#endif
