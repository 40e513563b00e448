/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: counts of arguments, names, aggregates, functions of the language. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"print strlen()", "'strlen' takes 1 arguments, found 0", 1, 7},
        {"print strlen('a', 'b')", "'strlen' takes 1 arguments, found 2", 1, 7},
        {"print nosuchfn(1)", "function 'nosuchfn' is not known", 1, 7},
        {"print strlne('a')", "function 'strlne' is not known; did you mean 'strlen'?", 1, 7},
        {"T | where count() > 1", "aggregate 'count' can only stand in summarize", 1, 11},
        {"T | summarize strlen(s)", "column 's' must stand in an aggregate or behind 'by'", 1, 22},
        {"T | summarize count(n, n)", "'count' takes 0 to 1 arguments, found 2", 1, 15},
        {"T | extend x = toscalar()", "'toscalar' takes a table", 1, 16},
        {"print column_ifexists('a')", "'column_ifexists' takes 2 arguments", 1, 7},
        {"T | extend x = column_ifexists(n, 1)", "column 'n' is not known", 1, 32},
        {"T | summarize arg_max()", "'arg_max' takes at least one argument", 1, 15},
        {"print strcat()", "'strcat' takes 1 to 64 arguments, found 0", 1, 7},
        {"print extract('(', 1, 'a')", "'(' is not a regular expression: missing ): (", 1, 15},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"print toscalar(T | summarize max(n))", "[[2]]", 0, 0},
        {"T | extend x = column_ifexists('nosuch', 7) | project x", "[[7],[7]]", 0, 0},
        {"T | summarize arg_max(n, *) | project s", "[[\"two\"]]", 0, 0},
        {"print pack_all()", "[[{}]]", 0, 0},
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
