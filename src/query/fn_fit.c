/* SPDX-License-Identifier: Apache-2.0 */
/* fn_fit.c - series: lines fitted, statistics, gaps filled, filters.  Functions with
 * several results give them as an array; bind_multi.c makes columns of it. */
#include "base/text.h"
#include "query/fit_priv.h"
#include "query/items.h"
#include "query/series_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct line line_fit(const double *data, uint32_t from, uint32_t to)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    struct line line = {(double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};

    for (uint32_t i = from; i < to; i++) {
        if (isnan(data[i]))
            continue;
        n++;
        x += i;
        y += data[i];
    }
    for (uint32_t i = from; i < to && n > 0; i++) {
        if (isnan(data[i]))
            continue;
        double dx = i - x / n;
        double dy = data[i] - y / n;
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    if (n < 2)
        return line;
    line.slope = xy / xx;
    line.offset = y / n - line.slope * x / n;
    line.variance = yy / (n - 1);
    line.residual = fmax(yy - line.slope * xy, 0) / (n - 1);
    line.rsquare = yy > 0 ? 1 - line.residual / line.variance : 1;
    return line;
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

uint32_t sort_numbers(double *data, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (!isnan(data[i]))
            data[kept++] = data[i];
    }
    qsort(data, kept, sizeof(*data), compare_numbers);
    return kept;
}

double sorted_percentile(const double *sorted, uint32_t count, double percent)
{
    double at = percent / 100 * (count - 1);
    uint32_t low = at <= 0 ? 0 : at >= count - 1 ? count - 1 : (uint32_t)at;
    uint32_t high = low + 1 < count ? low + 1 : low;

    return sorted[low] + (sorted[high] - sorted[low]) * fmin(fmax(at - low, 0), 1);
}

/* ---- lines ---- */

/* The left line's points up to `split`, then the right one's. */
static void add_points(struct eval *eval, struct buf *buf, const struct line *left,
                       const struct line *right, uint32_t split, uint32_t count)
{
    struct buf points;

    list_start(&points);
    for (uint32_t i = 0; i < count; i++) {
        const struct line *line = i < split ? left : right;
        series_add(eval, &points, line->slope * i + line->offset);
    }
    buf_add_byte(&points, ']');
    buf->failed = buf->failed || points.failed;
    list_add(buf, buf_slice(&points));
    buf_release(&points);
}

/* b of y = ax + b, where x of the first point, `from`, is 1, as in the example of Kusto. */
static double interception(const struct line *line, uint32_t from)
{
    return line->slope * (from - 1.0) + line->offset;
}

enum status series_fit_line_row(ROW_PARAMETERS)
{
    struct series s;
    struct buf buf;
    enum status status = series_of(eval, &args[0], &s, err);

    (void)arg_count;
    if (status != STATUS_OK || s.is_number || s.count < 2)
        return status;
    struct line line = line_fit(s.data, 0, s.count);
    list_start(&buf);
    series_add(eval, &buf, line.rsquare);
    series_add(eval, &buf, line.slope);
    series_add(eval, &buf, line.variance);
    series_add(eval, &buf, line.residual);
    series_add(eval, &buf, interception(&line, 0));
    add_points(eval, &buf, &line, &line, 0, s.count);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(series_fit_line_row, TYPE_DYNAMIC)

/* Sums over a range of points, from which its squared error follows. */
struct sums {
    double n, x, y, xx, xy, yy;
};

static double squared_error(const struct sums *a, const struct sums *b)
{
    double n = a->n - b->n;
    double x = a->x - b->x;
    double y = a->y - b->y;

    if (n < 2)
        return 0;
    double xx = a->xx - b->xx - x * x / n;
    double xy = a->xy - b->xy - x * y / n;
    double yy = a->yy - b->yy - y * y / n;
    return fmax(yy - (xx > 0 ? xy * xy / xx : 0), 0);
}

/* Where the series falls into two lines best: the first index of the right one. */
static enum status best_split(struct eval *eval, const struct series *s, uint32_t *ret,
                              struct error *err)
{
    struct sums *sums = ARENA_ARRAY(eval->arena, struct sums, s->count + 1, err);
    double best = INFINITY;

