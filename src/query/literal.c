/* SPDX-License-Identifier: Apache-2.0 */
/* literal.c - see literal.h. */
#include "query/literal.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "query/lex_priv.h"
#include "table/dynamic.h"

#include <math.h>

bool literal_long(struct slice text, int64_t *ret)
{
    text = slice_trim(text);
    bool negative = text.size > 0 && text.data[0] == '-';
    struct slice digits = negative ? slice_tail(text, 1) : text;

    if (digits.size > 2 && digits.data[0] == '0' && (digits.data[1] | 32) == 'x') {
        uint64_t value = 0;
        if (digits.size > 18)
            return false;
        for (size_t i = 2; i < digits.size; i++) {
            int digit = text_hex_digit(digits.data[i]);
            if (digit < 0)
                return false;
            value = value * 16 + (uint64_t)digit;
        }
        *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
        return true;
    }
    return text_parse_i64(text, ret);
}

bool literal_bool(struct slice text, bool *ret)
{
    static const char *const words[2][3] = {{"false", "False", "FALSE"}, {"true", "True", "TRUE"}};

    for (size_t i = 0; i < 6; i++) {
        *ret = i >= 3;
        if (slice_is(text, words[i / 3][i % 3]))
            return true;
    }
    return false;
}

bool literal_real(struct slice text, double *ret)
{
    text = slice_trim(text);
    if (slice_equal_nocase(text, SLICE("nan"))) {
        *ret = (double)NAN;
        return true;
    }
    if (slice_equal_nocase(text, SLICE("+inf")) || slice_equal_nocase(text, SLICE("inf")) ||
        slice_equal_nocase(text, SLICE("-inf"))) {
        *ret = text.data[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (text.size > 0 && (text.data[text.size - 1] == '.'))
        text.size--;
    return text_parse_double(text, ret);
}

bool literal_is_decimal(struct slice text)
{
    size_t i = 0;
    size_t digits = 0;

    if (i < text.size && (text.data[i] == '-' || text.data[i] == '+'))
        i++;
    for (; i < text.size && lex_is_digit(text.data[i]); i++)
        digits++;
    if (i < text.size && text.data[i] == '.') {
        for (i++; i < text.size && lex_is_digit(text.data[i]); i++)
            digits++;
    }
    if (digits == 0)
        return false;
    if (i < text.size && (text.data[i] | 32) == 'e') {
        i++;
        if (i < text.size && (text.data[i] == '-' || text.data[i] == '+'))
            i++;
        size_t before = i;
        while (i < text.size && lex_is_digit(text.data[i]))
            i++;
        if (i == before)
            return false;
    }
    return i == text.size;
}

/* ---- timespan ---- */

static bool span_unit(struct slice unit, int64_t *ret)
{
    static const struct {
        const char *name;
        int64_t ticks;
    } units[] = {{"d", TICKS_PER_DAY},       {"day", TICKS_PER_DAY},
                 {"h", TICKS_PER_HOUR},      {"hr", TICKS_PER_HOUR},
                 {"hour", TICKS_PER_HOUR},   {"m", TICKS_PER_MINUTE},
                 {"min", TICKS_PER_MINUTE},  {"minute", TICKS_PER_MINUTE},
                 {"s", TICKS_PER_SECOND},    {"sec", TICKS_PER_SECOND},
                 {"second", TICKS_PER_SECOND}, {"ms", TICKS_PER_MS},
                 {"milli", TICKS_PER_MS},    {"millisec", TICKS_PER_MS},
                 {"millisecond", TICKS_PER_MS}, {"micro", TICKS_PER_US},
                 {"microsec", TICKS_PER_US}, {"microsecond", TICKS_PER_US},
                 {"tick", 1}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct slice name = slice_of(units[i].name);
        bool plural = unit.size == name.size + 1 && (unit.data[name.size] | 32) == 's' &&
                      name.size > 1 && units[i].ticks != TICKS_PER_MS * 0;
        if (slice_equal_nocase(unit, name) ||
            (plural && slice_equal_nocase(slice_head(unit, name.size), name))) {
            *ret = units[i].ticks;
            return true;
        }
    }
    return false;
}

static bool digits_at(struct slice s, size_t *at, size_t max, int64_t *ret)
{
    size_t start = *at;
    int64_t value = 0;

    while (*at < s.size && lex_is_digit(s.data[*at]) && *at - start < max)
        value = value * 10 + (s.data[(*at)++] - '0');
    *ret = value;
    return *at > start;
}

/* Up to seven digits are ticks; further ones are cut. */
static int64_t fraction_at(struct slice s, size_t *at)
{
    int64_t ticks = 0;
    int64_t scale = TICKS_PER_SECOND / 10;

    while (*at < s.size && lex_is_digit(s.data[*at])) {
        ticks += scale * (s.data[(*at)++] - '0');
        scale /= 10;
    }
    return ticks;
}

/* *ret += count * unit * sign. */
static bool add_units(int64_t count, int64_t unit, int sign, int64_t *ret)
{
    return !__builtin_mul_overflow(count, unit * sign, &count) &&
           !__builtin_add_overflow(*ret, count, ret);
}

static bool span_clock(struct slice s, int sign, int64_t *ret)
{
    size_t at = 0;
    int64_t days = 0;
    int64_t hours;
    int64_t minutes = 0;
    int64_t seconds = 0;
    int64_t fraction = 0;

    if (!digits_at(s, &at, 8, &hours))
        return false;
    if (at < s.size && (s.data[at] == '.' || s.data[at] == ':') &&
        (s.data[at] == '.' || slice_find_byte(slice_tail(s, at + 1), ':', 0) != SIZE_MAX)) {
        size_t colons = 0;
        for (size_t i = at; i < s.size; i++)
            colons += s.data[i] == ':';
        if (s.data[at] == '.' || colons == 3) {
            days = hours;
            at++;
            if (!digits_at(s, &at, 2, &hours))
                return false;
        }
    }
    if (at >= s.size || s.data[at++] != ':' || !digits_at(s, &at, 2, &minutes))
        return false;
    if (at < s.size) {
        if (s.data[at++] != ':' || !digits_at(s, &at, 2, &seconds))
            return false;
    }
    if (at < s.size && s.data[at] == '.') {
        at++;
        fraction = fraction_at(s, &at);
    }
    if (at != s.size || minutes > 59 || seconds > 59 || days > 10675199 ||
        (hours > 23 && days > 0))
        return false;
    *ret = 0;
    return add_units(days, TICKS_PER_DAY, sign, ret) &&
           add_units(hours, TICKS_PER_HOUR, sign, ret) &&
           add_units(minutes, TICKS_PER_MINUTE, sign, ret) &&
           add_units(seconds, TICKS_PER_SECOND, sign, ret) && add_units(fraction, 1, sign, ret);
}

bool literal_timespan(struct slice text, int64_t *ret)
{
    struct slice s = slice_trim(text);
    bool negative = s.size > 0 && s.data[0] == '-';
    size_t at = 0;
    int64_t unit = TICKS_PER_DAY;
    int64_t whole;
    int64_t ticks;
    double number;

    if (negative || (s.size > 0 && s.data[0] == '+'))
        s = slice_trim(slice_tail(s, 1));
    if (slice_find_byte(s, ':', 0) != SIZE_MAX)
        return span_clock(s, negative ? -1 : 1, ret);
    while (at < s.size && (lex_is_digit(s.data[at]) || s.data[at] == '.' ||
                           ((s.data[at] | 32) == 'e' && at + 1 < s.size &&
                            (lex_is_digit(s.data[at + 1]) || s.data[at + 1] == '-'))))
        at++;
    struct slice rest = slice_trim(slice_tail(s, at));
    if (at == 0 || (rest.size > 0 && !span_unit(rest, &unit)))
        return false;
    if (text_parse_i64(slice_head(s, at), &whole)) {
        if (__builtin_mul_overflow(whole, unit, &ticks))
            return false;
    } else {
        if (!text_parse_double(slice_head(s, at), &number) ||
            !(fabs(number * (double)unit) < 9.2e18))
            return false;
        ticks = (int64_t)llround(number * (double)unit);
    }
    *ret = negative ? -ticks : ticks;
    return true;
}

/* ---- datetime ---- */

static int month_of(struct slice word)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    static const char *const full[] = {"january", "february", "march",     "april",   "may",
                                       "june",    "july",     "august",    "september",
                                       "october", "november", "december"};

    for (int i = 0; i < 12; i++) {
        if (slice_equal_nocase(word, slice_from(names + 3 * i, 3)) ||
            slice_equal_nocase(word, slice_of(full[i])))
            return i + 1;
    }
    return 0;
}

static bool is_weekday(struct slice word)
{
    static const char *const full[] = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};

    for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
        if (slice_equal_nocase(word, slice_from(full[i], 3)) ||
            slice_equal_nocase(word, slice_of(full[i])))
            return true;
    }
    return false;
}

