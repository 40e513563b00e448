/* SPDX-License-Identifier: Apache-2.0 */
/* Functions over rows in an order. */
#include "ask.h"

static const struct ask windows_cases[] = {
    {"range x from 1 to 3 step 1 | serialize p = prev(x), q = next(x, 1, 0) | project x, p, q",
     "[[1,null,2],[2,1,3],[3,2,0]]"},
    {"range x from 1 to 3 step 1 | serialize n = row_number(), m = row_number(10), s = "
     "row_cumsum(x)",
     "[[1,1,10,1],[2,2,11,3],[3,3,12,6]]"},
    {"datatable(x: long)[1, 1, 2] | sort by x asc | extend a = row_rank_min(x), b = "
     "row_rank_dense(x), c = row_rank(x), d = row_rank(x, false)",
     "[[1,1,1,1,1],[1,1,1,1,1],[2,3,2,2,3]]"},
    {"datatable(x: int)[1, 2] | serialize s = row_cumsum(x) | getschema | where ColumnName == "
     "'s' | project ColumnType",
     "[[\"int\"]]"},
    {"datatable(t: datetime)[datetime(2024-01-01), datetime(2024-01-01 00:01), "
     "datetime(2024-01-01 01:00)] | sort by t asc | extend s = row_window_session(t, 1d, 5m) | "
     "summarize dcount(s)",
     "[[2]]"},
};
ASK_TEST(windows, windows_cases)

static const struct ask errors_cases[] = {
    {"print x = prev(1)",
     "[[null]]"},
    {"print x = 1 | summarize prev(x)",
     "! SEM0025"},
    {"print x = 1 | serialize y = prev()",
     "! SEM0219"},
    {"print x = 1 | serialize y = row_rank(x, y)",
     "! column 'y' is not known"},
    {"print x = 1 | serialize y = next(z)",
     "! column 'z' is not known"},
};
ASK_TEST(errors, errors_cases)

ASK_MAIN(cmocka_unit_test(windows),
         cmocka_unit_test(errors))
