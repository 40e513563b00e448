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
    {"datatable(x: int)[1, 2] | serialize a = prev(x, 1, 7), b = prev(x, 9223372036854775807), "
     "c = next(x, -9223372036854775807), d = row_number(toint(3), x == 2) | project a, b, c, d",
     "[[7,null,null,3],[1,null,null,3]]"},
    {"datatable(x: int)[1, 2] | serialize s = row_cumsum(x) | getschema | where ColumnName == "
     "'s' | project ColumnType",
     "[[\"long\"]]"},
    {"print x = 1 | serialize a = row_number(toscalar(print b = 5 | extend c = 1)), d = "
     "row_number(toscalar(range y from 1 to 3 step 1 | count)) | where row_cumsum(toscalar("
     "print e = 2 | where e in ((print f = 2 | extend g = 1)))) == 2",
     "[[1,5,3]]"},
    {"datatable(t: datetime)[datetime(2024-01-01), datetime(2024-01-01 00:01), "
     "datetime(2024-01-01 01:00)] | sort by t asc | extend s = row_window_session(t, 1d, 5m) | "
     "summarize dcount(s)",
     "[[2]]"},
};
ASK_TEST(windows, windows_cases)

static const struct ask types_cases[] = {
    {"datatable(x: real)[1.5] | serialize p = prev(x, 1, 0) | project p",
     "[[0]]"},
    {"print x = 1 | serialize p = prev(x, dynamic(1)), q = next(x, 1, int(null)), r = prev(x, "
     "-9223372036854775808), s = next(x, long(null), 7) | project p, q, r, s",
     "[[null,null,null,7]]"},
    {"datatable(x: decimal)[decimal(1.5), decimal(null), decimal(2.25)] | serialize s = "
     "row_cumsum(x) | project s",
     "[[\"1.5\"],[\"1.5\"],[\"3.75\"]]"},
    {"datatable(x: bool)[true, true] | serialize s = row_cumsum(x) | project s",
     "[[1],[2]]"},
    {"datatable(x: dynamic)[1, 2.5, 'a'] | serialize s = row_cumsum(x) | project s",
     "[[1],[3.5],[3.5]]"},
    {"datatable(x: timespan)[1h, 2h] | serialize s = row_cumsum(x) | summarize max(s)",
     "[[\"03:00:00\"]]"},
    {"datatable(x: long)[1, 2, 3] | serialize n = row_number(5.0, x == 2), s = row_cumsum(x, x)"
     " | project n, s",
     "[[5,1],[5,2],[6,3]]"},
};
ASK_TEST(types, types_cases)

static const struct ask errors_cases[] = {
    {"print x = prev(1)",
     "[[null]]"},
    {"print x = 1 | summarize prev(x)",
     "! SEM0025"},
    {"print x = 1 | serialize y = prev()",
     "! SEM0219"},
    {"print x = 1 | serialize y = prev(x, 'a')",
     "! argument 2 of 'prev' is a string, a number is needed"},
    {"print x = 1 | serialize y = next(x, 1, 'a')",
     "! argument 3 of 'next' is a string, a long is needed as the value is one"},
    {"print x = 1 | serialize y = prev(x, 1, 2, 3)",
     "! 'prev' takes 1 to 3 arguments, found 4"},
    {"print x = 1 | serialize y = row_cumsum('a')",
     "! argument 1 of 'row_cumsum' is a string, a number is needed"},
    {"print x = now() | serialize y = row_cumsum(x)",
     "! argument 1 of 'row_cumsum' is a datetime, a number is needed"},
    {"print x = 1 | serialize y = row_cumsum(x, 'a')",
     "! argument 2 of 'row_cumsum' is a string, a bool is needed"},
    {"print x = 1 | serialize y = row_number('a')",
     "! argument 1 of 'row_number' is a string, a number is needed"},
    {"print x = 1 | serialize y = row_rank_min(x, 'a')",
     "! argument 2 of 'row_rank_min' is a string, a bool is needed"},
    {"print x = 1 | serialize y = row_rank(x, 1)",
     "! argument 2 of 'row_rank' is a long, a bool is needed"},
    {"print x = 1 | serialize y = row_window_session(x, 1h, 1h)",
     "! argument 1 of 'row_window_session' is a long, a datetime is needed"},
    {"print x = now() | serialize y = row_window_session(x, 1, 1h)",
     "! argument 2 of 'row_window_session' is a long, a timespan is needed"},
    {"print x = 1 | serialize y = row_rank(x, y)",
     "! column 'y' is not known"},
    {"print x = 1 | serialize y = row_window_session(x, 1d, 1h)",
     "! SEM0219"},
    {"print t = now() | serialize y = row_window_session(t, 'a', 1h)",
     "! SEM0219"},
    {"print x = 'a' | serialize y = row_cumsum(x)",
     "! SEM0219"},
    {"print x = 1 | serialize y = row_number('a')",
     "! SEM0219"},
    {"print x = 1 | serialize y = prev(x, 'a')",
     "! SEM0219"},
    {"print x = 1 | serialize y = row_rank_min(x, 'a')",
     "! SEM0219"},
    {"print x = 1 | serialize y = next(z)",
     "! column 'z' is not known"},
};
ASK_TEST(errors, errors_cases)

ASK_MAIN(cmocka_unit_test(windows),
         cmocka_unit_test(types),
         cmocka_unit_test(errors))
