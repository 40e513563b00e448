/* SPDX-License-Identifier: Apache-2.0 */
/* fn_calendar.c - days, weeks, months and years; parts of an instant. */
#include "query/fn_priv.h"

#include "base/text.h"

#include <math.h>

enum period {
    PERIOD_TICK,
    PERIOD_NANOSECOND,
    PERIOD_MICROSECOND,
    PERIOD_MILLISECOND,
    PERIOD_SECOND,
    PERIOD_MINUTE,
    PERIOD_HOUR,
    PERIOD_DAY,
    PERIOD_WEEK,
    PERIOD_MONTH,
    PERIOD_QUARTER,
    PERIOD_YEAR,
    PERIOD_DAY_OF_YEAR,
    PERIOD_WEEK_OF_YEAR,
    PERIOD_OLD_WEEK_OF_YEAR,
    PERIOD_COUNT_
};

static const char *const names[PERIOD_COUNT_] = {
    "tick", "nanosecond", "microsecond", "millisecond", "second",    "minute",       "hour",
    "day",  "week",       "month",       "quarter",     "year",      "dayofyear",    "week_of_year",
    "weekofyear"};

static bool period_from_name(struct slice name, enum period *ret)
{
    for (uint32_t i = 0; i < PERIOD_COUNT_; i++) {
        struct slice wanted = slice_of(names[i]);
        if (slice_equal_nocase(name, wanted) ||
            (name.size == wanted.size + 1 && (name.data[wanted.size] | 32) == 's' &&
             slice_equal_nocase(slice_head(name, wanted.size), wanted))) {
            *ret = (enum period)i;
            return true;
        }
    }
    *ret = PERIOD_DAY_OF_YEAR;
    return slice_equal_nocase(name, SLICE("day_of_year"));
}

/* One that can be added and counted. */
static bool period_to_count(struct slice name, enum period *ret)
{
    return period_from_name(name, ret) && *ret < PERIOD_DAY_OF_YEAR;
}

/* Periods of equal length; 0 for the others. */
static int64_t period_ticks(enum period period)
{
    static const int64_t ticks[PERIOD_COUNT_] = {
        [PERIOD_TICK] = 1,
        [PERIOD_MICROSECOND] = TICKS_PER_US,
        [PERIOD_MILLISECOND] = TICKS_PER_MS,
        [PERIOD_SECOND] = TICKS_PER_SECOND,
        [PERIOD_MINUTE] = TICKS_PER_MINUTE,
        [PERIOD_HOUR] = TICKS_PER_HOUR,
        [PERIOD_DAY] = TICKS_PER_DAY,
        [PERIOD_WEEK] = 7 * TICKS_PER_DAY};

    return ticks[period];
}

/* The first instant of the period that holds `ticks`, `offset` periods on. */
static bool period_start(int64_t ticks, enum period period, int64_t offset, int64_t *ret)
{
    struct civil_time civil;
    int64_t day;

    if (ticks < 0 || ticks > TICKS_MAX || offset < -4000000 || offset > 4000000)
        return false;
    time_to_civil(ticks, &civil);
    day = ticks - ticks % TICKS_PER_DAY;
    if (period == PERIOD_WEEK)
        day -= civil.week_day * TICKS_PER_DAY;
    if (period == PERIOD_DAY || period == PERIOD_WEEK) {
        *ret = day + offset * period_ticks(period);
        return *ret >= 0 && *ret <= TICKS_MAX;
    }
    int64_t months = (int64_t)civil.year * 12 + (period == PERIOD_MONTH ? civil.month - 1 : 0) +
                     offset * (period == PERIOD_MONTH ? 1 : 12);
    if (months < 12 || months >= 10000 * 12)
        return false;
    struct civil_time first = {.year = (int)(months / 12), .month = (int)(months % 12) + 1,
                               .day = 1};
    return time_from_civil(&first, ret);
}

