/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that are not in the query. */
#include "kql.h"

static void stored_functions_are_called_like_lets(void **state)
{
    static const struct kql_case cases[] = {
        {"print Twice(4)", "[[8]]", 0, 0},
        {"print Twice()", "[[2]]", 0, 0},
        {"Rows | count", "[[2]]", 0, 0},
        {"Rows() | count", "[[2]]", 0, 0},
        {"T | invoke Only('one') | project s", "[[\"one\"]]", 0, 0},
        {"Only(T, 'two') | project s", "[[\"two\"]]", 0, 0},
        {"T | where n in (Numbers()) | count", "[[1]]", 0, 0},
        {"let Twice = (x:long) { x * 3 }; print Twice(4)", "[[12]]", 0, 0},
        {"let n = 5; print Twice(n)", "[[10]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void broken_ones_say_which(void **state)
{
    static const struct kql_case cases[] = {
        {"print Broken(1)", "function 'Broken': ", 2, 16},
        {"NoText", "function 'NoText': ", 2, 6},
        {"print\n  Twice(1, 2)", "'Twice' takes 1 arguments", 2, 3},
        {"print NotOne()", "is not (...) { ... }", 1, 1},
        {"print Endless(1)", "nested too deep", 2, 12},
        {"print Rows()", "'Rows' gives a table, a value is needed", 1, 7},
        {"Twice(1) | count", "a value", 1, 1},
        {"T | invoke Nosuch()", "function 'Nosuch' is not known", 1, 12},
        {"T | invoke NoText()", "function 'NoText': ", 2, 6},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void a_stored_function_sees_no_let_of_the_query(void **state)
{
    static const struct kql_case cases[] = {
        {"let hidden = 5; print Peeks()", "function 'Peeks': ", 2, 6},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_functions_are_called_like_lets),
        cmocka_unit_test(broken_ones_say_which),
        cmocka_unit_test(a_stored_function_sees_no_let_of_the_query),
    };

    return RUN_TESTS(tests);
}
