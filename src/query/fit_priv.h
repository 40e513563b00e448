/* SPDX-License-Identifier: Apache-2.0 */
/* fit_priv.h - straight lines through series, and percentiles of them. */
#ifndef QUERY_FIT_PRIV_H
#define QUERY_FIT_PRIV_H

#include "base/error.h"

#include <stdint.h>

struct line {
    double rsquare, slope, variance, residual, offset; /* variances with n - 1 */
};

/* Least squares over data[from .. to), x being the index; NaN is left out. */
struct line line_fit(const double *data, uint32_t from, uint32_t to);
/* Of sorted numbers, between the neighbours; count > 0. */
double sorted_percentile(const double *sorted, uint32_t count, double percent);
/* Sorts and drops NaN; how many are left. */
uint32_t sort_numbers(double *data, uint32_t count);

#endif
