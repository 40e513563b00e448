/* SPDX-License-Identifier: Apache-2.0 */
/* Sources and the rarer operators. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"datatable(a:long)[1", "! 1:20 expected ',' or ']', found the end of the query"},
        {"datatable(a:long", "! 1:17 expected ',' or ')', found the end of the query"},
        {"datatable(a:nosuch)[1]",
         "! 1:13 expected a type (string, long, real, datetime, dynamic ...), found 'nosuch'"},
        {"datatable(a)[1]", "! 1:12 expected ':', found ')'"},
        {"datatable[1]", "! 1:10 expected '(', found '['"},
        {"range x from 1 to 5", "! 1:20 expected 'step', found the end of the query"},
        {"range x from 1", "! 1:15 expected 'to', found the end of the query"},
        {"union kind=", "! 1:12 expected an expression, found the end of the query"},
        {"search in (T", "! 1:13 expected a column name or a pattern, found the end of the query"},
        {"externaldata(a:string)", "! 1:23 expected '[', found the end of the query"},
        {"externaldata(a:string)['x'] with (format",
         "! 1:41 expected '=', found the end of the query"},
        {"T | mv-apply d on", "! 1:18 expected '(', found the end of the query"},
        {"T | parse s", "! 1:12 expected 'with', found the end of the query"},
        {"T | parse s with",
         "! 1:17 expected a pattern of strings, columns and '*', found the end of the query"},
        {"T | evaluate", "! 1:13 expected an expression, found the end of the query"},
        {"T | evaluate 5", "! 1:15 expected a plugin call, found the end of the query"},
        {"T | make-series", "! 1:16 expected an expression, found the end of the query"},
        {"T | make-series count()", "! 1:24 expected 'on', found the end of the query"},
        {"T | make-series count() on t step",
         "! 1:34 expected an expression, found the end of the query"},
        {"T | top-nested", "! 1:15 expected an expression, found the end of the query"},
        {"T | top-nested 2 of n", "! 1:22 expected 'by', found the end of the query"},
        {"T | lookup (T)", "! 1:15 expected 'on', found the end of the query"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"datatable(a:long, b:string)[1, 'x', 2, 'y'] | count", "[[2]]"},
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
