/* SPDX-License-Identifier: Apache-2.0 */
/* fn_decompose.c - a series as season, trend and what is left; anomalies in what is
 * left; the next points.  The season is the median of each phase of the period that is
 * given or found (fourier_priv.h). */
#include "query/fit_priv.h"
#include "query/fourier_priv.h"
#include "query/series_priv.h"

#include <math.h>

#define SEASON_POINTS_MAX (1u << 20) /* of a series whose season is looked for */

struct plan_of_parts {
    int64_t season; /* 0: none; below: to be found */
    struct slice trend;
    double threshold;
};

struct parts {
    struct series series;
    uint32_t known; /* points that are not to be forecast or tested */
    double *seasonal, *trend;
};

/* The season is taken from the series as it is, the trend from what remains. */
static enum status decompose(struct eval *eval, const struct plan_of_parts *want,
                             struct parts *p, struct error *err)
{
    uint32_t count = p->series.count;
    double *rest = ARENA_ARRAY(eval->arena, double, count + 1, err);
    struct period found = {0};
    enum status status = STATUS_OK;

    p->seasonal = ARENA_ARRAY(eval->arena, double, count + 1, err);
    p->trend = ARENA_ARRAY(eval->arena, double, count + 1, err);
    if (rest == NULL || p->seasonal == NULL || p->trend == NULL)
        return err->status;
    if (want->season > 0 && want->season < p->known)
        found.length = (uint32_t)want->season;
    else if (want->season < 0 && p->known <= SEASON_POINTS_MAX)
        status = period_find(eval, p->series.data, p->known,
                             &(struct period_range){4, p->known, 1}, &found, err);
    if (status == STATUS_OK && found.length > 0 &&
        (want->season > 0 || found.score > want->threshold))
        status = period_medians(eval, p->series.data, p->known, count, found.length,
                                p->seasonal, err);
    if (status != STATUS_OK)
        return status;
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->known; i++) {
        rest[i] = p->series.data[i] - p->seasonal[i];
        sum += isnan(rest[i]) ? 0 : rest[i];
        n += isnan(rest[i]) ? 0 : 1;
    }
    struct line line = line_fit(rest, 0, p->known);
    for (uint32_t i = 0; i < count; i++) {
        p->trend[i] = slice_is(want->trend, "linefit") && !isnan(line.slope)
                          ? line.slope * i + line.offset
                      : slice_is(want->trend, "none") || n == 0 ? 0
                                                                : sum / n;
    }
    return STATUS_OK;
}

static void add_list(struct eval *eval, struct buf *buf, const struct parts *p,
                     double (*of)(const struct parts *p, uint32_t i))
{
    struct buf one;

    if (buf->failed)
        return;
    list_start(&one);
    for (uint32_t i = 0; i < p->series.count; i++)
        series_add(eval, &one, of(p, i));
    buf_add_byte(&one, ']');
    buf->failed = buf->failed || one.failed;
    list_add(buf, buf_slice(&one));
    buf_release(&one);
}

static double baseline(const struct parts *p, uint32_t i) { return p->trend[i] + p->seasonal[i]; }
static double seasonal(const struct parts *p, uint32_t i) { return p->seasonal[i]; }
static double trend_at(const struct parts *p, uint32_t i) { return p->trend[i]; }
static double residual(const struct parts *p, uint32_t i)
{
    return p->series.data[i] - baseline(p, i);
}

static enum status open_parts(struct eval *eval, const struct value *series, int64_t unknown,
                              struct parts *p, struct error *err)
{
    enum status status = series_of(eval, series, &p->series, err);

    p->known = p->series.count;
    if (status == STATUS_OK && unknown > 0 && unknown < p->series.count)
        p->known -= (uint32_t)unknown;
    return status;
}

static struct plan_of_parts plan_of(const struct value *args, uint32_t arg_count, uint32_t first,
                                    struct slice trend)
{
    return (struct plan_of_parts){
        .season = arg_count > first ? args[first].integer : -1,
        .trend = arg_count > first + 1 ? args[first + 1].bytes : trend,
    };
}

/* series, season, trend, test points, threshold */
static enum status row_decompose(ROW_PARAMETERS)
{
    struct parts p = {0};
    struct buf buf;
    enum status status =
        open_parts(eval, &args[0], arg_count > 3 ? args[3].integer : 0, &p, err);

    if (status != STATUS_OK || p.series.is_number || p.series.count == 0)
        return status;
    struct plan_of_parts want = plan_of(args, arg_count, 1, SLICE("avg"));
    want.threshold = arg_count > 4 ? args[4].real : SEASON_SCORE;
    status = decompose(eval, &want, &p, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    add_list(eval, &buf, &p, baseline);
    add_list(eval, &buf, &p, seasonal);
    add_list(eval, &buf, &p, trend_at);
    add_list(eval, &buf, &p, residual);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_decompose, TYPE_DYNAMIC)

/* flags and scores of what is left, in widths of its middle range. */
static enum status score(struct eval *eval, const struct parts *p, double limit, bool wide,
                         struct buf *flags, struct buf *scores, struct error *err)
{
    double *rest = ARENA_ARRAY(eval->arena, double, p->series.count + 1, err);
    struct fence fence;

