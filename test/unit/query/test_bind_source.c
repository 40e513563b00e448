/* SPDX-License-Identifier: Apache-2.0 */
/* datatable, print, range. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"datatable(a:long, b:string)[1]", "1 values do not fill rows of 2 columns", 1, 1},
        {"datatable()[]", "0 values do not fill rows of 0 columns", 1, 1},
        {"range x from 'a' to 3 step 1", "range needs numbers, datetimes or timespans", 1, 14},
        {"range x from 1 to 'c' step 1", "the end of range is a string, a long is needed", 1, 19},
        {"range t from now() to now() step 1", "the step of range is a long, a timespan is needed",
         1, 34},
        {"range x from 1 to 3 step 0", "the step of range must not be 0", 1, 26},
        {"range x from 1.0 to 3 step real(nan)", "the step of range must not be 0", 1, 28},
        {"range t from 1h to 2h step 0s", "the step of range must not be 0", 1, 28},
        {"range x from 1 to nosuch step 1", "column 'nosuch' is not known", 1, 19},
        {"range x from 1 to long(null) step 1", "range needs values that are not null", 1, 19},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"range x from 1 to 3 step 1 | count", "[[3]]", 0, 0},
        {"range x from 3 to 1 step -1 | count", "[[3]]", 0, 0},
        {"range x from 1 to 3 step -1 | count", "[[0]]", 0, 0},
        {"range x from 0 to 1 step 0.5 | count", "[[3]]", 0, 0},
        {"range t from datetime(2026-01-01) to datetime(2026-01-02) step 1h | count",
         "[[25]]", 0, 0},
        {"print a = 1, 2 | project print_1", "[[2]]", 0, 0},
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
