/* SPDX-License-Identifier: Apache-2.0 */
/* where, project, take; range. */
#include "mixed.h"

static const struct ask ranges_cases[] = {
    {"range x from 1 to 3 step 1", "[[1],[2],[3]]"},
    {"range x from 3 to 1 step -1", "[[3],[2],[1]]"},
    {"range x from 1 to 0 step 1", "[]"},
    {"range x from 0 to 1 step -1", "[]"},
    {"range x from 5 to 5 step -1", "[[5]]"},
    {"range x from 0.0 to 0.5 step 0.25", "[[0],[0.25],[0.5]]"},
    {"range x from 1.0 to 0.0 step 1.0", "[]"},
    {"range x from 0.0 to 0.3 step 0.1 | count", "[[4]]"},
    {"range t from datetime(2026-01-01) to datetime(2026-01-02) step 12h | count", "[[3]]"},
    {"range p from 0s to 1s step 500ms | project p",
     "[[\"00:00:00\"],[\"00:00:00.5000000\"],[\"00:00:01\"]]"},
    {"range x from 9223372036854775806 to 9223372036854775807 step 1",
     "[[9223372036854775806],[9223372036854775807]]"},
    {"range x from (-9223372036854775807 - 1) to 9223372036854775807 step 9223372036854775807 | "
     "count",
     "[[3]]"},
    {"range x from 1 to 60000000 step 1 | count", "! range gives more than"},
    {"range x from (-9223372036854775807 - 1) to 9223372036854775807 step 1 | take 2 | count",
     "[[2]]"},
    {"range x from 0.0 to 1e300 step 1.0 | take 2 | count", "[[2]]"},
};
ASK_TEST(ranges, ranges_cases)

static const struct ask rows_cases[] = {
    {"range x from 1 to 10 step 1 | where x > 3 | take 2", "[[4],[5]]"},
    {"range x from 1 to 10 step 1 | take 0", "[]"},
    {"range x from 1 to 10000 step 1 | take 4097 | summarize count(), max(x)", "[[4097,4097]]"},
    {"range x from 1 to 10000 step 1 | where x % 2 == 0 | take 4096 | summarize max(x)",
     "[[8192]]"},
    {"range x from 0 to 2 step 1 | where x", "[[1],[2]]"},
    {"print x = 1 | where 'a'", "! "},
    {"print x = 1 | take -1", "! expected a whole number of rows, 0 or greater"},
    {"print x = 1 | take 1.5", "! expected a whole number of rows, 0 or greater"},
    {"print x = 1 | take 1.0", "[[1]]"},
    {"print x = 1 | take 'a'", "! "},
    {"print x = 1 | project y", "! column 'y' is not known"},
    {"print x = 1 | project a = x, a = x", "! "},
    {"range x from 'a' to 'b' step 1", "! "},
};
ASK_TEST(rows, rows_cases)

static const char *const alike[] = {
    "@ | where s == 'alpha' and n < 0 | where id % 2 == 0 | summarize count(), sum(id)",
    "@ | project id, x = s, y = n + 1, s = toupper(s), unused = strcat(s, id) | where x startswith "
    "'a' and s has 'ALPHA' | project id, y | summarize sum(id), sum(y)",
    "@ | project id, s, d, g, b, c | where id in (0, 255, 256, 5000) | sort by id asc",
    "@ | take 1000 | summarize count(), sum(id)",
    "@ | where b | take 700 | summarize count(), sum(id)",
    "@ | project-away n, r | where isnull(i) | summarize count(), sum(id), dcount(g)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | where id % 3 == 1 | project x = strcat(s, id), y = n + 1, d | where x has 'alpha' | "
    "take 300 | where y < 5 | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(ranges),
         cmocka_unit_test(rows),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