    if (sums == NULL)
        return err->status;
    for (uint32_t i = 0; i < s->count; i++) {
        struct sums t = sums[i];
        double x = i - s->count / 2.0;
        double y = s->data[i];
        sums[i + 1] = isnan(y) ? t
                               : (struct sums){t.n + 1,      t.x + x,     t.y + y,
                                               t.xx + x * x, t.xy + x * y, t.yy + y * y};
    }
    *ret = 1;
    for (uint32_t i = 1; i < s->count; i++) {
        double error = squared_error(&sums[i], &sums[0]) +
                       squared_error(&sums[s->count], &sums[i]);
        if (error < best) {
            best = error;
            *ret = i;
        }
    }
    return STATUS_OK;
}

static void add_side(struct eval *eval, struct buf *buf, const struct line *line, uint32_t from)
{
    series_add(eval, buf, line->rsquare);
    series_add(eval, buf, line->slope);
    series_add(eval, buf, interception(line, from));
    series_add(eval, buf, line->variance);
    series_add(eval, buf, line->residual);
}

enum status series_fit_2lines_row(ROW_PARAMETERS)
{
    struct series s;
    struct buf buf;
    uint32_t split = 1;
    enum status status = series_of(eval, &args[0], &s, err);

    (void)arg_count;
    if (status != STATUS_OK || s.is_number || s.count < 2)
        return status;
    status = best_split(eval, &s, &split, err);
    if (status != STATUS_OK)
        return status;
    struct line all = line_fit(s.data, 0, s.count);
    struct line left = line_fit(s.data, 0, split);
    struct line right = line_fit(s.data, split, s.count);
    double error = (isnan(left.residual) ? 0 : left.residual * (split - 1)) +
                   (isnan(right.residual) ? 0 : right.residual * (s.count - split - 1));
    double residual = error / (s.count - 1);
    list_start(&buf);
    series_add(eval, &buf, all.variance > 0 ? 1 - residual / all.variance : 1);
    buf_add_format(&buf, ",%u", split);
    series_add(eval, &buf, all.variance);
    series_add(eval, &buf, residual);
    add_points(eval, &buf, &left, &right, split, s.count);
    add_side(eval, &buf, &right, split);
    add_side(eval, &buf, &left, 0);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(series_fit_2lines_row, TYPE_DYNAMIC)

/* ---- statistics ---- */

struct stats {
    uint32_t least, greatest; /* positions */
    double mean, variance, sum;
};

/* False: there are none, or one element is no finite number and those are not ignored. */
static bool find_stats(const struct series *s, bool ignore, struct stats *ret)
{
    uint32_t n = 0;
    double moment = 0;

    *ret = (struct stats){0};
    for (uint32_t i = 0; i < s->count; i++) {
        double x = s->data[i];
        if (!isfinite(x) && !ignore)
            return false;
        if (!isfinite(x))
            continue;
        ret->least = n == 0 || x < s->data[ret->least] ? i : ret->least;
        ret->greatest = n == 0 || x > s->data[ret->greatest] ? i : ret->greatest;
        ret->sum += x;
        double distance = x - ret->mean;
        ret->mean += distance / ++n;
        moment += distance * (x - ret->mean);
    }
    ret->variance = n > 1 ? moment / (n - 1) : 0;
    return n > 0;
}

static enum status stats_of(struct eval *eval, const struct value *args, uint32_t arg_count,
                            struct series *ret_series, struct stats *ret, bool *ret_found,
                            struct error *err)
{
    bool ignore = arg_count > 1 && args[1].boolean;
    enum status status = series_of(eval, &args[0], ret_series, err);

    *ret_found = status == STATUS_OK && !ret_series->is_number &&
                 find_stats(ret_series, ignore, ret);
    return status;
}

static enum status row_stats(ROW_PARAMETERS)
{
    struct series s;
    struct stats stats;
    struct buf buf;
    bool found;
    enum status status = stats_of(eval, args, arg_count, &s, &stats, &found, err);

