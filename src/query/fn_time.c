/* SPDX-License-Identifier: Apache-2.0 */
/* fn_time.c - ago() now() bin() and the unix epochs. */
#include "query/decimal.h"
#include "query/fn_priv.h"

#include <math.h>

/* a + b, or false outside the years 1 to 9999. */
static bool instant_add(int64_t a, int64_t b, int64_t *ret)
{
    return !__builtin_add_overflow(a, b, ret) && *ret >= 0 && *ret <= TICKS_MAX;
}

static enum status give_instant(struct value *ret, int64_t base, int64_t offset)
{
    int64_t ticks;

    if (instant_add(base, offset, &ticks))
        return give_long(ret, ticks);
    return STATUS_OK;
}

static enum status row_ago(ROW_PARAMETERS)
{
    int64_t back;

    (void)arg_count, (void)err;
    if (__builtin_sub_overflow(0, args[0].integer, &back))
        return STATUS_OK;
    return give_instant(ret, eval->now, back);
}
ROW_EVAL(row_ago, TYPE_DATETIME)
BIND(bind_ago, "t", TYPE_DATETIME)

static enum status row_now(ROW_PARAMETERS)
{
    (void)err;
    return give_instant(ret, eval->now, arg_count > 0 ? args[0].integer : 0);
}
ROW_EVAL(row_now, TYPE_DATETIME)

/* ---- bin ---- */

static double bin_real(double value, double size)
{
    double count = floor(value / size);

    return isfinite(count) ? count * size : value;
}

/* Numbers with numbers; instants and durations with durations (a number is a
 * count of days for instants in old queries: ticks here, as in tolong()). */
static enum status bind_bin(BIND_PARAMETERS)
{
    (void)arg_count;
    *ret = args[0].type;
    if (args[0].type == TYPE_DATETIME || args[0].type == TYPE_TIMESPAN) {
        want[1] = TYPE_TIMESPAN;
        if (args[1].type == TYPE_TIMESPAN || args[1].type == TYPE_DYNAMIC)
            return STATUS_OK;
        return argument_fail(err, &args[1], "%s is rounded to a timespan, found %s",
                             type_phrase(args[0].type), type_phrase(args[1].type));
    }
    if (args[0].type == TYPE_DYNAMIC && args[1].type == TYPE_TIMESPAN) {
        *ret = TYPE_DATETIME;
        want[0] = *ret;
        return STATUS_OK;
    }
    enum status status = bind_letters(args, 2, "nn", want, err);
    if (status != STATUS_OK)
        return status;
    *ret = type_common(want[0], want[1]);
    want[0] = *ret;
    want[1] = *ret;
    return STATUS_OK;
}

static enum status bin_reals(EVAL_PARAMETERS)
{
    enum status status = vector_flat(eval->arena, TYPE_REAL, row_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    (void)arg_count;
    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        double size = args[1].reals[vector_index(&args[1], row)];
        nulls[row] = vector_is_null(&args[0], row) || vector_is_null(&args[1], row) ||
                     !(size > 0);
        if (!nulls[row])
            ((double *)data)[row] = bin_real(args[0].reals[vector_index(&args[0], row)], size);
    }
    return status;
}

/* The number less its rest. */
static enum status row_bin_decimal(ROW_PARAMETERS)
{
    struct decimal number;
    struct decimal size;
    struct decimal rest;

    (void)arg_count;
    if (!decimal_parse(args[0].bytes, &number) || !decimal_parse(args[1].bytes, &size) ||
        size.negative || !decimal_compute('%', &number, &size, &rest) ||
        !decimal_compute('-', &number, &rest, &number))
        return STATUS_OK;
    enum status status = eval_look(eval, err); /* a rest may have taken milliseconds */
    return status == STATUS_OK ? decimal_value(eval->arena, &number, ret, err) : status;
}
ROW_EVAL(row_bin_decimal, TYPE_DECIMAL)

static int64_t modulo(int64_t value, int64_t size)
{
    int64_t rest = value % size;

    return rest < 0 ? rest + size : rest;
}

/* The bin that a number is in, counted from `point`; false if there is none of the type.
 * The two may lie further apart than a number can say. */
static bool bin_whole(int64_t value, int64_t size, int64_t point, enum type type, int64_t *ret)
{
    if (size <= 0)
        return false;
    int64_t rest = modulo(modulo(value, size) - modulo(point, size), size);
    return !__builtin_sub_overflow(value, rest, ret) &&
           (type != TYPE_DATETIME || (*ret >= 0 && *ret <= TICKS_MAX));
}

