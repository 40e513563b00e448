/* SPDX-License-Identifier: Apache-2.0 */
/* Days are counted from 0001-01-01 by the era method of H. Hinnant,
 * "chrono-compatible low-level date algorithms". */
#include "base/time.h"

#include <stdio.h>

static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 306; /* 0001-01-01 is day 0 */
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 306;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool time_is_valid_date(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

bool time_from_civil(const struct civil_time *civil, int64_t *ret_ticks)
{
    int64_t months = (int64_t)civil->year * 12 + civil->month - 1;
    int64_t year = months >= 0 ? months / 12 : -((-months + 11) / 12);

    if (year < -100000 || year > 100000)
        return false;
    int64_t days = days_from_civil(year, (int)(months - year * 12) + 1, 1) + civil->day - 1;
    int64_t seconds = days * 86400 + (int64_t)civil->hour * 3600 + (int64_t)civil->minute * 60 +
                      civil->second;
    if (seconds < 0 || seconds > TICKS_MAX / TICKS_PER_SECOND)
        return false;
    int64_t ticks = seconds * TICKS_PER_SECOND + civil->tick;
    if (ticks < 0 || ticks > TICKS_MAX)
        return false;
    *ret_ticks = ticks;
    return true;
}

void time_to_civil(int64_t ticks, struct civil_time *ret)
{
    int64_t days = ticks / TICKS_PER_DAY;
    int64_t rest = ticks % TICKS_PER_DAY;

    if (rest < 0) {
        rest += TICKS_PER_DAY;
        days--;
    }
    civil_from_days(days, &ret->year, &ret->month, &ret->day);
    ret->tick = (int)(rest % TICKS_PER_SECOND);
    int seconds = (int)(rest / TICKS_PER_SECOND);
    ret->hour = seconds / 3600;
    ret->minute = seconds / 60 % 60;
    ret->second = seconds % 60;
    ret->week_day = (int)(((days + 1) % 7 + 7) % 7); /* 0001-01-01 was a Monday */
    ret->year_day = (int)(days - days_from_civil(ret->year, 1, 1)) + 1;
}

struct scanner {
    const char *at, *end;
};

/* Exactly `count` digits. */
static bool scan_digits(struct scanner *s, int count, int *ret)
{
    int value = 0;

    if (s->end - s->at < count)
        return false;
    for (int i = 0; i < count; i++) {
        char c = s->at[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    s->at += count;
    *ret = value;
    return true;
}

static bool scan_byte(struct scanner *s, char byte)
{
    if (s->at == s->end || *s->at != byte)
        return false;
    s->at++;
    return true;
}

static bool scan_fraction(struct scanner *s, int *ret_tick)
{
    int value = 0, digits = 0;

    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++, digits++) {
        if (digits < 7)
            value = value * 10 + (*s->at - '0');
    }
    if (digits == 0 || digits > 9)
        return false;
    for (; digits < 7; digits++)
        value *= 10;
    *ret_tick = value;
    return true;
}

/* Nothing, 'Z' or an offset; the text must end behind it. */
static bool scan_zone(struct scanner *s, int *ret_minutes)
{
    int hours, minutes = 0;

    *ret_minutes = 0;
    if (s->at == s->end)
        return true;
    if (scan_byte(s, 'Z') || scan_byte(s, 'z'))
        return s->at == s->end;
    int sign = *s->at == '-' ? -1 : 1;
    if (!scan_byte(s, '+') && !scan_byte(s, '-'))
        return false;
    if (!scan_digits(s, 2, &hours))
        return false;
    if (s->at < s->end) {
        (void)scan_byte(s, ':');
        if (!scan_digits(s, 2, &minutes) || s->at != s->end)
            return false;
    }
    if (minutes > 59 || hours * 60 + minutes > TIME_OFFSET_MINUTES_MAX)
        return false;
    *ret_minutes = sign * (hours * 60 + minutes);
    return true;
}

bool time_parse_iso(struct slice text, int64_t *ret_ticks)
{
    struct scanner s = {text.data, text.data + text.size};
    struct civil_time civil = {0};
    int offset_minutes = 0;

    if (!scan_digits(&s, 4, &civil.year) || !scan_byte(&s, '-') ||
        !scan_digits(&s, 2, &civil.month) || !scan_byte(&s, '-') ||
        !scan_digits(&s, 2, &civil.day) ||
        !time_is_valid_date(civil.year, civil.month, civil.day))
        return false;
    if (s.at < s.end) {
        if (!scan_byte(&s, 'T') && !scan_byte(&s, ' ') && !scan_byte(&s, 't'))
            return false;
        if (!scan_digits(&s, 2, &civil.hour) || !scan_byte(&s, ':') ||
            !scan_digits(&s, 2, &civil.minute))
            return false;
        if (scan_byte(&s, ':') && !scan_digits(&s, 2, &civil.second))
            return false;
        if ((scan_byte(&s, '.') || scan_byte(&s, ',')) && !scan_fraction(&s, &civil.tick))
            return false;
        if (!scan_zone(&s, &offset_minutes))
            return false;
    }
    /* Second 60 is a leap second: it carries into the next minute. */
    if (civil.hour > 24 || civil.minute > 59 || civil.second > 60 ||
        (civil.hour == 24 && (civil.minute > 0 || civil.second > 0 || civil.tick > 0)))
        return false;
    civil.minute -= offset_minutes;
    return time_from_civil(&civil, ret_ticks);
}

static void put_digits(char *at, int count, int value)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

static void put_pair(char *at, unsigned value)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
}

void time_format_iso(int64_t ticks, char ret[TIME_TEXT_BYTES + 1])
{
    int year, month, day;

    if (ticks < 0)
        ticks = 0;
    if (ticks > TICKS_MAX)
        ticks = TICKS_MAX;
    civil_from_days(ticks / TICKS_PER_DAY, &year, &month, &day);
    unsigned second = (unsigned)(ticks % TICKS_PER_DAY / TICKS_PER_SECOND);
    unsigned tick = (unsigned)(ticks % TICKS_PER_SECOND);
    memcpy(ret, "0000-00-00T00:00:00.0000000Z", TIME_TEXT_BYTES + 1);
    put_pair(ret, (unsigned)year / 100);
    put_pair(ret + 2, (unsigned)year % 100);
    put_pair(ret + 5, (unsigned)month);
    put_pair(ret + 8, (unsigned)day);
    put_pair(ret + 11, second / 3600);
    put_pair(ret + 14, second / 60 % 60);
    put_pair(ret + 17, second % 60);
    put_pair(ret + 20, tick / 100000);
    put_pair(ret + 22, tick / 1000 % 100);
    put_pair(ret + 24, tick / 10 % 100);
    ret[26] = (char)('0' + tick % 10);
}

void time_format_span(int64_t ticks, struct buf *ret)
{
    uint64_t left = ticks < 0 ? 0 - (uint64_t)ticks : (uint64_t)ticks;
    uint64_t days = left / (uint64_t)TICKS_PER_DAY;
    char text[32];

    if (ticks < 0)
        buf_add_byte(ret, '-');
    if (days > 0) {
        buf_add_u64(ret, days);
        buf_add_byte(ret, '.');
    }
    left %= (uint64_t)TICKS_PER_DAY;
    uint64_t seconds = left / (uint64_t)TICKS_PER_SECOND;
    int fraction = (int)(left % (uint64_t)TICKS_PER_SECOND);
    memcpy(text, "00:00:00.0000000", 17);
    put_digits(text, 2, (int)(seconds / 3600));
    put_digits(text + 3, 2, (int)(seconds / 60 % 60));
    put_digits(text + 6, 2, (int)(seconds % 60));
    put_digits(text + 9, 7, fraction);
    buf_add(ret, text, fraction == 0 ? 8 : 16);
}
