/* SPDX-License-Identifier: Apache-2.0 */
/* fn_period.c - Fourier transforms, periods and seasons of series. */
#include "query/fourier_priv.h"
#include "query/series_priv.h"

#include <math.h>

#define POINTS_MAX (1u << 20) /* of a series that is transformed */
#define PERIODS_MAX 64u

static void add_numbers(struct eval *eval, struct buf *buf, const double *data, uint32_t count)
{
    struct buf one;

    list_start(&one);
    for (uint32_t i = 0; i < count; i++)
        series_add(eval, &one, data[i]);
    buf_add_byte(&one, ']');
    buf->failed = buf->failed || one.failed;
    list_add(buf, buf_slice(&one));
    buf_release(&one);
}

static enum status give_two(struct eval *eval, const double *a, const double *b, uint32_t count,
                            struct value *ret, struct error *err)
{
    struct buf buf;

    list_start(&buf);
    add_numbers(eval, &buf, a, count);
    add_numbers(eval, &buf, b, count);
    return list_give(eval, &buf, ret, err);
}

static enum status check_size(const struct series *s, struct error *err)
{
    if (s->count > POINTS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "a series to transform has at most %u elements",
                         POINTS_MAX);
    return STATUS_OK;
}

static enum status transform(struct eval *eval, const struct value *args, uint32_t arg_count,
                             bool inverse, struct value *ret, struct error *err)
{
    struct series s;
    struct series t = {0};
    enum status status = series_of(eval, &args[0], &s, err);

    if (status == STATUS_OK && arg_count > 1)
        status = series_of(eval, &args[1], &t, err);
    if (status == STATUS_OK)
        status = check_size(&s, err);
    if (status != STATUS_OK || s.is_number || s.count == 0 ||
        (arg_count > 1 && t.count != s.count))
        return status;
    double *re = ARENA_ARRAY(eval->arena, double, s.count, err);
    double *im = ARENA_ARRAY(eval->arena, double, s.count, err);
    if (re == NULL || im == NULL)
        return err->status;
    for (uint32_t i = 0; i < s.count; i++) {
        re[i] = s.data[i];
        im[i] = arg_count > 1 ? t.data[i] : 0;
        if (isnan(re[i]) || isnan(im[i]))
            return STATUS_OK;
    }
    status = fourier_transform(eval, re, im, s.count, inverse, err);
    return status == STATUS_OK ? give_two(eval, re, im, s.count, ret, err) : status;
}

static enum status row_fft(ROW_PARAMETERS)
{
    return transform(eval, args, arg_count, false, ret, err);
}
ROW_EVAL(row_fft, TYPE_DYNAMIC)

static enum status row_ifft(ROW_PARAMETERS)
{
    return transform(eval, args, arg_count, true, ret, err);
}
ROW_EVAL(row_ifft, TYPE_DYNAMIC)

/* series, least and greatest period, how many */
static enum status row_periods_detect(ROW_PARAMETERS)
{
    struct period found[PERIODS_MAX];
    double lengths[PERIODS_MAX];
    double scores[PERIODS_MAX];
    struct series s;
    enum status status = series_of(eval, &args[0], &s, err);

    (void)arg_count;
    if (status == STATUS_OK)
        status = check_size(&s, err);
    if (status != STATUS_OK || s.is_number)
        return status;
    if (args[3].integer < 1 || args[3].integer > PERIODS_MAX)
        return ERROR_SET(err, STATUS_INVALID, "series_periods_detect() finds 1 to %u periods",
                         PERIODS_MAX);
    uint32_t count = (uint32_t)args[3].integer;
    struct period_range range = {args[1].real, args[2].real, count};
    status = period_find(eval, s.data, s.count, &range, found, err);
    for (uint32_t i = 0; i < count; i++) {
        lengths[i] = found[i].length;
        scores[i] = found[i].score;
    }
    return status == STATUS_OK ? give_two(eval, lengths, scores, count, ret, err) : status;
}
ROW_EVAL(row_periods_detect, TYPE_DYNAMIC)

/* series, periods; a period between two lags has the better one's score */
static enum status row_periods_validate(ROW_PARAMETERS)
{
    double lengths[17];
    double scores[17] = {0};
    double *all = NULL;
    struct series s;
    enum status status = series_of(eval, &args[0], &s, err);

