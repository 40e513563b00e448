/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles by nearest rank. */
#include "ask.h"

static const struct ask ranks_cases[] = {
    {"range x from 1 to 100 step 1 | summarize percentile(x, 50), percentile(x, 0), "
     "percentile(x, 100), percentile(x, 95)",
     "[[50,1,100,95]]"},
    {"range x from 1 to 10 step 1 | summarize percentiles(x, 10, 90)",
     "[[1,9]]"},
    {"range x from 1 to 10 step 1 | summarize percentiles_array(x, 50, 100), "
     "percentiles_array(x, dynamic([10]))",
     "[[[5,10],[1]]]"},
    /* as many as are asked for, in any order */
    {"range x from 1 to 100 step 1 | summarize a = percentiles_array(x, range(0, 100, 10)), "
     "w = percentilesw_array(x, 2, range(100, 0, -10)) | project array_length(a), tostring(a), "
     "array_length(w), w[0], w[9], w[10]",
     "[[11,\"[1,10,20,30,40,50,60,70,80,90,100]\",11,100,10,1]]"},
    {"range x from 1 to 9 step 1 | summarize percentiles_array(x, 1, 12, 23, 34, 45, 56, 67, 78, "
     "89, 100) by x % 2 | summarize sum(array_length(percentiles_x))",
     "[[20]]"},
    {"range x from 1 to 20000 step 1 | summarize p = percentiles_array(x, range(0, 100, 1)) "
     "by k = x % 3000 | summarize count(), min(array_length(p)), max(array_length(p))",
     "[[3000,101,101]]"},
    {"datatable(v:long, w:long)[1, 1, 2, 98, 3, 1] | summarize percentilew(v, w, 50), "
     "percentilesw(v, w, 1, 100)",
     "[[2,1,3]]"},
};
ASK_TEST(ranks, ranks_cases)

static const struct ask types_and_nothing_cases[] = {
    {"datatable(t:datetime)[datetime(2024-01-01), datetime(2024-01-02)] | summarize "
     "percentile(t, 50)",
     "[[\"2024-01-01T00:00:00.0000000Z\"]]"},
    {"datatable(t:timespan)[1h, 2h, 3h] | summarize percentile(t, 50)",
     "[[\"02:00:00\"]]"},
    {"datatable(x:long)[long(null)] | summarize percentile(x, 50)",
     "[[null]]"},
    /* the elements of an array have the type, too */
    {"datatable(t:datetime, s:timespan)[datetime(2024-01-01), 1h, datetime(2024-01-02), 2h] "
     "| summarize percentiles_array(t, 50, 100), percentilesw_array(s, 1, 50, 100)",
     "[[[\"2024-01-01T00:00:00.0000000Z\",\"2024-01-02T00:00:00.0000000Z\"],"
     "[\"01:00:00\",\"02:00:00\"]]]"},
    {"datatable(x:long, y:real, z:dynamic)[9007199254740993, 0.5, dynamic(2)] "
     "| summarize percentiles_array(x, 50), percentilesw_array(x, 1, 50), "
     "percentiles_array(y, 50), percentiles_array(z, 50)",
     "[[[9007199254740993],[9007199254740993],[0.5],[2.0]]]"},
};
ASK_TEST(types_and_nothing, types_and_nothing_cases)

ASK_MAIN(cmocka_unit_test(ranks),
         cmocka_unit_test(types_and_nothing))
