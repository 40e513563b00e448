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

/* As many of `more` behind one another as the limit has, in each of 3 brackets. */
static enum status parse_rows(const char *more, uint32_t count, uint32_t brackets,
                              struct error *err)
{
    struct arena *arena = arena_new(64 * MIB);
    struct buf text;
    struct node *tree;

    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "print ");
    for (uint32_t i = 0; i < brackets; i++)
        buf_add_byte(&text, '(');
    buf_add_text(&text, "d");
    for (uint32_t i = 0; i < brackets; i++) {
        for (uint32_t n = 0; n < count; n++)
            buf_add_text(&text, more);
        buf_add_byte(&text, ')');
    }
    enum status status = parse_query(arena, buf_slice(&text), &tree, err);
    if (status == STATUS_OK) {
        assert_null(ast_below(tree, QUERY_LEVELS_MAX));
        assert_non_null(ast_below(tree, count));
    }
    buf_release(&text);
    arena_free(arena);
    return status;
}

static void test_a_tree_is_as_deep_as_its_rows_are_long(void **state)
{
    static const char *const rows[] = {" + 1", " * 1", ".a", "['a']", "[0]", " has 'a'"};
    struct error err = {0};

    (void)state;
    ASSERT_OK(parse_rows(" + 1", 1000, 1, &err));
    ASSERT_OK(parse_rows(" + 1", 900, 2, &err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse_rows(rows[i], 190, 20, &err), STATUS_LIMIT);
        assert_string_equal(err.code, "E_QUERY_TOO_COMPLEX");
        assert_int_equal(err.line, 1);
    }
    assert_int_equal(parse_rows("['a']", 5000, 1, &err), STATUS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions_do_not_count),
        cmocka_unit_test(test_everything_else_counts),
        cmocka_unit_test(test_a_tree_is_as_deep_as_its_rows_are_long),
    };
    return RUN_TESTS(tests);
}
