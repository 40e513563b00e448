/* SPDX-License-Identifier: Apache-2.0 */
/* Operators written as queries over others. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | sample 'x'", "expected a whole number of rows", 1, 12},
        {"T | sample-distinct 1 of nosuch", "column 'nosuch' is not known", 1, 26},
        {"T | top-hitters 1 of nosuch", "column 'nosuch' is not known", 1, 22},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | sample 1 | count", "[[1]]", 0, 0},
        {"T | sample-distinct 1 of n | count", "[[1]]", 0, 0},
        {"T | top-hitters 1 of n | project n | count", "[[1]]", 0, 0},
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
