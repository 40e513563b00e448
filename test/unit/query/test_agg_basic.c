/* SPDX-License-Identifier: Apache-2.0 */
/* count, sum, avg, min, max and their conditions. */
#include "ask.h"

static const struct ask rows_cases[] = {
    {"datatable(x:long)[1, long(null), 3] | summarize count(), countif(x > 1), sum(x), avg(x), "
     "min(x), max(x)",
     "[[3,1,4,2,1,3]]"},
    {"datatable(x:long)[] | summarize count(), sum(x), avg(x), min(x), max(x)",
     "[[0,0,\"NaN\",null,null]]"},
    {"datatable(x:long)[1, 2, 3] | summarize sumif(x, x > 1), avgif(x, x > 1), minif(x, x > 1), "
     "maxif(x, x > 9)",
     "[[5,2.5,2,null]]"},
};
ASK_TEST(rows, rows_cases)

static const struct ask types_cases[] = {
    /* Numbers without a null, and with one. */
    {"range i from 0 to 9 step 1 | extend n = 3 - i * 4, d = i * 1s - 4s, w = toint(i % 7 - 2) "
     "| summarize min(n), max(n), min(d), max(d), min(w), max(w) by k = i % 2 | sort by k asc",
     "[[0,-29,3,\"-00:00:04\",\"00:00:04\",-2,4],[1,-33,-1,\"-00:00:03\",\"00:00:05\",-2,3]]"},
    {"range i from 0 to 9 step 1 | extend n = iff(i == 9, long(null), 3 - i * 4) | summarize "
     "min(n), max(n), minif(n, i > 2), maxif(n, i > 2)",
     "[[-29,3,-29,-9]]"},
    {"datatable(s:string)['b', '', 'a'] | summarize min(s), max(s)",
     "[[\"\",\"b\"]]"},
    {"datatable(t:datetime)[datetime(2024-01-01), datetime(null), datetime(2024-01-03)] | "
     "summarize min(t), max(t), avg(t)",
     "[[\"2024-01-01T00:00:00.0000000Z\",\"2024-01-03T00:00:00.0000000Z\",\"2024-01-02T00:00:00."
     "0000000Z\"]]"},
    {"datatable(t:timespan)[1h, 3h] | summarize sum(t), avg(t)",
     "[[\"04:00:00\",\"02:00:00\"]]"},
    {"datatable(r:real)[1.5, real(nan), 2.5] | summarize min(r), max(r), sum(r)",
     "[[1.5,2.5,\"NaN\"]]"},
    {"datatable(b:bool)[true, false] | summarize sum(b), countif(b)",
     "[[1,1]]"},
    {"datatable(x:long, k:string)[1, 'a', 2, 'b', 3, 'a'] | summarize sum(x), take_anyif(x, x > "
     "2) by k",
     "[[\"a\",4,3],[\"b\",2,null]]"},
};
ASK_TEST(types, types_cases)

ASK_MAIN(cmocka_unit_test(rows),
         cmocka_unit_test(types))
