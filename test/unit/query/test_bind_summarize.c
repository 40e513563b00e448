/* SPDX-License-Identifier: Apache-2.0 */
/* summarize, distinct, count. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | summarize n", "column 'n' must stand in an aggregate or behind 'by'", 1, 15},
        {"T | summarize count() by nosuch", "column 'nosuch' is not known", 1, 26},
        {"T | summarize sum(nosuch)", "column 'nosuch' is not known", 1, 19},
        {"T | summarize s", "column 's' must stand in an aggregate or behind 'by'", 1, 15},
        {"T | summarize count(count())", "aggregate 'count' can only stand in summarize", 1, 21},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | summarize count() by b | count", "[[2]]", 0, 0},
        {"T | summarize by b | count", "[[2]]", 0, 0},
        {"T | summarize max(n) + 1 | project Column1", "[[3]]", 0, 0},
        {"T | summarize count() by bin(t, 1d) | count", "[[2]]", 0, 0},
        {"T | count | project Count", "[[2]]", 0, 0},
        {"T | distinct *| count", "[[2]]", 0, 0},
        {"T | summarize count() by d", "[[{\"a\":1},1],[[1,2],1]]", 0, 0},
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
