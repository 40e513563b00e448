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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