static enum status give_start(const struct value *args, uint32_t arg_count, enum period period,
                              struct value *ret)
{
    int64_t ticks;

    if (period_start(args[0].integer, period, arg_count > 1 ? args[1].integer : 0, &ticks))
        return give_long(ret, ticks);
    return STATUS_OK;
}

/* One tick before the next period; the last one ends with the calendar. */
static enum status give_end(const struct value *args, uint32_t arg_count, enum period period,
                            struct value *ret)
{
    int64_t offset = arg_count > 1 ? args[1].integer : 0;
    int64_t ticks;

    if (offset < 4000000 && period_start(args[0].integer, period, offset + 1, &ticks))
        return ticks > 0 ? give_long(ret, ticks - 1) : STATUS_OK;
    if (period_start(args[0].integer, period, offset, &ticks))
        return give_long(ret, TICKS_MAX);
    return STATUS_OK;
}

#define BOUNDS(NAME, PERIOD)                                                                       \
    static enum status row_startof##NAME(ROW_PARAMETERS)                                           \
    {                                                                                              \
        (void)eval, (void)err;                                                                     \
        return give_start(args, arg_count, PERIOD, ret);                                           \
    }                                                                                              \
    static enum status row_endof##NAME(ROW_PARAMETERS)                                             \
    {                                                                                              \
        (void)eval, (void)err;                                                                     \
        return give_end(args, arg_count, PERIOD, ret);                                             \
    }                                                                                              \
    ROW_EVAL(row_startof##NAME, TYPE_DATETIME)                                                     \
    ROW_EVAL(row_endof##NAME, TYPE_DATETIME)
BOUNDS(day, PERIOD_DAY)
BOUNDS(week, PERIOD_WEEK)
BOUNDS(month, PERIOD_MONTH)
BOUNDS(year, PERIOD_YEAR)
BIND(bind_bounds, "dl", TYPE_DATETIME)

/* The first week is the one that has four days in the year.  With weeks from Monday (1), as in
 * ISO 8601, it holds the year's first Thursday; from Sunday (0) its first Wednesday. */
static int week_of_year(const struct civil_time *civil, int first_day)
{
    int day_of_week = (civil->week_day + 7 - first_day) % 7;
    int week = (civil->year_day - 1 - day_of_week + 10) / 7;
    struct civil_time last = {.year = civil->year, .month = 12, .day = 31};
    int64_t ticks;

    if (week < 1) {
        struct civil_time before = {.year = civil->year - 1, .month = 12, .day = 31};
        if (!time_from_civil(&before, &ticks))
            return 1;
        time_to_civil(ticks, &before);
        return week_of_year(&before, first_day); /* once: 31 December is never before week 1 */
    }
    if (week == 53 && time_from_civil(&last, &ticks)) {
        time_to_civil(ticks, &last);
        if ((last.week_day + 7 - first_day) % 7 < 3)
            return 1;
    }
    return week;
}

static int64_t part_of(int64_t ticks, enum period period)
{
    struct civil_time civil;

    time_to_civil(ticks, &civil);
    switch (period) {
    case PERIOD_TICK:
        return civil.tick;
    case PERIOD_NANOSECOND:
        return (int64_t)civil.tick * 100;
    case PERIOD_MICROSECOND:
        return civil.tick / TICKS_PER_US;
    case PERIOD_MILLISECOND:
        return civil.tick / TICKS_PER_MS;
    case PERIOD_SECOND:
        return civil.second;
    case PERIOD_MINUTE:
        return civil.minute;
    case PERIOD_HOUR:
        return civil.hour;
    case PERIOD_DAY:
        return civil.day;
    case PERIOD_WEEK:
    case PERIOD_WEEK_OF_YEAR:
        return week_of_year(&civil, 1);
    case PERIOD_OLD_WEEK_OF_YEAR:
        return week_of_year(&civil, 0);
    case PERIOD_MONTH:
        return civil.month;
    case PERIOD_QUARTER:
        return (civil.month + 2) / 3;
    case PERIOD_YEAR:
        return civil.year;
    case PERIOD_DAY_OF_YEAR:
        return civil.year_day;
    case PERIOD_COUNT_:
        break;
    }
    return 0;
}

#define PART(NAME, PERIOD)                                                                         \
    static enum status row_##NAME(ROW_PARAMETERS)                                                  \
    {                                                                                              \
        (void)eval, (void)arg_count, (void)err;                                                    \
        return give_long(ret, part_of(args[0].integer, PERIOD));                                   \
    }                                                                                              \
    ROW_EVAL(row_##NAME, TYPE_INT)
PART(dayofmonth, PERIOD_DAY)
PART(dayofyear, PERIOD_DAY_OF_YEAR)
PART(hourofday, PERIOD_HOUR)
PART(monthofyear, PERIOD_MONTH)
PART(getyear, PERIOD_YEAR)
PART(week_of_year, PERIOD_WEEK_OF_YEAR)
PART(weekofyear, PERIOD_OLD_WEEK_OF_YEAR)
BIND(bind_part, "d", TYPE_INT)

static enum status row_dayofweek(ROW_PARAMETERS)
{
    struct civil_time civil;

    (void)eval, (void)arg_count, (void)err;
    time_to_civil(args[0].integer, &civil);
    return give_long(ret, civil.week_day * TICKS_PER_DAY);
}
ROW_EVAL(row_dayofweek, TYPE_TIMESPAN)
BIND(bind_dayofweek, "d", TYPE_TIMESPAN)

static enum status bad_period(struct slice name, struct error *err)
{
    struct slice shown = slice_head(name, 64);
    const char *nearest = NULL;
    size_t best = shown.size <= 3 ? 2 : 4;
    enum period period;

    if (period_from_name(name, &period))
        return ERROR_SET(err, STATUS_INVALID, "'%.*s' cannot be added or counted; take day or week",
                         SLICE_FMT(shown));
    for (uint32_t i = 0; i < PERIOD_COUNT_; i++) {
        size_t distance = text_distance(slice_of(names[i]), shown);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    if (nearest == NULL)
        return ERROR_SET(err, STATUS_INVALID,
                         "'%.*s' is not a part of a date such as day, hour or month",
                         SLICE_FMT(shown));
    return ERROR_SET(err, STATUS_INVALID,
                     "'%.*s' is not a part of a date; did you mean '%s'?", SLICE_FMT(shown),
                     nearest);
}

/* A part that is known is checked where it stands. */
#define PERIOD_BIND(NAME, KNOWS, LETTERS, TYPE)                                                    \
    static enum status NAME(BIND_PARAMETERS)                                                       \
    {                                                                                              \
        const struct value *name = args[0].constant;                                               \
        enum period period;                                                                        \
                                                                                                   \
        *ret = (TYPE);                                                                             \
        if (name != NULL && name->type == TYPE_STRING &&                                           \
            !KNOWS(name->bytes, &period)) {                                                        \
            (void)bad_period(name->bytes, err);                                                    \
            argument_place(&args[0], err);                                                         \
            return err->status;                                                                    \
        }                                                                                          \
        return bind_letters(args, arg_count, LETTERS, want, err);                                  \
    }

static enum status row_datetime_part(ROW_PARAMETERS)
{
    enum period period;

    (void)eval, (void)arg_count;
    if (!period_from_name(args[0].bytes, &period))
        return bad_period(args[0].bytes, err);
    return give_long(ret, part_of(args[1].integer, period));
}
ROW_EVAL(row_datetime_part, TYPE_INT)
PERIOD_BIND(bind_datetime_part, period_from_name, "sd", TYPE_INT)

/* Index of the period an instant is in, counted from some origin. */
static int64_t period_index(int64_t ticks, enum period period)
{
    struct civil_time civil;
    int64_t length = period_ticks(period);

    if (period == PERIOD_WEEK) /* day 0 is a Monday; weeks begin on Sunday */
        return (ticks / TICKS_PER_DAY + 1) / 7;
    if (length > 0)
        return ticks / length;
    time_to_civil(ticks, &civil);
    if (period == PERIOD_MONTH)
        return (int64_t)civil.year * 12 + civil.month;
    if (period == PERIOD_QUARTER)
        return (int64_t)civil.year * 4 + (civil.month + 2) / 3;
    return civil.year;
}

static enum status row_datetime_diff(ROW_PARAMETERS)
{
    enum period period;
    int64_t difference;

    (void)eval, (void)arg_count;
    if (!period_to_count(args[0].bytes, &period))
        return bad_period(args[0].bytes, err);
    if (period == PERIOD_NANOSECOND) {
        if (__builtin_mul_overflow(args[1].integer - args[2].integer, 100, &difference))
            return STATUS_OK;
        return give_long(ret, difference);
    }
    return give_long(ret, period_index(args[1].integer, period) -
                              period_index(args[2].integer, period));
}
ROW_EVAL(row_datetime_diff, TYPE_LONG)
PERIOD_BIND(bind_datetime_diff, period_to_count, "sdd", TYPE_LONG)

/* Adds months; the day is cut to the length of the month. */
static bool add_months(int64_t ticks, int64_t months, int64_t *ret)
{
    struct civil_time civil;
    int64_t count;

    time_to_civil(ticks, &civil);
    if (__builtin_add_overflow((int64_t)civil.year * 12 + civil.month - 1, months, &count) ||
        count < 12 || count >= 10000 * 12)
        return false;
    civil.year = (int)(count / 12);
    civil.month = (int)(count % 12) + 1;
    while (!time_is_valid_date(civil.year, civil.month, civil.day))
        civil.day--;
    return time_from_civil(&civil, ret);
}

static enum status row_datetime_add(ROW_PARAMETERS)
{
    enum period period;
    int64_t amount = args[1].integer;
    int64_t ticks;
    bool fits;

    (void)eval, (void)arg_count;
    if (!period_to_count(args[0].bytes, &period))
        return bad_period(args[0].bytes, err);
    if (period == PERIOD_MONTH || period == PERIOD_QUARTER || period == PERIOD_YEAR) {
        int64_t months = period == PERIOD_MONTH ? 1 : period == PERIOD_QUARTER ? 3 : 12;
        fits = !__builtin_mul_overflow(amount, months, &amount) &&
               add_months(args[2].integer, amount, &ticks);
    } else if (period == PERIOD_NANOSECOND) {
        fits = !__builtin_add_overflow(args[2].integer, amount / 100, &ticks);
    } else {
        fits = !__builtin_mul_overflow(amount, period_ticks(period), &amount) &&
               !__builtin_add_overflow(args[2].integer, amount, &ticks);
    }
    if (!fits || ticks < 0 || ticks > TICKS_MAX)
        return STATUS_OK;
    return give_long(ret, ticks);
}
ROW_EVAL(row_datetime_add, TYPE_DATETIME)
PERIOD_BIND(bind_datetime_add, period_to_count, "sld", TYPE_DATETIME)

/* ---- making ---- */

static bool in_range(const struct value *value, int64_t low, int64_t high)
{
    return value->integer >= low && value->integer <= high;
}

static enum status row_make_datetime(ROW_PARAMETERS)
{
    struct civil_time civil = {0};
    double seconds = arg_count > 5 ? args[5].real : 0;
    int64_t ticks;

    (void)eval, (void)err;
    if (arg_count == 1) {
        *ret = args[0];
        return STATUS_OK;
    }
    if (arg_count < 3 || !in_range(&args[0], 1, 9999) || !in_range(&args[1], 1, 12) ||
        !in_range(&args[2], 1, 31) || (arg_count > 3 && !in_range(&args[3], 0, 23)) ||
        (arg_count > 4 && !in_range(&args[4], 0, 59)) || !(seconds >= 0 && seconds < 60))
        return STATUS_OK;
    civil.year = (int)args[0].integer;
    civil.month = (int)args[1].integer;
    civil.day = (int)args[2].integer;
    civil.hour = arg_count > 3 ? (int)args[3].integer : 0;
    civil.minute = arg_count > 4 ? (int)args[4].integer : 0;
    if (!time_is_valid_date(civil.year, civil.month, civil.day) ||
        !time_from_civil(&civil, &ticks))
        return STATUS_OK;
    ticks += (int64_t)llround(seconds * (double)TICKS_PER_SECOND);
    return ticks <= TICKS_MAX ? give_long(ret, ticks) : STATUS_OK;
}
ROW_EVAL(row_make_datetime, TYPE_DATETIME)

static enum status bind_make_datetime(BIND_PARAMETERS)
{
    *ret = TYPE_DATETIME;
    return bind_letters(args, arg_count, arg_count == 1 ? "d" : "lllllr", want, err);
}

/* (hours, minutes), (hours, minutes, seconds) or (days, hours, minutes, seconds) */
static enum status row_make_timespan(ROW_PARAMETERS)
{
    uint32_t at = arg_count == 4 ? 1 : 0;
    int64_t days = arg_count == 4 ? args[0].integer : 0;
    double seconds = arg_count > 2 ? args[arg_count - 1].real : 0;

    (void)eval, (void)err;
    if (arg_count == 1) {
        *ret = args[0];
        return STATUS_OK;
    }
    if (days < 0 || days > 10000000 || !in_range(&args[at], 0, 23) ||
        !in_range(&args[at + 1], 0, 59) || !(seconds >= 0 && seconds < 60))
        return STATUS_OK;
    return give_long(ret, days * TICKS_PER_DAY + args[at].integer * TICKS_PER_HOUR +
                              args[at + 1].integer * TICKS_PER_MINUTE +
                              (int64_t)llround(seconds * (double)TICKS_PER_SECOND));
}
ROW_EVAL(row_make_timespan, TYPE_TIMESPAN)

static enum status bind_make_timespan(BIND_PARAMETERS)
{
    *ret = TYPE_TIMESPAN;
    return bind_letters(args, arg_count,
                        arg_count == 1   ? "t"
                        : arg_count == 4 ? "lllr"
                                         : "llr",
                        want, err);
}

#define BOUND(NAME, TEXT, EXAMPLE)                                                                 \
    {.name = #NAME, .signature = #NAME "(date [, offset])", .summary = (TEXT),                     \
     .example = (EXAMPLE), .args_min = 1, .args_max = 2, .bind = bind_bounds,                      \
     .eval = eval_row_##NAME}
#define PART_OF(NAME, EVAL, TEXT, EXAMPLE)                                                         \
    {.name = (NAME), .signature = NAME "(date)", .summary = (TEXT), .example = (EXAMPLE),          \
     .args_min = 1, .args_max = 1, .bind = bind_part, .eval = eval_row_##EVAL}

static const struct function functions[] = {
    BOUND(startofday, "the first instant of the day",
          "startofday(datetime(2020-02-03 04:05)) == datetime(2020-02-03)"),
    BOUND(startofweek, "the first instant of the week, a Sunday",
          "startofweek(datetime(2020-02-03)) == datetime(2020-02-02)"),
    BOUND(startofmonth, "the first instant of the month",
          "startofmonth(datetime(2020-02-03)) == datetime(2020-02-01)"),
    BOUND(startofyear, "the first instant of the year",
          "startofyear(datetime(2020-02-03)) == datetime(2020-01-01)"),
    BOUND(endofday, "the last instant of the day",
          "endofday(datetime(2020-02-03)) == datetime(2020-02-03 23:59:59.9999999)"),
    BOUND(endofweek, "the last instant of the week, a Saturday",
          "endofweek(datetime(2020-02-03)) == datetime(2020-02-08 23:59:59.9999999)"),
    BOUND(endofmonth, "the last instant of the month",
          "endofmonth(datetime(2020-02-03)) == datetime(2020-02-29 23:59:59.9999999)"),
    BOUND(endofyear, "the last instant of the year",
          "endofyear(datetime(2020-02-03)) == datetime(2020-12-31 23:59:59.9999999)"),
    PART_OF("dayofmonth", dayofmonth, "the day of the month",
            "dayofmonth(datetime(2020-02-03)) == 3"),
    PART_OF("dayofyear", dayofyear, "the day of the year", "dayofyear(datetime(2020-02-03)) == 34"),
    PART_OF("hourofday", hourofday, "the hour, 0 to 23",
            "hourofday(datetime(2020-02-03 04:05)) == 4"),
    PART_OF("monthofyear", monthofyear, "the month, 1 to 12",
            "monthofyear(datetime(2020-02-03)) == 2"),
    PART_OF("getmonth", monthofyear, "the month, 1 to 12", "getmonth(datetime(2020-02-03)) == 2"),
    PART_OF("getyear", getyear, "the year", "getyear(datetime(2020-02-03)) == 2020"),
    PART_OF("week_of_year", week_of_year, "the ISO 8601 week",
            "week_of_year(datetime(2020-02-03)) == 6"),
    PART_OF("weekofyear", weekofyear,
            "the week from Sunday, where the first holds the year's first Wednesday",
            "weekofyear(datetime(2015-01-07)) == 1"),
    {.name = "dayofweek", .signature = "dayofweek(date)",
     .summary = "the days since Sunday, as a timespan",
     .example = "dayofweek(datetime(2020-02-03)) == 1d", .args_min = 1, .args_max = 1,
     .bind = bind_dayofweek, .eval = eval_row_dayofweek},
    {.name = "datetime_part", .signature = "datetime_part(part, date)",
     .summary = "a part of an instant by its name",
     .example = "datetime_part('month', datetime(2020-02-03)) == 2", .args_min = 2,
     .args_max = 2, .bind = bind_datetime_part, .eval = eval_row_datetime_part},
    {.name = "datepart", .signature = "datepart(part, date)",
     .summary = "the same as datetime_part()",
     .example = "datepart('year', datetime(2020-02-03)) == 2020", .args_min = 2, .args_max = 2,
     .flags = FUNCTION_DEPRECATED, .bind = bind_datetime_part, .eval = eval_row_datetime_part},
    {.name = "datetime_diff", .signature = "datetime_diff(period, later, earlier)",
     .summary = "the number of period boundaries between two instants",
     .example = "datetime_diff('day', datetime(2020-02-03), datetime(2020-02-01)) == 2",
     .args_min = 3, .args_max = 3, .bind = bind_datetime_diff, .eval = eval_row_datetime_diff},
    {.name = "datetime_add", .signature = "datetime_add(period, amount, date)",
     .summary = "the instant so many periods later",
     .example = "datetime_add('month', 1, datetime(2020-01-31)) == datetime(2020-02-29)",
     .args_min = 3, .args_max = 3, .bind = bind_datetime_add, .eval = eval_row_datetime_add},
    {.name = "make_datetime",
     .signature = "make_datetime(year, month, day [, hour, minute, second])",
     .summary = "an instant from its parts; null if there is none such",
     .example = "make_datetime(2020, 2, 3) == datetime(2020-02-03)", .args_min = 1,
     .args_max = 6, .bind = bind_make_datetime, .eval = eval_row_make_datetime},
    {.name = "make_timespan", .signature = "make_timespan([day,] hour, minute [, second])",
     .summary = "a duration from its parts", .example = "make_timespan(1, 30) == 90m",
     .args_min = 1, .args_max = 4, .bind = bind_make_timespan, .eval = eval_row_make_timespan},
};

FUNCTION_FAMILY(calendar, functions);
