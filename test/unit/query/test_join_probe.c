/* SPDX-License-Identifier: Apache-2.0 */
/* The side of a join that streams: partners, and rows without one. */
#include "ask.h"

#define ONE_TO(N) "range x from 1 to " N " step 1"

static void rows_find_their_partners(void **state)
{
    static const struct ask cases[] = {
        /* one row has more partners than a batch has room for */
        {"print k = 1 | join kind=inner (" ONE_TO("12000") " | extend k = 1) on k"
         " | summarize count(), sum(x)",
         "[[12000,72006000]]"},
        {ONE_TO("300") " | extend k = 1 | join kind=inner (" ONE_TO("300") " | extend k = 1) on k"
                       " | summarize count(), sum(x * x1)",
         "[[90000,2038522500]]"},
        {ONE_TO("10") " | join kind=inner (" ONE_TO("10") ") on x | take 3 | count", "[[3]]"},
    };

    (void)state;
    ASK(cases);
}

/* More pairs than a join may give, of which the predicate leaves few. */
static void pairs_that_a_predicate_leaves_out_are_no_rows(void **state)
{
    static const struct ask cases[] = {
        {ONE_TO("20000") " | extend k = 1 | join kind=inner (range y from 1 to 3000 step 1 | extend"
                         " k = 1) on k | where x == y * 2 | count",
         "[[3000]]"},
        {ONE_TO("20000") " | extend k = 1 | join kind=inner (range y from 1 to 3000 step 1 | extend"
                         " k = 1) on k | where x != y | count",
         "! join gives more than 50000000 rows"},
        {ONE_TO("20000") " | extend k = 1 | join kind=inner (range y from 1 to 3000 step 1 | extend"
                         " k = 1) on k | count",
         "! join gives more than 50000000 rows"},
        {"let r = range x from 1 to 25100000 step 1; union r, r | join kind=leftanti (print x = 0) "
         "on x | where x > 0 | count",
         "[[50200000]]"}, /* no pairs at all */
    };

    (void)state;
    ASK(cases);
}

static void rows_without_one_are_kept_or_left_out(void **state)
{
    static const struct ask cases[] = {
        {ONE_TO("9000") " | join kind=leftouter (" ONE_TO("3000") ") on x"
                        " | summarize count(), countif(isnull(x1))",
         "[[9000,6000]]"},
        /* those of the kept side come at the end, out of all of its chunks */
        {ONE_TO("3000") " | join kind=rightouter (" ONE_TO("9000") ") on x"
                        " | summarize count(), countif(isnull(x)), sum(x1)",
         "[[9000,6000,40504500]]"},
        {ONE_TO("3000") " | join kind=fullouter (range x from 2001 to 9000 step 1) on x"
                        " | summarize count(), countif(isnull(x)), countif(isnull(x1))",
         "[[9000,6000,2000]]"},
        {ONE_TO("9000") " | join kind=leftanti (" ONE_TO("3000") ") on x"
                        " | summarize count(), min(x)",
         "[[6000,3001]]"},
        {ONE_TO("9000") " | join kind=leftsemi (" ONE_TO("3000") ") on x"
                        " | summarize count(), max(x)",
         "[[3000,3000]]"},
        {ONE_TO("3000") " | join kind=rightanti (" ONE_TO("9000") ") on x"
                        " | summarize count(), min(x)",
         "[[6000,3001]]"},
        {ONE_TO("3000") " | join kind=rightsemi (" ONE_TO("9000") ") on x"
                        " | summarize count(), max(x)",
         "[[3000,3000]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_find_their_partners),
        cmocka_unit_test(pairs_that_a_predicate_leaves_out_are_no_rows),
        cmocka_unit_test(rows_without_one_are_kept_or_left_out),
    };

    return RUN_TESTS(tests);
}
