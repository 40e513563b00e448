/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks of texts and decimals, against comparing all of them. */
#include "test.h"

#include "base/limits.h"
#include "query/fn_priv.h"
#include "query/sort_rank_priv.h"

#include <stdio.h>

static void assert_ranked(struct sort_texts *t, struct arena *arena)
{
    const struct query_request request = {0};
    struct query query = {.request = &request, .deadline_us = UINT64_MAX};
    const struct run run = {.query = &query};
    struct error err = {.status = STATUS_OK};

    ASSERT_OK(sort_texts_fit(t, arena, &err));
    sort_texts_divide(t);
    for (uint32_t part = SORT_TEXT_PARTS; part-- > 0;) /* in any order */
        ASSERT_OK(sort_texts_sort(t, part, &run, &err));
    sort_texts_rank(t);
    for (uint32_t a = 0; a < t->count; a++) {
        for (uint32_t b = 0; b < t->count; b++) {
            struct value x = {.type = t->type, .bytes = t->list[a]};
            struct value y = {.type = t->type, .bytes = t->list[b]};
            int order = value_compare(&x, &y);
            assert_int_equal(order < 0, t->ranks[a] < t->ranks[b]);
            assert_int_equal(order == 0, t->ranks[a] == t->ranks[b]);
        }
        assert_true(t->ranks[a] <= t->span);
    }
}

/* Some differ in what is behind many bytes, some in nothing but their address. */
static void texts_have_ranks(void **state)
{
    static char texts[700][64];
    struct sort_texts t = {.type = TYPE_STRING};
    struct arena *arena = arena_new(4 * MIB);
    struct error err = {.status = STATUS_OK};
    uint32_t number, again;

    (void)state;
    for (uint32_t i = 0; i < COUNT_OF(texts); i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "begin%.*s%u", (int)(i % 5 * 9),
                       "and the same in all of them for a while and more", i / 2 % 97);
        ASSERT_OK(sort_texts_add(&t, arena, slice_of(texts[i]), &number, &err));
        ASSERT_OK(sort_texts_add(&t, arena, slice_of(texts[i]), &again, &err));
        assert_int_equal(number, again);
        assert_int_equal(number, i);
    }
    assert_ranked(&t, arena);
    arena_free(arena);
}

static void decimals_have_ranks(void **state)
{
    static const char *const texts[] = {"10", "9", "-1.5", "100", "0.5", "-20", "9", "0.10", "0.1"};
    struct sort_texts t = {.type = TYPE_DECIMAL};
    struct arena *arena = arena_new(MIB);
    struct error err = {.status = STATUS_OK};
    uint32_t number;

    (void)state;
    assert_ranked(&t, arena); /* none */
    for (uint32_t i = 0; i < COUNT_OF(texts); i++)
        ASSERT_OK(sort_texts_add(&t, arena, slice_of(texts[i]), &number, &err));
    assert_ranked(&t, arena);
    arena_free(arena);
}

static void prefixes_are_in_order(void **state)
{
    (void)state;
    assert_true(sort_text_prefix(SLICE("abcdefghi"), 1) == UINT64_C(0x6263646566676869));
    assert_true(sort_text_prefix(SLICE("abc"), 1) == UINT64_C(0x6263000000000000));
    assert_true(sort_text_prefix(SLICE("abc"), 4) == 0);
}

static void memory_is_bounded(void **state)
{
    struct sort_texts t = {.type = TYPE_STRING};
    struct arena *arena = arena_new(16);
    struct error err = {.status = STATUS_OK};
    uint32_t number;

    (void)state;
    ASSERT_STATUS(STATUS_LIMIT, sort_texts_add(&t, arena, SLICE("a"), &number, &err));
    ASSERT_STATUS(STATUS_LIMIT, sort_texts_fit(&t, arena, &err));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_ranks),
        cmocka_unit_test(decimals_have_ranks),
        cmocka_unit_test(prefixes_are_in_order),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
