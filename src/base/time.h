/* SPDX-License-Identifier: Apache-2.0 */
/* time.h - instants and durations as Kusto counts them.
 *
 * An instant is a count of 100 ns ticks since 0001-01-01T00:00:00Z in the
 * proleptic Gregorian calendar; a duration is a count of 100 ns ticks.  All
 * times are UTC.  Pure functions.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/buf.h"
#include "base/slice.h"

#define TICKS_PER_US INT64_C(10)
#define TICKS_PER_MS INT64_C(10000)
#define TICKS_PER_SECOND INT64_C(10000000)
#define TICKS_PER_MINUTE (60 * TICKS_PER_SECOND)
#define TICKS_PER_HOUR (60 * TICKS_PER_MINUTE)
#define TICKS_PER_DAY (24 * TICKS_PER_HOUR)
#define TICKS_UNIX_EPOCH INT64_C(621355968000000000) /* 1970-01-01 */
#define TICKS_MAX INT64_C(3155378975999999999)       /* 9999-12-31T23:59:59.9999999Z */

#define US_PER_SECOND INT64_C(1000000) /* of the clocks, which count microseconds */
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR (60 * US_PER_MINUTE)
#define US_PER_DAY (24 * US_PER_HOUR)

struct civil_time {
    int year, month, day; /* 1-based month and day */
    int hour, minute, second;
    int tick;     /* 0 .. 9,999,999: 100 ns within the second */
    int week_day; /* 0 = Sunday */
    int year_day; /* 1 .. 366 */
};

static inline int64_t time_from_unix_us(int64_t us)
{
    return TICKS_UNIX_EPOCH + us * TICKS_PER_US;
}

static inline int64_t time_to_unix_us(int64_t ticks)
{
    return (ticks - TICKS_UNIX_EPOCH) / TICKS_PER_US;
}

bool time_is_valid_date(int year, int month, int day);
/* Fields out of range carry over as in timegm(); false outside 0001..9999. */
bool time_from_civil(const struct civil_time *civil, int64_t *ret_ticks);
void time_to_civil(int64_t ticks, struct civil_time *ret);

/* Offsets from UTC reach this far, as with the services whose records are read. */
#define TIME_OFFSET_MINUTES_MAX (14 * 60)

/* ISO 8601 as audit records spell it: date, 'T' or blank, hh:mm[:ss[.f{1..9}]],
 * then nothing, 'Z' or an offset (+hh:mm, +hhmm, +hh).  The whole text must
 * match.  Digits after the seventh are cut.  The KQL literal forms (US dates,
 * month names) are in table/. */
bool time_parse_iso(struct slice text, int64_t *ret_ticks);

/* "2024-02-17T17:12:03.1234567Z": always seven digits. */
#define TIME_TEXT_BYTES 28
void time_format_iso(int64_t ticks, char ret[TIME_TEXT_BYTES + 1]);

/* "[-][d.]hh:mm:ss[.fffffff]": the fraction, when there is one, has 7 digits. */
void time_format_span(int64_t ticks, struct buf *ret);

#endif
