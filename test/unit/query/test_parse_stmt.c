/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, functions. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"let", "! 1:4 expected a name, found the end of the query"},
        {"let a", "! 1:6 expected '=', found the end of the query"},
        {"let a =", "! 1:8 expected an expression, found the end of the query"},
        {"let f = (", "! 1:10 expected an expression, found the end of the query"},
        {"let f = (a", "! 1:11 expected ')', found the end of the query"},
        {"let f = (a:long) {", "! 1:19 expected an expression, found the end of the query"},
        {"let f = (a:nosuch) { a }; print f(1)",
         "! 1:12 expected a type (string, long, real, datetime, dynamic ...), found 'nosuch'"},
        {"declare query_parameters", "! 1:25 expected '(', found the end of the query"},
        {"declare query_parameters(a)", "! 1:27 expected ':', found ')'"},
        {"let a = 5; let b", "! 1:17 expected '=', found the end of the query"},
        {"print 1 )", "! 1:9 expected an operator, '|' or ';', found ')'"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | count; print 7", "[[7]]"},
        {"let f = (a:long, T:(x:string, y:long)) { a }; print 1", "[[1]]"},
        {"let f = view () { T }; f | count", "[[2]]"},
        {"set a = 5; print 1", "[[1]]"},
        {"declare query_parameters(a:long = 3, b:string = 'x'); print a", "[[3]]"},
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
