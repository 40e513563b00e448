/* SPDX-License-Identifier: Apache-2.0 */
/* union: its inputs, their columns. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"union Nosuch", "table 'Nosuch' is not known", 1, 7},
        {"union isfuzzy=true Nosuch, AlsoNot", "table 'Nosuch' is not known", 1, 20},
        {"union isfuzzy=true T, (T | where nosuch == 1)", "column 'nosuch' is not known", 1, 34},
        {"T | union nosuch", "table 'nosuch' is not known", 1, 11},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"union T, Empty | count", "[[2]]", 0, 0},
        {"union isfuzzy=true T, Nosuch | count", "[[2]]", 0, 0},
        {"union kind=inner T, (T | project n) | getschema | count", "[[1]]", 0, 0},
        {"union withsource=w T, T | distinct w | count", "[[1]]", 0, 0},
        {"T | union (T) | count", "[[4]]", 0, 0},
        {"union (print a = 1), (print a = 'x') | getschema | project ColumnName",
         "[[\"a_long\"],[\"a_string\"]]", 0, 0},
        {"union isfuzzy=true T, cluster('x').T | count", "[[2]]", 0, 0},
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
