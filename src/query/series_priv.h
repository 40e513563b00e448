/* SPDX-License-Identifier: Apache-2.0 */
/* series_priv.h - dynamic arrays of numbers, for the families of series functions. */
#ifndef QUERY_SERIES_PRIV_H
#define QUERY_SERIES_PRIV_H

#include "query/items.h"

struct series {
    const double *data; /* NaN where there is no number */
    uint32_t count;
    bool is_number; /* a single number, which stands for any length */
};

enum status series_of(struct eval *eval, const struct value *value, struct series *ret,
                      struct error *err) MUST_USE;
/* One more element of an array under construction; NaN is null.  When the query's time is
 * over, the array fails. */
void series_add(struct eval *eval, struct buf *buf, double number);

#endif