/* Whole numbers in bins of one size.  Rows come in the order of time, so most are in the
 * bin of the row before, or in the next: no division for these. */
static void bin_run(const struct vector *v, int64_t size, int64_t point, int64_t *bins,
                    uint8_t *nulls)
{
    int64_t low = 1;
    int64_t high = 0; /* of the last bin: none yet */

    for (uint32_t row = 0; row < v->row_count; row++) {
        int64_t value = v->integers[row];
        nulls[row] = v->nulls != NULL && v->nulls[row] != 0;
        if (nulls[row] == 0 && low <= high && value > high && high <= INT64_MAX - size &&
            value <= high + size) {
            low += size;
            high += size;
        }
        if (nulls[row] == 0 && (value < low || value > high)) {
            nulls[row] = !bin_whole(value, size, point, v->type, &low);
            if (nulls[row] != 0) {
                low = 1;
                high = 0;
            } else if (__builtin_add_overflow(low, size - 1, &high)) {
                high = INT64_MAX;
            }
        }
        bins[row] = nulls[row] != 0 ? 0 : low;
    }
}

/* bin(value, size), or bin_at(value, size, point): whole numbers. */
static enum status bin_wholes(EVAL_PARAMETERS)
{
    enum status status = vector_raw(eval->arena, args[0].type, row_count, ret, err);
    int64_t *bins = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    bool is_one = args[0].encoding == VECTOR_FLAT;

    for (uint32_t i = 1; i < arg_count; i++)
        is_one = is_one && args[i].encoding == VECTOR_CONST && !vector_is_null(&args[i], 0);
    if (status == STATUS_OK && is_one) {
        struct vector values = args[0];
        values.row_count = row_count;
        bin_run(&values, args[1].integers[0], arg_count > 2 ? args[2].integers[0] : 0, bins,
                nulls);
        if (memchr(nulls, 1, row_count) == NULL)
            ret->nulls = NULL;
        return status;
    }
    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        int64_t point = arg_count > 2 ? args[2].integers[vector_index(&args[2], row)] : 0;
        nulls[row] = vector_is_null(&args[0], row) || vector_is_null(&args[1], row) ||
                     (arg_count > 2 && vector_is_null(&args[2], row)) ||
                     !bin_whole(args[0].integers[vector_index(&args[0], row)],
                                args[1].integers[vector_index(&args[1], row)], point,
                                args[0].type, &bins[row]);
        if (nulls[row] != 0)
            bins[row] = 0;
    }
    return status;
}

static enum status eval_bin(EVAL_PARAMETERS)
{
    if (args[0].type == TYPE_DECIMAL)
        return eval_row_bin_decimal(eval, args, arg_count, row_count, ret, err);
    if (args[0].type == TYPE_REAL)
        return bin_reals(eval, args, arg_count, row_count, ret, err);
    return bin_wholes(eval, args, arg_count, row_count, ret, err);
}

static enum status bind_floor(BIND_PARAMETERS)
{
    if (arg_count == 2)
        return bind_bin(args, arg_count, want, ret, err);
    *ret = TYPE_REAL;
    return bind_letters(args, arg_count, "r", want, err);
}

static enum status row_floor(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    return give_real(ret, floor(args[0].real));
}
ROW_EVAL(row_floor, TYPE_REAL)

static enum status eval_floor(EVAL_PARAMETERS)
{
    return arg_count == 2 ? eval_bin(eval, args, arg_count, row_count, ret, err)
                          : eval_row_floor(eval, args, arg_count, row_count, ret, err);
}

static enum status bind_bin_at(BIND_PARAMETERS)
{
    enum status status = bind_bin(args, 2, want, ret, err);

    (void)arg_count;
    want[2] = *ret;
    return status;
}

static enum status row_bin_at(ROW_PARAMETERS)
{
    if (args[0].type == TYPE_DECIMAL) {
        struct value both[2] = {args[0], args[1]};
        enum status status =
            decimal_arithmetic(eval->arena, '-', &args[0], &args[2], &both[0], err);
        if (status == STATUS_OK)
            status = row_bin_decimal(eval, both, arg_count, ret, err);
        if (status != STATUS_OK || ret->is_null)
            return status;
        return decimal_arithmetic(eval->arena, '+', ret, &args[2], ret, err);
    }
    if (!(args[1].real > 0))
        return STATUS_OK;
    return give_real(ret,
                     args[2].real + bin_real(args[0].real - args[2].real, args[1].real));
}
ROW_EVAL(row_bin_at, args[0].type)

