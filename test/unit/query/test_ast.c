/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "query/ast_priv.h"

static bool same(const char *a, const char *b)
{
    struct arena *arena = arena_new(MIB);
    struct node *one, *two;
    struct error err = {0};

    ASSERT_OK(parse_query(arena, slice_of(a), &one, &err));
    ASSERT_OK(parse_query(arena, slice_of(b), &two, &err));
    bool equal = ast_same(one, two);
    arena_free(arena);
    return equal;
}

static void test_positions_do_not_count(void **state)
{
    (void)state;
    assert_true(same("T | where a == 'x'", "T\n  |where   a==\"x\""));
    assert_true(same("print 1d, 2.5, guid(74be27de-1e4e-49d9-b579-fe0b331d3642), true",
                     "print 1d,2.5,guid(74be27de-1e4e-49d9-b579-fe0b331d3642),true"));
}

static void test_everything_else_counts(void **state)
{
    (void)state;
    assert_false(same("T | where a == 'x'", "T | where a == 'y'"));
    assert_false(same("T | where a == 1", "T | where a =~ 1"));
    assert_false(same("T | take 1", "T | take 1 | take 1"));
    assert_false(same("T | sort by a asc", "T | sort by a desc"));
    assert_false(same("print 1 + 2", "print (1 + 2)"));
    assert_false(same("T | join kind=inner U on a", "T | join kind=leftanti U on a"));
    assert_false(same("print true", "print false"));
    assert_false(same("let f = () { 1 }; print 1", "let f = () { 2 }; print 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions_do_not_count),
        cmocka_unit_test(test_everything_else_counts),
    };
    return RUN_TESTS(tests);
}
