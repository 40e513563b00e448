/* SPDX-License-Identifier: Apache-2.0 */
/* Counting what is different. */
#include "ask.h"

static const struct ask exact_cases[] = {
    {"datatable(s:string)['a', 'A', 'a', ''] | summarize dcount(s), count_distinct(s)",
     "[[3,3]]"},
    {"datatable(x:long)[1, 1, long(null)] | summarize dcount(x), count_distinct(x), dcountif(x, "
     "x > 1), count_distinctif(x, true)",
     "[[1,1,0,1]]"},
    {"range x from 1 to 5000 step 1 | summarize dcount(x % 100, 4), count_distinct(x)",
     "[[100,5000]]"},
};
ASK_TEST(exact, exact_cases)

static const struct ask many_cases[] = {
    {"range x from 1 to 200000 step 1 | summarize d = dcount(x), e = count_distinct(x) | "
     "project abs(d - 200000) < 8000, e",
     "[[true,200000]]"},
};
ASK_TEST(many, many_cases)

static const struct ask sketches_cases[] = {
    {"range x from 1 to 10 step 1 | summarize h = hll(x) by x % 2 | summarize m = hll_merge(h) "
     "| project dcount_hll(m)",
     "[[10]]"},
    {"datatable(x:long)[] | summarize dcount(x), count_distinct(x)",
     "[[0,0]]"},
};
ASK_TEST(sketches, sketches_cases)

ASK_MAIN(cmocka_unit_test(exact),
         cmocka_unit_test(many),
         cmocka_unit_test(sketches))
