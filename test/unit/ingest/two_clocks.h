/* SPDX-License-Identifier: Apache-2.0 */
/* two_clocks.h - a clock whose two times a test sets apart. */
#ifndef TEST_INGEST_TWO_CLOCKS_H
#define TEST_INGEST_TWO_CLOCKS_H

#include "base/clock.h"

struct two_clocks {
    struct clock clock; /* first */
    int64_t unix_us;
    uint64_t monotonic_us;
};

static int64_t two_clocks_unix_us(const struct clock *clock)
{
    return ((const struct two_clocks *)(const void *)clock)->unix_us;
}

static uint64_t two_clocks_monotonic_us(const struct clock *clock)
{
    return ((const struct two_clocks *)(const void *)clock)->monotonic_us;
}

static inline void two_clocks_init(struct two_clocks *clocks, int64_t unix_us)
{
    *clocks = (struct two_clocks){
        .clock = {two_clocks_unix_us, two_clocks_monotonic_us}, .unix_us = unix_us};
}

#endif
