/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the sketches of hll(). */
#include "ask.h"

static const struct ask counts_cases[] = {
    {"range x from 1 to 100 step 1 | summarize h = hll(x % 7) | project dcount_hll(h)",
     "[[7]]"},
    {"print dcount_hll(dynamic(null)), dcount_hll(dynamic([1]))",
     "[[null,null]]"},
    {"range x from 1 to 10 step 1 | summarize a = hll_if(x, x < 6), b = hll_if(x, x > 3) | "
     "project dcount_hll(hll_merge(a, b)), dcount_hll(a), dcount_hll(b)",
     "[[10,5,7]]"},
};
ASK_TEST(counts, counts_cases)

ASK_MAIN(cmocka_unit_test(counts))
