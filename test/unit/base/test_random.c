/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/random.h"

#include <string.h>

static void kernel_bytes_differ_each_time(void **state)
{
    unsigned char a[300], b[300];

    (void)state;
    random_bytes(a, sizeof(a));
    random_bytes(b, sizeof(b));
    assert_true(memcmp(a, b, sizeof(a)) != 0);
    assert_true(random_u64() != random_u64());
}

static void a_seed_gives_the_same_numbers(void **state)
{
    struct rng a = {7}, b = {7};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint32_t bound = (uint32_t)i + 1;
        uint32_t x = rng_below(&a, bound);
        assert_int_equal(x, rng_below(&b, bound));
        assert_true(x < bound);
    }
    struct rng zero = {0}; /* first output of splitmix64(0) */
    assert_true(rng_next(&zero) == 0xE220A8397B1DCDAFu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_bytes_differ_each_time),
        cmocka_unit_test(a_seed_gives_the_same_numbers),
    };

    return RUN_TESTS(tests);
}
