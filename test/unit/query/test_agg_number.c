/* SPDX-License-Identifier: Apache-2.0 */
/* Spreads, covariances, bits. */
#include "ask.h"

static const struct ask spreads_cases[] = {
    {"datatable(x:long)[1, 2, 3, 4] | summarize round(variance(x), 4), variancep(x), "
     "round(stdev(x), 4), round(stdevp(x), 4)",
     "[[1.6667,1.25,1.291,1.118]]"},
    {"datatable(x:long)[5] | summarize variance(x), stdevp(x)",
     "[[0,0]]"},
    {"datatable(x:long)[1, 2, 9] | summarize varianceif(x, x < 3), stdevpif(x, x < 3)",
     "[[0.5,0.5]]"},
};
ASK_TEST(spreads, spreads_cases)

static const struct ask covariances_cases[] = {
    {"datatable(x:real, y:real)[1, 2, 2, 4, 3, 6] | summarize covariance(x, y), "
     "round(covariancep(x, y), 4)",
     "[[2,1.3333]]"},
};
ASK_TEST(covariances, covariances_cases)

static const struct ask bits_cases[] = {
    {"datatable(x:long)[12, 10] | summarize binary_all_and(x), binary_all_or(x), "
     "binary_all_xor(x)",
     "[[8,14,6]]"},
    {"datatable(x:long)[long(null)] | summarize binary_all_or(x)",
     "[[null]]"},
};
ASK_TEST(bits, bits_cases)

ASK_MAIN(cmocka_unit_test(spreads),
         cmocka_unit_test(covariances),
         cmocka_unit_test(bits))