    if (rest == NULL)
        return err->status;
    for (uint32_t i = 0; i < p->series.count; i++)
        rest[i] = residual(p, i);
    enum status status = fence_of(eval->arena, rest, p->series.count, wide ? 10 : 25,
                                  wide ? 90 : 75, &fence, err);
    if (status != STATUS_OK)
        return status;
    list_start(flags);
    list_start(scores);
    for (uint32_t i = 0; i < p->series.count; i++) {
        double by = fence_score(&fence, rest[i]);
        list_add(flags, by > limit ? SLICE("1") : by < -limit ? SLICE("-1") : SLICE("0"));
        series_add(eval, scores, by);
    }
    return STATUS_OK;
}

/* series, threshold, season, trend, test points, method */
static enum status row_anomalies(ROW_PARAMETERS)
{
    struct parts p = {0};
    struct buf buf;
    struct buf flags = {0};
    struct buf scores = {0};
    enum status status =
        open_parts(eval, &args[0], arg_count > 4 ? args[4].integer : 0, &p, err);

    if (status != STATUS_OK || p.series.is_number || p.series.count == 0)
        return status;
    struct plan_of_parts want = plan_of(args, arg_count, 2, SLICE("avg"));
    want.threshold = arg_count > 6 ? args[6].real : SEASON_SCORE;
    status = decompose(eval, &want, &p, err);
    if (status == STATUS_OK)
        status = score(eval, &p, arg_count > 1 ? args[1].real : 1.5,
                       !(arg_count > 5 && slice_is(args[5].bytes, "tukey")), &flags, &scores,
                       err);
    if (status != STATUS_OK)
        return status;
    buf_add_byte(&flags, ']');
    buf_add_byte(&scores, ']');
    list_start(&buf);
    list_add(&buf, buf_slice(&flags));
    list_add(&buf, buf_slice(&scores));
    add_list(eval, &buf, &p, baseline);
    buf.failed = buf.failed || flags.failed || scores.failed;
    buf_release(&flags);
    buf_release(&scores);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_anomalies, TYPE_DYNAMIC)

/* series, points, season, trend */
static enum status row_forecast(ROW_PARAMETERS)
{
    struct parts p = {0};
    struct buf buf;
    enum status status = open_parts(eval, &args[0], args[1].integer, &p, err);

    if (status != STATUS_OK || p.series.is_number || p.series.count == 0)
        return status;
    struct plan_of_parts want = plan_of(args, arg_count, 2, SLICE("linefit"));
    want.threshold = arg_count > 4 ? args[4].real : SEASON_SCORE;
    status = decompose(eval, &want, &p, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    for (uint32_t i = 0; i < p.series.count; i++)
        series_add(eval, &buf, baseline(&p, i));
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_forecast, TYPE_DYNAMIC)

/* The season, and the trend behind it. */
static enum status check_plan(const struct argument *args, uint32_t arg_count, uint32_t first,
                              struct error *err)
{
    static const struct options trends = {{"avg", "linefit", "none"},
                                          "'avg', 'linefit' or 'none'"};
    const struct value *season = first < arg_count ? args[first].constant : NULL;

    if (season != NULL && !season->is_null && season->integer < -1 &&
        (season->type == TYPE_LONG || season->type == TYPE_INT))
        return argument_fail(err, &args[first],
                             "a season has a length, or is 0 for none, -1 to be found");
    return options_check(&trends, args, arg_count, first + 1, err);
}

static enum status bind_decompose(BIND_PARAMETERS)
{
    enum status status = check_plan(args, arg_count, 1, err);

    *ret = TYPE_DYNAMIC;
    return status == STATUS_OK ? bind_letters(args, arg_count, "ylslr", want, err) : status;
}

static enum status bind_anomalies(BIND_PARAMETERS)
{
    enum status status = check_plan(args, arg_count, 2, err);

    *ret = TYPE_DYNAMIC;
    if (status == STATUS_OK)
        status = options_check(&fence_options, args, arg_count, 5, err);
    return status == STATUS_OK ? bind_letters(args, arg_count, "yrlslsr", want, err) : status;
}

static enum status bind_forecast(BIND_PARAMETERS)
{
    enum status status = check_plan(args, arg_count, 2, err);

    *ret = TYPE_DYNAMIC;
    return status == STATUS_OK ? bind_letters(args, arg_count, "yllsr", want, err) : status;
}

static const struct function functions[] = {
    {.name = "series_decompose",
     .signature = "series_decompose(series [, season, trend, test_points, threshold])",
     .summary = "baseline, season, trend and what is left",
     .example = "series_decompose(dynamic([1, 1]))[0][0] == 1", .args_min = 1, .args_max = 5,
     .bind = bind_decompose, .eval = eval_row_decompose},
    {.name = "series_decompose_anomalies",
     .signature = "series_decompose_anomalies(series [, threshold, season, trend, test_points, "
                  "method, season_threshold])",
     .summary = "flags, scores and baseline of elements out of line",
     .example = "series_decompose_anomalies(dynamic([1, 1]))[0][0] == 0", .args_min = 1,
     .args_max = 7, .bind = bind_anomalies, .eval = eval_row_anomalies},
    {.name = "series_decompose_forecast",
     .signature = "series_decompose_forecast(series, points [, season, trend, threshold])",
     .summary = "the series with its last points foretold",
     .example = "round(series_decompose_forecast(dynamic([1, 2, 3, 0]), 1)[3], 6) == 4",
     .args_min = 2, .args_max = 5, .bind = bind_forecast, .eval = eval_row_forecast},
};

FUNCTION_FAMILY(decompose, functions);
