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
        /* what has no name has a number that is free */
        {"print Column1 = 7 | mv-expand range(1, 2, 1), pack_array(5, 6) | project Column1, "
         "Column2, Column3",
         "[[7,1,5],[7,2,6]]"},
        {"print Column2 = 7 | mv-apply range(1, 2, 1), pack_array(5, 6) on (take 1) | project "
         "Column1, Column2, Column3",
         "[[1,7,5]]"},
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
