/* SPDX-License-Identifier: Apache-2.0 */
/* fn_number.c - functions on numbers that keep their type, and on bits. */
#include "query/decimal.h"
#include "query/fn_priv.h"

#include "base/random.h"
#include "base/text.h"
#include "table/dynamic.h"

#include <math.h>

/* The type stays; the absolute value of an int is a long. */
static enum status bind_same(BIND_PARAMETERS)
{
    enum status status = STATUS_OK;

    if (args[0].type != TYPE_TIMESPAN)
        status = bind_letters(args, 1, "n", want, err);
    if (want[0] == TYPE_INT)
        want[0] = TYPE_LONG;
    *ret = want[0];
    for (uint32_t i = 1; i < arg_count; i++)
        want[i] = TYPE_LONG;
    return status;
}

static enum status row_abs(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    if (args[0].type == TYPE_DECIMAL)
        return give_bytes(ret, slice_tail(args[0].bytes, args[0].bytes.data[0] == '-'));
    if (args[0].type == TYPE_REAL)
        return give_real(ret, fabs(args[0].real));
    return give_long(ret, args[0].integer == INT64_MIN ? INT64_MAX
                          : args[0].integer < 0        ? -args[0].integer
                                                       : args[0].integer);
}
ROW_EVAL(row_abs, args[0].type)

static enum status row_ceiling(ROW_PARAMETERS)
{
    struct decimal number;

    (void)arg_count;
    if (args[0].type == TYPE_DECIMAL) {
        if (!decimal_parse(args[0].bytes, &number))
            return STATUS_OK;
        decimal_ceiling(&number);
        return decimal_value(eval->arena, &number, ret, err);
    }
    if (args[0].type == TYPE_REAL)
        return give_real(ret, ceil(args[0].real));
    return give_long(ret, args[0].integer);
}
ROW_EVAL(row_ceiling, args[0].type)

/* Whole numbers rounded to tens, hundreds ...; what would be too large stays as it is. */
static int64_t round_whole(int64_t number, int64_t digits)
{
    int64_t scale = 1;
    int64_t most;

    if (digits >= 0)
        return number;
    for (int64_t i = digits < -19 ? -19 : digits; i < 0; i++) {
        if (__builtin_mul_overflow(scale, (int64_t)10, &scale))
            return 0;
    }
    int64_t rest = number % scale;
    int64_t down = number - rest;
    if (rest > -(scale / 2) && rest < scale / 2)
        return down;
    return __builtin_add_overflow(down, number < 0 ? -scale : scale, &most) ? number : most;
}

#define REALS_ARE_WHOLE 4503599627370496.0 /* 2^52, and above */

/* Halves go away from zero, as the documentation's examples show. */
static enum status row_round(ROW_PARAMETERS)
{
    int64_t digits = arg_count > 1 ? args[1].integer : 0;
    double scale;
    double scaled;
    struct decimal number;

    if (args[0].type == TYPE_DECIMAL) {
        if (!decimal_parse(args[0].bytes, &number))
            return STATUS_OK;
        decimal_round(&number, digits);
        return decimal_value(eval->arena, &number, ret, err);
    }
    if (args[0].type != TYPE_REAL)
        return give_long(ret, round_whole(args[0].integer, digits));
    if (digits > 300 || !isfinite(args[0].real))
        return give_real(ret, args[0].real);
    if (digits < -300)
        return give_real(ret, 0);
    scale = pow(10, (double)(digits < 0 ? -digits : digits));
    scaled = digits < 0 ? args[0].real / scale : args[0].real * scale;
    if (!isfinite(scaled) || (digits >= 0 && fabs(scaled) >= REALS_ARE_WHOLE))
        return give_real(ret, args[0].real); /* it has no more digits */
    return give_real(ret, digits < 0 ? round(scaled) * scale : round(scaled) / scale);
}
ROW_EVAL(row_round, args[0].type)

static enum status row_sign(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    return give_real(ret, isnan(args[0].real) ? args[0].real
                          : args[0].real < 0  ? -1
                          : args[0].real > 0  ? 1
                                              : 0);
}
ROW_EVAL(row_sign, TYPE_REAL)
BIND(bind_real, "r", TYPE_REAL)

/* ---- min_of, max_of ---- */

static enum status bind_extreme_of(BIND_PARAMETERS)
{
    (void)err;
    *ret = args[0].type;
    for (uint32_t i = 1; i < arg_count; i++)
        *ret = type_common(*ret, args[i].type);
    for (uint32_t i = 0; i < arg_count; i++)
        want[i] = *ret;
    return STATUS_OK;
}

