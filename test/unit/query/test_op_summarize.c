/* SPDX-License-Identifier: Apache-2.0 */
/* summarize, distinct, count: groups by codes, numbers and keys; parts merged. */
#include "mixed.h"

static const struct ask empty_cases[] = {
    {"range x from 1 to 0 step 1 | summarize count(), sum(x), min(x), make_list(x), take_any(x)",
     "[[0,0,null,[],null]]"},
    {"range x from 1 to 0 step 1 | summarize count() by x", "[]"},
    {"range x from 1 to 0 step 1 | distinct x", "[]"},
    {"range x from 1 to 0 step 1 | count", "[[0]]"},
};
ASK_TEST(empty, empty_cases)

static const struct ask keys_cases[] = {
    {"datatable(n: long)[1, long(null), 0, long(null), 1] | summarize count() by n",
     "[[1,2],[null,2],[0,1]]"},
    {"datatable(r: real)[0.0, -0.0, real(nan), real(nan), real(null)] | summarize count() by r",
     "[[0,2],[\"NaN\",2],[null,1]]"},
    /* An infinity less itself is NaN with another sign. */
    {"datatable(b: bool)[true, false] | project r = iff(b, real(+inf), real(nan)) | summarize "
     "count() by x = r - r",
     "[[\"NaN\",2]]"},
    {"range x from 1 to 200000 step 1 | summarize c = count() by x | summarize max(c), count()",
     "[[1,200000]]"},
    {"range x from 0 to 99999 step 1 | summarize c = count() by k = bin(x, 10) | summarize "
     "min(c), max(c), count()",
     "[[10,10,10000]]"},
    /* Numbers that fall into one slot of what is remembered, and come again. */
    {"range x from 0 to 99999 step 1 | summarize c = count() by k = x % 5000 | summarize min(c), "
     "max(c), count()",
     "[[20,20,5000]]"},
};
ASK_TEST(keys, keys_cases)

static const struct ask errors_cases[] = {
    {"print x = 1 | summarize nosuch(x)", "! nosuch"},
    {"print x = 1 | summarize count() by y", "! column 'y' is not known"},
    {"print x = 1 | summarize sum('a')", "! "},
    {"range x from 1 to 50000000 step 1 | summarize count() by x", "! E_RUNAWAY_QUERY"},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | summarize count(), sum(id), min(n), max(n), avg(r), dcount(s), countif(b) by s "
    "| sort by s asc",
    "@ | summarize count(), sum(id) by s, b, i | sort by s asc, b asc, i asc",
    "@ | summarize count() by n | sort by n asc",
    "@ | summarize count(), arg_max(id, s, n, d), arg_min(id, *) by b, s | sort by b asc, s asc",
    "@ | summarize sum(id) by s, t, x = 'fixed', p, c | sort by s asc, t asc",
    "@ | summarize sum(id) by bin(id, 100), s | where id == 500 or s == 'alpha' | "
    "summarize count(), sum(sum_id)",
    "@ | where s != 'x' | summarize c = count() by s, n | where s == 'alpha' and c > 1",
    "@ | distinct s, b | sort by s asc, b asc",
    "@ | summarize make_set(s), make_list(n), count() by b | project array_length(set_s), "
    "array_length(list_n), count_",
    "@ | summarize count() by x = strcat(s, tostring(n)), y = b and n > 0 | sort by x asc, y asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | summarize count(), sum(n), max(s), dcount(id) by id % 100, s | count",
    "@ | summarize arg_max(id, s, d), take_any(s) by n, b | count",
    "@ | summarize count() by strcat(s, id) | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

static const char *const stopped[] = {"@ | summarize count() by id", "@ | summarize sum(id)",
                                      "@ | distinct s"};
MIXED_TEST(they_stop, mixed_stop, stopped)

ASK_MAIN(cmocka_unit_test(empty),
         cmocka_unit_test(keys),
         cmocka_unit_test(errors),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(they_stop))
