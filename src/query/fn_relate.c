/* SPDX-License-Identifier: Apache-2.0 */
/* fn_relate.c - one series against another: correlation, cosine, polynomials; fitted
 * lines as bags. */
#include "query/fit_priv.h"
#include "query/series_priv.h"

#include <math.h>

static enum status two_series(struct eval *eval, const struct value *args, struct series *a,
                              struct series *b, struct error *err)
{
    enum status status = series_of(eval, &args[0], a, err);

    return status == STATUS_OK ? series_of(eval, &args[1], b, err) : status;
}

/* Null where an element is no number, or one series is longer. */
static enum status row_pearson(ROW_PARAMETERS)
{
    struct series a;
    struct series b;
    double mean_a = 0;
    double mean_b = 0;
    double both = 0;
    double own_a = 0;
    double own_b = 0;
    enum status status = two_series(eval, args, &a, &b, err);

    (void)arg_count;
    if (status != STATUS_OK || a.is_number || b.is_number || a.count != b.count || a.count == 0)
        return status;
    for (uint32_t i = 0; i < a.count; i++) {
        mean_a += a.data[i] / a.count;
        mean_b += b.data[i] / b.count;
    }
    for (uint32_t i = 0; i < a.count; i++) {
        double x = a.data[i] - mean_a;
        double y = b.data[i] - mean_b;
        both += x * y;
        own_a += x * x;
        own_b += y * y;
    }
    double product = own_a * own_b;
    return isnan(both) || isnan(product) ? STATUS_OK : give_real(ret, both / sqrt(product));
}
ROW_EVAL(row_pearson, TYPE_REAL)

/* The longer series is cut; what is no number is passed over.  The magnitudes may be
 * given. */
static enum status row_cosine(ROW_PARAMETERS)
{
    struct series a;
    struct series b;
    double both = 0;
    double own_a = 0;
    double own_b = 0;
    enum status status = two_series(eval, args, &a, &b, err);

    if (status != STATUS_OK || a.is_number || b.is_number || a.count == 0 || b.count == 0)
        return status;
    for (uint32_t i = 0; i < a.count && i < b.count; i++) {
        if (isnan(a.data[i]) || isnan(b.data[i]))
            continue;
        both += a.data[i] * b.data[i];
        own_a += a.data[i] * a.data[i];
        own_b += b.data[i] * b.data[i];
    }
    double size_a = arg_count > 2 && !args[2].is_null ? args[2].real : sqrt(own_a);
    double size_b = arg_count > 3 && !args[3].is_null ? args[3].real : sqrt(own_b);
    return give_real(ret, both / (size_a * size_b));
}
ROW_EVAL_LAZY(row_cosine, TYPE_REAL)

/* ---- polynomials ---- */

#define DEGREE_MAX 16

struct fit {
    const double *x, *y;
    uint32_t count, terms;
    double coefficients[DEGREE_MAX + 1]; /* by rising power */
};

/* Least squares by orthogonal columns (Gram and Schmidt, modified, twice): powers of x
 * are nearly parallel, and normal equations would square that. */
static enum status solve(struct arena *arena, struct fit *fit, struct error *err)
{
    uint32_t n = fit->count;
    double *q = ARENA_ARRAY(arena, double, (size_t)n * fit->terms, err);
    double r[DEGREE_MAX + 1][DEGREE_MAX + 1] = {{0}};
    double c[DEGREE_MAX + 1] = {0};

    if (q == NULL)
        return err->status;
    for (uint32_t k = 0; k < fit->terms; k++) {
        double *column = q + (size_t)k * n;
        double size = 0;
        for (uint32_t i = 0; i < n; i++)
            column[i] = pow(fit->x[i], k);
        for (uint32_t j = 0; j < 2 * k; j++) {
            const double *other = q + (size_t)(j % k) * n;
            double along = 0;
            for (uint32_t i = 0; i < n; i++)
                along += column[i] * other[i];
            for (uint32_t i = 0; i < n; i++)
                column[i] -= along * other[i];
            r[j % k][k] += along;
        }
        for (uint32_t i = 0; i < n; i++)
            size += column[i] * column[i];
        r[k][k] = sqrt(size);
        for (uint32_t i = 0; i < n; i++) {
            column[i] = r[k][k] > 0 ? column[i] / r[k][k] : 0;
            c[k] += column[i] * fit->y[i];
        }
    }
    for (uint32_t k = fit->terms; k-- > 0;) {
        double value = c[k];
        for (uint32_t j = k + 1; j < fit->terms; j++)
            value -= r[k][j] * fit->coefficients[j];
        fit->coefficients[k] = r[k][k] > 0 ? value / r[k][k] : 0;
    }
    return STATUS_OK;
}

