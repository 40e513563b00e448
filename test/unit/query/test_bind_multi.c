/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that give several columns. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | extend (a, b) = n", "! 1:12 several names need a dynamic array"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | extend (a, b) = dynamic([1, 2]) | project a, b | take 1", "[[1,2]]"},
        {"print (slope, x) = series_fit_line(dynamic([1, 2, 3])) | project x", "[[1]]"},
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
