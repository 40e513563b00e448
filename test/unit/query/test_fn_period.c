/* SPDX-License-Identifier: Apache-2.0 */
/* Fourier transforms, periods and seasons of series. */
#include "ask.h"

static const struct ask transforms_cases[] = {
    {"print series_fft(dynamic([1, 1, 1, 1]))",
     "[[[4.0,0.0,0.0,0.0],[0.0,0.0,0.0,0.0]]]"},
    {"print x = 1 | project (a, b) = series_fft(dynamic([1, -1]))",
     "[[[0.0,2.0],[0.0,0.0]]]"},
    {"range n from 1 to 40 step 1 | extend s = range(1, n, 1) | extend f = series_fft(s) | "
     "extend b = series_ifft(f[0], f[1])[0] | extend d = series_magnitude(series_subtract(b, "
     "s)) | summarize countif(d > 1e-9)",
     "[[0]]"},
    {"print series_fft(dynamic(['x'])), series_fft(dynamic([])), series_fft(dynamic(5)), "
     "series_ifft(dynamic([1]), dynamic([1, 2]))",
     "[[null,null,null,null,null,null,null,null]]"},
};
ASK_TEST(transforms, transforms_cases)

static const struct ask periods_cases[] = {
    {"range i from 0 to 39 step 1 | summarize y = make_list(i % 5) | project "
     "series_periods_detect(y, 4, 20, 2)",
     "[[[5.0,0.0],[0.9354143466934854,0.0]]]"},
    {"range i from 0 to 39 step 1 | summarize y = make_list(i % 5) | project "
     "series_periods_validate(y, 5, 6, 3, 21)",
     "[[[5.0,6.0,3.0,21.0],[0.9354143466934854,0.0,0.0,0.0]]]"},
    {"print series_periods_detect(dynamic([1, 1, 1, 1, 1, 1, 1, 1, 1]), 4, 8, 1)[0]",
     "[[[0.0]]]"},
    {"print a = series_periods_detect(dynamic([1, 2]), 4, 8, 1)[0]",
     "[[[0.0]]]"},
    {"print series_periods_detect(dynamic([1, 2]), 4, 8, 0)",
     "! finds 1 to 64 periods"},
    {"print series_periods_validate(dynamic([1, 2]))",
     "! SEM0219"},
};
ASK_TEST(periods, periods_cases)

static const struct ask seasons_cases[] = {
    {"print series_seasonal(dynamic([1, 3, 5, 1, 3, 5, 2, 4, 6]), 3)",
     "[[[1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0]]]"},
    {"print series_seasonal(dynamic([1, 3, 2, 9]), 2, 1)",
     "[[[1.5,3.0,1.5,3.0]]]"},
    {"print series_seasonal(dynamic([1, 2, 3]), 0), series_seasonal(dynamic([1, 2, 3]), 4), "
     "series_seasonal(dynamic(7))",
     "[[[0.0,0.0,0.0],[0.0,0.0,0.0],null]]"},
    /* a period that is found, one that fits too badly, none that is looked for */
    {"print array_slice(series_seasonal(dynamic([2, 5, 3, 4, 3, 2, 1, 2, 3, 4, 3, 2, 1, 2, 3, 4, "
     "3, 2, 1, 2, 3, 4, 3, 2, 1])), 0, 6)",
     "[[[1.0,2.0,3.0,4.0,3.0,2.0,1.0]]]"},
    {"print array_slice(series_seasonal(dynamic([2, 6, 3, 4, 3, 2, 1, 2, 3, 4, 3, 2, 1, 2, 3, 4, "
     "3, 2, 1, 2, 3, 4, 3, 2, 1])), 0, 6)",
     "[[[0.0,0.0,0.0,0.0,0.0,0.0,0.0]]]"},
    {"print array_slice(series_seasonal(dynamic([8, 12, 14, 12, 10, 8, 12, 14, 12, 10, 8, 12, 14, "
     "12, 10, 8, 12, 14, 12, 10]), -7), 0, 5)",
     "[[[0.0,0.0,0.0,0.0,0.0,0.0]]]"},
};
ASK_TEST(seasons, seasons_cases)

ASK_MAIN(cmocka_unit_test(transforms),
         cmocka_unit_test(periods),
         cmocka_unit_test(seasons))
