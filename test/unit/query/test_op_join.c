/* SPDX-License-Identifier: Apache-2.0 */
/* join and lookup, all kinds: partners, rows without one, nulls, many pairs. */
#include "mixed.h"

#define LEFT "datatable(k: long, a: string)[1, 'a', 2, 'b', 2, 'c', long(null), 'd', 4, 'e'] "
#define RIGHT "(datatable(k: long, z: string)[2, 'x', 2, 'y', 1, 'w', long(null), 'v', 5, 'u']) "
#define KIND(NAME)                                                                                 \
    LEFT "| join kind=" NAME " " RIGHT "on k | project-away k1 | sort by a asc, z asc"

static const struct ask kinds_cases[] = {
    {KIND("inner"), "[[1,\"a\",\"w\"],[2,\"b\",\"x\"],[2,\"b\",\"y\"],[2,\"c\",\"x\"],"
                    "[2,\"c\",\"y\"],[null,\"d\",\"v\"]]"},
    {KIND("innerunique"), "[[1,\"a\",\"w\"],[2,\"b\",\"x\"],[2,\"b\",\"y\"],[null,\"d\",\"v\"]]"},
    {KIND("leftouter"), "[[1,\"a\",\"w\"],[2,\"b\",\"x\"],[2,\"b\",\"y\"],[2,\"c\",\"x\"],"
                        "[2,\"c\",\"y\"],[null,\"d\",\"v\"],[4,\"e\",\"\"]]"},
    {LEFT "| join kind=rightouter " RIGHT "on k | where a == '' | project a, k, k1, z",
     "[[\"\",null,5,\"u\"]]"},
    {LEFT "| join kind=fullouter " RIGHT "on k | where isempty(a) or isempty(z) | project a, z, "
          "k, k1 | sort by a asc",
     "[[\"\",\"u\",null,5],[\"e\",\"\",4,null]]"},
    {LEFT "| join kind=leftanti " RIGHT "on k", "[[4,\"e\"]]"},
    {LEFT "| join kind=rightanti " RIGHT "on k", "[[5,\"u\"]]"},
    {LEFT "| join kind=leftsemi " RIGHT "on k | project a", "[[\"a\"],[\"b\"],[\"c\"],[\"d\"]]"},
    {LEFT "| join kind=rightsemi " RIGHT "on k | project z", "[[\"x\"],[\"y\"],[\"w\"],[\"v\"]]"},
    {LEFT "| lookup " RIGHT "on k | where z == '' | project a", "[[\"e\"]]"},
};
ASK_TEST(kinds, kinds_cases)

/* A side without rows. */
#define NONE "(range k from 1 to 0 step 1) "
static const struct ask empty_cases[] = {
    {LEFT "| join kind=inner " NONE "on k", "[]"},
    {LEFT "| join kind=leftouter " NONE "on k | count", "[[5]]"},
    {LEFT "| join kind=fullouter " NONE "on k | count", "[[5]]"},
    {LEFT "| join kind=leftanti " NONE "on k | count", "[[5]]"},
    {LEFT "| join kind=rightouter " NONE "on k", "[]"},
    {"range k from 1 to 0 step 1 | join kind=rightouter " RIGHT "on k | count", "[[5]]"},
    {"range k from 1 to 0 step 1 | join kind=rightanti " RIGHT "on k | count", "[[5]]"},
    {"range k from 1 to 0 step 1 | join " RIGHT "on k", "[]"},
};
ASK_TEST(empty, empty_cases)

static const struct ask many_cases[] = {
    {"range k from 1 to 10000 step 1 | extend g = k % 10 | join kind=inner (range j from 1 to 1000"
     " step 1 | extend g = j % 10) on g | summarize count(), sum(k - j)",
     "[[1000000,4500000000]]"},
    {"range k from 1 to 10000 step 1 | join kind=fullouter (range k from 5001 to 20000 step 1) "
     "on k | summarize countif(isnull(k)), countif(isnull(k1)), count()",
     "[[10000,5000,20000]]"},
    {"range k from 1 to 100000 step 1 | extend g = 1 | join kind=inner (range j from 1 to 100000 "
     "step 1 | extend g = 1) on g | take 3 | count",
     "[[3]]"},
    {"range k from 1 to 100000 step 1 | extend g = 1 | join kind=inner (range j from 1 to 100000 "
     "step 1 | extend g = 1) on g | count",
     "! E_RUNAWAY_QUERY"},
    {"range x from 1 to 3 step 1 | join kind=inner (range x from 2 to 5 step 1 | extend x1 = x) "
     "on x",
     "[[2,2,2],[3,3,3]]"},
};
ASK_TEST(many, many_cases)

#define OTHER "(@ | where id % 50 == 0 | project s, n, b, key = id) "
#define JOIN(KIND, ON)                                                                             \
    "@ | where id % 7 == 0 | join kind=" KIND " " OTHER "on " ON
static const char *const alike[] = {
    JOIN("inner", "s | summarize count(), sum(id), sum(key) by s | sort by s asc"),
    JOIN("leftouter", "n, b | summarize count(), sum(id), sum(key) by n | sort by n asc"),
    JOIN("rightouter", "$left.id == $right.key | summarize count(), sum(id), sum(key)"),
    JOIN("fullouter", "$left.id == $right.key, s | summarize count(), sum(id), sum(key), "
                      "countif(isnull(id)), countif(isnull(key))"),
    JOIN("leftanti", "$left.id == $right.key | summarize count(), sum(id), dcount(s)"),
    JOIN("leftsemi", "n | summarize count(), sum(id) by s | sort by s asc"),
    JOIN("rightanti", "$left.id == $right.key | summarize count(), sum(key) by s | sort by s asc"),
    JOIN("rightsemi", "s | summarize count(), sum(key) by s | sort by s asc"),
    "@ | lookup (@ | summarize top = max(id) by s) on s | summarize sum(id), sum(top) by s | sort "
    "by s asc",
    "@ | where id < 1000 | join kind=inner (@ | where id > 500) on id | where s == 'alpha' and n "
    "< 0 | summarize count(), sum(id1)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    JOIN("inner", "s | extend x = strcat(s, key) | summarize count(), sum(id), dcount(x)"),
    JOIN("fullouter", "$left.id == $right.key | extend x = strcat(s, s1) | summarize count()"),
    JOIN("leftanti", "n | count"),
    JOIN("rightsemi", "s, b | count"),
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

static const char *const stopped[] = {
    "@ | join kind=inner (print id = 1) on id | count",
    "range id from 1 to 10 step 1 | join kind=leftouter (@) on id | sort by id asc",
};
MIXED_TEST(they_stop, mixed_stop, stopped)

ASK_MAIN(cmocka_unit_test(kinds),
         cmocka_unit_test(empty),
         cmocka_unit_test(many),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(they_stop))
