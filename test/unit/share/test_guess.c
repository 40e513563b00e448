/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "share/guess.h"

#include <stdio.h>
#include <stdlib.h>

static struct guess *guess_new(void)
{
    struct guess *guess = malloc(sizeof(*guess));

    assert_non_null(guess);
    guess_init(guess);
    return guess;
}

static uint32_t allowed(struct guess *guess, const char *address, uint32_t tries, uint64_t now_us)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < tries; i++)
        count += guess_allowed(guess, slice_of(address), now_us);
    return count;
}

static void test_an_address_has_so_many_and_gets_new_ones(void **state)
{
    struct guess *guess = guess_new();

    (void)state;
    assert_int_equal(allowed(guess, "192.0.2.1", 100000, 5000000), GUESS_ADDRESS_BURST);
    assert_int_equal(allowed(guess, "192.0.2.1", 10, 5500000), 0);
    assert_int_equal(allowed(guess, "192.0.2.1", 10, 7500000), 2);
    assert_int_equal(allowed(guess, "192.0.2.1", 1000, UINT64_C(9000000000)),
                     GUESS_ADDRESS_BURST);
    guess_release(guess);
    free(guess);
}

static void test_others_are_not_concerned(void **state)
{
    struct guess *guess = guess_new();

    (void)state;
    assert_int_equal(allowed(guess, "192.0.2.1", 1000, 1), GUESS_ADDRESS_BURST);
    assert_int_equal(allowed(guess, "192.0.2.2", 50, 1), 50);
    assert_int_equal(allowed(guess, "::ffff:192.0.2.1", 5, 1), 0);
    guess_release(guess);
    free(guess);
}

static void test_a_network_of_ipv6_is_one_address(void **state)
{
    struct guess *guess = guess_new();
    char address[64];
    uint32_t count = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(address, sizeof(address), "2001:db8:1:2::%x", i);
        count += guess_allowed(guess, slice_of(address), 1);
    }
    assert_int_equal(count, GUESS_ADDRESS_BURST);
    assert_true(guess_allowed(guess, SLICE("2001:db8:1:3::1"), 1));
    guess_release(guess);
    free(guess);
}

static void test_all_together_have_a_limit(void **state)
{
    struct guess *guess = guess_new();
    char address[64];
    uint32_t count = 0;

    (void)state;
    for (unsigned i = 0; i < 50000; i++) {
        (void)snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        count += guess_allowed(guess, slice_of(address), 1);
    }
    assert_int_equal(count, GUESS_ALL_BURST);
    assert_true(guess_allowed(guess, SLICE("10.9.9.9"), 1000001));
    guess_release(guess);
    free(guess);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_has_so_many_and_gets_new_ones),
        cmocka_unit_test(test_others_are_not_concerned),
        cmocka_unit_test(test_a_network_of_ipv6_is_one_address),
        cmocka_unit_test(test_all_together_have_a_limit),
    };
    return RUN_TESTS(tests);
}