    if (status == STATUS_OK)
        status = check_size(&s, err);
    if (status != STATUS_OK || s.is_number)
        return status;
    if (s.count >= 8)
        status = period_scores(eval, s.data, s.count, &all, err);
    for (uint32_t i = 1; status == STATUS_OK && i < arg_count; i++) {
        double length = args[i].real;
        lengths[i - 1] = length;
        if (all == NULL || !(length >= 4 && length <= s.count / 2.0))
            continue;
        scores[i - 1] = fmax(all[(uint32_t)floor(length)], all[(uint32_t)ceil(length)]);
    }
    return status == STATUS_OK ? give_two(eval, lengths, scores, arg_count - 1, ret, err)
                               : status;
}
ROW_EVAL(row_periods_validate, TYPE_DYNAMIC)

/* series, period, points at the end that do not count */
static enum status row_seasonal(ROW_PARAMETERS)
{
    struct series s;
    struct period period = {0};
    struct buf buf;
    enum status status = series_of(eval, &args[0], &s, err);

    if (status == STATUS_OK)
        status = check_size(&s, err);
    if (status != STATUS_OK || s.is_number)
        return status;
    int64_t given = arg_count > 1 && !args[1].is_null ? args[1].integer : -1;
    int64_t tail = arg_count > 2 && !args[2].is_null ? args[2].integer : 0;
    uint32_t known = tail > 0 && tail < s.count ? s.count - (uint32_t)tail : s.count;
    if (given > 0 && given <= known)
        period.length = (uint32_t)given;
    else if (given == -1)
        status = period_find(eval, s.data, known, &(struct period_range){4, known, 1},
                             &period, err);
    if (given == -1 && period.score <= SEASON_SCORE)
        period.length = 0;
    double *season = ARENA_ARRAY(eval->arena, double, s.count + 1, err);
    if (season == NULL)
        return err->status;
    if (status == STATUS_OK && period.length > 0)
        status = period_medians(eval, s.data, known, s.count, period.length, season, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    for (uint32_t i = 0; i < s.count; i++)
        series_add(eval, &buf, season[i]);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_seasonal, TYPE_DYNAMIC)

BIND(bind_series, "y", TYPE_DYNAMIC)
BIND(bind_detect, "yrrl", TYPE_DYNAMIC)
BIND(bind_validate, "yr", TYPE_DYNAMIC)
BIND(bind_seasonal, "yll", TYPE_DYNAMIC)

#define SERIES(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                                  \
    {.name = "series_" #NAME, .signature = "series_" #NAME SIGNATURE, .summary = (TEXT),           \
     .example = (EXAMPLE), .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN),                \
     .eval = eval_row_##NAME}

static const struct function functions[] = {
    SERIES(fft, "(real [, imaginary])", "the Fourier transform: real and imaginary parts",
           "tostring(series_fft(dynamic([1, 1, 1, 1]))[0]) == '[4.0,0.0,0.0,0.0]'", 1, 2,
           bind_series),
    SERIES(ifft, "(real [, imaginary])", "the inverse Fourier transform",
           "tostring(series_ifft(dynamic([4, 0, 0, 0]))[0]) == '[1.0,1.0,1.0,1.0]'", 1, 2,
           bind_series),
    SERIES(periods_detect, "(series, min, max, count)", "the periods of a series, with scores",
           "series_periods_detect(dynamic([1,2,3,4,1,2,3,4,1,2,3,4,1,2,3,4]), 4, 8, 1)[0][0] == 4",
           4, 4, bind_detect),
    SERIES(periods_validate, "(series, period, ...)", "how well periods fit, from 0 to 1",
           "series_periods_validate(dynamic([1,2,3,4,1,2,3,4,1,2,3,4]), 5)[1][0] == 0", 2, 17,
           bind_validate),
    SERIES(seasonal, "(series [, period, test_points])",
           "the season of a series: the median of each phase",
           "tostring(series_seasonal(dynamic([1, 3, 2, 4]), 2)) == '[1.5,3.5,1.5,3.5]'", 1, 3,
           bind_seasonal),
};

FUNCTION_FAMILY(period, functions);
