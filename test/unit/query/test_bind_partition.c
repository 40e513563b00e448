/* SPDX-License-Identifier: Apache-2.0 */
/* partition, scan. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | partition by nosuch (take 1)", "column 'nosuch' is not known", 1, 18},
        {"T | partition by n (nosuchop)", "'nosuchop' is not an operator", 1, 21},
        {"T | partition by n (where nosuch == 1)", "column 'nosuch' is not known", 1, 27},
        {"T | scan with (step a: true => m = n;) | count",
         "a step assigns to columns of the input and declared ones only", 1, 32},
        {"T | scan declare (m:long = 0) with (step a: nosuch;)",
         "column 'nosuch' is not known", 1, 45},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | partition by n (top 1 by s) | count", "[[2]]", 0, 0},
        {"T | scan declare (m:long = 0) with (step a: true => m = m + n;) | project m",
         "[[1],[2]]", 0, 0},
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