static int compare_values(const struct value *a, const struct value *b)
{
    double x;
    double y;

    if (a->type == TYPE_REAL)
        return a->real < b->real ? -1 : a->real > b->real;
    if (a->type == TYPE_BOOL)
        return (int)a->boolean - (int)b->boolean;
    if (a->type == TYPE_GUID)
        return memcmp(&a->guid, &b->guid, sizeof(a->guid));
    if (a->type == TYPE_DECIMAL)
        return decimal_compare(a, b);
    if (a->type == TYPE_STRING)
        return slice_compare(a->bytes, b->bytes);
    if (type_is_bytes(a->type))
        return text_parse_double(slice_trim(a->bytes), &x) &&
                       text_parse_double(slice_trim(b->bytes), &y)
                   ? (x < y ? -1 : x > y)
                   : slice_compare(a->bytes, b->bytes);
    return a->integer < b->integer ? -1 : a->integer > b->integer;
}

/* Nulls are left out. */
static enum status extreme_of(const struct value *args, uint32_t arg_count, int sign,
                              struct value *ret)
{
    const struct value *best = NULL;

    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i].is_null && args[i].type != TYPE_STRING)
            continue;
        if (best == NULL || compare_values(&args[i], best) * sign > 0)
            best = &args[i];
    }
    if (best != NULL)
        *ret = *best;
    return STATUS_OK;
}

static enum status row_min_of(ROW_PARAMETERS)
{
    (void)eval, (void)err;
    return extreme_of(args, arg_count, -1, ret);
}
ROW_EVAL_LAZY(row_min_of, args[0].type)

static enum status row_max_of(ROW_PARAMETERS)
{
    (void)eval, (void)err;
    return extreme_of(args, arg_count, 1, ret);
}
ROW_EVAL_LAZY(row_max_of, args[0].type)

/* ---- tests ---- */

