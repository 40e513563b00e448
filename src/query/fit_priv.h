/* SPDX-License-Identifier: Apache-2.0 */
/* fit_priv.h - straight lines through series, and percentiles of them. */
#ifndef QUERY_FIT_PRIV_H
#define QUERY_FIT_PRIV_H

#include "query/fn_priv.h"

struct line {
    double rsquare, slope, variance, residual, offset; /* variances with n - 1 */
};

/* Least squares over data[from .. to), x being the index; NaN is left out. */
struct line line_fit(const double *data, uint32_t from, uint32_t to);
/* Of sorted numbers, between the neighbours; count > 0. */
double sorted_percentile(const double *sorted, uint32_t count, double percent);
/* Sorts and drops NaN; how many are left. */
uint32_t sort_numbers(double *data, uint32_t count);

/* What an argument may be. */
struct options {
    const char *names[3]; /* NULL: fewer */
    const char *listed;   /* all of them, for messages */
};
extern const struct options fence_options; /* of the percentiles of a fence */
/* Whether argument `index` is one of them, where it is there and known. */
enum status options_check(const struct options *options, const struct argument *args,
                          uint32_t arg_count, uint32_t index, struct error *err) MUST_USE;

/* series_fit_line(), series_fit_2lines() of a row: arrays of their columns. */
row_function series_fit_line_row, series_fit_2lines_row;

/* Tukey's fences: the middle range of numbers, and how far outside of it one is, in
 * widths of the range (0 within; NaN is 0). */
struct fence {
    double low, high;
};
enum status fence_of(struct arena *arena, const double *data, uint32_t count, double low,
                     double high, struct fence *ret, struct error *err) MUST_USE;
double fence_score(const struct fence *fence, double number);

#endif