static double polynomial(const struct fit *fit, double x)
{
    double value = 0;

    for (uint32_t k = fit->terms; k-- > 0;)
        value = value * x + fit->coefficients[k];
    return value;
}

static void add_array(struct eval *eval, struct buf *buf, const double *data, uint32_t count,
                      bool backwards)
{
    struct buf one;

    list_start(&one);
    for (uint32_t i = 0; i < count; i++)
        series_add(eval, &one, data[backwards ? count - 1 - i : i]);
    buf_add_byte(&one, ']');
    buf->failed = buf->failed || one.failed;
    list_add(buf, buf_slice(&one));
    buf_release(&one);
}

static enum status give_fit(struct eval *eval, const struct fit *fit, const double *all_x,
                            uint32_t all_count, struct value *ret, struct error *err)
{
    double *points = ARENA_ARRAY(eval->arena, double, all_count + 1, err);
    double mean = 0;
    double own = 0;
    double rest = 0;
    struct buf buf;

    if (points == NULL)
        return err->status;
    for (uint32_t i = 0; i < fit->count; i++)
        mean += fit->y[i] / fit->count;
    for (uint32_t i = 0; i < fit->count; i++) {
        double error = fit->y[i] - polynomial(fit, fit->x[i]);
        own += (fit->y[i] - mean) * (fit->y[i] - mean);
        rest += error * error;
    }
    for (uint32_t i = 0; i < all_count; i++)
        points[i] = polynomial(fit, all_x[i]);
    double less = fit->count > 1 ? fit->count - 1 : 1;
    list_start(&buf);
    series_add(eval, &buf, own > 0 ? 1 - rest / own : 1);
    add_array(eval, &buf, fit->coefficients, fit->terms, true);
    series_add(eval, &buf, own / less);
    series_add(eval, &buf, rest / less);
    add_array(eval, &buf, points, all_count, false);
    return list_give(eval, &buf, ret, err);
}

/* y [, x, degree]; x is 1, 2 ... where it is not given */
static enum status row_fit_poly(ROW_PARAMETERS)
{
    struct series y;
    struct series given = {0};
    struct fit fit = {0};
    int64_t degree = arg_count > 2 ? args[2].integer : 1;
    bool has_x = arg_count > 1 && !args[1].is_null;
    enum status status = series_of(eval, &args[0], &y, err);

    if (status == STATUS_OK && has_x)
        status = series_of(eval, &args[1], &given, err);
    if (status != STATUS_OK || args[0].is_null || y.is_number || y.count == 0 ||
        (has_x && (given.is_number || given.count != y.count)))
        return status;
    if (degree < 1 || degree > DEGREE_MAX)
        return ERROR_SET(err, STATUS_INVALID, "the degree of a polynomial is 1 to %u",
                         DEGREE_MAX);
    double *all_x = ARENA_ARRAY(eval->arena, double, y.count, err);
    double *used_x = ARENA_ARRAY(eval->arena, double, y.count, err);
    double *used_y = ARENA_ARRAY(eval->arena, double, y.count, err);
    if (all_x == NULL || used_x == NULL || used_y == NULL)
        return err->status;
    for (uint32_t i = 0; i < y.count; i++) {
        all_x[i] = has_x ? given.data[i] : i + 1;
        if (isnan(all_x[i]) || isnan(y.data[i]))
            continue;
        used_x[fit.count] = all_x[i];
        used_y[fit.count++] = y.data[i];
    }
    if (fit.count == 0)
        return STATUS_OK;
    fit.x = used_x;
    fit.y = used_y;
    fit.terms = (uint32_t)degree + 1 < fit.count ? (uint32_t)degree + 1 : fit.count;
    status = solve(eval->arena, &fit, err);
    return status == STATUS_OK ? give_fit(eval, &fit, all_x, y.count, ret, err) : status;
}
ROW_EVAL_LAZY(row_fit_poly, TYPE_DYNAMIC)

/* ---- lines as bags ---- */

