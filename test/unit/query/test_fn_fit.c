/* SPDX-License-Identifier: Apache-2.0 */
/* Lines through series, statistics, gaps, filters. */
#include "ask.h"

static const struct ask lines_cases[] = {
    {"print x = 1 | project (r, s, v, w, i, l) = series_fit_line(dynamic([1, 2, null, 4])) "
     "| extend i = round(i, 9)",
     "[[1,1,2.333333333333333,0,0,[1.0000000000000002,2.0,3.0,4.0]]]"},
    {"print x = 1 | project (r, at, v, w, l) = series_fit_2lines(dynamic([1, 2, 3, 3, 2, 1])) "
     "| project at, l",
     "[[3,[1.0,2.0,3.0,3.0,2.0,1.0]]]"},
    {"print series_fit_line(dynamic([1]))[1], series_fit_line(dynamic(5))[1]",
     "[[null,null]]"},
};
ASK_TEST(lines, lines_cases)

static const struct ask statistics_cases[] = {
    {"print x = 1 | project (a, b, c, d, e, f, g) = series_stats(dynamic([3, null, 1, 8]), true)",
     "[[1,2,8,3,4,3.605551275463989,13]]"},
    {"print series_outliers(dynamic([1, 2, 1, 2, 1, 2, 1, 2, 1, 50])), "
     "series_outliers(dynamic([1, 2, null, 99]), 'ctukey', 99), series_outliers(dynamic([5, 5, "
     "5]))",
     "[[[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,7.44827586206899],[-0.12500000000000014,0.12500000"
     "000000014,0.0,0.0],[0.0,0.0,0.0]]]"},
    {"print series_outliers(dynamic([1, 2, 3]), 'tukey'), series_outliers(dynamic([1, 2, 3, "
     "9]), 'ctukey', real(null), 20, 80)",
     "[[[-0.5,0.0,0.5],[-0.1578947368421052,0.0,0.0,0.9473684210526305]]]"},
    {"T | project series_outliers(d, 'tuckey')",
     "! 1:32 expected 'ctukey' or 'tukey', found 'tuckey'"},
    {"print series_outliers(dynamic([1]), 'ctukey', real(null), 1, 99)",
     "! percentiles of outliers are 2 to 98, in order"},
};
ASK_TEST(statistics, statistics_cases)

static const struct ask gaps_cases[] = {
    {"print series_fill_const(dynamic([1, null, 3]), 0.5), series_fill_linear(dynamic([null, "
     "1, null, 3, null])), series_fill_forward(dynamic([null, 2, null])), "
     "series_fill_backward(dynamic([null, 2, null]))",
     "[[[1,0.5,3],[1,1,2,3,3],[null,2,2],[2,2,null]]]"},
    {"print series_fill_forward(dynamic([1, 0, 2]), 0), series_fill_linear(dynamic([1, -1, "
     "3]), -1)",
     "[[[1,1,2],[1,2,3]]]"},
};
ASK_TEST(gaps, gaps_cases)

static const struct ask filters_cases[] = {
    {"print series_fir(dynamic([1, 2, 3]), dynamic([1, 1])), series_fir(dynamic([1, 2, 3, 4]), "
     "dynamic([1, 1, 1]), true, true), series_iir(dynamic([1, 2, 3]), dynamic([1]), "
     "dynamic([1, -1]))",
     "[[[0.5,1.5,2.5],[1.0,2.0,3.0,2.3333333333333335],[1.0,3.0,6.0]]]"},
    {"print series_iir(dynamic([1]), dynamic([1]), dynamic([0])), series_fir(dynamic([1]), "
     "dynamic([]))",
     "[[null,null]]"},
    {"print series_fir(dynamic([1]), range(1, 1025, 1))",
     "! a filter has at most 1024 elements"},
    {"print series_iir(dynamic([1]), range(1, 1025, 1), dynamic([1]))",
     "! a filter has at most 1024 elements"},
};
ASK_TEST(filters, filters_cases)

ASK_MAIN(cmocka_unit_test(lines),
         cmocka_unit_test(statistics),
         cmocka_unit_test(gaps),
         cmocka_unit_test(filters))
