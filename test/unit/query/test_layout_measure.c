/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "query/layout_priv.h"

static struct piece *measure(struct arena *arena, struct slice text, uint32_t *ret_count)
{
    struct token *tokens;
    struct piece *pieces;
    struct error err = {0};

    ASSERT_OK(lex(arena, text, &tokens, ret_count, &err));
    ASSERT_OK(layout_measure(arena, text, tokens, *ret_count, &pieces, &err));
    return pieces;
}

static void test_brackets_find_each_other(void **state)
{
    struct arena *arena = arena_new(MIB);
    uint32_t count;
    struct piece *p = measure(arena, SLICE("f(a, [b])"), &count);

    (void)state;
    assert_int_equal(count, 9);
    assert_int_equal(p[1].match, 7);
    assert_int_equal(p[4].match, 6);
    assert_int_equal(p[8].width, 9);
    arena_free(arena);
}

static void test_names_with_hyphens_are_one(void **state)
{
    struct arena *arena = arena_new(MIB);
    uint32_t count;
    struct piece *p = measure(arena, SLICE("T|mv-expand a-b"), &count);

    (void)state;
    assert_true(p[2].is_operator && p[3].is_operator && p[4].is_operator);
    assert_false(p[3].is_spaced);
    assert_false(p[5].is_operator);
    assert_true(p[6].is_spaced);
    arena_free(arena);
}

static void test_points_do_not_become_parts_of_numbers(void **state)
{
    struct arena *arena = arena_new(MIB);
    uint32_t count;
    struct piece *p = measure(arena, SLICE("a . b 0 .0 . c"), &count);

    (void)state;
    assert_false(p[1].is_spaced || p[2].is_spaced); /* a.b */
    assert_true(p[4].is_spaced);                    /* 0 .0, which is not 0.0 */
    arena_free(arena);
}

static void test_points_do_not_become_other_points(void **state)
{
    uint32_t count;

    (void)state;
    struct arena *arena = arena_new(MIB);
    struct piece *p = measure(arena, SLICE("a ... .b . .. c"), &count);
    assert_false(p[2].is_spaced); /* ..., which is .. and a point */
    assert_true(p[3].is_spaced);  /* ... ., which is not two of .. */
    assert_true(p[6].is_spaced);  /* . .., which is not .. and a point */
    arena_free(arena);
}

static void test_comments_and_bars_break_lines(void **state)
{
    struct arena *arena = arena_new(MIB);
    uint32_t count;
    struct piece *p = measure(arena, SLICE("(a // x\n| b)"), &count);

    (void)state;
    assert_true(p[2].gap_breaks);
    assert_int_equal(p[count - 1].breaks, 2);
    arena_free(arena);
}

static void test_a_lone_bracket_is_refused(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct token *tokens;
    struct piece *pieces;
    uint32_t count;
    struct error err = {0};

    (void)state;
    ASSERT_OK(lex(arena, SLICE("(a"), &tokens, &count, &err));
    ASSERT_STATUS(STATUS_INVALID,
                  layout_measure(arena, SLICE("(a"), tokens, count, &pieces, &err));
    ASSERT_OK(lex(arena, SLICE("a)"), &tokens, &count, &err));
    ASSERT_STATUS(STATUS_INVALID,
                  layout_measure(arena, SLICE("a)"), tokens, count, &pieces, &err));
    assert_int_equal(err.column, 2);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brackets_find_each_other),
        cmocka_unit_test(test_names_with_hyphens_are_one),
        cmocka_unit_test(test_points_do_not_become_parts_of_numbers),
        cmocka_unit_test(test_points_do_not_become_other_points),
        cmocka_unit_test(test_comments_and_bars_break_lines),
        cmocka_unit_test(test_a_lone_bracket_is_refused),
    };
    return RUN_TESTS(tests);
}
