/* SPDX-License-Identifier: Apache-2.0 */
/* A series as season, trend and what is left. */
#include "ask.h"

static const struct ask parts_cases[] = {
    {"print x = 1 | project (b, s, t, r) = series_decompose(dynamic([1, 3, 1, 3, 1, 3]), 2)",
     "[[[1.0,3.0,1.0,3.0,1.0,3.0],[1.0,3.0,1.0,3.0,1.0,3.0],[0.0,0.0,0.0,0.0,0.0,0.0],[0.0,0.0,"
     "0.0,0.0,0.0,0.0]]]"},
    {"print x = 1 | project (b, s, t, r) = series_decompose(dynamic([1, 2, 3, 4]), 0, "
     "'linefit') | project b, s, r",
     "[[[1.0,2.0,3.0,4.0],[0.0,0.0,0.0,0.0],[0.0,0.0,0.0,0.0]]]"},
    {"print x = 1 | project (b, s, t, r) = series_decompose(dynamic([1, 2, 3]), 0, 'none') | "
     "project b, r",
     "[[[0.0,0.0,0.0],[1.0,2.0,3.0]]]"},
    {"range i from 0 to 31 step 1 | summarize y = make_list(i % 4) | project (b, s, t, r) = "
     "series_decompose(y) | project array_slice(s, 0, 4)",
     "[[[0.0,1.0,2.0,3.0,0.0]]]"},
    {"range i from 0 to 31 step 1 | summarize y = make_list(i % 4) | project (b, s, t, r) = "
     "series_decompose(y, -1, 'avg', 0, 0.99) | project array_slice(b, 0, 1)",
     "[[[1.5,1.5]]]"},
    {"print series_decompose(dynamic([1, 2]), -1, 'linfit')",
     "! 1:45 expected 'avg', 'linefit' or 'none', found 'linfit'"},
    {"print series_decompose(dynamic([1, 2]), -7)",
     "! 1:41 a season has a length, or is 0 for none, -1 to be found"},
    {"print series_decompose(dynamic(7))[0], series_decompose(dynamic([]))[0]",
     "[[null,null]]"},
};
ASK_TEST(parts, parts_cases)

static const struct ask anomalies_cases[] = {
    {"print x = 1 | project (f, s, b) = series_decompose_anomalies(dynamic([1, 2, 1, 2, 40, 2, "
     "1, 2, -40, 2, 1]), 1.5, 0)",
     "[[[0,0,0,0,1,0,0,0,-1,0,0],[0.0,0.0,0.0,0.0,38.0,0.0,0.0,0.0,-41.0,0.0,0.0],[1.2727272727"
     "272727,1.2727272727272727,1.2727272727272727,1.2727272727272727,1.2727272727272727,1.2727"
     "272727272727,1.2727272727272727,1.2727272727272727,1.2727272727272727,1.2727272727272727,"
     "1.2727272727272727]]]"},
    {"print x = 1 | project (f, s, b) = series_decompose_anomalies(dynamic([1, 2, 3, 4, 100]), "
     "3, 0, 'linefit', 1, 'tukey') | project f",
     "[[[0,0,0,0,1]]]"},
    {"T | project series_decompose_anomalies(d, 1.5, 0, 'avg', 0, 'tuky')",
     "! 1:61 expected 'ctukey' or 'tukey', found 'tuky'"},
    {"print series_decompose_anomalies(dynamic([1, 2]), 1.5, 0, 'average')",
     "! expected 'avg', 'linefit' or 'none', found 'average'"},
    {"print series_decompose_anomalies()",
     "! 'series_decompose_anomalies' takes 1 to 7 argument"},
};
ASK_TEST(anomalies, anomalies_cases)

static const struct ask forecast_cases[] = {
    {"print series_decompose_forecast(dynamic([1, 2, 3, 0, 0]), 2, 0)",
     "[[[1.0,2.0,3.0,4.0,5.0]]]"},
    {"print series_decompose_forecast(dynamic([1, 5, 1, 5, 1, 5, 0, 0]), 2, 2, 'none')",
     "[[[1.0,5.0,1.0,5.0,1.0,5.0,1.0,5.0]]]"},
    {"print series_decompose_forecast(dynamic([1, 2]), 1, 0, 'line')",
     "! expected 'avg', 'linefit' or 'none', found 'line'"},
};
ASK_TEST(forecast, forecast_cases)

ASK_MAIN(cmocka_unit_test(parts),
         cmocka_unit_test(anomalies),
         cmocka_unit_test(forecast))
