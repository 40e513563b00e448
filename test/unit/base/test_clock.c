/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/clock.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_clock_runs),
        cmocka_unit_test(a_fixed_clock_stands_until_it_is_moved),
    };

    return RUN_TESTS(tests);
}
