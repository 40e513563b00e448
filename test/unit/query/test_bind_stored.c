/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that are not in the query. */
#include "ask.h"

static void stored_functions_are_called_like_lets(void **state)
{
    static const struct ask cases[] = {
        {"print Twice(4)", "[[8]]"},
        {"print Twice()", "[[2]]"},
        {"print Noted()", "[[7]]"},
        {"Rows | count", "[[2]]"},
        {"Rows() | count", "[[2]]"},
        {"T | invoke Only('one') | project s", "[[\"one\"]]"},
        {"Only(T, 'two') | project s", "[[\"two\"]]"},
        {"T | where n in (Numbers()) | count", "[[1]]"},
        {"let Twice = (x:long) { x * 3 }; print Twice(4)", "[[12]]"},
        {"let n = 5; print Twice(n)", "[[10]]"},
    };

    (void)state;
    ASK(cases);
}

static void broken_ones_say_which(void **state)
{
    static const struct ask cases[] = {
        {"print Broken(1)", "! 2:16 function 'Broken': "},
        {"NoText", "! 2:6 function 'NoText': "},
        {"print\n  Twice(1, 2)", "! 2:3 'Twice' takes 1 arguments"},
        {"print NotOne()", "! 1:1 function 'NotOne': it is not (parameters) { body } alone"},
        {"print Endless(1)", "! 2:12 nested too deep"},
        {"Mirror()", "! 2:14 nested too deep"},
        {"print Rows()", "! 1:7 'Rows' gives a table, a value is needed"},
        {"Twice(1) | count", "! 1:1 a value"},
        {"T | invoke Nosuch()", "! 1:12 function 'Nosuch' is not known"},
        {"T | invoke NoText()", "! 2:6 function 'NoText': "},
    };

    (void)state;
    ASK(cases);
}

static void a_stored_function_sees_no_let_of_the_query(void **state)
{
    static const struct ask cases[] = {
        {"let hidden = 5; print Peeks()", "! 2:6 function 'Peeks': "},
    };

    (void)state;
    ASK(cases);
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
