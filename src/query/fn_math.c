/* SPDX-License-Identifier: Apache-2.0 */
/* fn_math.c - functions of reals: roots, logarithms, angles, distributions. */
#include "query/fn_priv.h"

#include <math.h>

#define PI 3.14159265358979323846

BIND(bind_real, "r", TYPE_REAL)

#define REAL(NAME, EXPRESSION)                                                                     \
    static enum status row_##NAME(ROW_PARAMETERS)                                                  \
    {                                                                                              \
        double x = args[0].real;                                                                   \
                                                                                                   \
        (void)eval, (void)arg_count, (void)err;                                                    \
        return give_real(ret, EXPRESSION);                                                         \
    }                                                                                              \
    ROW_EVAL(row_##NAME, TYPE_REAL)

/* null for a number that has no such root, logarithm or angle */
#define REAL_BUT(NAME, OUTSIDE)                                                                    \
    static enum status row_##NAME(ROW_PARAMETERS)                                                  \
    {                                                                                              \
        double x = args[0].real;                                                                   \
        (void)eval, (void)arg_count, (void)err;                                                    \
        return (OUTSIDE) ? STATUS_OK : give_real(ret, NAME(x));                                    \
    }                                                                                              \
    ROW_EVAL(row_##NAME, TYPE_REAL)

static double gamma_log(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

REAL_BUT(acos, fabs(x) > 1)
REAL_BUT(asin, fabs(x) > 1)
REAL(atan, atan(x))
REAL(cos, cos(x))
REAL(sin, sin(x))
REAL(tan, tan(x))
REAL(cot, 1 / tan(x))
REAL(exp, exp(x))
REAL(exp2, exp2(x))
REAL(exp10, pow(10, x))
REAL_BUT(log2, x < 0)
REAL_BUT(log10, x < 0)
REAL_BUT(sqrt, x < 0)
REAL(gamma, tgamma(x))
REAL(loggamma, gamma_log(x))
REAL(erf, erf(x))
REAL(erfc, erfc(x))
REAL(degrees, x * 180 / PI)
REAL(radians, x * PI / 180)
REAL(atan2, atan2(x, args[1].real))
REAL(pow, pow(x, args[1].real))

/* log(number [, base]) */
static enum status row_log(ROW_PARAMETERS)
{
    (void)eval, (void)err;
    if (args[0].real < 0 || (arg_count > 1 && args[1].real < 0))
        return STATUS_OK;
    return give_real(ret,
                     arg_count > 1 ? log(args[0].real) / log(args[1].real) : log(args[0].real));
}
ROW_EVAL(row_log, TYPE_REAL)

static enum status row_pi(ROW_PARAMETERS)
{
    UNUSED_ROW;
    return give_real(ret, PI);
}
ROW_EVAL(row_pi, TYPE_REAL)

/* ---- beta distribution ---- */

static double beta_log(double a, double b)
{
    return gamma_log(a) + gamma_log(b) - gamma_log(a + b);
}

/* Lentz's continued fraction of the incomplete beta function. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    double result;

    d = 1 / (fabs(d) < tiny ? tiny : d);
    result = d;
    for (int m = 1; m <= 1000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int half = 0; half < 2; half++) {
            double factor = half == 0 ? even : odd;
            d = 1 + factor * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + factor / c;
            c = fabs(c) < tiny ? tiny : c;
            result *= c * d;
        }
        if (fabs(c * d - 1) < 1e-16)
            break;
    }
    return result;
}

/* Greater ones give NaN, as documented. */
#define BETA_SHAPE_MAX 10000.0

static double beta_cumulative(double x, double a, double b)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(a * log(x) + b * log1p(-x) - beta_log(a, b));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static enum status row_beta_cdf(ROW_PARAMETERS)
{
    bool valid = args[0].real >= 0 && args[0].real <= 1 && args[1].real > 0 && args[2].real > 0 &&
                 args[1].real <= BETA_SHAPE_MAX && args[2].real <= BETA_SHAPE_MAX;

    (void)eval, (void)arg_count, (void)err;
    return give_real(ret, valid ? beta_cumulative(args[0].real, args[1].real, args[2].real)
                                : (double)NAN);
}
ROW_EVAL(row_beta_cdf, TYPE_REAL)

static enum status row_beta_pdf(ROW_PARAMETERS)
{
    double x = args[0].real;
    double a = args[1].real;
    double b = args[2].real;

    (void)eval, (void)arg_count, (void)err;
    if (!(x > 0 && x < 1 && a > 0 && b > 0)) /* documented: neither at 0 nor at 1 */
        return give_real(ret, (double)NAN);
    return give_real(ret, exp((a - 1) * log(x) + (b - 1) * log1p(-x) - beta_log(a, b)));
}
ROW_EVAL(row_beta_pdf, TYPE_REAL)

static enum status row_beta_inv(ROW_PARAMETERS)
{
    double low = 0;
    double high = 1;

    (void)eval, (void)arg_count, (void)err;
    if (!(args[1].real > 0 && args[2].real > 0) || isinf(args[1].real) || isinf(args[2].real))
        return give_real(ret, (double)NAN);
    if (!(args[0].real > 0 && args[0].real <= 1))
        return STATUS_OK;
    if (args[0].real == 1)
        return give_real(ret, 1);
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (beta_cumulative(middle, args[1].real, args[2].real) < args[0].real)
            low = middle;
        else
            high = middle;
    }
    return give_real(ret, (low + high) / 2);
}
ROW_EVAL(row_beta_inv, TYPE_REAL)

/* Welch's t-test: the probability that both means are equal. */
static enum status row_welch_test(ROW_PARAMETERS)
{
    double v1 = args[1].real / args[2].real;
    double v2 = args[4].real / args[5].real;
    double t = (args[0].real - args[3].real) / sqrt(v1 + v2);
    double freedom = (v1 + v2) * (v1 + v2) /
                     (v1 * v1 / (args[2].real - 1) + v2 * v2 / (args[5].real - 1));

    (void)eval, (void)arg_count, (void)err;
    if (!isfinite(t) || !(freedom > 0))
        return give_real(ret, (double)NAN);
    return give_real(ret, beta_cumulative(freedom / (freedom + t * t), freedom / 2, 0.5));
}
ROW_EVAL(row_welch_test, TYPE_REAL)

#define MATH(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX)                                             \
    {.name = #NAME, .signature = #NAME SIGNATURE, .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = (MIN), .args_max = (MAX), .bind = bind_real, .eval = eval_row_##NAME}

static const struct function functions[] = {
    MATH(acos, "(x)", "the angle with this cosine", "acos(1) == 0", 1, 1),
    MATH(asin, "(x)", "the angle with this sine", "asin(0) == 0", 1, 1),
    MATH(atan, "(x)", "the angle with this tangent", "atan(0) == 0", 1, 1),
    MATH(atan2, "(y, x)", "the angle of a point", "atan2(0, 1) == 0", 2, 2),
    MATH(cos, "(x)", "the cosine of an angle in radians", "cos(0) == 1", 1, 1),
    MATH(sin, "(x)", "the sine of an angle in radians", "sin(0) == 0", 1, 1),
    MATH(tan, "(x)", "the tangent of an angle in radians", "tan(0) == 0", 1, 1),
    MATH(cot, "(x)", "the cotangent of an angle in radians", "round(cot(1), 3) == 0.642", 1, 1),
    MATH(exp, "(x)", "e to the power of x", "exp(0) == 1", 1, 1),
    MATH(exp2, "(x)", "2 to the power of x", "exp2(3) == 8", 1, 1),
    MATH(exp10, "(x)", "10 to the power of x", "exp10(2) == 100", 1, 1),
    MATH(log, "(x [, base])", "the natural logarithm, or with a base", "log(1) == 0", 1, 2),
    MATH(log2, "(x)", "the logarithm with base 2", "log2(8) == 3", 1, 1),
    MATH(log10, "(x)", "the logarithm with base 10", "log10(100) == 2", 1, 1),
    MATH(pow, "(base, exponent)", "base to the power of exponent", "pow(2, 3) == 8", 2, 2),
    MATH(sqrt, "(x)", "the square root", "sqrt(9) == 3", 1, 1),
    MATH(gamma, "(x)", "the gamma function", "round(gamma(5), 6) == 24", 1, 1),
    MATH(loggamma, "(x)", "the logarithm of the gamma function", "loggamma(1) == 0", 1, 1),
    MATH(erf, "(x)", "the error function", "erf(0) == 0", 1, 1),
    MATH(erfc, "(x)", "1 - erf(x)", "erfc(0) == 1", 1, 1),
    MATH(degrees, "(radians)", "radians in degrees", "round(degrees(pi()), 6) == 180", 1, 1),
    MATH(radians, "(degrees)", "degrees in radians", "radians(180) == pi()", 1, 1),
    MATH(pi, "()", "the number pi", "round(pi(), 2) == 3.14", 0, 0),
    MATH(beta_cdf, "(x, alpha, beta)", "the cumulative beta distribution",
         "round(beta_cdf(0.5, 2, 2), 6) == 0.5", 3, 3),
    MATH(beta_pdf, "(x, alpha, beta)", "the density of the beta distribution",
         "round(beta_pdf(0.5, 2, 2), 6) == 1.5", 3, 3),
    MATH(beta_inv, "(probability, alpha, beta)", "the inverse of beta_cdf()",
         "round(beta_inv(0.5, 2, 2), 6) == 0.5", 3, 3),
    MATH(welch_test, "(mean1, variance1, count1, mean2, variance2, count2)",
         "the probability that two samples have one mean",
         "round(welch_test(1, 1, 10, 1, 1, 10), 6) == 1", 6, 6),
};

FUNCTION_FAMILY(math, functions);
