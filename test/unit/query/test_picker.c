/* SPDX-License-Identifier: Apache-2.0 */
/* arg_max, arg_min, take_any: the row they keep. */
#include "mixed.h"

static const struct ask picks_cases[] = {
    {"datatable(a: long, b: long, c: long, e: string)[1, 2, 3, 'x'] | summarize "
     "arg_max(*, *, *), take_any(*, *) | project a, b, c, e",
     "[[1,2,3,\"x\"]]"},
    {"datatable(n: long, s: string)[1, 'a', 3, 'b', 2, 'c'] | summarize arg_max(n, s), arg_min(n, "
     "s)",
     "[[3,\"b\",1,\"a\"]]"},
    {"datatable(n: long, s: string)[long(null), 'a', 3, 'b', long(null), 'c'] | summarize arg_min("
     "n, *)",
     "[[3,\"b\"]]"},
    {"datatable(n: long, s: string)[long(null), 'a', long(null), 'b'] | summarize arg_max(n, s)",
     "[[null,\"a\"]]"},
    {"range x from 1 to 0 step 1 | summarize arg_max(x, x), take_any(x)", "[[null,null,null]]"},
    {"datatable(s: string, d: dynamic)['b', dynamic([1]), 'bb', dynamic(null), 'a', dynamic(7)] | "
     "summarize arg_max(s, d), arg_min(s, d)",
     "[[\"bb\",null,\"a\",7]]"},
    /* Ever longer texts are put where shorter ones were. */
    {"range x from 1 to 9000 step 1 | extend s = strrep('x', x % 100) | summarize arg_max(x, s) by "
     "k = x % 3 | summarize max(strlen(s)), sum(x)",
     "[[99,26997]]"},
    {"range x from 1 to 9000 step 1 | summarize take_any(x) by x % 2 | summarize sum(x)", "[[3]]"},
    /* The value may come batches later, and from another worker. */
    {"range x from 1 to 90000 step 1 | extend y = iff(x == 80001, x, long(null)), s = iff(x == "
     "5, 'v', '') | summarize take_any(y), take_any(s), take_any(tobool(y))",
     "[[80001,\"v\",true]]"},
};
ASK_TEST(picks, picks_cases)

static const struct ask errors_cases[] = {
    {"print x = 1 | summarize arg_max(y, x)", "! column 'y' is not known"},
    {"print x = 1 | summarize arg_max()", "! "},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | summarize arg_max(id, *) by s | sort by s asc",
    "@ | summarize arg_min(id, s, d, g, c, t) by b, n | sort by b asc, n asc",
    "@ | where isnotnull(t) | summarize arg_max(strcat(n, '/', 100000 + id), id, s), "
    "arg_min(t + id * 1s, id) by i | "
    "sort by i asc",
    "@ | where id % 1000 == 7 | summarize take_any(s), take_any(d) by id | sort by id asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | summarize arg_max(id, *), arg_min(id, s, d) by k = id % 500 | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(picks),
         cmocka_unit_test(errors),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
