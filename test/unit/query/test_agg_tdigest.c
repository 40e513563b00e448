/* SPDX-License-Identifier: Apache-2.0 */
/* tdigest() and tdigest_merge() over groups. */
#include "ask.h"

static const struct ask digests_cases[] = {
    {"range x from 1 to 3 step 1 | summarize tdigest(x)",
     "[[[[7],[1,2,3],[1,1,1]]]]"},
    {"datatable(x: real, w: long)[1.5, 2, 1.5, 1, 2.5, -1] | summarize tdigest(x, w)",
     "[[[[8],[1.5],[3]]]]"},
    {"range x from 1 to 0 step 1 | summarize tdigest(x), tdigest_merge(dynamic(null))",
     "[[null,null]]"},
    {"range x from 1 to 4 step 1 | summarize t = tdigest(x) by x % 2 | summarize m = "
     "tdigest_merge(t), n = merge_tdigest(t)",
     "[[[[7],[1,2,3,4],[1,1,1,1]],[[7],[1,2,3,4],[1,1,1,1]]]]"},
    {"range x from 1 to 4 step 1 | summarize t = tdigest(x) by x % 2 | summarize "
     "tdigest_merge(t) | project-rename a = merge_tdigests_t | count",
     "[[1]]"},
    {"range x from 1 to 100000 step 1 | summarize t = tdigest(x) | project strlen(tostring(t)) "
     "< 20000, abs(percentile_tdigest(t, 50, typeof(long)) - 50000) < 200, rank_tdigest(t, "
     "100000)",
     "[[true,true,100000]]"},
};
ASK_TEST(digests, digests_cases)

static const struct ask errors_cases[] = {
    {"datatable(t: dynamic)[dynamic([[7],[1],[1]]), dynamic([[8],[1.5],[1]])] | summarize "
     "tdigest_merge(t)",
     "! cannot merge a tdigest"},
    {"print x = 1 | summarize tdigest()",
     "! SEM0219"},
};
ASK_TEST(errors, errors_cases)

ASK_MAIN(cmocka_unit_test(digests),
         cmocka_unit_test(errors))