    if (!found)
        return status;
    list_start(&buf);
    series_add(eval, &buf, s.data[stats.least]);
    buf_add_format(&buf, ",%u", stats.least);
    series_add(eval, &buf, s.data[stats.greatest]);
    buf_add_format(&buf, ",%u", stats.greatest);
    series_add(eval, &buf, stats.mean);
    series_add(eval, &buf, sqrt(stats.variance));
    series_add(eval, &buf, stats.variance);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_stats, TYPE_DYNAMIC)

static enum status row_stats_dynamic(ROW_PARAMETERS)
{
    struct series s;
    struct stats stats;
    struct buf buf;
    bool found;
    enum status status = stats_of(eval, args, arg_count, &s, &stats, &found, err);

    if (!found)
        return status;
    const struct {
        const char *name;
        double number;
    } parts[] = {{"\"min\":", s.data[stats.least]}, {"\"max\":", s.data[stats.greatest]},
                 {"\"avg\":", stats.mean},          {"\"stdev\":", sqrt(stats.variance)},
                 {"\"variance\":", stats.variance}, {"\"min_idx\":", stats.least},
                 {"\"max_idx\":", stats.greatest},  {"\"sum\":", stats.sum},
                 {"\"len\":", s.count}};
    bag_start(&buf);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        buf_add_text(&buf, i > 0 ? "," : "");
        buf_add_text(&buf, parts[i].name);
        text_add_double(&buf, parts[i].number);
    }
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_stats_dynamic, TYPE_DYNAMIC)

enum status fence_of(struct arena *arena, const double *data, uint32_t count, double low,
                     double high, struct fence *ret, struct error *err)
{
    double *sorted = ARENA_ARRAY(arena, double, count + 1, err);

    *ret = (struct fence){0};
    if (sorted == NULL)
        return err->status;
    memcpy(sorted, data, count * sizeof(*sorted));
    count = sort_numbers(sorted, count);
    if (count > 0)
        *ret = (struct fence){sorted_percentile(sorted, count, low),
                              sorted_percentile(sorted, count, high)};
    return STATUS_OK;
}

double fence_score(const struct fence *fence, double number)
{
    double width = fence->high - fence->low;
    double over = number > fence->high  ? number - fence->high
                  : number < fence->low ? number - fence->low
                                        : 0;

    if (isnan(number) || over == 0)
        return 0;
    return width > 0 ? over / width : copysign(INFINITY, over);
}

const struct options fence_options = {{"ctukey", "tukey"}, "'ctukey' or 'tukey'"};

enum status options_check(const struct options *options, const struct argument *args,
                          uint32_t arg_count, uint32_t index, struct error *err)
{
    const struct value *given = index < arg_count ? args[index].constant : NULL;

    if (given == NULL || given->is_null || given->type != TYPE_STRING)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof(options->names) / sizeof(options->names[0]); i++) {
        if (options->names[i] != NULL && slice_is(given->bytes, options->names[i]))
            return STATUS_OK;
    }
    return argument_fail(err, &args[index], "expected %s, found '%.*s'", options->listed,
                         SLICE_FMT(slice_head(given->bytes, 64)));
}

static enum status bind_outliers(BIND_PARAMETERS)
{
    enum status status = options_check(&fence_options, args, arg_count, 1, err);

    *ret = TYPE_DYNAMIC;
    return status == STATUS_OK ? bind_letters(args, arg_count, "ysrrr", want, err) : status;
}

/* series, kind, a number that stands for none, percentiles of the range */
static enum status row_outliers(ROW_PARAMETERS)
{
    bool plain = arg_count > 1 && slice_is(args[1].bytes, "tukey");
    bool marked = arg_count > 2 && !args[2].is_null;
    double low = plain ? 25 : arg_count > 3 && !args[3].is_null ? args[3].real : 10;
    double high = plain ? 75 : arg_count > 4 && !args[4].is_null ? args[4].real : 90;
    struct fence fence;
    struct series s;
    struct buf buf;
    enum status status = series_of(eval, &args[0], &s, err);

