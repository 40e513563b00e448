/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, functions. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"let", "expected a name, found the end of the query", 1, 4},
        {"let a", "expected '=', found the end of the query", 1, 6},
        {"let a =", "expected an expression, found the end of the query", 1, 8},
        {"let f = (", "expected an expression, found the end of the query", 1, 10},
        {"let f = (a", "expected ')', found the end of the query", 1, 11},
        {"let f = (a:long) {", "expected an expression, found the end of the query", 1, 19},
        {"let f = (a:nosuch) { a }; print f(1)",
         "expected a type (string, long, real, datetime, dynamic ...), found 'nosuch'", 1, 12},
        {"declare query_parameters", "expected '(', found the end of the query", 1, 25},
        {"declare query_parameters(a)", "expected ':', found ')'", 1, 27},
        {"let a = 5; let b", "expected '=', found the end of the query", 1, 17},
        {"print 1 )", "expected an operator, '|' or ';', found ')'", 1, 9},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | count; print 7", "[[7]]", 0, 0},
        {"let f = (a:long, T:(x:string, y:long)) { a }; print 1", "[[1]]", 0, 0},
        {"let f = view () { T }; f | count", "[[2]]", 0, 0},
        {"set a = 5; print 1", "[[1]]", 0, 0},
        {"declare query_parameters(a:long = 3, b:string = 'x'); print a", "[[3]]", 0, 0},
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
