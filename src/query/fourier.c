/* SPDX-License-Identifier: Apache-2.0 */
/* fourier.c - see fourier_priv.h.
 *
 * Powers of two by Cooley and Tukey's loop, other counts as a convolution of such
 * (Bluestein 1970).  The likeness of a series to itself is the inverse transform of
 * its periodogram (Wiener and Khinchin).
 */
#include "query/fourier_priv.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

static void reorder(double *re, double *im, uint32_t count)
{
    for (uint32_t i = 1, j = 0; i < count; i++) {
        uint32_t bit = count >> 1;
        for (; (j & bit) != 0; bit >>= 1)
            j ^= bit;
        j |= bit;
        if (i < j) {
            double swap = re[i];
            re[i] = re[j];
            re[j] = swap;
            swap = im[i];
            im[i] = im[j];
            im[j] = swap;
        }
    }
}

/* The cosines and sines of half a turn in count / 2 steps, which a transform of count
 * numbers, a power of two, takes. */
static enum status turns_of(struct eval *eval, uint32_t count, double **ret, struct error *err)
{
    double *turns = ARENA_ARRAY(eval->arena, double, (size_t)count + 2, err);
    enum status status = turns == NULL ? err->status : STATUS_OK;

    for (uint32_t k = 0; k < count / 2 && status == STATUS_OK; k++) {
        double angle = PI * k / (count / 2);
        turns[2 * k] = cos(angle);
        turns[2 * k + 1] = sin(angle);
        status = eval_spend(eval, 16, err);
    }
    *ret = turns;
    return status;
}

/* Of a transform: the first `half` numbers with the ones behind them. */
static void turn_pairs(const double *turns, size_t step, double *re, double *im, uint32_t half,
                       int sign)
{
    for (uint32_t i = 0; i < half; i++) {
        double c = turns[i * step];
        double s = sign * turns[i * step + 1];
        uint32_t j = i + half;
        double x = re[j] * c - im[j] * s;
        double y = re[j] * s + im[j] * c;
        re[j] = re[i] - x;
        im[j] = im[i] - y;
        re[i] += x;
        im[i] += y;
    }
}

struct numbers {
    double *re, *im;
    uint32_t count;
};

/* count is a power of two; sign -1 forwards, 1 back, unscaled */
static enum status transform_power(struct eval *eval, const double *turns, struct numbers n,
                                   int sign, struct error *err)
{
    enum status status = eval_spend(eval, n.count, err);

    reorder(n.re, n.im, n.count);
    for (uint32_t half = 1; half < n.count && status == STATUS_OK; half *= 2) {
        size_t step = n.count / half; /* of the turns, each of which is two numbers */
        for (uint32_t from = 0; from < n.count && status == STATUS_OK; from += half * 2) {
            turn_pairs(turns, step, n.re + from, n.im + from, half, sign);
            status = eval_spend(eval, half * 4, err);
        }
    }
    return status;
}

static uint32_t power_above(uint32_t count)
{
    uint32_t power = 1;

    while (power < count)
        power *= 2;
    return power;
}

struct chirp {
    double *re, *im;   /* the series times the chirp, of `power` numbers */
    double *wre, *wim; /* the chirp itself */
    uint32_t power;
};

static void multiply(struct chirp *c)
{
    for (uint32_t i = 0; i < c->power; i++) {
        double x = c->re[i] * c->wre[i] - c->im[i] * c->wim[i];
        c->im[i] = c->re[i] * c->wim[i] + c->im[i] * c->wre[i];
        c->re[i] = x;
    }
}

static double chirp_angle(uint32_t i, uint32_t count)
{
    uint64_t square = (uint64_t)i * i % (2 * (uint64_t)count);

    return PI * (double)square / count;
}

static enum status convolve(struct eval *eval, struct chirp *c, struct error *err)
{
    struct numbers series = {c->re, c->im, c->power};
    struct numbers chirp = {c->wre, c->wim, c->power};
    double *turns = NULL;
    enum status status = turns_of(eval, c->power, &turns, err);

    if (status == STATUS_OK)
        status = transform_power(eval, turns, series, -1, err);
    if (status == STATUS_OK)
        status = transform_power(eval, turns, chirp, -1, err);
    if (status != STATUS_OK)
        return status;
    multiply(c);
    return transform_power(eval, turns, series, 1, err);
}

