/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges against a plain array of flags. */
#include "store/seq_set_priv.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NUMBERS 300u

static const struct guid ONE = {{1}}, OTHER = {{2}};

static void ranges_answer_like_flags(void **state)
{
    struct rng rng = {7};
    struct error err;

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        bool flags[NUMBERS] = {false};
        struct seq_set set;
        seq_set_init(&set);
        for (unsigned i = 0; i < 40; i++) {
            uint64_t first = rng_below(&rng, NUMBERS);
            uint64_t last = first + rng_below(&rng, 12);
            last = last < NUMBERS ? last : NUMBERS - 1;
            assert_int_equal(seq_set_add(&set, &ONE, first, last, &err), STATUS_OK);
            for (uint64_t n = first; n <= last; n++)
                flags[n] = true;
            uint64_t from = rng_below(&rng, NUMBERS), count = 0;
            for (uint64_t n = from; n < NUMBERS; n++)
                count += flags[n];
            assert_int_equal(seq_set_count(&set, &ONE, from, NUMBERS), count);
            uint64_t lack = from, end, got_first = 0, got_last = 0;
            while (lack < NUMBERS && flags[lack])
                lack++;
            for (end = lack; end < NUMBERS && !flags[end];)
                end++;
            bool is_lacking = seq_set_lack(&set, &ONE, from, NUMBERS - 1, &got_first, &got_last);
            assert_int_equal(is_lacking, lack < NUMBERS);
            assert_true(!is_lacking || (got_first == lack && got_last == end - 1));
        }
        for (uint64_t n = 0; n < NUMBERS; n++)
            assert_int_equal(seq_set_has(&set, &ONE, n), flags[n]);
        assert_false(seq_set_has(&set, &OTHER, 1));
        seq_set_release(&set);
    }
}

static void the_last_number_of_all_is_one(void **state)
{
    struct seq_set set;
    struct error err;

    (void)state;
    seq_set_init(&set);
    assert_int_equal(seq_set_add(&set, &ONE, UINT64_MAX, UINT64_MAX, &err), STATUS_OK);
    assert_int_equal(seq_set_add(&set, &ONE, 0, 0, &err), STATUS_OK);
    assert_int_equal(seq_set_add(&set, &ONE, UINT64_MAX - 1, UINT64_MAX, &err), STATUS_OK);
    assert_int_equal(seq_set_count(&set, &ONE, 1, UINT64_MAX), 2);
    assert_true(seq_set_has(&set, &ONE, 0));
    seq_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_answer_like_flags),
        cmocka_unit_test(the_last_number_of_all_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
