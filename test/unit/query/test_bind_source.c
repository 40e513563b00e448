/* SPDX-License-Identifier: Apache-2.0 */
/* datatable, print, range. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"datatable(a:long, b:string)[1]", "! 1:1 1 values do not fill rows of 2 columns"},
        {"datatable()[]", "! 1:1 0 values do not fill rows of 0 columns"},
        {"range x from 'a' to 3 step 1", "! 1:14 range needs numbers, datetimes or timespans"},
        {"range x from 1 to 'c' step 1", "! 1:19 the end of range is a string, a long is needed"},
        {"range t from now() to now() step 1",
         "! 1:34 the step of range is a long, a timespan is needed"},
        {"range x from 1 to 3 step 0", "! 1:26 the step of range must not be 0"},
        {"range x from 1.0 to 3 step real(nan)", "! 1:28 the step of range must not be 0"},
        {"range t from 1h to 2h step 0s", "! 1:28 the step of range must not be 0"},
        {"range x from 1 to nosuch step 1", "! 1:19 column 'nosuch' is not known"},
        {"range x from 1 to long(null) step 1", "! 1:19 range needs values that are not null"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"range x from 1 to 3 step 1 | count", "[[3]]"},
        {"range x from 3 to 1 step -1 | count", "[[3]]"},
        {"range x from 1 to 3 step -1 | count", "[[0]]"},
        {"range x from 0 to 1 step 0.5 | count", "[[3]]"},
        {"range t from datetime(2026-01-01) to datetime(2026-01-02) step 1h | count", "[[25]]"},
        {"print a = 1, 2 | project print_1", "[[2]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
