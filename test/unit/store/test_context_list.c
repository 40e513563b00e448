/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks name the same codes on both sides. */
#include "store/column_priv.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void ranks_give_back_the_codes(void **state)
{
    (void)state;
    struct context_lists out, in;
    struct error err;
    struct rng rng = {5};
    uint32_t escapes = 0;
    assert_int_equal(context_lists_init(&out, 3, &err), STATUS_OK);
    assert_int_equal(context_lists_init(&in, 3, &err), STATUS_OK);
    for (int i = 0; i < 20000; i++) {
        uint32_t context = rng_below(&rng, 3), rank = 0, found = 0;
        uint32_t code = rng_below(&rng, context == 0 ? 3 : 400); /* more than a list holds */
        assert_int_equal(context_rank(&out, context, code, &rank, &err), STATUS_OK);
        if (rank == CONTEXT_ESCAPE) {
            assert_int_equal(context_push(&in, context, code, &err), STATUS_OK);
            escapes++;
        } else {
            assert_true(context_take(&in, context, rank, &found));
            assert_int_equal(found, code);
        }
    }
    assert_true(escapes > 800);
    context_lists_release(&out);
    context_lists_release(&in);
}

static void a_rank_behind_the_end_is_refused(void **state)
{
    (void)state;
    struct context_lists lists;
    struct error err;
    uint32_t code = 0;
    assert_int_equal(context_lists_init(&lists, 1, &err), STATUS_OK);
    assert_false(context_take(&lists, 0, 0, &code));
    assert_int_equal(context_push(&lists, 0, 7, &err), STATUS_OK);
    assert_true(context_take(&lists, 0, 0, &code));
    assert_int_equal(code, 7);
    assert_false(context_take(&lists, 0, 1, &code));
    context_lists_release(&lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_give_back_the_codes),
        cmocka_unit_test(a_rank_behind_the_end_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
