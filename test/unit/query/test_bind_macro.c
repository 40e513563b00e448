/* SPDX-License-Identifier: Apache-2.0 */
/* Operators written as queries over others. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | sample 'x'", "! 1:12 expected a whole number of rows"},
        {"T | sample-distinct 1 of nosuch", "! 1:26 column 'nosuch' is not known"},
        {"T | top-hitters 1 of nosuch", "! 1:22 column 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | sample 1 | count", "[[1]]"},
        {"T | sample-distinct 1 of n | count", "[[1]]"},
        {"T | top-hitters 1 of n | project n | count", "[[1]]"},
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
