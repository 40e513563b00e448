/* SPDX-License-Identifier: Apache-2.0 */
/* fork and facet: the first of their tables. */
#include "kql.h"

static void the_first_table_is_the_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | fork (where n > 1 | project n)", "[[2]]", 0, 0},
        {"T | fork big = (where n > 1 | project n) (count) | project m = n", "[[2]]", 0, 0},
        {"T | facet by s | sort by s asc", "[[\"one\",1],[\"two\",1]]", 0, 0},
        {"T | facet by s, b with (take 1) | getschema | project ColumnName",
         "[[\"s\"],[\"count_s\"]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void broken_ones_are_refused(void **state)
{
    static const struct kql_case cases[] = {
        {"T | fork (where nosuch > 1)", "'nosuch'", 1, 17},
        {"T | fork where n > 1", "expected '='", 1, 16},
        {"T | facet s", "expected 'by'", 1, 11},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_table_is_the_answer),
        cmocka_unit_test(broken_ones_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