    if (status != STATUS_OK || s.is_number)
        return status;
    if (!(low >= 2 && high <= 98 && low < high))
        return ERROR_SET(err, STATUS_INVALID, "percentiles of outliers are 2 to 98, in order");
    double *data = ARENA_ARRAY(eval->arena, double, s.count + 1, err);
    if (data == NULL)
        return err->status;
    for (uint32_t i = 0; i < s.count; i++)
        data[i] = marked && s.data[i] == args[2].real ? (double)NAN : s.data[i];
    status = fence_of(eval->arena, data, s.count, low, high, &fence, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    for (uint32_t i = 0; i < s.count; i++)
        series_add(eval, &buf, fence_score(&fence, data[i]));
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_outliers, TYPE_DYNAMIC)

/* ---- gaps ---- */

enum fill { FILL_CONST, FILL_FORWARD, FILL_BACKWARD, FILL_LINEAR };

struct filling {
    enum fill kind;
    struct items items;
    struct slice constant;    /* JSON: what FILL_CONST puts in, and FILL_LINEAR if all is missing */
    bool edges, whole;        /* FILL_LINEAR: beyond the line too; with integers */
    double *data;             /* NaN: missing */
    uint32_t *before, *after; /* the nearest that are there, or UINT32_MAX */
};

/* The nearest element that is there, or UINT32_MAX. */
static void neighbours(const double *data, uint32_t count, uint32_t *before, uint32_t *after)
{
    uint32_t last = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        last = isnan(data[i]) ? last : i;
        before[i] = last;
    }
    last = UINT32_MAX;
    for (uint32_t i = count; i-- > 0;) {
        last = isnan(data[i]) ? last : i;
        after[i] = last;
    }
}

/* On the line between the neighbours; beyond the first and the last as far as they. */
static void add_on_line(struct eval *eval, const struct filling *f, uint32_t i, struct buf *buf)
{
    uint32_t before = f->before[i], after = f->after[i];
    uint32_t nearest = before != UINT32_MAX ? before : after;

    if (nearest == UINT32_MAX) {
        list_add(buf, f->constant);
    } else if (before == UINT32_MAX || after == UINT32_MAX) {
        list_add(buf, f->items.data[f->edges ? nearest : i]);
    } else {
        double rise = f->data[after] - f->data[before];
        double number = f->data[before] + rise * (i - before) / (after - before);
        char digits[32]; /* neighbours that are integers have one between them */
        int size = snprintf(digits, sizeof(digits), "%.0f", trunc(number) + 0.0); /* no -0 */
        if (f->whole)
            list_add(buf, slice_from(digits, (size_t)size));
        else
            series_add(eval, buf, number);
    }
}

/* What is put in: elements and constants are as they are written. */
static enum status fill_gap(struct eval *eval, const struct filling *f, uint32_t i,
                            struct buf *buf, struct error *err)
{
    uint32_t from = f->kind == FILL_FORWARD ? f->before[i] : f->after[i];
    struct slice json = f->constant;

    if (f->kind == FILL_LINEAR) {
        add_on_line(eval, f, i, buf);
        return eval_spend(eval, json.size, err);
    }
    if (f->kind != FILL_CONST)
        json = from == UINT32_MAX ? f->items.data[i] : f->items.data[from];
    list_add(buf, json);
    return eval_spend(eval, json.size, err);
}

static enum status fill_all(struct eval *eval, struct filling *f, struct value *ret,
                            struct error *err)
{
    struct buf buf;
    enum status status = STATUS_OK;

    neighbours(f->data, f->items.count, f->before, f->after);
    list_start(&buf);
    for (uint32_t i = 0; i < f->items.count && status == STATUS_OK; i++) {
        if (isnan(f->data[i]))
            status = fill_gap(eval, f, i, &buf, err);
        else
            list_add(&buf, f->items.data[i]);
    }
    if (status == STATUS_OK)
        return list_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}

/* Whether what is there are integers: then so is what is put in. */
static bool are_integers(const struct filling *f)
{
    int64_t number;

    for (uint32_t i = 0; i < f->items.count; i++) {
        if (!isnan(f->data[i]) && !text_parse_i64(slice_trim(f->items.data[i]), &number))
            return false;
    }
    return true;
}

static enum status fill(struct eval *eval, const struct value *args, uint32_t arg_count,
                        enum fill kind, struct value *ret, struct error *err)
{
    uint32_t mark = kind == FILL_CONST ? 2 : 1; /* the argument that names what is missing */
    uint32_t constant = kind == FILL_CONST ? 1 : 3;
    struct filling f = {.kind = kind, .constant = SLICE("null")};
    struct series s;
    enum status status = series_of(eval, &args[0], &s, err);

