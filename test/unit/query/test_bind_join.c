/* SPDX-License-Identifier: Apache-2.0 */
/* join and lookup: kinds, conditions. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | join kind=nosuch (T) on n", "'nosuch' is not a kind of join", 1, 15},
        {"T | join (T) on nosuch", "column 'nosuch' is not known", 1, 17},
        {"T | join (T) on $left.n == $right.nosuch",
         "column of $right 'nosuch' is not known", 1, 35},
        {"T | join (T) on $left.nosuch == $right.n",
         "column of $left 'nosuch' is not known", 1, 23},
        {"T | join (T) on $left.n == $left.n", "expected $left.a == $right.b", 1, 25},
        {"T | join (T) on $left.n == $right.t", "cannot join a long with a datetime", 1, 25},
        {"T | join (Nosuch) on n", "table 'Nosuch' is not known", 1, 11},
        {"T | join (T) on n > n", "expected a column or $left.a == $right.b", 1, 19},
        {"T | lookup kind=leftanti (T) on n", "'leftanti' is not a kind of lookup", 1, 17},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | join (T) on n | count", "[[2]]", 0, 0},
        {"T | join kind=leftanti (T | where n == 1) on n | count", "[[1]]", 0, 0},
        {"T | lookup (T | project n, x = s) on n | project x", "[[\"one\"],[\"two\"]]", 0, 0},
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
