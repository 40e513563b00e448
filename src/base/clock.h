/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the one way to ask for the time, so that a test can set it.
 *
 * Thread-safe.  The clock is passed in; clock_system() is the real one.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

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

/* A condition whose timed waits go by the monotonic clock, as the other can be set back. */
void clock_cond_init(pthread_cond_t *cond);
/* So many milliseconds from now, for pthread_cond_timedwait() on such a condition. */
struct timespec clock_deadline(uint64_t wait_ms);

/* A clock that stands still until it is moved, for tests. */
struct clock_fixed {
    struct clock clock; /* first */
    int64_t now_unix_us;
};

void clock_fixed_init(struct clock_fixed *fixed, int64_t unix_us);

#endif
