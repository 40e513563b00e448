/* SPDX-License-Identifier: Apache-2.0 */
/* where, project and its kin, sort, top, take. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | project n, n", "column 'n' stands twice", 1, 16},
        {"T | project-away nosuch", "column 'nosuch' is not known", 1, 18},
        {"T | project-keep nosuch", "column 'nosuch' is not known", 1, 18},
        {"T | project-rename x = nosuch", "column 'nosuch' is not known", 1, 24},
        {"T | project-rename s = n", "column 's' stands twice", 1, 20},
        {"T | project-rename n", "expected new_name = old_name", 1, 20},
        {"T | project-reorder nosuch", "column 'nosuch' is not known", 1, 21},
        {"T | sort by nosuch", "column 'nosuch' is not known", 1, 13},
        {"T | top 'x' by n", "expected a whole number of rows", 1, 9},
        {"T | take 'x'", "expected a whole number of rows", 1, 10},
        {"T | extend nn = n * 2, nn = 3", "column 'nn' stands twice", 1, 24},
        {"T | where t", "where needs a bool, found a datetime", 1, 11},
        {"T | distinct nosuch", "column 'nosuch' is not known", 1, 14},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | project-away n* | getschema | count", "[[6]]", 0, 0},
        {"T | project-reorder s | getschema | take 1 | project ColumnName", "[[\"s\"]]", 0, 0},
        {"T | top 1 by n | project n", "[[2]]", 0, 0},
        {"T | getschema | count", "[[7]]", 0, 0},
        {"T | serialize x = row_number() | project x", "[[1],[2]]", 0, 0},
        {"T | project strlen(s), tostring(n)", "[[3,\"1\"],[3,\"2\"]]", 0, 0},
        {"T | distinct s | count", "[[2]]", 0, 0},
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
