/* SPDX-License-Identifier: Apache-2.0 */
/* fn_format.c - format_datetime() format_timespan() format_bytes(). */
#include "base/text.h"
#include "query/fn_priv.h"

#include <math.h>
#include <stdio.h>

struct parts {
    bool is_span;
    int year, month;
    int64_t day; /* of the month, or whole days */
    int hour, minute, second, tick;
};

static size_t run_length(struct slice s, size_t at)
{
    size_t end = at;

    while (end < s.size && s.data[end] == s.data[at])
        end++;
    return end - at;
}

/* `count` digits of the seven of a fraction; `is_short`: without zeros at the end. */
static void add_fraction(struct buf *buf, int tick, size_t count, bool is_short)
{
    char digits[16];

    (void)snprintf(digits, sizeof(digits), "%07d", tick);
    count = count > 7 ? 7 : count;
    while (is_short && count > 0 && digits[count - 1] == '0')
        count--;
    buf_add(buf, digits, count);
}

static void add_number(struct buf *buf, int64_t value, size_t width)
{
    buf_add_format(buf, "%0*lld", (int)(width > 8 ? 8 : width), (long long)value);
}

/* False if the letter stands for itself. */
static bool add_part(struct buf *buf, const struct parts *parts, char letter, size_t count)
{
    int hour12 = parts->hour % 12 == 0 ? 12 : parts->hour % 12;

    switch (letter) {
    case 'y':
        add_number(buf, count <= 2 ? parts->year % 100 : parts->year, count);
        return !parts->is_span;
    case 'M':
        add_number(buf, parts->month, count);
        return !parts->is_span;
    case 'd':
        add_number(buf, parts->day, count);
        return true;
    case 'h':
        add_number(buf, parts->is_span ? parts->hour : hour12, count);
        return true;
    case 'H':
        add_number(buf, parts->hour, count);
        return true;
    case 'm':
        add_number(buf, parts->minute, count);
        return true;
    case 's':
        add_number(buf, parts->second, count);
        return true;
    case 'f':
        add_fraction(buf, parts->tick, count, false);
        return true;
    case 'F':
        add_fraction(buf, parts->tick, count, true);
        return true;
    case 't':
        if (parts->is_span)
            return false;
        buf_add_text(buf, count > 1 ? (parts->hour < 12 ? "AM" : "PM")
                                    : (parts->hour < 12 ? "A" : "P"));
        return true;
    default:
        return false;
    }
}

/* The longest specifier of a date that the run of letters begins with: ddd is dd and d. */
static size_t specifier(const struct parts *parts, char letter, size_t run)
{
    if (parts->is_span || letter == 'f' || letter == 'F')
        return run;
    if (letter == 'y' && run >= 4)
        return 4;
    return run >= 2 ? 2 : 1;
}

static void add_formatted(struct buf *buf, const struct parts *parts, struct slice format)
{
    for (size_t at = 0, run_end = 0; at < format.size;) {
        if (at == run_end) /* once a run: it may be all of a long format */
            run_end += run_length(format, at);
        size_t count = specifier(parts, format.data[at], run_end - at);
        size_t before = buf->size;
        if (strchr("yMdhHmsfFt", format.data[at]) == NULL || format.data[at] == '\0' ||
            !add_part(buf, parts, format.data[at], count)) {
            buf->size = before;
            buf_add(buf, format.data + at, count);
        }
        at += count;
    }
}

static enum status row_format_datetime(ROW_PARAMETERS)
{
    struct civil_time civil;
    struct buf buf;

    (void)arg_count;
    time_to_civil(args[0].integer, &civil);
    struct parts parts = {false, civil.year, civil.month, civil.day, civil.hour, civil.minute,
                          civil.second, civil.tick};
    text_start(&buf);
    add_formatted(&buf, &parts, args[1].bytes);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_format_datetime, TYPE_STRING)
BIND(bind_format_datetime, "ds", TYPE_STRING)

static enum status row_format_timespan(ROW_PARAMETERS)
{
    int64_t span = args[0].integer;
    uint64_t ticks = span < 0 ? 0 - (uint64_t)span : (uint64_t)span;
    struct parts parts = {
        .is_span = true,
        .day = (int64_t)(ticks / TICKS_PER_DAY),
        .hour = (int)(ticks / TICKS_PER_HOUR % 24),
        .minute = (int)(ticks / TICKS_PER_MINUTE % 60),
        .second = (int)(ticks / TICKS_PER_SECOND % 60),
        .tick = (int)(ticks % TICKS_PER_SECOND),
    };
    struct buf buf;

    (void)arg_count;
    text_start(&buf);
    if (span < 0)
        buf_add_byte(&buf, '-');
    add_formatted(&buf, &parts, args[1].bytes);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_format_timespan, TYPE_STRING)
BIND(bind_format_timespan, "ts", TYPE_STRING)

/* format_bytes(size [, digits [, unit]]) */
static enum status row_format_bytes(ROW_PARAMETERS)
{
    static const char *const units[] = {"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"};
    double size = args[0].real;
    int64_t digits = arg_count > 1 ? args[1].integer : 0;
    size_t unit = 0;
    struct buf buf;

    digits = digits < 0 ? 0 : digits > 15 ? 15 : digits;
    if (arg_count > 2 && args[2].bytes.size > 0) {
        while (unit < 7 && !slice_equal_nocase(args[2].bytes, slice_of(units[unit]))) {
            size /= 1024;
            unit++;
        }
        if (unit == 7)
            return STATUS_OK;
    } else {
        while (fabs(size) >= 1024 && unit < 6) {
            size /= 1024;
            unit++;
        }
    }
    text_start(&buf);
    double scale = pow(10, (double)digits);
    text_add_double(&buf, round(size * scale) / scale);
    buf_add_format(&buf, " %s", units[unit]);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_format_bytes, TYPE_STRING)
BIND(bind_format_bytes, "rls", TYPE_STRING)

static const struct function functions[] = {
    {.name = "format_datetime", .signature = "format_datetime(date, format)",
     .summary = "an instant as text: yyyy MM dd HH hh mm ss fff tt",
     .example = "format_datetime(datetime(2020-01-02 03:04), 'yy-M-dd HH:mm') == '20-1-02 03:04'",
     .args_min = 2, .args_max = 2, .bind = bind_format_datetime,
     .eval = eval_row_format_datetime},
    {.name = "format_timespan", .signature = "format_timespan(timespan, format)",
     .summary = "a duration as text: d hh mm ss fff",
     .example = "format_timespan(90m, 'hh:mm') == '01:30'", .args_min = 2, .args_max = 2,
     .bind = bind_format_timespan, .eval = eval_row_format_timespan},
    {.name = "format_bytes", .signature = "format_bytes(size [, digits [, unit]])",
     .summary = "a size as text with a unit", .example = "format_bytes(2048) == '2 KB'",
     .args_min = 1, .args_max = 3, .bind = bind_format_bytes, .eval = eval_row_format_bytes},
};

FUNCTION_FAMILY(format, functions);
