/* SPDX-License-Identifier: Apache-2.0 */
/* partition, scan. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | partition by nosuch (take 1)", "! 1:18 column 'nosuch' is not known"},
        {"T | partition by n (nosuchop)", "! 1:21 'nosuchop' is not an operator"},
        {"T | partition by n (where nosuch == 1)", "! 1:27 column 'nosuch' is not known"},
        {"T | scan with (step a: true => m = n;) | count",
         "! 1:32 a step assigns to columns of the input and declared ones only"},
        {"T | scan declare (m:long = 0) with (step a: nosuch;)",
         "! 1:45 column 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | partition by n (top 1 by s) | count", "[[2]]"},
        {"T | scan declare (m:long = 0) with (step a: true => m = m + n;) | project m",
         "[[1],[2]]"},
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
