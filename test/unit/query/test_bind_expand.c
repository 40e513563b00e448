/* SPDX-License-Identifier: Apache-2.0 */
/* mv-expand, mv-apply. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | mv-expand nosuch", "! 1:15 column 'nosuch' is not known"},
        {"T | mv-expand d limit nosuch", "! 1:23 column 'nosuch' is not known"},
        {"T | mv-apply d on (where nosuch == 1)", "! 1:26 column 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | mv-expand d to typeof(long) | where isnotnull(d) | count", "[[2]]"},
        {"T | mv-apply e = d on (count) | count", "[[2]]"},
        {"T | mv-expand with_itemindex=i d | summarize max(i)", "[[1]]"},
        {"T | mv-expand bagexpansion=array d | count", "[[3]]"},
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
