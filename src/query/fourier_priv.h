/* SPDX-License-Identifier: Apache-2.0 */
/* fourier_priv.h - Fourier transforms of series, and the periods found by them.
 *
 * What is worked with is in the arena of `eval`, whose time is looked at meanwhile. */
#ifndef QUERY_FOURIER_PRIV_H
#define QUERY_FOURIER_PRIV_H

#include "query/function.h"

/* Transforms `count` complex numbers in place; any count.  inverse: divides by it. */
enum status fourier_transform(struct eval *eval, double *real, double *imaginary,
                              uint32_t count, bool inverse, struct error *err) MUST_USE;

struct period {
    uint32_t length; /* in elements; 0: none */
    double score;    /* 0 to 1 */
};
/* Above it a period that was found counts.  Kusto names 0.7, but its example has one whose score
 * is 0.65 as we count it. */
#define SEASON_SCORE 0.6

/* How much a series resembles itself when it is shifted by a lag: score[lag] for
 * lag <= count / 2.  NaN counts as the mean.  A lag that is no peak scores 0. */
enum status period_scores(struct eval *eval, const double *data, uint32_t count,
                          double **ret_scores, struct error *err) MUST_USE;
struct period_range {
    double min, max;
    uint32_t count; /* of periods wanted */
};
/* The best periods within the range, best first; at least 4 and below half of the series.
 * Multiples of a better one are left out.  Fills up with {0, 0}. */
enum status period_find(struct eval *eval, const double *data, uint32_t count,
                        const struct period_range *range, struct period *ret,
                        struct error *err) MUST_USE;
/* Elements of one phase have their median; NaN is left out. */
enum status period_medians(struct eval *eval, const double *data, uint32_t known,
                           uint32_t count, uint32_t length, double *ret,
                           struct error *err) MUST_USE;

#endif
