/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/check.h"

static int64_t system_unix_us(const struct clock *clock)
{
    struct timespec t;

    (void)clock;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static uint64_t system_monotonic_us(const struct clock *clock)
{
    struct timespec t;

    (void)clock;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

const struct clock *clock_system(void)
{
    static const struct clock system = {system_unix_us, system_monotonic_us};

    return &system;
}

void clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    int failed = pthread_condattr_init(&monotonic);

    failed |= pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    failed |= pthread_cond_init(cond, &monotonic);
    CHECK(failed == 0);
    (void)pthread_condattr_destroy(&monotonic);
}

struct timespec clock_deadline(uint64_t wait_ms)
{
    struct timespec until;
    int failed = clock_gettime(CLOCK_MONOTONIC, &until);

    CHECK(failed == 0);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    until.tv_sec += (time_t)(wait_ms / 1000) + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    return until;
}

static int64_t fixed_unix_us(const struct clock *clock)
{
    return ((const struct clock_fixed *)(const void *)clock)->now_unix_us;
}

static uint64_t fixed_monotonic_us(const struct clock *clock)
{
    return (uint64_t)fixed_unix_us(clock);
}

void clock_fixed_init(struct clock_fixed *fixed, int64_t unix_us)
{
    *fixed = (struct clock_fixed){
        .clock = {fixed_unix_us, fixed_monotonic_us},
        .now_unix_us = unix_us,
    };
}
