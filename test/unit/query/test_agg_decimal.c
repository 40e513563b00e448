/* SPDX-License-Identifier: Apache-2.0 */
/* sum() and avg() of decimals. */
#include "ask.h"

static const struct ask sums_cases[] = {
    {"datatable(m: decimal)[decimal(1.1), decimal(2.2), decimal(null), decimal(3.3)] | "
     "summarize sum(m), avg(m), min(m), max(m), count(m)",
     "[[\"6.6\",\"2.2\",\"1.1\",\"3.3\",4]]"},
    {"datatable(m: decimal)[decimal(0.1), decimal(0.2)] | summarize sum(m) == decimal(0.3), "
     "sumif(m, m > decimal(0.1)), avgif(m, m > decimal(5))",
     "[[true,\"0.2\",null]]"},
    {"datatable(m: decimal)[] | summarize sum(m), avg(m)",
     "[[\"0\",null]]"},
    {"range x from 1 to 1000 step 1 | extend m = todecimal(x) / 8 | summarize sum(m) by x % 2 "
     "| sort by sum_m asc",
     "[[1,\"31250\"],[0,\"31312.5\"]]"},
};
ASK_TEST(sums, sums_cases)

static const struct ask overflow_cases[] = {
    {"datatable(m: decimal)[decimal(9e6144), decimal(9e6144)] | summarize sum(m)",
     "! too large"},
};
ASK_TEST(overflow, overflow_cases)

ASK_MAIN(cmocka_unit_test(sums),
         cmocka_unit_test(overflow))