    if (status != STATUS_OK || s.is_number)
        return status;
    status = items_of(eval, args[0].bytes, &f.items, err);
    if (kind == FILL_LINEAR && arg_count <= constant)
        f.constant = SLICE("0.0");
    else if (status == STATUS_OK && arg_count > constant && !args[constant].is_null)
        status = value_json(eval, &args[constant], &f.constant, err);
    if (status != STATUS_OK)
        return status;
    f.data = ARENA_ARRAY(eval->arena, double, s.count + 1, err);
    f.before = ARENA_ARRAY(eval->arena, uint32_t, s.count + 1, err);
    f.after = ARENA_ARRAY(eval->arena, uint32_t, s.count + 1, err);
    if (f.data == NULL || f.before == NULL || f.after == NULL)
        return err->status;
    bool marked = arg_count > mark && !args[mark].is_null;
    for (uint32_t i = 0; i < s.count; i++)
        f.data[i] = marked && s.data[i] == args[mark].real ? (double)NAN : s.data[i];
    if (kind == FILL_LINEAR) {
        f.edges = arg_count < 3 || args[2].is_null || args[2].boolean;
        f.whole = are_integers(&f);
    }
    return fill_all(eval, &f, ret, err);
}

#define FILL(NAME, KIND)                                                                           \
    static enum status row_fill_##NAME(ROW_PARAMETERS)                                             \
    {                                                                                              \
        return fill(eval, args, arg_count, (KIND), ret, err);                                      \
    }                                                                                              \
    ROW_EVAL_LAZY(row_fill_##NAME, TYPE_DYNAMIC)
FILL(const, FILL_CONST)
FILL(forward, FILL_FORWARD)
FILL(backward, FILL_BACKWARD)
FILL(linear, FILL_LINEAR)

/* ---- filters ---- */

#define CHECK_POINTS 1024u /* of a filter's result: the time is looked at so often */

static enum status row_fir(ROW_PARAMETERS)
{
    struct series s;
    struct series f;
    struct buf buf;
    double total = 0;
    bool negative = false;
    enum status status = series_of(eval, &args[0], &s, err);

    if (status == STATUS_OK)
        status = series_of(eval, &args[1], &f, err);
    if (status != STATUS_OK || s.is_number || f.is_number || f.count == 0)
        return status;
    if (f.count > 1024)
        return ERROR_SET(err, STATUS_INVALID, "a filter has at most 1024 elements");
    for (uint32_t j = 0; j < f.count; j++) {
        total += f.data[j];
        negative = negative || f.data[j] < 0;
    }
    if (negative && arg_count > 2 && args[2].boolean)
        return STATUS_OK;
    bool normal = (arg_count < 3 ? !negative : args[2].boolean) && total != 0;
    uint32_t shift = arg_count > 3 && args[3].boolean ? (f.count - 1) / 2 : 0;
    list_start(&buf);
    for (uint32_t i = 0; status == STATUS_OK && i < s.count; i++) {
        double sum = 0;
        if (i % CHECK_POINTS == 0)
            status = eval_check(eval, 0, err);
        for (uint32_t j = 0; j < f.count; j++) {
            if (i + shift >= j && i + shift - j < s.count && !isnan(s.data[i + shift - j]))
                sum += f.data[j] * s.data[i + shift - j];
        }
        series_add(eval, &buf, normal ? sum / total : sum);
    }
    if (status == STATUS_OK)
        return list_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_fir, TYPE_DYNAMIC)

static enum status row_iir(ROW_PARAMETERS)
{
    struct series s[3]; /* the series, numerators, denominators */
    struct buf buf;
    enum status status = STATUS_OK;

    (void)arg_count;
    for (uint32_t i = 0; i < 3; i++) {
        status = series_of(eval, &args[i], &s[i], err);
        if (status != STATUS_OK || s[i].is_number)
            return status;
    }
    if (s[2].count == 0 || s[2].data[0] == 0)
        return STATUS_OK;
    if (s[1].count > 1024 || s[2].count > 1024)
        return ERROR_SET(err, STATUS_INVALID, "a filter has at most 1024 elements");
    double *y = ARENA_ARRAY(eval->arena, double, s[0].count + 1, err);
    if (y == NULL)
        return err->status;
    list_start(&buf);
    for (uint32_t i = 0; status == STATUS_OK && i < s[0].count; i++) {
        if (i % CHECK_POINTS == 0)
            status = eval_check(eval, 0, err);
        for (uint32_t j = 0; j < s[1].count && j <= i; j++)
            y[i] += isnan(s[0].data[i - j]) ? 0 : s[1].data[j] * s[0].data[i - j];
        for (uint32_t j = 1; j < s[2].count && j <= i; j++)
            y[i] -= s[2].data[j] * y[i - j];
        y[i] /= s[2].data[0];
        series_add(eval, &buf, y[i]);
    }
    if (status == STATUS_OK)
        return list_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_iir, TYPE_DYNAMIC)

BIND(bind_series, "y", TYPE_DYNAMIC)
BIND(bind_stats, "yb", TYPE_DYNAMIC)
BIND(bind_fill_const, "ynr", TYPE_DYNAMIC)
BIND(bind_fill, "yrbn", TYPE_DYNAMIC)
BIND(bind_fir, "yybb", TYPE_DYNAMIC)

#define SERIES(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                                  \
    {.name = "series_" #NAME, .signature = "series_" #NAME SIGNATURE, .summary = (TEXT),           \
     .example = "series_" #NAME EXAMPLE, .args_min = (MIN), .args_max = (MAX),                     \
     .bind = (BIND_FN), .eval = eval_row_##NAME}
#define GAPS(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                                    \
    {.name = "series_" #NAME, .signature = "series_" #NAME SIGNATURE, .summary = (TEXT),           \
     .example = "series_" #NAME EXAMPLE, .args_min = (MIN), .args_max = (MAX),                     \
     .flags = FUNCTION_LAZY_NULL, .bind = (BIND_FN), .eval = eval_row_##NAME}

static const struct function functions[] = {
    {.name = "series_fit_line", .signature = "series_fit_line(series)",
     .summary = "the straight line through a series",
     .example = "series_fit_line(dynamic([1, 2, 3]))[1] == 1", .args_min = 1, .args_max = 1,
     .bind = bind_series, .eval = eval_series_fit_line_row},
    {.name = "series_fit_2lines", .signature = "series_fit_2lines(series)",
     .summary = "two lines, and where the series breaks",
     .example = "series_fit_2lines(dynamic([1, 2, 3, 9, 8, 7]))[1] == 3", .args_min = 1,
     .args_max = 1, .bind = bind_series, .eval = eval_series_fit_2lines_row},
    SERIES(stats, "(series [, ignore_nonfinite])", "least, greatest, mean, spread",
           "(dynamic([1, 3]))[4] == 2", 1, 2, bind_stats),
    SERIES(stats_dynamic, "(series [, ignore_nonfinite])",
           "least, greatest, mean and spread as a bag", "(dynamic([1, 3])).avg == 2", 1, 2,
           bind_stats),
    GAPS(outliers, "(series [, kind, ignore, low, high])", "how far outside elements are",
         "(dynamic([1, 1, 1]))[0] == 0", 1, 5, bind_outliers),
    GAPS(fill_const, "(series, constant [, missing])", "gaps filled with a constant",
         "(dynamic([1, null]), 7)[1] == 7", 2, 3, bind_fill_const),
    GAPS(fill_forward, "(series [, missing])", "gaps filled with what is before",
         "(dynamic([1, null]))[1] == 1", 1, 2, bind_fill),
    GAPS(fill_backward, "(series [, missing])", "gaps filled with what is behind",
         "(dynamic([null, 1]))[0] == 1", 1, 2, bind_fill),
    GAPS(fill_linear, "(series [, missing, edges, constant])", "gaps filled in a straight line",
         "(dynamic([1, null, 3]))[1] == 2", 1, 4, bind_fill),
    SERIES(fir, "(series, filter [, normalize, center])", "a moving weighted sum",
           "(dynamic([2, 4]), dynamic([1, 1]))[1] == 3", 2, 4, bind_fir),
    SERIES(iir, "(series, numerators, denominators)", "a recursive filter",
           "(dynamic([1, 2]), dynamic([1]), dynamic([1, -1]))[1] == 3", 3, 3, bind_series),
};

FUNCTION_FAMILY(fit, functions);
