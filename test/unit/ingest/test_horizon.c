/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/horizon_priv.h"

#include "ingest/two_clocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define HOUR_US INT64_C(3600000000)
#define DAY_US (24 * HOUR_US)
#define T (1000 * DAY_US)

static int64_t now_at(struct horizon *horizon, struct two_clocks *clocks, int64_t unix_us,
                      uint64_t passed_us)
{
    int64_t ahead_us;

    clocks->unix_us = unix_us;
    clocks->monotonic_us += passed_us;
    int64_t now_us = horizon_now(horizon, &ahead_us);
    assert_int_equal(now_us + ahead_us, unix_us);
    return now_us;
}

static void time_goes_on_with_the_clock(void **state)
{
    struct two_clocks clocks;
    struct horizon horizon;

    (void)state;
    two_clocks_init(&clocks, T);
    horizon_start(&horizon, &clocks.clock, 0);
    for (int i = 1; i <= 30; i++)
        assert_int_equal(now_at(&horizon, &clocks, T + i * DAY_US, DAY_US), T + i * DAY_US);
    /* set by minutes, and back */
    assert_int_equal(now_at(&horizon, &clocks, T + 30 * DAY_US + HOUR_US, 1),
                     T + 30 * DAY_US + HOUR_US);
    assert_int_equal(now_at(&horizon, &clocks, T + 30 * DAY_US, 1), T + 30 * DAY_US);
    assert_int_equal(now_at(&horizon, &clocks, T, 1), T);
    assert_int_equal(now_at(&horizon, &clocks, T + 30 * DAY_US, 1), T + 30 * DAY_US);
}

static void a_jump_is_held_back_for_a_day(void **state)
{
    struct two_clocks clocks;
    struct horizon horizon;

    (void)state;
    two_clocks_init(&clocks, T);
    horizon_start(&horizon, &clocks.clock, 0);
    for (int i = 0; i < 2; i++) { /* once set right, the day begins anew */
        int64_t right = T + i * 23 * HOUR_US, wrong = right + 8 * DAY_US;
        assert_int_equal(now_at(&horizon, &clocks, wrong, 0), right);
        assert_int_equal(now_at(&horizon, &clocks, wrong + 23 * HOUR_US, 23 * HOUR_US),
                         right + 23 * HOUR_US);
        assert_int_equal(now_at(&horizon, &clocks, right + 23 * HOUR_US, 0),
                         right + 23 * HOUR_US);
    }
    int64_t right = T + 2 * 23 * HOUR_US, wrong = right + 8 * DAY_US;
    assert_int_equal(now_at(&horizon, &clocks, wrong, 0), right);
    assert_int_equal(now_at(&horizon, &clocks, wrong + DAY_US, DAY_US), wrong + DAY_US);
}

static void a_restart_is_a_day_at_most(void **state)
{
    struct two_clocks clocks;
    struct horizon horizon;

    (void)state;
    two_clocks_init(&clocks, T + DAY_US);
    horizon_start(&horizon, &clocks.clock, T);
    assert_int_equal(now_at(&horizon, &clocks, T + DAY_US, 0), T + DAY_US);
    two_clocks_init(&clocks, T + 9 * DAY_US);
    horizon_start(&horizon, &clocks.clock, T);
    assert_int_equal(now_at(&horizon, &clocks, T + 9 * DAY_US, 0), T + DAY_US);
    assert_int_equal(now_at(&horizon, &clocks, T + HOUR_US, HOUR_US), T + HOUR_US);
    two_clocks_init(&clocks, T - 9 * DAY_US); /* the clock is back, or was ahead then */
    horizon_start(&horizon, &clocks.clock, T);
    assert_int_equal(now_at(&horizon, &clocks, T - 9 * DAY_US, 0), T - 9 * DAY_US);
}

static void expect_look(struct horizon *horizon, struct two_clocks *clocks, int64_t unix_us,
                        int64_t expected_us)
{
    clocks->unix_us = unix_us;
    assert_int_equal(horizon_look(horizon), expected_us);
}

static void who_looks_goes_by_what_was_believed_last(void **state)
{
    struct two_clocks clocks;
    struct horizon horizon;

    (void)state;
    two_clocks_init(&clocks, T + 9 * DAY_US);
    horizon_start(&horizon, &clocks.clock, T);
    expect_look(&horizon, &clocks, T + 9 * DAY_US, T + DAY_US);
    two_clocks_init(&clocks, T);
    horizon_start(&horizon, &clocks.clock, 0);
    for (int i = 0; i < 2; i++) { /* before a save, and after one */
        int64_t right = T + i * HOUR_US;
        expect_look(&horizon, &clocks, right, right);
        expect_look(&horizon, &clocks, right + 8 * DAY_US, right);
        expect_look(&horizon, &clocks, right - DAY_US, right - DAY_US);
        assert_int_equal(now_at(&horizon, &clocks, right + 8 * DAY_US, 0), right);
        expect_look(&horizon, &clocks, right + 8 * DAY_US, right);
        clocks.monotonic_us += HOUR_US;
        expect_look(&horizon, &clocks, right + HOUR_US + 8 * DAY_US, right + HOUR_US);
    }
    assert_int_equal(now_at(&horizon, &clocks, T + 9 * DAY_US, DAY_US), T + 9 * DAY_US);
    expect_look(&horizon, &clocks, T + 9 * DAY_US, T + 9 * DAY_US);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_goes_on_with_the_clock),
        cmocka_unit_test(a_jump_is_held_back_for_a_day),
        cmocka_unit_test(a_restart_is_a_day_at_most),
        cmocka_unit_test(who_looks_goes_by_what_was_believed_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
