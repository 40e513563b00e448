/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate: bag_unpack, pivot. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | evaluate nosuch()", "plugin 'nosuch' is not known", 1, 14},
        {"T | evaluate bag_unpack()", "'bag_unpack' takes a column", 1, 5},
        {"T | evaluate bag_unpack(n)", "'bag_unpack' needs a dynamic column", 1, 25},
        {"T | evaluate bag_unpack(nosuch)", "column 'nosuch' is not known", 1, 25},
        {"T | evaluate bag_unpack(d, columnsConflict='keep')",
         "'keep' is not what to do with columns that are there; expected error, replace_source or "
         "keep_source",
         1, 28},
        {"T | evaluate bag_unpack(d, OutputColumnPrefx='x')", "did you mean 'OutputColumnPrefix'?",
         1, 28},
        {"T | evaluate pivot()", "'pivot' takes a column", 1, 5},
        {"T | evaluate pivot(nosuch)", "column 'nosuch' is not known", 1, 20},
        {"T | evaluate autocluster()", "plugin 'autocluster' is not known", 1, 14},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | project d, n | where n == 1 | evaluate bag_unpack(d) | project a", "[[1]]", 0, 0},
        {"T | evaluate pivot(s) | count", "[[2]]", 0, 0},
        {"datatable(d: dynamic)[dynamic({'a': null}), dynamic({'a': 1}), dynamic({'a': 2.5})] | "
         "evaluate bag_unpack(d) | getschema | project ColumnName, ColumnType",
         "[[\"a\",\"real\"]]", 0, 0},
        {"datatable(d: dynamic)[dynamic({'a': 2.5}), dynamic({'a': null}), dynamic({'a': 1})] | "
         "evaluate bag_unpack(d) | getschema | project ColumnName, ColumnType",
         "[[\"a\",\"real\"]]", 0, 0},
        {"print d = parse_json('{\"\\\\u0061\":1,\"n\":null}') | evaluate bag_unpack(d) | "
         "project a, n",
         "[[1,null]]", 0, 0},
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
