/* SPDX-License-Identifier: Apache-2.0 */
/* Operators behind a bar. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | where", "expected the operator's arguments, found the end of the query", 1, 10},
        {"T | project", "expected the operator's arguments, found the end of the query", 1, 12},
        {"T | extend a =", "expected an expression, found the end of the query", 1, 15},
        {"T | take", "expected the operator's arguments, found the end of the query", 1, 9},
        {"T | top by n", "expected 'by', found 'n'", 1, 12},
        {"T | top 5 n", "expected 'by', found 'n'", 1, 11},
        {"T | sort", "expected 'by', found the end of the query", 1, 9},
        {"T | sort by", "expected an expression, found the end of the query", 1, 12},
        {"T | summarize by", "expected an expression, found the end of the query", 1, 17},
        {"T | summarize count() by", "expected an expression, found the end of the query", 1, 25},
        {"T | join", "expected the operator's arguments, found the end of the query", 1, 9},
        {"T | join (T)", "expected 'on', found the end of the query", 1, 13},
        {"T | join (T) on", "expected an expression, found the end of the query", 1, 16},
        {"T | order n", "expected 'by', found 'n'", 1, 11},
        {"T | distinct", "expected the operator's arguments, found the end of the query", 1, 13},
        {"T | sample", "expected the operator's arguments, found the end of the query", 1, 11},
        {"T | mv-expand", "expected the operator's arguments, found the end of the query", 1, 14},
        {"T | count 5", "expected an operator, '|' or ';', found '5'", 1, 11},
        {"T | getschema 5", "expected an operator, '|' or ';', found '5'", 1, 15},
        {"T | nosuch", "'nosuch' is not an operator", 1, 5},
        {"T | wher n", "'wher' is not an operator; did you mean 'where'?", 1, 5},
        {"T | | take 1",
         "expected an operator such as where, project or summarize, found '|'", 1, 5},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | sort by n asc nulls last, s desc | count", "[[2]]", 0, 0},
        {"T | where n == 1 | project n, m = s | take 1", "[[1,\"one\"]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