static enum status eval_bin_at(EVAL_PARAMETERS)
{
    if (args[0].type == TYPE_DECIMAL || args[0].type == TYPE_REAL)
        return eval_row_bin_at(eval, args, arg_count, row_count, ret, err);
    return bin_wholes(eval, args, arg_count, row_count, ret, err);
}

/* ---- unix epochs ---- */

static enum status unix_instant(const struct value *arg, int64_t ticks_per_unit, int64_t divisor,
                                struct value *ret)
{
    int64_t ticks;
    double real;

    if (arg->type == TYPE_REAL) {
        real = arg->real * (double)ticks_per_unit / (double)divisor;
        if (!(fabs(real) < 4e18))
            return STATUS_OK;
        ticks = (int64_t)llround(real);
    } else {
        if (__builtin_mul_overflow(arg->integer, ticks_per_unit, &ticks))
            return STATUS_OK;
        ticks /= divisor;
    }
    return give_instant(ret, TICKS_UNIX_EPOCH, ticks);
}

#define UNIX_TIME(NAME, TICKS, DIVISOR)                                                            \
    static enum status row_unix_##NAME(ROW_PARAMETERS)                                             \
    {                                                                                              \
        (void)eval, (void)arg_count, (void)err;                                                    \
        return unix_instant(&args[0], TICKS, DIVISOR, ret);                                        \
    }                                                                                              \
    ROW_EVAL(row_unix_##NAME, TYPE_DATETIME)
UNIX_TIME(seconds, TICKS_PER_SECOND, 1)
UNIX_TIME(milliseconds, TICKS_PER_MS, 1)
UNIX_TIME(microseconds, TICKS_PER_US, 1)
UNIX_TIME(nanoseconds, 1, 100)

static enum status bind_unix(BIND_PARAMETERS)
{
    enum status status = bind_letters(args, arg_count, "n", want, err);

    if (want[0] == TYPE_DECIMAL)
        want[0] = TYPE_REAL;
    *ret = TYPE_DATETIME;
    return status;
}

#define FROM_UNIX(UNIT, EXAMPLE)                                                                   \
    {.name = "unixtime_" #UNIT "_todatetime", .signature = "unixtime_" #UNIT "_todatetime(count)", \
     .summary = "the instant so many " #UNIT " after 1970", .example = (EXAMPLE), .args_min = 1,   \
     .args_max = 1, .bind = bind_unix, .eval = eval_row_unix_##UNIT}

static const struct function functions[] = {
    {.name = "ago", .signature = "ago(timespan)", .summary = "the instant so long before now",
     .example = "ago(1h) < now()", .args_min = 1, .args_max = 1, .bind = bind_ago,
     .eval = eval_row_ago},
    {.name = "now", .signature = "now([offset])", .summary = "the instant the query started",
     .example = "now() > ago(1s)", .args_min = 0, .args_max = 1, .bind = bind_ago,
     .eval = eval_row_now},
    {.name = "bin", .signature = "bin(value, size)",
     .summary = "the greatest multiple of a size that is not above the value",
     .example = "bin(7, 5) == 5", .args_min = 2, .args_max = 2, .bind = bind_bin,
     .eval = eval_bin},
    {.name = "floor", .signature = "floor(value [, size])",
     .summary = "the same as bin(); with one argument the whole number below",
     .example = "floor(7, 5) == 5", .args_min = 1, .args_max = 2, .bind = bind_floor,
     .eval = eval_floor},
    {.name = "bin_at", .signature = "bin_at(value, size, fixed_point)",
     .summary = "bin() whose bins are shifted so that one begins at the fixed point",
     .example = "bin_at(7, 5, 1) == 6", .args_min = 3, .args_max = 3, .bind = bind_bin_at,
     .eval = eval_bin_at},
    FROM_UNIX(seconds, "unixtime_seconds_todatetime(86400) == datetime(1970-01-02)"),
    FROM_UNIX(milliseconds,
              "unixtime_milliseconds_todatetime(1000) == datetime(1970-01-01 00:00:01)"),
    FROM_UNIX(microseconds, "unixtime_microseconds_todatetime(0) == datetime(1970-01-01)"),
    FROM_UNIX(nanoseconds, "unixtime_nanoseconds_todatetime(0) == datetime(1970-01-01)"),
};

FUNCTION_FAMILY(time, functions);