static void add_named(struct buf *buf, const char *const *names, const struct slice *items,
                      uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bag_add(buf, slice_of(names[i]), items[i]);
}

static enum status row_fit_line_dynamic(ROW_PARAMETERS)
{
    static const char *const names[] = {"rsquare",   "slope",        "variance",
                                        "rvariance", "interception", "line_fit"};
    struct value array = *ret;
    struct items items;
    struct buf buf;
    enum status status = series_fit_line_row(eval, args, arg_count, &array, err);

    if (status != STATUS_OK || array.is_null)
        return status;
    status = items_of(eval, array.bytes, &items, err);
    if (status != STATUS_OK)
        return status;
    bag_start(&buf);
    add_named(&buf, names, items.data, COUNT_OF(names));
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_fit_line_dynamic, TYPE_DYNAMIC)

static enum status row_fit_2lines_dynamic(ROW_PARAMETERS)
{
    static const char *const names[] = {"rsquare", "split_idx", "variance", "rvariance",
                                        "line_fit"};
    static const char *const sides[] = {"rsquare", "slope", "interception", "variance",
                                        "rvariance"};
    struct value array = *ret;
    struct items items;
    struct buf buf;
    enum status status = series_fit_2lines_row(eval, args, arg_count, &array, err);

    if (status != STATUS_OK || array.is_null)
        return status;
    status = items_of(eval, array.bytes, &items, err);
    if (status != STATUS_OK)
        return status;
    bag_start(&buf);
    add_named(&buf, names, items.data, COUNT_OF(names));
    for (uint32_t side = 0; side < 2; side++) {
        struct buf one;
        bag_start(&one);
        add_named(&one, sides, items.data + 5 + side * 5, COUNT_OF(sides));
        buf_add_byte(&one, '}');
        bag_add(&buf, side == 0 ? SLICE("right") : SLICE("left"), buf_slice(&one));
        buf.failed = buf.failed || one.failed;
        buf_release(&one);
    }
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_fit_2lines_dynamic, TYPE_DYNAMIC)

BIND(bind_series, "y", TYPE_DYNAMIC)
BIND(bind_pearson, "y", TYPE_REAL)
BIND(bind_cosine, "yyrr", TYPE_REAL)
BIND(bind_fit_poly, "yyl", TYPE_DYNAMIC)

#define SERIES(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                                  \
    {.name = "series_" #NAME, .signature = "series_" #NAME SIGNATURE, .summary = (TEXT),           \
     .example = (EXAMPLE), .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN),                \
     .eval = eval_row_##NAME}

static const struct function functions[] = {
    {.name = "series_pearson_correlation", .signature = "series_pearson_correlation(a, b)",
     .summary = "the correlation of two series, from -1 to 1",
     .example = "series_pearson_correlation(dynamic([1, 2, 3]), dynamic([2, 4, 6])) == 1",
     .args_min = 2, .args_max = 2, .bind = bind_pearson, .eval = eval_row_pearson},
    {.name = "series_cosine_similarity",
     .signature = "series_cosine_similarity(a, b [, magnitude_a, magnitude_b])",
     .summary = "the cosine of the angle between two vectors",
     .example = "series_cosine_similarity(dynamic([1, 0]), dynamic([0, 1])) == 0",
     .args_min = 2, .args_max = 4, .flags = FUNCTION_LAZY_NULL, .bind = bind_cosine,
     .eval = eval_row_cosine},
    {.name = "series_fit_poly", .signature = "series_fit_poly(y [, x, degree])",
     .summary = "the polynomial through a series",
     .example = "round(todouble(series_fit_poly(dynamic([1, 4, 9]), dynamic([1, 2, 3]), 2)[1][0]),"
                " 6) == 1",
     .args_min = 1, .args_max = 3, .flags = FUNCTION_LAZY_NULL, .bind = bind_fit_poly,
     .eval = eval_row_fit_poly},
    SERIES(fit_line_dynamic, "(series)", "series_fit_line() as a bag",
           "series_fit_line_dynamic(dynamic([1, 2, 3])).slope == 1", 1, 1, bind_series),
    SERIES(fit_2lines_dynamic, "(series)", "series_fit_2lines() as a bag",
           "series_fit_2lines_dynamic(dynamic([1, 2, 3, 9, 8, 7])).split_idx == 3", 1, 1,
           bind_series),
};

FUNCTION_FAMILY(relate, functions);
