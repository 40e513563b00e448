/* SPDX-License-Identifier: Apache-2.0 */
/* Sources and the rarer operators. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"datatable(a:long)[1", "expected ',' or ']', found the end of the query", 1, 20},
        {"datatable(a:long", "expected ',' or ')', found the end of the query", 1, 17},
        {"datatable(a:nosuch)[1]",
         "expected a type (string, long, real, datetime, dynamic ...), found 'nosuch'", 1, 13},
        {"datatable(a)[1]", "expected ':', found ')'", 1, 12},
        {"datatable[1]", "expected '(', found '['", 1, 10},
        {"range x from 1 to 5", "expected 'step', found the end of the query", 1, 20},
        {"range x from 1", "expected 'to', found the end of the query", 1, 15},
        {"union kind=", "expected an expression, found the end of the query", 1, 12},
        {"search in (T", "expected a column name or a pattern, found the end of the query", 1, 13},
        {"externaldata(a:string)", "expected '[', found the end of the query", 1, 23},
        {"externaldata(a:string)['x'] with (format",
         "expected '=', found the end of the query", 1, 41},
        {"T | mv-apply d on", "expected '(', found the end of the query", 1, 18},
        {"T | parse s", "expected 'with', found the end of the query", 1, 12},
        {"T | parse s with",
         "expected a pattern of strings, columns and '*', found the end of the query", 1, 17},
        {"T | evaluate", "expected an expression, found the end of the query", 1, 13},
        {"T | evaluate 5", "expected a plugin call, found the end of the query", 1, 15},
        {"T | make-series", "expected an expression, found the end of the query", 1, 16},
        {"T | make-series count()", "expected 'on', found the end of the query", 1, 24},
        {"T | make-series count() on t step",
         "expected an expression, found the end of the query", 1, 34},
        {"T | top-nested", "expected an expression, found the end of the query", 1, 15},
        {"T | top-nested 2 of n", "expected 'by', found the end of the query", 1, 22},
        {"T | lookup (T)", "expected 'on', found the end of the query", 1, 15},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"datatable(a:long, b:string)[1, 'x', 2, 'y'] | count", "[[2]]", 0, 0},
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
