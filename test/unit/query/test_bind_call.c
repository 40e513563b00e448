/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: counts of arguments, names, aggregates, functions of the language. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"print strlen()", "! 1:7 'strlen' takes 1 argument, found 0: strlen(text)"},
        {"print strlen('a', 'b')", "! 1:7 'strlen' takes 1 argument, found 2"},
        {"print nosuchfn(1)", "! 1:7 function 'nosuchfn' is not known"},
        {"print strlne('a')", "! 1:7 function 'strlne' is not known; did you mean 'strlen'?"},
        {"T | where count() > 1", "! 1:11 aggregate 'count' can only stand in summarize"},
        {"T | summarize strlen(s)", "! 1:22 column 's' must stand in an aggregate or behind 'by'"},
        {"T | summarize count(n, n)", "! 1:15 'count' takes 0 to 1 arguments, found 2"},
        {"T | extend x = toscalar()", "! 1:16 'toscalar' takes a table"},
        {"print column_ifexists('a')", "! 1:7 'column_ifexists' takes 2 arguments"},
        {"T | extend x = column_ifexists(n, 1)", "! 1:32 column 'n' is not known"},
        {"T | summarize arg_max()", "! 1:15 'arg_max' takes at least one argument"},
        {"print strcat()", "! 1:7 'strcat' takes 1 to 64 arguments, found 0"},
        {"print extract('(', 1, 'a')", "! 1:15 '(' is not a regular expression: missing ): ("},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"print toscalar(T | summarize max(n))", "[[2]]"},
        {"T | extend x = column_ifexists('nosuch', 7) | project x", "[[7],[7]]"},
        {"T | summarize arg_max(n, *) | project s", "[[\"two\"]]"},
        {"print pack_all()", "[[{}]]"},
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
