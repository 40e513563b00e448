/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that give several columns. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | extend (a, b) = n", "several names need a dynamic array", 1, 12},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | extend (a, b) = dynamic([1, 2]) | project a, b | take 1", "[[1,2]]", 0, 0},
        {"print (slope, x) = series_fit_line(dynamic([1, 2, 3])) | project x", "[[1]]", 0, 0},
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
