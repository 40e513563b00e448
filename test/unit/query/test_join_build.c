/* SPDX-License-Identifier: Apache-2.0 */
/* The side of a join that is kept. */
#include "ask.h"

#define ONE_TO(N) "range x from 1 to " N " step 1"

static void keys_and_rows_are_kept(void **state)
{
    static const struct ask cases[] = {
        /* one row a key, the first that came */
        {"datatable(k: long, v: long)[1, 10, 1, 11, 2, 20] | join (print k = 1, w = 5) on k",
         "[[1,10,1,5]]"},
        {"print k = 1 | join kind=inner (datatable(k: long, v: long)[1, 10, 2, 20, 1, 11]) on k"
         " | project v",
         "[[10],[11]]"},
        /* null matches null, in each of several keys */
        {"datatable(a: long, b: string)[long(null), '', 1, ''] | join kind=inner"
         " (datatable(a: long, b: string)[long(null), '', long(null), 'x']) on a, b | count",
         "[[1]]"},
        /* more keys and rows than there was room for at first, in several batches */
        {ONE_TO("20000") " | join kind=inner (" ONE_TO("20000") " | extend y = x * 2) on x"
                         " | summarize count(), sum(y - x)",
         "[[20000,200010000]]"},
        {ONE_TO("10000") " | extend k = x % 3 | join kind=innerunique (range k from 0 to 2 step 1)"
                         " on k | summarize count(), max(x)",
         "[[3,3]]"},
        {"print k = 2 | join kind=inner (" ONE_TO("9000") " | extend k = x % 4) on k"
         " | serialize p = prev(x) | summarize count(), countif(x <= p)",
         "[[2250,0]]"},
        {"print k = 1 | join kind=inner (print k = 1 | where k > 1) on k | count", "[[0]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_rows_are_kept),
    };

    return RUN_TESTS(tests);
}