static enum status transform_any(struct eval *eval, struct numbers n, int sign,
                                 struct error *err)
{
    struct chirp c = {.power = power_above(n.count * 2)};
    enum status status = STATUS_OK;

    c.re = ARENA_ARRAY(eval->arena, double, c.power, err);
    c.im = ARENA_ARRAY(eval->arena, double, c.power, err);
    c.wre = ARENA_ARRAY(eval->arena, double, c.power, err);
    c.wim = ARENA_ARRAY(eval->arena, double, c.power, err);
    if (c.re == NULL || c.im == NULL || c.wre == NULL || c.wim == NULL)
        return err->status;
    for (uint32_t i = 0; i < n.count && status == STATUS_OK; i++) {
        double a = cos(chirp_angle(i, n.count));
        double b = sign * sin(chirp_angle(i, n.count));
        c.re[i] = n.re[i] * a - n.im[i] * b;
        c.im[i] = n.re[i] * b + n.im[i] * a;
        c.wre[i] = a;
        c.wim[i] = -b;
        if (i > 0) {
            c.wre[c.power - i] = a;
            c.wim[c.power - i] = -b;
        }
        status = eval_spend(eval, 16, err);
    }
    if (status == STATUS_OK)
        status = convolve(eval, &c, err);
    for (uint32_t i = 0; i < n.count && status == STATUS_OK; i++) {
        double a = cos(chirp_angle(i, n.count));
        double b = sign * sin(chirp_angle(i, n.count));
        n.re[i] = (c.re[i] * a - c.im[i] * b) / c.power;
        n.im[i] = (c.re[i] * b + c.im[i] * a) / c.power;
        status = eval_spend(eval, 16, err);
    }
    return status;
}

enum status fourier_transform(struct eval *eval, double *real, double *imaginary,
                              uint32_t count, bool inverse, struct error *err)
{
    struct numbers n = {real, imaginary, count};
    int sign = inverse ? 1 : -1;
    double *turns = NULL;
    bool is_power = (count & (count - 1)) == 0;
    enum status status = is_power ? turns_of(eval, count, &turns, err)
                                  : transform_any(eval, n, sign, err);

    if (is_power && status == STATUS_OK)
        status = transform_power(eval, turns, n, sign, err);
    for (uint32_t i = 0; inverse && status == STATUS_OK && i < count; i++) {
        real[i] /= count;
        imaginary[i] /= count;
    }
    return status;
}

/* ---- periods ---- */

/* sums over i of x[i] * x[i + lag], x being the series less its mean */
static enum status self_likeness(struct eval *eval, const double *data, uint32_t count,
                                 double **ret, struct error *err)
{
    uint32_t power = power_above(count * 2);
    double *re = ARENA_ARRAY(eval->arena, double, power, err);
    double *im = ARENA_ARRAY(eval->arena, double, power, err);
    struct numbers all = {re, im, power};
    double *turns = NULL;
    double sum = 0;
    uint32_t n = 0;

    if (re == NULL || im == NULL)
        return err->status;
    enum status status = turns_of(eval, power, &turns, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < count; i++) {
        sum += isnan(data[i]) ? 0 : data[i];
        n += isnan(data[i]) ? 0 : 1;
    }
    for (uint32_t i = 0; i < count; i++)
        re[i] = isnan(data[i]) ? 0 : data[i] - sum / n;
    status = transform_power(eval, turns, all, -1, err);
    for (uint32_t i = 0; i < power && status == STATUS_OK; i++) {
        re[i] = re[i] * re[i] + im[i] * im[i];
        im[i] = 0;
    }
    *ret = re;
    return status == STATUS_OK ? transform_power(eval, turns, all, 1, err) : status;
}

