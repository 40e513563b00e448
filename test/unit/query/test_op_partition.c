/* SPDX-License-Identifier: Apache-2.0 */
/* partition: operators on the rows of one value after the other. */
#include "mixed.h"

static const struct ask parts_cases[] = {
    {"range x from 1 to 10 step 1 | extend k = x % 3 | partition by k (top 1 by x desc) | sort by "
     "x asc | project x",
     "[[8],[9],[10]]"},
    {"datatable(k: long, x: long)[1, 1, long(null), 2, long(null), 3] | partition by k (summarize "
     "c = count(), s = sum(x)) | sort by c asc",
     "[[1,1],[2,5]]"},
    {"range x from 1 to 0 step 1 | partition by x (count)", "[]"},
    {"range x from 1 to 20000 step 1 | extend k = x % 7, s = tostring(x) | partition by k "
     "(where x % 2 == 0 | extend t = strcat(s, k) | summarize c = count(), m = max(x)) | summarize "
     "sum(c), max(m), count()",
     "[[10000,20000,7]]"},
};
ASK_TEST(parts, parts_cases)

static const struct ask errors_cases[] = {
    {"print x = 1 | partition by y (count)", "! column 'y' is not known"},
    {"print x = 1 | partition by x (where nosuch == 1)", "! nosuch"},
    {"range x from 1 to 100000000 step 1 | partition by x (count)", "! E_RUNAWAY_QUERY"},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | partition by s (summarize c = count(), m = max(id), x = take_any(s)) | sort by x asc",
    "@ | partition by n (sort by id asc | extend p = prev(id) | where id - p == 1 | summarize "
    "count(), sum(p)) | summarize sum(count_), sum(sum_p)",
    "@ | partition by b (extend y = strcat(s, n) | top 3 by id asc | project id, y) | sort by id "
    "asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | partition by s (extend y = strcat(s, id) | summarize dcount(y), make_set(n)) | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

static const char *const stopped[] = {"@ | partition by s (top 1 by id asc)"};
MIXED_TEST(they_stop, mixed_stop, stopped)

ASK_MAIN(cmocka_unit_test(parts),
         cmocka_unit_test(errors),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(they_stop))
