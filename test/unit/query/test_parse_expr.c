/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: brackets, precedence. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"print (1", "! 1:9 expected ')', found the end of the query"},
        {"print 1 +", "! 1:10 expected an expression, found the end of the query"},
        {"print f(1,", "! 1:11 expected an expression, found the end of the query"},
        {"print f(1 2)", "! 1:11 expected ',' or ')', found '2'"},
        {"print a[", "! 1:9 expected an expression, found the end of the query"},
        {"print a.", "! 1:9 expected an expression, found the end of the query"},
        {"print 1 between (1)", "! 1:19 expected '..', found ')'"},
        {"print 1 between (1 ..", "! 1:22 expected an expression, found the end of the query"},
        {"print x in", "! 1:11 expected an expression, found the end of the query"},
        {"print x in (1", "! 1:14 expected ',' or ')', found the end of the query"},
        {"print -", "! 1:8 expected an expression, found the end of the query"},
        {"print 1 2", "! 1:9 expected an operator, '|' or ';', found '2'"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"print 1 + 2 * 3", "[[7]]"},
        {"print (1 + 2) * 3", "[[9]]"},
        {"print 7 % 4 - 1", "[[2]]"},
        {"print not(1 == 2) and true or false", "[[true]]"},
        {"print dynamic({\"a\":[1,2]}).a[1]", "[[2]]"},
        {"print -2 * -3", "[[6]]"},
        {"print 1 - -1", "[[2]]"},
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
