/* SPDX-License-Identifier: Apache-2.0 */
/* Division by multiplication against division. */
#include "query/sort_unit_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check(uint64_t unit_value, uint64_t number)
{
    struct unit unit = unit_of(unit_value);
    uint64_t ret = 0;
    bool is_multiple = unit_divide(&unit, number, &ret);

    assert_int_equal(unit.value, unit_value);
    assert_int_equal(is_multiple, number % unit_value == 0);
    if (is_multiple)
        assert_int_equal(ret, number / unit_value);
}

static void multiples_are_divided(void **state)
{
    static const uint64_t units[] = {1,        2,         3,          7,
                                     10000000, 864000000, UINT64_MAX, UINT64_C(1) << 63,
                                     12,       625,       36000000000, (UINT64_C(1) << 63) + 1};
    uint64_t seed = 1;

    (void)state;
    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        check(units[u], 0);
        check(units[u], UINT64_MAX);
        check(units[u], units[u]);
        check(units[u], units[u] - 1);
        check(units[u], units[u] + 1);
        for (uint32_t i = 0; i < 1000; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            check(units[u], seed);
            check(units[u], (seed >> 40) * units[u]); /* may wrap round */
        }
    }
}

static void divisors_are_the_greatest(void **state)
{
    (void)state;
    assert_int_equal(unit_divisor(12, 18), 6);
    assert_int_equal(unit_divisor(18, 12), 6);
    assert_int_equal(unit_divisor(0, 5), 5);
    assert_int_equal(unit_divisor(5, 0), 5);
    assert_int_equal(unit_divisor(UINT64_MAX, UINT64_MAX - 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiples_are_divided),
        cmocka_unit_test(divisors_are_the_greatest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
