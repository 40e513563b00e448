/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, views, lets, functions, statements. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"Nosuch", "table 'Nosuch' is not known", 1, 1},
        {"TT", "table 'TT' is not known; did you mean 'T'?", 1, 1},
        {"Bad", "view 'Bad': column 'nosuch' is not known", 1, 11},
        {"Text",
         "view 'Text': expected an operator such as where, project or summarize, found "
         "'|'", 1, 5},
        {"let x = 5; x", "'x' is a value, a table is needed", 1, 12},
        {"let f = (a:long) { T | where n == a }; f()", "argument 'a' is missing", 1, 40},
        {"let f = (a:long) { a }; print f(1, 2)", "'f' takes 1 arguments", 1, 31},
        {"let f = (a:(n:long)) { a | count }; f()", "argument 'a' is missing", 1, 37},
        {"materialize()", "'materialize' takes one table", 1, 1},
        {"table(5)", "'table' takes the name of a table", 1, 1},
        {"cluster('a').database('b').T",
         "tables of other databases and clusters are not supported", 1, 28},
        {"database('b').T", "tables of other databases and clusters are not supported", 1, 15},
        {"workspace('w').T", "tables of other databases and clusters are not supported", 1, 16},
        {"declare query_parameters(p:long); print p", "parameter 'p' has no value", 1, 26},
        {"let f = () { f() }; f()", "function 'f' is not known", 1, 14},
        {"let a = 1;", "expected a table at the end of the query", 1, 1},
        {"nosuch() | count", "table 'nosuch' is not known", 1, 1},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"let a = T; a | count", "[[2]]", 0, 0},
        {"let f = (a:long) { T | where n == a }; f(1) | count", "[[1]]", 0, 0},
        {"let f = (a:(n:long)) { a | count }; f(T)", "[[2]]", 0, 0},
        {"let f = (a:long = 7) { print a }; f()", "[[7]]", 0, 0},
        {"materialize(T) | count", "[[2]]", 0, 0},
        {"let m = materialize(T); m | count", "[[2]]", 0, 0},
        {"table('T') | count", "[[2]]", 0, 0},
        {"declare query_parameters(p:long = 4); print p", "[[4]]", 0, 0},
        {"set notruncation; T | count", "[[2]]", 0, 0},
        {"print ['x y'] = 1 | project ['x y']", "[[1]]", 0, 0},
        {"let f = (a:long, b:long) { print a - b }; f(b = 1, a = 3)", "[[2]]", 0, 0},
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
