/* SPDX-License-Identifier: Apache-2.0 */
/* top-nested. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | top-nested 1 of nosuch by count()", "! 1:21 column 'nosuch' is not known"},
        {"T | top-nested 1 of n by nosuch()", "! 1:26 function 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | top-nested 1 of n by count() | project n", "[[1]]"},
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
