/* SPDX-License-Identifier: Apache-2.0 */
/* fn_series.c - arithmetic on series: dynamic arrays of numbers.  What is not a
 * number is null in the result. */
#include "base/text.h"
#include "query/literal.h"
#include "query/series_priv.h"
#include "table/dynamic.h"

#include <math.h>

/* A number; a time counts its ticks, as in a sum of a series of times. */
static double number_of(struct slice text)
{
    double number;
    int64_t ticks;

    if (slice_is(text, "true") || slice_is(text, "false"))
        return text.data[0] == 't';
    if (text.size > 2 && text.data[0] == '"') {
        struct slice inner = slice_from(text.data + 1, text.size - 2);
        bool is_date = slice_find_byte(inner, 'T', 0) != SIZE_MAX;
        if (slice_find_byte(inner, ':', 0) != SIZE_MAX &&
            (is_date ? literal_datetime(inner, &ticks) : literal_timespan(inner, &ticks)))
            return (double)ticks;
    }
    return text_parse_double(slice_trim(text), &number) ? number : (double)NAN;
}

enum status series_of(struct eval *eval, const struct value *value, struct series *ret,
                      struct error *err)
{
    struct items items = {0};
    bool is_array = items_is_array(value);
    enum status status = items_of(eval, is_array ? value->bytes : SLICE("[]"), &items, err);

    if (status != STATUS_OK)
        return status;
    if (!is_array)
        items = (struct items){&value->bytes, 1};
    double *data = ARENA_ARRAY(eval->arena, double, items.count + 1, err);
    if (data == NULL)
        return err->status;
    for (uint32_t i = 0; i < items.count; i++) {
        data[i] = number_of(items.data[i]);
    }
    *ret = (struct series){data, items.count, !is_array};
    return STATUS_OK;
}

#define NUMBER_WORK 256u /* to write one takes a microsecond */

void series_add(struct eval *eval, struct buf *buf, double number)
{
    struct value value = {.type = TYPE_REAL, .real = number, .is_null = isnan(number)};

    struct error late;

    if (eval_spend(eval, NUMBER_WORK, &late) != STATUS_OK)
        buf->failed = true; /* list_give() says why */
    if (buf->failed) /* spare the digits of what is too long already */
        return;
    if (buf->size > 1)
        buf_add_byte(buf, ',');
    dynamic_add_value(buf, &value);
}

typedef double one_function(double x);
typedef double two_function(double x, double y);

static enum status map_one(struct eval *eval, const struct value *args, one_function *fn,
                           struct value *ret, struct error *err)
{
    struct series series;
    struct buf buf;
    enum status status = series_of(eval, &args[0], &series, err);

    if (status != STATUS_OK || series.is_number)
        return status;
    list_start(&buf);
    for (uint32_t i = 0; i < series.count; i++)
        series_add(eval, &buf, fn(series.data[i]));
    return list_give(eval, &buf, ret, err);
}

/* truth: the results are true and false. */
static enum status map_two(struct eval *eval, const struct value *args, two_function *fn,
                           bool truth, struct value *ret, struct error *err)
{
    struct series a;
    struct series b;
    struct buf buf;
    enum status status = series_of(eval, &args[0], &a, err);

    if (status == STATUS_OK)
        status = series_of(eval, &args[1], &b, err);
    if (status != STATUS_OK || (a.is_number && b.is_number))
        return status;
    uint32_t count = a.is_number ? b.count : a.count;
    if (!b.is_number && b.count > count)
        count = b.count;
    list_start(&buf);
    for (uint32_t i = 0; i < count; i++) {
        double x = a.is_number ? a.data[0] : i < a.count ? a.data[i] : (double)NAN;
        double y = b.is_number ? b.data[0] : i < b.count ? b.data[i] : (double)NAN;
        if (truth && !isnan(x) && !isnan(y))
            list_add(&buf, fn(x, y) != 0 ? SLICE("true") : SLICE("false"));
        else
            series_add(eval, &buf, isnan(x) || isnan(y) ? (double)NAN : fn(x, y));
    }
    return list_give(eval, &buf, ret, err);
}

