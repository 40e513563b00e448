/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks name the same codes on both sides. */
#include "store/column_priv.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define VALUES 20000u

static void ranks_give_back_the_codes(void **state)
{
    (void)state;
    static uint32_t contexts[VALUES];
    struct context_lists out, in;
    struct error err;
    struct rng rng = {5};
    uint32_t escapes = 0, taken = 0;
    for (uint32_t i = 0; i < VALUES; i++)
        contexts[i] = rng_below(&rng, 3);
    assert_int_equal(context_lists_init(&out, 3, contexts, VALUES, &err), STATUS_OK);
    assert_int_equal(context_lists_init(&in, 3, contexts, VALUES, &err), STATUS_OK);
    for (uint32_t i = 0; i < VALUES; i++) {
        uint32_t found = 0;
        uint32_t code = rng_below(&rng, contexts[i] == 0 ? 3 : 400); /* more than a list holds */
        uint32_t rank = context_rank(&out, contexts[i], code);
        if (rank == CONTEXT_ESCAPE) {
            context_push(&in, contexts[i], code);
            escapes++;
        } else {
            assert_true(context_take(&in, contexts[i], rank, &found));
            assert_int_equal(found, code);
            taken++;
        }
    }
    assert_true(escapes > 800);
    assert_true(taken > 800);
    context_lists_release(&out);
    context_lists_release(&in);
}

/* As segment.md has it: at most 254 codes, the most recent first, each once. */
static void a_rank_is_a_place_in_the_list(void **state)
{
    (void)state;
    static uint32_t contexts[VALUES];
    uint32_t list[CONTEXT_LIST_MAX + 1], count = 0;
    struct context_lists lists;
    struct error err;
    struct rng rng = {6};
    assert_int_equal(context_lists_init(&lists, 1, contexts, VALUES, &err), STATUS_OK);
    for (uint32_t i = 0; i < VALUES; i++) {
        uint32_t code = rng_below(&rng, i / 1000 * 20 + 1), at = 0;
        while (at < count && list[at] != code)
            at++;
        assert_int_equal(context_rank(&lists, 0, code), at < count ? at : CONTEXT_ESCAPE);
        if (at == count && count < CONTEXT_LIST_MAX)
            count++;
        memmove(list + 1, list, (at < count ? at : count - 1) * sizeof(*list));
        list[0] = code;
    }
    assert_int_equal(count, CONTEXT_LIST_MAX);
    context_lists_release(&lists);
}

static void a_rank_behind_the_end_is_refused(void **state)
{
    (void)state;
    static const uint32_t contexts[4];
    struct context_lists lists;
    struct error err;
    uint32_t code = 0;
    assert_int_equal(context_lists_init(&lists, 1, contexts, 4, &err), STATUS_OK);
    assert_false(context_take(&lists, 0, 0, &code));
    context_push(&lists, 0, 7);
    assert_true(context_take(&lists, 0, 0, &code));
    assert_int_equal(code, 7);
    assert_false(context_take(&lists, 0, 1, &code));
    context_lists_release(&lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_give_back_the_codes),
        cmocka_unit_test(a_rank_is_a_place_in_the_list),
        cmocka_unit_test(a_rank_behind_the_end_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
