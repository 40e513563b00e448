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
    {"datatable(k:long, t:datetime)[1, datetime(2024-01-01 00:00:00.0000001), 2, "
     "datetime(2024-01-01 00:00:00.1234567), 2, datetime(2024-01-01 00:00:00.1234569), 3, "
     "datetime(null)] | summarize avg(t) by k | sort by k asc",
     "[[1,\"2024-01-01T00:00:00.0000001Z\"],[2,\"2024-01-01T00:00:00.1234568Z\"],[3,null]]"},
    /* of a few threads */
    {"range i from 1 to 100000 step 1 | extend t = iff(i > 50000, datetime(2024-01-01), "
     "datetime(1999-01-01)) + (i % 2) * 2tick | union (print t = datetime(null)) | summarize "
     "avg(t), avgif(t, i <= 50000)",
     "[[\"2011-07-02T12:00:00.0000001Z\",\"1999-01-01T00:00:00.0000001Z\"]]"},
    /* exact in any order, however far they are apart */
    {"datatable(k:long, t:datetime)[1, datetime(2026-01-03), "
     "1, datetime(9999-12-31 23:59:59.9999999), 1, datetime(0001-01-01), "
     "2, datetime(0001-01-01), 2, datetime(9999-12-31 23:59:59.9999999), "
     "2, datetime(2026-01-03)] | summarize avg(t) by k | sort by k asc",
     "[[1,\"4009-01-01T08:00:00.0000000Z\"],[2,\"4009-01-01T08:00:00.0000000Z\"]]"},
    {"datatable(t:timespan)[time(-1tick), time(-2tick)] | summarize avg(t / 1) | project x = "
     "toint(avg_ / 1tick)",
     "[[-2]]"},
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
