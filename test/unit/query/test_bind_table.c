/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, views, lets, functions, statements. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"Nosuch", "! 1:1 table 'Nosuch' is not known"},
        {"TT", "! 1:1 table 'TT' is not known; did you mean 'T'?"},
        {"Bad", "! 1:11 view 'Bad': column 'nosuch' is not known"},
        {"Text",
         "! 1:5 view 'Text': expected an operator such as where, project or summarize, found "
         "'|'"},
        {"let x = 5; x", "! 1:12 'x' is a value, a table is needed"},
        {"let f = (a:long) { T | where n == a }; f()", "! 1:40 argument 'a' is missing"},
        {"let f = (a:long) { a }; print f(1, 2)", "! 1:31 'f' takes 1 arguments"},
        {"let f = (a:(n:long)) { a | count }; f()", "! 1:37 argument 'a' is missing"},
        {"materialize()", "! 1:1 'materialize' takes one table"},
        {"table(5)", "! 1:1 'table' takes the name of a table"},
        {"cluster('a').database('b').T",
         "! 1:28 tables of other databases and clusters are not supported"},
        {"database('b').T", "! 1:15 tables of other databases and clusters are not supported"},
        {"workspace('w').T", "! 1:16 tables of other databases and clusters are not supported"},
        {"declare query_parameters(p:long); print p", "! 1:26 parameter 'p' has no value"},
        {"let f = () { f() }; f()", "! 1:14 function 'f' is not known"},
        {"let a = 1;", "! 1:1 expected a table at the end of the query"},
        {"nosuch() | count", "! 1:1 table 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"let a = T; a | count", "[[2]]"},
        {"let f = (a:long) { T | where n == a }; f(1) | count", "[[1]]"},
        {"let f = (a:(n:long)) { a | count }; f(T)", "[[2]]"},
        {"let f = (a:long = 7) { print a }; f()", "[[7]]"},
        {"materialize(T) | count", "[[2]]"},
        {"let m = materialize(T); m | count", "[[2]]"},
        {"table('T') | count", "[[2]]"},
        {"declare query_parameters(p:long = 4); print p", "[[4]]"},
        {"set notruncation; T | count", "[[2]]"},
        {"print ['x y'] = 1 | project ['x y']", "[[1]]"},
        {"let f = (a:long, b:long) { print a - b }; f(b = 1, a = 3)", "[[2]]"},
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
