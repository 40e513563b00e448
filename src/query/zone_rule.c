/* SPDX-License-Identifier: Apache-2.0 */
/* zone_rule.c - the rule at the end of a table: what POSIX has in TZ, with hours of -167 to
 * 167 in the times of a change. */
#include "query/zone_priv.h"

#define DAY_SECONDS 86400
#define HOURS_MAX 167 /* of a time of a change */
#define OFFSET_HOURS_MAX 24
#define MEAN_YEAR_SECONDS 31556952 /* of the Gregorian calendar */

/* ---- the text ---- */

static bool take(struct slice *rest, char byte)
{
    if (rest->size == 0 || rest->data[0] != byte)
        return false;
    *rest = slice_tail(*rest, 1);
    return true;
}

static bool take_number(struct slice *rest, int32_t min, int32_t max, int32_t *ret)
{
    size_t digits = 0;
    int32_t number = 0;

    while (digits < rest->size && rest->data[digits] >= '0' && rest->data[digits] <= '9') {
        if (digits == 3)
            return false;
        number = number * 10 + (rest->data[digits++] - '0');
    }
    *rest = slice_tail(*rest, digits);
    *ret = number;
    return digits > 0 && number >= min && number <= max;
}

/* [+-]h[:m[:s]] */
static bool take_time(struct slice *rest, int32_t hours_max, int32_t *ret)
{
    bool negative = take(rest, '-');
    int32_t hour;
    int32_t minute = 0;
    int32_t second = 0;

    if (!negative)
        (void)take(rest, '+');
    if (!take_number(rest, 0, hours_max, &hour) ||
        (take(rest, ':') && (!take_number(rest, 0, 59, &minute) ||
                             (take(rest, ':') && !take_number(rest, 0, 59, &second)))))
        return false;
    *ret = hour * 3600 + minute * 60 + second;
    if (negative)
        *ret = -*ret;
    return true;
}

/* Letters, or anything in angle brackets; what a zone calls its time is of no use here. */
static bool take_name(struct slice *rest)
{
    size_t size = 0;

    if (take(rest, '<')) {
        size = slice_find_byte(*rest, '>', 0);
        if (size == SIZE_MAX)
            return false;
        *rest = slice_tail(*rest, size + 1);
        return size > 0;
    }
    while (size < rest->size && (rest->data[size] | 32) >= 'a' && (rest->data[size] | 32) <= 'z')
        size++;
    *rest = slice_tail(*rest, size);
    return size > 0;
}

/* ,date[/time] */
static bool take_day(struct slice *rest, struct zone_day *ret)
{
    bool ok;

    if (!take(rest, ','))
        return false;
    *ret = (struct zone_day){.time = 2 * 3600};
    if (take(rest, 'M')) {
        ret->kind = ZONE_DAY_MONTH;
        ok = take_number(rest, 1, 12, &ret->month) && take(rest, '.') &&
             take_number(rest, 1, 5, &ret->week) && take(rest, '.') &&
             take_number(rest, 0, 6, &ret->day);
    } else if (take(rest, 'J')) {
        ret->kind = ZONE_DAY_NO_LEAP;
        ok = take_number(rest, 1, 365, &ret->day);
    } else {
        ret->kind = ZONE_DAY_OF_YEAR;
        ok = take_number(rest, 0, 365, &ret->day);
    }
    return ok && (!take(rest, '/') || take_time(rest, HOURS_MAX, &ret->time));
}

/* Offsets are written westward. */
static bool take_offset(struct slice *rest, int32_t *ret)
{
    if (!take_time(rest, OFFSET_HOURS_MAX, ret))
        return false;
    *ret = -*ret;
    return true;
}

bool zone_rule_parse(struct slice text, struct zone_rule *ret)
{
    struct slice rest = text;

    *ret = (struct zone_rule){0};
    if (!take_name(&rest) || !take_offset(&rest, &ret->standard))
        return false;
    if (rest.size == 0)
        return true;
    ret->has_summer = true;
    ret->summer = ret->standard + 3600;
    if (!take_name(&rest))
        return false;
    if (rest.size > 0 && rest.data[0] != ',' && !take_offset(&rest, &ret->summer))
        return false;
    return take_day(&rest, &ret->start) && take_day(&rest, &ret->end) && rest.size == 0;
}

/* ---- the years ---- */

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 to the first day of the year, -399 or later. */
static int64_t year_start(int64_t year)
{
    int64_t y = year - 1 + 400;

    return y * 365 + y / 4 - y / 100 + y / 400 - 146097 - 719162;
}

/* The day that a weekday of a month is, counted from 1970-01-01. */
static int64_t month_day(const struct zone_day *day, int64_t year)
{
    static const int before[13] = {0,   31,  59,  90,  120, 151, 181,
                                   212, 243, 273, 304, 334, 365};
    bool leap = is_leap(year);
    int64_t first = year_start(year) + before[day->month - 1] + (leap && day->month > 2);
    int64_t next = year_start(year) + before[day->month] + (leap && day->month > 1);
    int64_t week_day = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t found = first + (day->day - week_day + 7) % 7 + (day->week - 1) * 7;

    while (found >= next)
        found -= 7;
    return found;
}

/* Seconds of the local clock. */
static int64_t day_at(const struct zone_day *day, int64_t year)
{
    int64_t days = year_start(year) + day->day;

    if (day->kind == ZONE_DAY_MONTH)
        days = month_day(day, year);
    else if (day->kind == ZONE_DAY_NO_LEAP)
        days += is_leap(year) && day->day >= 60 ? 0 : -1;
    return days * DAY_SECONDS + day->time;
}

/* The estimated year is off by one at most near its ends, and the last change may be one
 * of the year before. */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds, enum zone_clock clock)
{
    int64_t about = 1970 + seconds / MEAN_YEAR_SECONDS - (seconds < 0);
    int64_t last = INT64_MIN;
    int32_t offset = rule->standard;

    if (!rule->has_summer)
        return offset;
    for (int64_t year = about - 2; year <= about + 1; year++) {
        const struct zone_change changes[2] = {
            {day_at(&rule->start, year) - rule->standard, rule->standard, rule->summer},
            {day_at(&rule->end, year) - rule->summer, rule->summer, rule->standard}};
        for (int i = 0; i < 2; i++) {
            int64_t key = zone_change_key(&changes[i], clock);
            if (key <= seconds && key >= last) {
                last = key;
                offset = changes[i].after;
            }
        }
    }
    return offset;
}