static bool clock_at(struct slice s, size_t *at, struct civil_time *civil)
{
    int64_t v;

    if (!digits_at(s, at, 2, &v) || *at >= s.size || s.data[*at] != ':' || v > 23)
        return false;
    civil->hour = (int)v;
    (*at)++;
    if (!digits_at(s, at, 2, &v) || v > 59)
        return false;
    civil->minute = (int)v;
    if (*at < s.size && s.data[*at] == ':') {
        (*at)++;
        if (!digits_at(s, at, 2, &v) || v > 59)
            return false;
        civil->second = (int)v;
    }
    if (*at + 1 < s.size && (s.data[*at] == '.' || s.data[*at] == ',') &&
        lex_is_digit(s.data[*at + 1])) {
        (*at)++;
        civil->tick = (int)fraction_at(s, at);
    }
    return true;
}

/* " AM", "Z", "+02:00", "GMT" behind a clock. */
static bool zone_at(struct slice rest, struct civil_time *civil, int64_t *ret_offset)
{
    rest = slice_trim(rest);
    *ret_offset = 0;
    if (rest.size >= 2 && (slice_equal_nocase(slice_head(rest, 2), SLICE("am")) ||
                           slice_equal_nocase(slice_head(rest, 2), SLICE("pm")))) {
        bool pm = (rest.data[0] | 32) == 'p';
        if (civil->hour < 1 || civil->hour > 12)
            return false;
        civil->hour = civil->hour % 12 + (pm ? 12 : 0);
        rest = slice_trim(slice_tail(rest, 2));
    }
    if (rest.size == 0 || slice_equal_nocase(rest, SLICE("z")) ||
        slice_equal_nocase(rest, SLICE("gmt")) || slice_equal_nocase(rest, SLICE("utc")))
        return true;
    if (rest.data[0] != '+' && rest.data[0] != '-')
        return false;
    size_t at = 1;
    int64_t hours;
    int64_t minutes = 0;
    if (!digits_at(rest, &at, 2, &hours))
        return false;
    if (at < rest.size && rest.data[at] == ':')
        at++;
    if (at < rest.size && !digits_at(rest, &at, 2, &minutes))
        return false;
    if (minutes > 59 || hours * 60 + minutes > TIME_OFFSET_MINUTES_MAX)
        return false;
    *ret_offset = (hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE) *
                  (rest.data[0] == '-' ? -1 : 1);
    return at == rest.size;
}

