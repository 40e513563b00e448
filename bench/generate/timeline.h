/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.h - when things happen: busy by day, quiet at night and on week-ends.
 *
 * Record i of n happens at timeline_at(i / n), which grows with i.
 */
#ifndef GENERATE_TIMELINE_H
#define GENERATE_TIMELINE_H

#include "base/error.h"

#include <stdint.h>

struct timeline {
    int64_t start_s; /* Unix time */
    uint32_t hour_count;
    double *before; /* share of all records before hour i; hour_count + 1 entries */
};

enum status timeline_init(struct timeline *timeline, int64_t start_s, uint32_t days,
                          struct error *err) MUST_USE;
void timeline_release(struct timeline *timeline);

int64_t timeline_at(const struct timeline *timeline, double share); /* Unix time */
double timeline_share(const struct timeline *timeline, int64_t time_s);
/* How much of a working day this hour of the clock (0..23) is, 0..1. */
double timeline_weight(int hour);

#endif
