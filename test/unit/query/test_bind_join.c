/* SPDX-License-Identifier: Apache-2.0 */
/* join and lookup: kinds, conditions. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | join kind=nosuch (T) on n", "! 1:15 'nosuch' is not a kind of join"},
        {"T | join (T) on nosuch", "! 1:17 column 'nosuch' is not known"},
        {"T | join (T) on $left.n == $right.nosuch",
         "! 1:35 column of $right 'nosuch' is not known"},
        {"T | join (T) on $left.nosuch == $right.n",
         "! 1:23 column of $left 'nosuch' is not known"},
        {"T | join (T) on $left.n == $left.n", "! 1:25 expected $left.a == $right.b"},
        {"T | join (T) on $left.n == $right.t", "! 1:25 cannot join a long with a datetime"},
        {"T | join (Nosuch) on n", "! 1:11 table 'Nosuch' is not known"},
        {"T | join (T) on n > n", "! 1:19 expected a column or $left.a == $right.b"},
        {"T | lookup kind=leftanti (T) on n", "! 1:17 'leftanti' is not a kind of lookup"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | join (T) on n | count", "[[2]]"},
        {"T | join kind=leftanti (T | where n == 1) on n | count", "[[1]]"},
        {"T | lookup (T | project n, x = s) on n | project x", "[[\"one\"],[\"two\"]]"},
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
