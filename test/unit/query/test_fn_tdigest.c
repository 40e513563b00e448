/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what tdigest() made. */
#include "ask.h"

static const struct ask percentiles_cases[] = {
    {"print percentile_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 50), "
     "percentile_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 100, typeof(real)), "
     "percentile_tdigest(dynamic([1]), 5)",
     "[[2,3,null]]"},
    {"print percentiles_array_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 0, 50, 100), "
     "percentiles_array_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), dynamic([0, 100.0, 'x']), "
     "typeof(int))",
     "[[[1,2,3],[1,3]]]"},
    /* a type is that of the elements, or of the column where there is one percent */
    {"print t = dynamic([[8],[1.5,2.5],[1,1]]) | project a = percentiles_array_tdigest(t, 0, 100), "
     "b = percentiles_array_tdigest(t, 0, 100, typeof(long)), "
     "c = percentile_array_tdigest(t, dynamic([0, 100]), typeof(string)), "
     "d = percentiles_array_tdigest(t, dynamic([100.0]), typeof(long)), "
     "e = percentiles_array_tdigest(t, 100, typeof(long)), "
     "f = percentiles_array_tdigest(t, dynamic([100])) | project a, b, c, d, e, f, "
     "gettype(d), gettype(e), gettype(f)",
     "[[[1.5,2.5],[1,2],[\"1.5\",\"2.5\"],2,2,[2.5],\"long\",\"long\",\"array\"]]"},
    {"range p from 50 to 100 step 50 | project percentiles_array_tdigest("
     "dynamic([[8],[1.5,2.5],[1,1]]), pack_array(p), typeof(long))",
     "[[[1]],[[2]]]"},
    {"print percentiles_array_tdigest(dynamic([[7],[1],[1]]), 50, 'nothing')",
     "! the last argument is a type such as typeof(long)"},
    {"print percentiles_array_tdigest(dynamic([[7],[1],[1]]), 50, 60, 'nothing')",
     "! the last argument is a type such as typeof(long)"},
    {"print percentile_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 50, 'nothing')",
     "! is a type such as"},
    {"range x from 1 to 5 step 1 | summarize t = tdigest(datetime(2024-01-01) + x * 1d) | "
     "project percentile_tdigest(t, 50), percentile_tdigest(t, 50, typeof(datetime))",
     "[[\"2024-01-04T00:00:00.0000000Z\",\"2024-01-04T00:00:00.0000000Z\"]]"},
};
ASK_TEST(percentiles, percentiles_cases)

static const struct ask ranks_cases[] = {
    {"print rank_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 2), "
     "percentrank_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 0), rank_tdigest(dynamic(null), 1)",
     "[[2,0,null]]"},
};
ASK_TEST(ranks, ranks_cases)

static const struct ask merging_cases[] = {
    {"range x from 1 to 4 step 1 | summarize t = tdigest(iff(x == 4, real(1), iff(x % 2 == 0, "
     "real(-inf), real(+inf)))) | project t, percentile_tdigest(t, 1), percentile_tdigest(t, 50), "
     "percentile_tdigest(t, 100), rank_tdigest(t, 5)",
     "[[[[8],[\"-Infinity\",1,\"Infinity\"],[1,1,2]],\"-Infinity\",1.0,\"Infinity\",2]]"},
    {"range x from 1 to 20000 step 1 | summarize t = tdigest(iff(x % 2 == 0, real(-inf), "
     "todouble(x))) | project percentile_tdigest(t, 40), percentile_tdigest(t, 60) > 0",
     "[[\"-Infinity\",true]]"},
    {"print merge_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), dynamic([[7],[2,9],[1,4]])), "
     "tdigest_merge(dynamic(1))",
     "[[[[7],[1,2,3,9],[1,2,1,4]],null]]"},
    {"print merge_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), dynamic([[8],[2.5],[1]]))",
     "! cannot merge a tdigest of real"},
    {"print tdigest_isvalid(dynamic([[7],[1,2,3],[1,1,1]])), "
     "tdigest_isvalid(dynamic([[7],[1],[0]])), tdigest_isvalid(dynamic([[7],[1],[1,1]])), "
     "tdigest_isvalid(dynamic([[6],[1],[1]])), tdigest_isvalid(dynamic(null))",
     "[[true,false,false,false,false]]"},
};
ASK_TEST(merging, merging_cases)

ASK_MAIN(cmocka_unit_test(percentiles),
         cmocka_unit_test(ranks),
         cmocka_unit_test(merging))
