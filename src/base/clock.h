/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the one way to ask for the time, so that a test can set it.
 *
 * Thread-safe.  The clock is passed in; clock_system() is the real one.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*unix_us)(const struct clock *clock);     /* UTC, microseconds since 1970 */
    uint64_t (*monotonic_us)(const struct clock *clock); /* for timeouts and durations */
};

const struct clock *clock_system(void);

static inline int64_t clock_unix_us(const struct clock *clock)
{
    return clock->unix_us(clock);
}

static inline uint64_t clock_monotonic_us(const struct clock *clock)
{
    return clock->monotonic_us(clock);
}

/* A clock that stands still until it is moved, for tests. */
struct clock_fixed {
    struct clock clock; /* first */
    int64_t now_unix_us;
};

void clock_fixed_init(struct clock_fixed *fixed, int64_t unix_us);

#endif
