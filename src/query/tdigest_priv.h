/* SPDX-License-Identifier: Apache-2.0 */
/* tdigest_priv.h - a sketch of a distribution (Dunning and Ertl, "Computing extremely
 * accurate quantiles using t-digests", 2019).
 *
 * Values that occur are kept with their weights; above TDIGEST_KEPT_MAX different ones
 * neighbours are joined, the less the nearer they are to an end.  Up to there it is
 * exact.  Means are long doubles, which hold every 64-bit integer.
 */
#ifndef QUERY_TDIGEST_PRIV_H
#define QUERY_TDIGEST_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "table/type.h"

#define TDIGEST_KEPT_MAX 4096u
#define TDIGEST_SCALE 2000.0 /* joined down to fewer than so many */

struct centroid {
    long double mean;
    double weight;
};

/* Zeroed is empty. */
struct tdigest {
    struct centroid *data;
    uint32_t count, capacity;
    bool is_sorted;
    enum type type; /* long, real, datetime or timespan; of the values */
};

/* The type as which values of a type are kept: long, real, datetime or timespan. */
enum type tdigest_type(enum type type);
/* value is of such a type and not null; weight > 0. */
enum status tdigest_add(struct arena *arena, struct tdigest *digest, const struct value *value,
                        double weight, struct error *err) MUST_USE;
enum status tdigest_merge(struct arena *arena, struct tdigest *into, const struct tdigest *from,
                          struct error *err) MUST_USE;
/* The value at which the share of the weight reaches the percent; null if it is empty. */
struct value tdigest_percentile(struct tdigest *digest, double percent);
/* The weight of what is not above, and of all. */
double tdigest_rank(struct tdigest *digest, const struct value *value, double *ret_total);

/* As a dynamic: [[kind],[mean,...],[weight,...]]. */
void tdigest_add_json(struct tdigest *digest, struct buf *buf);
/* False if the text is no such dynamic (err untouched then) or memory is out. */
bool tdigest_from_json(struct arena *arena, struct slice json, struct tdigest *ret,
                       struct error *err);

#endif
