/* SPDX-License-Identifier: Apache-2.0 */
/* top-nested. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | top-nested 1 of nosuch by count()", "column 'nosuch' is not known", 1, 21},
        {"T | top-nested 1 of n by nosuch()", "function 'nosuch' is not known", 1, 26},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | top-nested 1 of n by count() | project n", "[[1]]", 0, 0},
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