enum status period_scores(struct eval *eval, const double *data, uint32_t count,
                          double **ret_scores, struct error *err)
{
    double *like = NULL;
    double *scores = ARENA_ARRAY(eval->arena, double, count / 2 + 2, err);
    enum status status = scores == NULL ? err->status : STATUS_OK;

    if (status == STATUS_OK)
        status = self_likeness(eval, data, count, &like, err);
    if (status != STATUS_OK)
        return status;
    *ret_scores = scores;
    /* A lag compares count - lag pairs.  The root of that share, between the two usual
     * estimates, keeps lags near half of the series from looking better than they are. */
    double noise = 2 / sqrt(count);
    for (uint32_t lag = 4; lag < (count + 1) / 2 && like[0] > 0; lag++) {
        double x = like[lag] / (count - lag);
        double score = like[lag] / like[0] * sqrt((double)count / (count - lag));
        bool peak = x >= like[lag - 1] / (count - lag + 1) && x > like[lag + 1] / (count - lag - 1);
        scores[lag] = peak && score > noise ? fmin(score, 1) : 0;
    }
    return STATUS_OK;
}

static bool is_multiple(uint32_t length, const struct period *found, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t rest = length % found[i].length;
        uint32_t slack = length / found[i].length;
        if (rest <= slack / 2 || found[i].length - rest <= slack / 2)
            return true;
    }
    return false;
}

/* Whether a frequency of lags around this one is a peak of the periodogram that stands
 * out. */
static bool has_line(const double *power, uint32_t count, uint32_t lag, double typical)
{
    uint32_t low = count / (lag + 1);
    uint32_t high = (count + lag - 2) / (lag - 1);

    for (uint32_t f = low < 1 ? 1 : low; f <= high && f + 1 < count; f++) {
        if (power[f] >= power[f - 1] && power[f] >= power[f + 1] && power[f] > 3 * typical)
            return true;
    }
    return false;
}

static enum status periodogram(struct eval *eval, const double *data, uint32_t count,
                               double **ret, double *ret_typical, struct error *err)
{
    double *re = ARENA_ARRAY(eval->arena, double, count + 1, err);
    double *im = ARENA_ARRAY(eval->arena, double, count + 1, err);
    double sum = 0;

    if (re == NULL || im == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++)
        re[i] = isnan(data[i]) ? 0 : data[i];
    enum status status = fourier_transform(eval, re, im, count, false, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        re[i] = i == 0 ? 0 : re[i] * re[i] + im[i] * im[i];
        sum += re[i];
    }
    *ret = re;
    *ret_typical = sum / count;
    return status;
}

enum status period_find(struct eval *eval, const double *data, uint32_t count,
                        const struct period_range *range, struct period *ret, struct error *err)
{
    double *scores = NULL;
    double *power = NULL;
    double typical = 0;
    uint32_t found = 0;

    memset(ret, 0, range->count * sizeof(*ret));
    if (count < 8)
        return STATUS_OK;
    enum status status = period_scores(eval, data, count, &scores, err);
    if (status == STATUS_OK)
        status = periodogram(eval, data, count, &power, &typical, err);
    while (status == STATUS_OK && found < range->count) {
        struct period best = {0};
        for (uint32_t lag = 4; lag < (count + 1) / 2 && status == STATUS_OK; lag++) {
            status = eval_spend(eval, found + 1, err);
            if (lag >= range->min && lag <= range->max && scores[lag] > best.score &&
                !is_multiple(lag, ret, found) && has_line(power, count, lag, typical))
                best = (struct period){lag, scores[lag]};
        }
        if (best.length == 0 || status != STATUS_OK)
            break;
        /* what is near a better one in frequency is its shadow */
        for (uint32_t lag = 4; lag < (count + 1) / 2; lag++) {
            double distance = fabs((double)count / lag - (double)count / best.length);
            if (distance <= 1)
                scores[lag] = 0;
        }
        ret[found++] = best;
    }
    return status;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

enum status period_medians(struct eval *eval, const double *data, uint32_t known,
                           uint32_t count, uint32_t length, double *ret, struct error *err)
{
    double *phase = ARENA_ARRAY(eval->arena, double, known / length + 2, err);

    if (phase == NULL)
        return err->status;
    for (uint32_t first = 0; first < length && first < count; first++) {
        uint32_t n = 0;
        for (uint32_t i = first; i < known; i += length) {
            if (!isnan(data[i]))
                phase[n++] = data[i];
        }
        if (n > 1)
            qsort(phase, n, sizeof(*phase), compare_doubles);
        double median = n == 0 ? 0 : (phase[n / 2] + phase[(n - 1) / 2]) / 2;
        for (uint32_t i = first; i < count; i += length)
            ret[i] = median;
    }
    return STATUS_OK;
}
