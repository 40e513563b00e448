/* SPDX-License-Identifier: Apache-2.0 */
/* summarize, distinct, count. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | summarize n", "! 1:15 column 'n' must stand in an aggregate or behind 'by'"},
        {"T | summarize count() by nosuch", "! 1:26 column 'nosuch' is not known"},
        {"T | summarize sum(nosuch)", "! 1:19 column 'nosuch' is not known"},
        {"T | summarize s", "! 1:15 column 's' must stand in an aggregate or behind 'by'"},
        {"T | summarize count(count())", "! 1:21 aggregate 'count' can only stand in summarize"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | summarize count() by b | count", "[[2]]"},
        {"T | summarize by b | count", "[[2]]"},
        {"T | summarize max(n) + 1 | project Column1", "[[3]]"},
        {"T | summarize count() by bin(t, 1d) | count", "[[2]]"},
        {"T | count | project Count", "[[2]]"},
        {"T | distinct *| count", "[[2]]"},
        {"T | summarize count() by d", "[[{\"a\":1},1],[[1,2],1]]"},
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
