/* SPDX-License-Identifier: Apache-2.0 */
/* mv-expand, mv-apply. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | mv-expand nosuch", "column 'nosuch' is not known", 1, 15},
        {"T | mv-expand d limit nosuch", "column 'nosuch' is not known", 1, 23},
        {"T | mv-apply d on (where nosuch == 1)", "column 'nosuch' is not known", 1, 26},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | mv-expand d to typeof(long) | where isnotnull(d) | count", "[[2]]", 0, 0},
        {"T | mv-apply e = d on (count) | count", "[[2]]", 0, 0},
        {"T | mv-expand with_itemindex=i d | summarize max(i)", "[[1]]", 0, 0},
        {"T | mv-expand bagexpansion=array d | count", "[[3]]", 0, 0},
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