#define REAL_TEST(NAME, TEST)                                                                      \
    static enum status row_##NAME(ROW_PARAMETERS)                                                  \
    {                                                                                              \
        (void)eval, (void)arg_count, (void)err;                                                    \
        return give_bool(ret, !args[0].is_null && (TEST(args[0].real)));                           \
    }                                                                                              \
    ROW_EVAL_LAZY(row_##NAME, TYPE_BOOL)
REAL_TEST(isnan, isnan)
REAL_TEST(isinf, isinf)
REAL_TEST(isfinite, isfinite)
BIND(bind_real_test, "r", TYPE_BOOL)

static enum status bind_around(BIND_PARAMETERS)
{
    *ret = TYPE_BOOL;
    if (args[0].type == TYPE_DATETIME) {
        want[1] = TYPE_DATETIME;
        want[2] = TYPE_TIMESPAN;
        return STATUS_OK;
    }
    if (args[0].type == TYPE_TIMESPAN)
        return bind_letters(args, arg_count, "t", want, err);
    return bind_letters(args, arg_count, "r", want, err);
}

static enum status row_around(ROW_PARAMETERS)
{
    int64_t low;
    int64_t high;

    (void)eval, (void)arg_count, (void)err;
    if (args[0].type == TYPE_REAL)
        return give_bool(ret, fabs(args[0].real - args[1].real) <= args[2].real);
    if (__builtin_sub_overflow(args[1].integer, args[2].integer, &low))
        low = INT64_MIN;
    if (__builtin_add_overflow(args[1].integer, args[2].integer, &high))
        high = INT64_MAX;
    return give_bool(ret, args[0].integer >= low && args[0].integer <= high);
}
ROW_EVAL(row_around, TYPE_BOOL)

/* ---- bits ---- */

#define BITS(NAME, EXPRESSION)                                                                     \
    static enum status row_##NAME(ROW_PARAMETERS)                                                  \
    {                                                                                              \
        uint64_t a = (uint64_t)args[0].integer;                                                    \
        uint64_t b = arg_count > 1 ? (uint64_t)args[1].integer : 0;                                \
                                                                                                   \
        (void)eval, (void)err, (void)a, (void)b;                                                   \
        return give_long(ret, (int64_t)(EXPRESSION));                                              \
    }                                                                                              \
    ROW_EVAL(row_##NAME, TYPE_LONG)
BITS(binary_and, a &b)
BITS(binary_or, a | b)
BITS(binary_xor, a ^ b)
BITS(binary_not, ~a)
BITS(bitset_count_ones, __builtin_popcountll(a))
BIND(bind_bits, "l", TYPE_LONG)

static enum status row_binary_shift_left(ROW_PARAMETERS)
{
    uint64_t a = (uint64_t)args[0].integer;

    (void)eval, (void)arg_count, (void)err;
    return args[1].integer < 0 ? STATUS_OK : give_long(ret, (int64_t)(a << args[1].integer % 64));
}
ROW_EVAL(row_binary_shift_left, TYPE_LONG)

static enum status row_binary_shift_right(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    return args[1].integer < 0 ? STATUS_OK
                               : give_long(ret, args[0].integer >> args[1].integer % 64);
}
ROW_EVAL(row_binary_shift_right, TYPE_LONG)

/* ---- randomness ---- */

static enum status bind_rand(BIND_PARAMETERS)
{
    *ret = TYPE_REAL;
    return bind_letters(args, arg_count, "l", want, err);
}

static enum status row_rand(ROW_PARAMETERS)
{
    double unit = (double)(random_u64() >> 11) * 0x1p-53;

    (void)eval, (void)err;
    if (arg_count == 0 || args[0].integer < 1)
        return give_real(ret, unit);
    return give_real(ret, floor(unit * (double)args[0].integer));
}

static enum status eval_rand(EVAL_PARAMETERS)
{
    struct row_call call = {args, arg_count, row_count, row_rand, TYPE_REAL, false, true};

    return function_rows(eval, &call, ret, err);
}

static enum status row_new_guid(ROW_PARAMETERS)
{
    UNUSED_ROW;
    ret->is_null = false;
    ret->guid = guid_new();
    return STATUS_OK;
}

static enum status eval_new_guid(EVAL_PARAMETERS)
{
    struct row_call call = {args, arg_count, row_count, row_new_guid, TYPE_GUID, false, true};

    return function_rows(eval, &call, ret, err);
}

static enum status bind_new_guid(BIND_PARAMETERS)
{
    (void)args, (void)arg_count, (void)want, (void)err;
    *ret = TYPE_GUID;
    return STATUS_OK;
}

#define NUMBER(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                                  \
    {.name = #NAME, .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),             \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .eval = eval_row_##NAME}
#define NUMBER_LAZY(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                             \
    {.name = #NAME, .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),             \
     .args_min = (MIN), .args_max = (MAX), .flags = FUNCTION_LAZY_NULL, .bind = (BIND_FN),         \
     .eval = eval_row_##NAME}

static const struct function functions[] = {
    NUMBER(abs, "abs(number)", "the number without its sign", "abs(-3) == 3", 1, 1, bind_same),
    NUMBER(ceiling, "ceiling(number)", "the whole number above", "ceiling(1.2) == 2", 1, 1,
           bind_same),
    NUMBER(round, "round(number [, digits])", "a number rounded to some digits",
           "round(2.345, 1) == 2.3", 1, 2, bind_same),
    NUMBER(sign, "sign(number)", "-1, 0 or 1", "sign(-3) == -1", 1, 1, bind_real),
    NUMBER_LAZY(min_of, "min_of(value, ...)", "the smallest value", "min_of(2, 1) == 1", 1, 64,
                bind_extreme_of),
    NUMBER_LAZY(max_of, "max_of(value, ...)", "the greatest value", "max_of(2, 1) == 2", 1, 64,
                bind_extreme_of),
    NUMBER_LAZY(isnan, "isnan(number)", "true if it is not a number", "not(isnan(1.0))", 1, 1,
                bind_real_test),
    NUMBER_LAZY(isinf, "isinf(number)", "true if it is infinite", "not(isinf(1.0))", 1, 1,
                bind_real_test),
    NUMBER_LAZY(isfinite, "isfinite(number)", "true if it is neither infinite nor NaN",
                "isfinite(1.0)", 1, 1, bind_real_test),
    NUMBER(around, "around(value, center, delta)",
           "true if a value is no farther than delta from the center", "around(1.1, 1.0, 0.2)", 3,
           3, bind_around),
    NUMBER(binary_and, "binary_and(a, b)", "the bits that both have", "binary_and(6, 3) == 2", 2,
           2, bind_bits),
    NUMBER(binary_or, "binary_or(a, b)", "the bits that one has", "binary_or(6, 3) == 7", 2, 2,
           bind_bits),
    NUMBER(binary_xor, "binary_xor(a, b)", "the bits that just one has", "binary_xor(6, 3) == 5",
           2, 2, bind_bits),
    NUMBER(binary_not, "binary_not(a)", "all bits turned", "binary_not(0) == -1", 1, 1,
           bind_bits),
    NUMBER(binary_shift_left, "binary_shift_left(a, count)", "the bits moved up",
           "binary_shift_left(1, 2) == 4", 2, 2, bind_bits),
    NUMBER(binary_shift_right, "binary_shift_right(a, count)", "the bits moved down",
           "binary_shift_right(4, 2) == 1", 2, 2, bind_bits),
    NUMBER(bitset_count_ones, "bitset_count_ones(a)", "how many bits are set",
           "bitset_count_ones(6) == 2", 1, 1, bind_bits),
    {.name = "rand", .signature = "rand([n])", .summary = "a random number, 0 to 1 or below n",
     .example = "rand() < 1", .args_min = 0, .args_max = 1, .flags = FUNCTION_IMPURE,
     .bind = bind_rand, .eval = eval_rand},
    {.name = "new_guid", .signature = "new_guid()", .summary = "a random identifier",
     .example = "isnotnull(new_guid())", .args_min = 0, .args_max = 0, .flags = FUNCTION_IMPURE,
     .bind = bind_new_guid, .eval = eval_new_guid},
};

FUNCTION_FAMILY(number, functions);
