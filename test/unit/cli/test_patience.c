/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cli/patience.h"

#define S 1000000ull

static void test_waits_double(void **state)
{
    static const uint64_t wanted[] = {100, 200, 400, 800, 1600, 3200, 6400, 6400};
    struct patience p = {0};
    uint64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_true(patience_wait(&p, 5 * S, 0, &ms));
        assert_int_equal(ms, wanted[i]);
    }
    assert_true(patience_wait(&p, 5 * S, 7, &ms));
    assert_int_equal(ms, 7000);
}

/* Who follows a file waits for a server that is away for a year. */
static void test_without_a_limit_it_has_no_end(void **state)
{
    struct patience p = {0};
    uint64_t ms;

    (void)state;
    assert_true(patience_wait(&p, S, 0, &ms));
    for (unsigned i = 0; i < 1000; i++)
        assert_true(patience_wait(&p, 365ull * 86400 * S, 0, &ms));
    assert_int_equal(ms, PATIENCE_WAIT_MAX_MS);
}

/* The limit is a time: many refusals in a short one are not the end. */
static void test_a_limit_is_a_time(void **state)
{
    struct patience p = {.limit_ms = 600000};
    uint64_t ms;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_true(patience_wait(&p, 10 * S, 1, &ms));
    assert_true(patience_wait(&p, 600 * S, 3600, &ms));
    assert_int_equal(ms, 10000); /* what is left */
    assert_true(patience_wait(&p, 609 * S, 0, &ms));
    assert_int_equal(ms, 1000);
    assert_false(patience_wait(&p, 610 * S, 0, &ms));
}

static void test_it_is_told_once_a_minute(void **state)
{
    struct patience p = {0};
    uint64_t ms;

    (void)state;
    assert_true(patience_wait(&p, 10 * S, 0, &ms));
    assert_true(patience_tells(&p, 10 * S, false));
    assert_false(patience_tells(&p, 69 * S, false));
    assert_true(patience_tells(&p, 70 * S, false));
    assert_false(patience_tells(&p, 129 * S, false));
}

static void test_busy_for_a_moment_is_not_told(void **state)
{
    struct patience p = {0};
    uint64_t ms;

    (void)state;
    for (unsigned i = 0; i < PATIENCE_QUIET_TRIES; i++) {
        assert_true(patience_wait(&p, 10 * S, 1, &ms));
        assert_false(patience_tells(&p, 10 * S, true));
    }
    assert_true(patience_wait(&p, 13 * S, 1, &ms));
    assert_true(patience_tells(&p, 13 * S, true));
    assert_false(patience_tells(&p, 14 * S, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_double),
        cmocka_unit_test(test_without_a_limit_it_has_no_end),
        cmocka_unit_test(test_a_limit_is_a_time),
        cmocka_unit_test(test_it_is_told_once_a_minute),
        cmocka_unit_test(test_busy_for_a_moment_is_not_told),
    };
    return RUN_TESTS(tests);
}
