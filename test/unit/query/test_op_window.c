/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of neighbours and sums over many chunks, against what is known of them. */
#include "ask.h"

#define ROWS "range x from 1 to 10000 step 1 | extend s = tostring(x), unused = x | serialize "

static const struct ask shifts_cases[] = {
    {ROWS "p = prev(x, 3), q = next(s, 5000, 'none') | where not(p == x - 3 and q == "
          "iff(x > 5000, 'none', tostring(x + 5000))) | project x, p",
     "[[1,null],[2,null],[3,null]]"},
    {ROWS "p = prev(x, -2, 7), q = next(x, 0) | where p != x + 2 or q != x | project x, p, q",
     "[[9999,7,9999],[10000,7,10000]]"},
    {ROWS "p = prev(s, x % 3, s) | where p != tostring(iff(x % 3 < x, x - x % 3, x)) | count",
     "[[0]]"},
    {ROWS "p = prev(strcat(s, '!'), 4096) | where x > 4096 and p != strcat(x - 4096, '!') | count",
     "[[0]]"},
    {"datatable(d: dynamic, n: long)[dynamic([1]), 1, dynamic(null), long(null)] | serialize "
     "e = next(d), m = next(n), k = prev(d)",
     "[[[1],1,null,null,null],[null,null,null,null,[1]]]"},
};
ASK_TEST(shifts, shifts_cases)

/* Texts that come sorted are not copied: they stay through window behind window. */
static const struct ask stays_cases[] = {
    {ROWS "n = 1 | sort by s desc | extend p = prev(s) | where x % 2 == 0 | extend q = prev(p), "
          "r = prev(s, 2) | sort by x asc | where isnotempty(r) and not(p > s and q > p and "
          "r >= q) | count",
     "[[0]]"},
    {"range x from 1 to 60 step 1 | extend g = x % 3, s = strcat('t', 100 + x) | partition by g "
     "(sort by s desc | extend p = prev(s)) | sort by s asc | extend t = next(s, 3, 'end') | "
     "where x > 3 and x < 58 and t != p | count",
     "[[0]]"},
};
ASK_TEST(stays, stays_cases)

static const struct ask sums_cases[] = {
    {ROWS "c = row_cumsum(x, x % 5000 == 1) | where x in (1, 2, 5000, 5001, 10000) | project c",
     "[[1],[3],[12502500],[5001],[37502500]]"},
    {ROWS "c = row_cumsum(1, prev(s) == '9000') | where x in (9000, 10000) | project c",
     "[[9000],[1000]]"},
    {"datatable(r: real, t: timespan)[1.5, 1s, real(null), timespan(null), 2, 2s] | serialize "
     "a = row_cumsum(r), b = row_cumsum(t) | project a, b",
     "[[1.5,\"00:00:01\"],[1.5,\"00:00:01\"],[3.5,\"00:00:03\"]]"},
};
ASK_TEST(sums, sums_cases)

/* Texts that come as codes of a dictionary, over several chunks. */
#define CODES                                                                                      \
    "range x from 1 to 10000 step 1 | extend s = tostring(x % 7) | summarize by x, s | "           \
    "sort by s asc, x asc | "
static const struct ask codes_cases[] = {
    {CODES "extend p = prev(s), q = prev(s, 10), n = next(s), o = prev(s, 1, 'none') | summarize "
           "countif(s != p), countif(s == q), countif(s == n), countif(s == o), countif(o == "
           "'none'), countif(p == ''), countif(n == '')",
     "[[7,9930,9993,9993,1,1,1]]"},
    {CODES "extend q = prev(s, 5000), r = prev(s, 20000, 'far') | summarize countif(s == q), "
           "countif(q == ''), countif(r == 'far'), min(q), max(q)",
     "[[0,5000,10000,\"\",\"3\"]]"},
    {CODES "extend c = row_cumsum(1, s != prev(s)) | where s != next(s) | project s, c | take 2",
     "[[\"0\",1428],[\"1\",1429]]"},
    {CODES "where x % 2 == 0 | serialize p = prev(s) | where s != p | summarize make_list(s)",
     "[[[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]]]"},
    {"range x from 1 to 10000 step 1 | extend s = tostring(x % 7) | summarize by x, s | "
     "top 3 by s desc, x desc | project s, x",
     "[[\"6\",9995],[\"6\",9988],[\"6\",9981]]"},
};
ASK_TEST(codes, codes_cases)

static const struct ask errors_cases[] = {
    {"range x from 1 to 100000000 step 1 | serialize p = prev(x)", "! E_RUNAWAY_QUERY"},
    {"print x = 1 | serialize y = prev(z)", "! column 'z' is not known"},
};
ASK_TEST(errors, errors_cases)

ASK_MAIN(cmocka_unit_test(shifts),
         cmocka_unit_test(stays),
         cmocka_unit_test(sums),
         cmocka_unit_test(codes),
         cmocka_unit_test(errors))
