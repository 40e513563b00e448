/* SPDX-License-Identifier: Apache-2.0 */
/* fn_decompose.c - a series as trend, season and what is left; anomalies in what is
 * left; the next points.  The season is what is given, or the lag at which the series
 * resembles itself most. */
#include "query/fit_priv.h"
#include "query/series_priv.h"

#include <math.h>

#define SEASON_POINTS_MAX 8192u /* of a series whose season is looked for */
#define SEASON_LIKENESS 0.6     /* from which a lag counts as one */

struct parts {
    struct series series;
    uint32_t season, known; /* known: points that are not to be forecast or tested */
    double *seasonal, *trend;
};

static double likeness(const double *data, uint32_t count, uint32_t lag)
{
    double both = 0;
    double one = 0;

    for (uint32_t i = 0; i < count; i++) {
        one += data[i] * data[i];
        both += i >= lag ? data[i] * data[i - lag] : 0;
    }
    return one > 0 ? both / one * count / (count - lag) : 0;
}

static uint32_t find_season(const double *data, uint32_t count)
{
    uint32_t best = 0;
    double most = SEASON_LIKENESS;

    if (count > SEASON_POINTS_MAX)
        return 0;
    double last = 1;
    double now = count > 4 ? likeness(data, count, 1) : 0;
    for (uint32_t lag = 2; lag <= count / 2 && lag + 1 < count; lag++) {
        double after = likeness(data, count, lag);
        if (now >= last && now > after && now > most + 0.01) {
            most = now;
            best = lag - 1;
        }
        last = now;
        now = after;
    }
    return best;
}

static void add_season(struct parts *p, const double *rest)
{
    for (uint32_t phase = 0; phase < p->season; phase++) {
        double sum = 0;
        uint32_t n = 0;
        for (uint32_t i = phase; i < p->known; i += p->season) {
            if (!isnan(rest[i])) {
                sum += rest[i];
                n++;
            }
        }
        for (uint32_t i = phase; i < p->series.count; i += p->season)
            p->seasonal[i] = n > 0 ? sum / n : 0;
    }
}

static enum status decompose(struct eval *eval, int64_t season, struct slice trend,
                             struct parts *p, struct error *err)
{
    uint32_t count = p->series.count;
    double *rest = ARENA_ARRAY(eval->arena, double, count + 1, err);

    p->seasonal = ARENA_ARRAY(eval->arena, double, count + 1, err);
    p->trend = ARENA_ARRAY(eval->arena, double, count + 1, err);
    if (rest == NULL || p->seasonal == NULL || p->trend == NULL)
        return err->status;
    struct line line = line_fit(p->series.data, 0, p->known);
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->known; i++) {
        sum += isnan(p->series.data[i]) ? 0 : p->series.data[i];
        n += isnan(p->series.data[i]) ? 0 : 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        p->trend[i] = slice_is(trend, "linefit") && !isnan(line.slope)
                          ? line.slope * i + line.offset
                      : slice_is(trend, "none") || n == 0 ? 0
                                                          : sum / n;
        rest[i] = p->series.data[i] - p->trend[i];
        rest[i] = isnan(rest[i]) ? 0 : rest[i];
    }
    p->season = season < 0          ? find_season(rest, p->known)
                : season < p->known ? (uint32_t)season
                                    : 0;
    add_season(p, rest);
    return STATUS_OK;
}

static void add_list(struct buf *buf, const struct parts *p, double (*of)(const struct parts *p,
                                                                         uint32_t i))
{
    struct buf one;

    list_start(&one);
    for (uint32_t i = 0; i < p->series.count; i++)
        series_add(&one, of(p, i));
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

/* series, season, trend, test points */
static enum status row_decompose(ROW_PARAMETERS)
{
    struct parts p = {0};
    struct buf buf;
    enum status status =
        open_parts(eval, &args[0], arg_count > 3 ? args[3].integer : 0, &p, err);

    if (status != STATUS_OK || p.series.is_number || p.series.count == 0)
        return status;
    status = decompose(eval, arg_count > 1 ? args[1].integer : -1,
                       arg_count > 2 ? args[2].bytes : SLICE("avg"), &p, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    add_list(&buf, &p, baseline);
    add_list(&buf, &p, seasonal);
    add_list(&buf, &p, trend_at);
    add_list(&buf, &p, residual);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_decompose, TYPE_DYNAMIC)

/* flags and scores of what is left, in widths of its middle range. */
static enum status score(struct eval *eval, const struct parts *p, double limit, bool wide,
                         struct buf *flags, struct buf *scores, struct error *err)
{
    double *sorted = ARENA_ARRAY(eval->arena, double, p->series.count + 1, err);

    if (sorted == NULL)
        return err->status;
    for (uint32_t i = 0; i < p->series.count; i++)
        sorted[i] = residual(p, i);
    uint32_t count = sort_numbers(sorted, p->series.count);
    double low = count == 0 ? 0 : sorted_percentile(sorted, count, wide ? 10 : 25);
    double high = count == 0 ? 0 : sorted_percentile(sorted, count, wide ? 90 : 75);
    double scale = high > low ? high - low : 1;
    list_start(flags);
    list_start(scores);
    for (uint32_t i = 0; i < p->series.count; i++) {
        double rest = residual(p, i);
        double by = rest > high ? (rest - high) / scale : rest < low ? (rest - low) / scale : 0;
        list_add(flags, by > limit ? SLICE("1") : by < -limit ? SLICE("-1") : SLICE("0"));
        series_add(scores, by);
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
    status = decompose(eval, arg_count > 2 ? args[2].integer : -1,
                       arg_count > 3 ? args[3].bytes : SLICE("avg"), &p, err);
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
    add_list(&buf, &p, baseline);
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
    status = decompose(eval, arg_count > 2 ? args[2].integer : -1,
                       arg_count > 3 ? args[3].bytes : SLICE("linefit"), &p, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    for (uint32_t i = 0; i < p.series.count; i++)
        series_add(&buf, baseline(&p, i));
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_forecast, TYPE_DYNAMIC)

BIND(bind_decompose, "ylslr", TYPE_DYNAMIC)
BIND(bind_anomalies, "yrlslsr", TYPE_DYNAMIC)
BIND(bind_forecast, "yllsr", TYPE_DYNAMIC)

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
