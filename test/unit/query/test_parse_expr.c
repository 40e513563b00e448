/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: brackets, precedence. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"print (1", "expected ')', found the end of the query", 1, 9},
        {"print 1 +", "expected an expression, found the end of the query", 1, 10},
        {"print f(1,", "expected an expression, found the end of the query", 1, 11},
        {"print f(1 2)", "expected ',' or ')', found '2'", 1, 11},
        {"print a[", "expected an expression, found the end of the query", 1, 9},
        {"print a.", "expected an expression, found the end of the query", 1, 9},
        {"print 1 between (1)", "expected '..', found ')'", 1, 19},
        {"print 1 between (1 ..", "expected an expression, found the end of the query", 1, 22},
        {"print x in", "expected an expression, found the end of the query", 1, 11},
        {"print x in (1", "expected ',' or ')', found the end of the query", 1, 14},
        {"print -", "expected an expression, found the end of the query", 1, 8},
        {"print 1 2", "expected an operator, '|' or ';', found '2'", 1, 9},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"print 1 + 2 * 3", "[[7]]", 0, 0},
        {"print (1 + 2) * 3", "[[9]]", 0, 0},
        {"print 7 % 4 - 1", "[[2]]", 0, 0},
        {"print not(1 == 2) and true or false", "[[true]]", 0, 0},
        {"print dynamic({\"a\":[1,2]}).a[1]", "[[2]]", 0, 0},
        {"print -2 * -3", "[[6]]", 0, 0},
        {"print 1 - -1", "[[2]]", 0, 0},
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