static double of_abs(double x) { return fabs(x); }
static double of_acos(double x) { return acos(x); }
static double of_asin(double x) { return asin(x); }
static double of_atan(double x) { return atan(x); }
static double of_ceiling(double x) { return ceil(x); }
static double of_cos(double x) { return cos(x); }
static double of_exp(double x) { return exp(x); }
static double of_floor(double x) { return floor(x); }
static double of_log(double x) { return log(x); }
static double of_sign(double x) { return isnan(x) ? x : (double)((x > 0) - (x < 0)); }
static double of_sin(double x) { return sin(x); }
static double of_tan(double x) { return tan(x); }
static double of_add(double x, double y) { return x + y; }
static double of_subtract(double x, double y) { return x - y; }
static double of_multiply(double x, double y) { return x * y; }
static double of_divide(double x, double y) { return x / y; }
static double of_pow(double x, double y) { return pow(x, y); }
static double of_equals(double x, double y) { return x == y; }
static double of_not_equals(double x, double y) { return x != y; }
static double of_greater(double x, double y) { return x > y; }
static double of_greater_equals(double x, double y) { return x >= y; }
static double of_less(double x, double y) { return x < y; }
static double of_less_equals(double x, double y) { return x <= y; }

#define ONE(NAME)                                                                                  \
    static enum status row_series_##NAME(ROW_PARAMETERS)                                           \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return map_one(eval, args, of_##NAME, ret, err);                                           \
    }                                                                                              \
    ROW_EVAL(row_series_##NAME, TYPE_DYNAMIC)
#define TWO(NAME, TRUTH)                                                                           \
    static enum status row_series_##NAME(ROW_PARAMETERS)                                           \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return map_two(eval, args, of_##NAME, TRUTH, ret, err);                                    \
    }                                                                                              \
    ROW_EVAL(row_series_##NAME, TYPE_DYNAMIC)
ONE(abs)
ONE(acos)
ONE(asin)
ONE(atan)
ONE(ceiling)
ONE(cos)
ONE(exp)
ONE(floor)
ONE(log)
ONE(sign)
ONE(sin)
ONE(tan)
TWO(add, false)
TWO(subtract, false)
TWO(multiply, false)
TWO(divide, false)
TWO(pow, false)
TWO(equals, true)
TWO(not_equals, true)
TWO(greater, true)
TWO(greater_equals, true)
TWO(less, true)
TWO(less_equals, true)
BIND(bind_series, "y", TYPE_DYNAMIC)
BIND(bind_number, "y", TYPE_REAL)

/* ---- one number from a series ---- */

static enum status row_series_sum(ROW_PARAMETERS)
{
    struct series series;
    double sum = 0;
    enum status status = series_of(eval, &args[0], &series, err);

    (void)arg_count;
    for (uint32_t i = 0; status == STATUS_OK && i < series.count; i++)
        sum += isnan(series.data[i]) ? 0 : series.data[i];
    return status == STATUS_OK ? give_real(ret, sum) : status;
}
ROW_EVAL(row_series_sum, TYPE_REAL)

static enum status row_series_product(ROW_PARAMETERS)
{
    struct series series;
    double product = 1;
    enum status status = series_of(eval, &args[0], &series, err);

    (void)arg_count;
    for (uint32_t i = 0; status == STATUS_OK && i < series.count; i++)
        product *= isnan(series.data[i]) ? 1 : series.data[i];
    return status == STATUS_OK ? give_real(ret, product) : status;
}
ROW_EVAL(row_series_product, TYPE_REAL)

static bool is_no_number(const struct series *series)
{
    return series->is_number && isnan(series->data[0]);
}

/* The longer series is cut; what is no number is passed over. */
static enum status row_series_dot_product(ROW_PARAMETERS)
{
    struct series a;
    struct series b;
    double sum = 0;
    enum status status = series_of(eval, &args[0], &a, err);

    (void)arg_count;
    if (status == STATUS_OK)
        status = series_of(eval, &args[1], &b, err);
    if (status != STATUS_OK || a.count == 0 || b.count == 0 || is_no_number(&a) ||
        is_no_number(&b))
        return status;
    uint32_t count = a.is_number ? b.count : a.count;
    for (uint32_t i = 0; i < count; i++) {
        if (!b.is_number && i >= b.count)
            break;
        double product =
            (a.is_number ? a.data[0] : a.data[i]) * (b.is_number ? b.data[0] : b.data[i]);
        sum += isnan(product) ? 0 : product;
    }
    return give_real(ret, sum);
}
ROW_EVAL(row_series_dot_product, TYPE_REAL)

static enum status row_series_magnitude(ROW_PARAMETERS)
{
    struct series series;
    double sum = 0;
    enum status status = series_of(eval, &args[0], &series, err);

    (void)arg_count;
    for (uint32_t i = 0; status == STATUS_OK && i < series.count; i++)
        sum += isnan(series.data[i]) ? 0 : series.data[i] * series.data[i];
    return status == STATUS_OK && series.count > 0 && !is_no_number(&series)
               ? give_real(ret, sqrt(sum))
               : status;
}
ROW_EVAL(row_series_magnitude, TYPE_REAL)

#define MAP_ONE(NAME, TEXT, EXAMPLE)                                                               \
    {.name = "series_" #NAME, .signature = "series_" #NAME "(series)", .summary = (TEXT),          \
     .example = "series_" #NAME EXAMPLE, .args_min = 1, .args_max = 1, .bind = bind_series,        \
     .eval = eval_row_series_##NAME}
#define MAP_TWO(NAME, TEXT, EXAMPLE)                                                               \
    {.name = "series_" #NAME, .signature = "series_" #NAME "(series, series)", .summary = (TEXT),  \
     .example = "series_" #NAME EXAMPLE, .args_min = 2, .args_max = 2, .bind = bind_series,        \
     .eval = eval_row_series_##NAME}
#define FOLD(NAME, SIGNATURE, TEXT, EXAMPLE, ARGS, BIND_FN)                                        \
    {.name = "series_" #NAME, .signature = "series_" #NAME SIGNATURE, .summary = (TEXT),           \
     .example = "series_" #NAME EXAMPLE, .args_min = (ARGS), .args_max = (ARGS),                   \
     .bind = (BIND_FN), .eval = eval_row_series_##NAME}

static const struct function functions[] = {
    MAP_ONE(abs, "abs() of each element", "(dynamic([-1]))[0] == 1"),
    MAP_ONE(acos, "acos() of each element", "(dynamic([1]))[0] == 0"),
    MAP_ONE(asin, "asin() of each element", "(dynamic([0]))[0] == 0"),
    MAP_ONE(atan, "atan() of each element", "(dynamic([0]))[0] == 0"),
    MAP_ONE(ceiling, "ceiling() of each element", "(dynamic([1.2]))[0] == 2"),
    MAP_ONE(cos, "cos() of each element", "(dynamic([0]))[0] == 1"),
    MAP_ONE(exp, "exp() of each element", "(dynamic([0]))[0] == 1"),
    MAP_ONE(floor, "the whole number below each element", "(dynamic([1.8]))[0] == 1"),
    MAP_ONE(log, "log() of each element", "(dynamic([1]))[0] == 0"),
    MAP_ONE(sign, "sign() of each element", "(dynamic([-3]))[0] == -1"),
    MAP_ONE(sin, "sin() of each element", "(dynamic([0]))[0] == 0"),
    MAP_ONE(tan, "tan() of each element", "(dynamic([0]))[0] == 0"),
    MAP_TWO(add, "the sums of elements", "(dynamic([1]), dynamic([2]))[0] == 3"),
    MAP_TWO(subtract, "the differences of elements", "(dynamic([3]), dynamic([2]))[0] == 1"),
    MAP_TWO(multiply, "the products of elements", "(dynamic([3]), dynamic([2]))[0] == 6"),
    MAP_TWO(divide, "the quotients of elements", "(dynamic([3]), dynamic([2]))[0] == 1.5"),
    MAP_TWO(pow, "elements to the power of elements", "(dynamic([3]), dynamic([2]))[0] == 9"),
    MAP_TWO(equals, "whether elements are equal", "(dynamic([3]), dynamic([3]))[0] == true"),
    MAP_TWO(not_equals, "whether elements differ", "(dynamic([3]), dynamic([2]))[0] == true"),
    MAP_TWO(greater, "whether elements are greater", "(dynamic([3]), dynamic([2]))[0] == true"),
    MAP_TWO(greater_equals, "whether elements are greater or equal",
            "(dynamic([3]), dynamic([3]))[0] == true"),
    MAP_TWO(less, "whether elements are less", "(dynamic([1]), dynamic([2]))[0] == true"),
    MAP_TWO(less_equals, "whether elements are less or equal",
            "(dynamic([2]), dynamic([2]))[0] == true"),
    FOLD(sum, "(series)", "the sum of the elements", "(dynamic([1, 2])) == 3", 1, bind_number),
    FOLD(product, "(series)", "the product of the elements", "(dynamic([3, 2])) == 6", 1,
         bind_number),
    FOLD(dot_product, "(series, series)", "the sum of the products of elements",
         "(dynamic([1, 2]), dynamic([3, 4])) == 11", 2, bind_number),
    FOLD(magnitude, "(series)", "the root of the sum of squares", "(dynamic([3, 4])) == 5", 1,
         bind_number),
};

FUNCTION_FAMILY(series, functions);