/* Splits the date words: numbers and month names in the order they stand. */
static bool date_words(struct slice s, size_t *at, struct civil_time *civil)
{
    int64_t numbers[3];
    size_t widths[3];
    int count = 0;
    int month = 0;

    while (*at < s.size && count + (month > 0) < 3) {
        char c = s.data[*at];
        size_t start = *at;
        if (lex_is_digit(c)) {
            if (count == 3 || !digits_at(s, at, 8, &numbers[count]))
                return false;
            if (*at < s.size && s.data[*at] == ':')
                return false;
            widths[count++] = *at - start;
        } else if (lex_is_name_start(c)) {
            while (*at < s.size && lex_is_name_start(s.data[*at]))
                (*at)++;
            struct slice word = slice_from(s.data + start, *at - start);
            int m = month_of(word);
            if (m > 0) {
                month = m;
            } else if (count > 0) {
                *at = start;
                break;
            } else if (start > 0 || !is_weekday(word)) {
                return false;
            }
        } else if (c == '-' || c == '/' || c == ' ' || c == ',' || c == '.') {
            (*at)++;
        } else {
            break;
        }
    }
    if (count == 0)
        return false;
    civil->month = 1;
    civil->day = 1;
    if (month > 0) {
        if (count < 2)
            return false;
        bool year_first = widths[0] == 4;
        civil->month = month;
        civil->day = (int)numbers[year_first ? 1 : 0];
        civil->year = (int)numbers[year_first ? 0 : 1];
        if (!year_first && widths[1] == 2) /* RFC 2822, 4.3 */
            civil->year += civil->year < 50 ? 2000 : 1900;
    } else if (widths[0] == 8 && count == 1) {
        civil->year = (int)(numbers[0] / 10000);
        civil->month = (int)(numbers[0] / 100 % 100);
        civil->day = (int)(numbers[0] % 100);
    } else if (widths[0] == 4) {
        civil->year = (int)numbers[0];
        if (count > 1)
            civil->month = (int)numbers[1];
        if (count > 2)
            civil->day = (int)numbers[2];
    } else {
        if (count < 3 || widths[2] != 4)
            return false;
        civil->month = (int)numbers[0];
        civil->day = (int)numbers[1];
        civil->year = (int)numbers[2];
    }
    return time_is_valid_date(civil->year, civil->month, civil->day);
}

bool literal_datetime(struct slice text, int64_t *ret)
{
    struct slice s = slice_trim(text);
    struct civil_time civil = {0};
    int64_t offset = 0;
    int64_t ticks;
    size_t at = 0;

    if (s.size >= 2 && (s.data[0] == '"' || s.data[0] == '\'') && s.data[s.size - 1] == s.data[0])
        s = slice_trim(slice_from(s.data + 1, s.size - 2));
    if (time_parse_iso(s, ret))
        return true;
    if (s.size == 0 || s.size > 64 || !date_words(s, &at, &civil))
        return false;
    while (at < s.size && (s.data[at] == ' ' || s.data[at] == ',' || s.data[at] == 'T' ||
                           s.data[at] == 't'))
        at++;
    if (at < s.size) {
        if (lex_is_digit(s.data[at])) {
            if (!clock_at(s, &at, &civil))
                return false;
        }
        if (!zone_at(slice_tail(s, at), &civil, &offset))
            return false;
    }
    if (!time_from_civil(&civil, &ticks))
        return false;
    ticks -= offset;
    if (ticks < 0 || ticks > TICKS_MAX)
        return false;
    *ret = ticks;
    return true;
}
