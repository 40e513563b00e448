/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/clock.h"

#include <errno.h>

static void the_system_clock_runs(void **state)
{
    const struct clock *clock = clock_system();
    uint64_t first = clock_monotonic_us(clock);

    (void)state;
    assert_true(clock_unix_us(clock) > INT64_C(1700000000000000));
    while (clock_monotonic_us(clock) == first)
        ;
    assert_true(clock_monotonic_us(clock) > first);
}

static void a_fixed_clock_stands_until_it_is_moved(void **state)
{
    struct clock_fixed fixed;

    (void)state;
    clock_fixed_init(&fixed, 42);
    assert_int_equal(clock_unix_us(&fixed.clock), 42);
    fixed.now_unix_us = 50;
    assert_int_equal(clock_unix_us(&fixed.clock), 50);
    assert_int_equal(clock_monotonic_us(&fixed.clock), 50);
}

static void a_condition_waits_until_its_deadline(void **state)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    uint64_t begin_us = clock_monotonic_us(clock_system());
    pthread_cond_t cond;
    int rc = 0;

    (void)state;
    clock_cond_init(&cond);
    struct timespec until = clock_deadline(20);
    (void)pthread_mutex_lock(&lock);
    while (rc == 0) /* nobody signals, but it may wake without */
        rc = pthread_cond_timedwait(&cond, &lock, &until);
    (void)pthread_mutex_unlock(&lock);
    assert_int_equal(rc, ETIMEDOUT);
    assert_true(clock_monotonic_us(clock_system()) - begin_us >= 20000);
    (void)pthread_cond_destroy(&cond);
}

static void a_deadline_carries_into_seconds(void **state)
{
    (void)state;
    for (uint64_t ms = 0; ms < 2500; ms += 99) {
        struct timespec before = clock_deadline(0), until = clock_deadline(ms);
        int64_t us = (until.tv_sec - before.tv_sec) * INT64_C(1000000) +
                     (until.tv_nsec - before.tv_nsec) / 1000;
        assert_true(until.tv_nsec >= 0 && until.tv_nsec < 1000000000);
        assert_true(us >= (int64_t)ms * 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_clock_runs),
        cmocka_unit_test(a_fixed_clock_stands_until_it_is_moved),
        cmocka_unit_test(a_condition_waits_until_its_deadline),
        cmocka_unit_test(a_deadline_carries_into_seconds),
    };

    return RUN_TESTS(tests);
}
