/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "query/complete_priv.h"

static void context(const char *text, struct complete_context *ret)
{
    static struct arena *arena;
    struct error err = {0};

    if (arena == NULL)
        arena = arena_new(64 * MIB);
    ASSERT_OK(complete_context(arena, slice_of(text), (uint32_t)strlen(text), ret, &err));
}

static void test_the_pipeline_before_the_operator_is_cut_out(void **state)
{
    struct complete_context c;

    (void)state;
    context("let a = 1; let b = T | take 2;\nU | extend x = f(y, 2) | where x == b and y", &c);
    assert_int_equal(c.place, PLACE_EXPRESSION);
    assert_int_equal(c.let_count, 2);
    ASSERT_SLICE(c.lets[1], "let b = T | take 2");
    ASSERT_SLICE(c.let_names[0], "a");
    assert_int_equal(c.segment_count, 2);
    ASSERT_SLICE(c.segments[0], "U");
    ASSERT_SLICE(c.segments[1], "extend x = f(y, 2)");
    ASSERT_SLICE(c.op_name, "where");
    ASSERT_SLICE(c.word, "y");
}

static void test_a_nested_query_has_a_pipeline_of_its_own(void **state)
{
    struct complete_context c;

    (void)state;
    context("T | where a | join kind=inner (U | extend b = 1 | project ", &c);
    assert_int_equal(c.segment_count, 2);
    ASSERT_SLICE(c.segments[0], "U");
    context("T | where a | mv-apply x on (where x | project ", &c);
    assert_int_equal(c.segment_count, 4);
    ASSERT_SLICE(c.segments[2], "mv-expand x");
    ASSERT_SLICE(c.segments[3], "where x");
    context("T | join (U | take 1) on k | where f(", &c);
    assert_int_equal(c.segment_count, 2);
    ASSERT_SLICE(c.segments[1], "join (U | take 1) on k");
    assert_int_equal(c.place, PLACE_EXPRESSION);
}

static void test_an_open_string_is_the_word(void **state)
{
    struct complete_context c;

    (void)state;
    context("T | where a.b == 'x y", &c);
    assert_int_equal(c.place, PLACE_VALUE);
    assert_true(c.is_quoted);
    ASSERT_SLICE(c.word, "x y");
    ASSERT_SLICE(c.operand, "a.b");
    assert_int_equal(c.from, 17);
    context("T | where a in (@\"c:", &c);
    assert_int_equal(c.place, PLACE_VALUE);
    ASSERT_SLICE(c.word, "c:");
}

static void test_what_makes_no_sense_is_no_place(void **state)
{
    static const char *const texts[] = {"T // x", "T | where ]", "let", "T \x01 | ", "print 'a"};
    struct complete_context c;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        context(texts[i], &c);
        if (i != 2)
            assert_int_equal(c.place, PLACE_NOTHING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pipeline_before_the_operator_is_cut_out),
        cmocka_unit_test(test_a_nested_query_has_a_pipeline_of_its_own),
        cmocka_unit_test(test_an_open_string_is_the_word),
        cmocka_unit_test(test_what_makes_no_sense_is_no_place),
    };
    return RUN_TESTS(tests);
}
