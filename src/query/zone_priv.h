/* SPDX-License-Identifier: Apache-2.0 */
/* zone_priv.h - the rule that holds behind the table of a time zone (RFC 8536, 3.3):
 * standard time and, in a part of each year, summer time. */
#ifndef QUERY_ZONE_PRIV_H
#define QUERY_ZONE_PRIV_H

#include "query/zone.h"

struct zone_change {
    int64_t at;            /* seconds, UTC */
    int32_t before, after; /* offsets */
};

enum zone_day_kind {
    ZONE_DAY_MONTH,   /* a weekday of a month */
    ZONE_DAY_NO_LEAP, /* 1 .. 365: 29 February is never counted */
    ZONE_DAY_OF_YEAR, /* 0 .. 365 */
};

struct zone_day {
    enum zone_day_kind kind;
    int32_t month, week, day; /* week 5: the last; day: of the week (0 = Sunday) or the year */
    int32_t time;             /* seconds of the local clock; negative: the day before */
};

struct zone_rule {
    int32_t standard, summer; /* offsets */
    bool has_summer;
    struct zone_day start, end; /* of summer time, by the clock that holds until then */
};

/* "CET-1CEST,M3.5.0,M10.5.0/3"; false for any other text. */
bool zone_rule_parse(struct slice text, struct zone_rule *ret);
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds, enum zone_clock clock);

/* From when on the offset after a change holds, by that clock: once it shows what it would
 * without the change, so a time that comes twice has the offset before, and one that is left
 * out the offset after. */
static inline int64_t zone_change_key(const struct zone_change *change, enum zone_clock clock)
{
    return clock == ZONE_UTC ? change->at : change->at + change->before;
}

#endif
