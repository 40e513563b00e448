/* SPDX-License-Identifier: Apache-2.0 */
/* Operators behind a bar. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | where", "! 1:10 expected the operator's arguments, found the end of the query"},
        {"T | project", "! 1:12 expected the operator's arguments, found the end of the query"},
        {"T | extend a =", "! 1:15 expected an expression, found the end of the query"},
        {"T | take", "! 1:9 expected the operator's arguments, found the end of the query"},
        {"T | top by n", "! 1:12 expected 'by', found 'n'"},
        {"T | top 5 n", "! 1:11 expected 'by', found 'n'"},
        {"T | sort", "! 1:9 expected 'by', found the end of the query"},
        {"T | sort by", "! 1:12 expected an expression, found the end of the query"},
        {"T | summarize by", "! 1:17 expected an expression, found the end of the query"},
        {"T | summarize count() by", "! 1:25 expected an expression, found the end of the query"},
        {"T | join", "! 1:9 expected the operator's arguments, found the end of the query"},
        {"T | join (T)", "! 1:13 expected 'on', found the end of the query"},
        {"T | join (T) on", "! 1:16 expected an expression, found the end of the query"},
        {"T | order n", "! 1:11 expected 'by', found 'n'"},
        {"T | distinct", "! 1:13 expected the operator's arguments, found the end of the query"},
        {"T | sample", "! 1:11 expected the operator's arguments, found the end of the query"},
        {"T | mv-expand", "! 1:14 expected the operator's arguments, found the end of the query"},
        {"T | count 5", "! 1:11 expected an operator, '|' or ';', found '5'"},
        {"T | getschema 5", "! 1:15 expected an operator, '|' or ';', found '5'"},
        {"T | nosuch", "! 1:5 'nosuch' is not an operator"},
        {"T | wher n", "! 1:5 'wher' is not an operator; did you mean 'where'?"},
        {"T | | take 1",
         "! 1:5 expected an operator such as where, project or summarize, found '|'"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | sort by n asc nulls last, s desc | count", "[[2]]"},
        {"T | where n == 1 | project n, m = s | take 1", "[[1,\"one\"]]"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_nested_too_deep_is_refused(void **state)
{
    static const struct {
        const char *front, *open, *middle;
    } cases[] = {
        {"T | ", "fork (", "count"},
        {"T | ", "mv-apply d on (", "count"},
        {"T | ", "partition by n (", "count"},
        {"T | ", "facet by n with (", "count"},
        {"T | ", "union (T | ", "count"},
        {"T | make-graph ", "(", "a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ask_nested(cases[i].front, cases[i].open, cases[i].middle, ")", 300,
                   "! query too complex: nested deeper than 200");
    ask_nested("T | where n == 1 | ", "fork (", "count", ")", 100, "[[1]]");
    ask_nested("T | where n == 2 | ", "mv-apply d on (", "count", ")", 3, "[[2,2.5,\"two\",");
}

static void columns_may_be_named_as_options(void **state)
{
    static const struct ask cases[] = {
        {"T | extend kind = n, flags = s | where n == 1 | project kind, flags", "[[1,\"one\"]]"},
        {"T | project hint = d | where hint.a == 1 | project x = hint.a", "[[1]]"},
        {"T | project hint = d | extend hint.a | take 0", "[]"},
        {"T | make-series kind=nonempty count() on n from 1 to 2 step 1 | count", "[[1]]"},
        {"T | mv-expand kind=array bagexpansion=array with_itemindex=i x = d | count", "[[3]]"},
        {"T | summarize hint.strategy=shuffle kind = count() by s | count", "[[2]]"},
        {"T | summarize hint . ['num_partitions']=2 count()", "[[2]]"},
        {"T | join kind=inner T on n | count", "[[2]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
        cmocka_unit_test(what_is_nested_too_deep_is_refused),
        cmocka_unit_test(columns_may_be_named_as_options),
    };

    return RUN_TESTS(tests);
}
