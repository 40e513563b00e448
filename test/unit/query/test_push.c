/* SPDX-License-Identifier: Apache-2.0 */
/* Which conditions a source is told, and in which words. */
#include "told.h"

static const struct told comparisons[] = {
    {"@ | where n == 5", "n == 5"},
    {"@ | where 5 < n", "n >= 6"},
    {"@ | where 5 >= n", "n <= 5"},
    {"@ | where n < 5 and n >= 1", "n >= 1 and n <= 4"},
    {"@ | where n != 5", NULL},
    {"@ | where n == long(null)", NULL},
    {"@ | where n > 9223372036854775807", NULL},
    {"@ | where n < (-9223372036854775807 - 1)", NULL},
    {"@ | where n >= 9223372036854775807", "n >= 9223372036854775807"},
    {"@ | where r < 1.5", NULL},
    {"@ | where s < 'b'", NULL},
    {"@ | where n == i", NULL},
    {"@ | where n + 1 == 5", NULL},
    {"@ | where s == 'x'", "s == \\\"x\\\""},
};
TOLD_TEST(comparisons_are_told, comparisons)

static const struct told texts[] = {
    {"@ | where s =~ 'x'", "s =~ \\\"x\\\""},
    {"@ | where s has 'x'", "s has \\\"x\\\""},
    {"@ | where s has_cs 'x'", "s has \\\"x\\\""},
    {"@ | where s has ''", NULL},
    {"@ | where s !has 'x'", NULL},
    {"@ | where s contains 'x'", NULL},
    {"@ | where s in ('a', 'b')", "s == any of 2 values"},
    {"@ | where s in~ ('a', 'b')", "s =~ any of 2 values"},
    {"@ | where s !in ('a', 'b')", NULL},
    {"@ | where n in (1, long(null))", NULL},
    {"@ | where r in (1.5, 2.5)", "r == any of 2 values"},
    {"@ | where r in (1.5, real(nan))", NULL},
    {"@ | where s has_any ('a', 'b')", "s has any of 2 values"},
    {"@ | where s has_all ('a', 'b')", NULL},
    {"@ | where * has 'a'", "* has \\\"a\\\""},
    {"@ | where * has '<a.b-c>'", "* has \\\"<a.b-c>\\\""},
    {"@ | where * has 'a=wide/b'", "* has \\\"wide\\\""}, /* in JSON it may be \/ */
    {"@ | where * has 'two words 123456'", "* has \\\"words\\\""},
    {"@ | where * has '12 345'", "* has \\\"345\\\""},
    {"@ | where * has '//'", NULL},
    {"@ | where * has 'next one'", "* has \\\"one\\\""}, /* as JSON shows a line feed, ext */
    {"@ | where * has 'Next '", NULL},
    {"@ | where * has 'one\\\\nlonger'", "* has \\\"one\\\""},
    {"@ | where d has 'x\\\\uffee'", "d has \\\"x\\\""},
    {"@ | where d has 'two words'", "d has \\\"words\\\""},
    {"@ | where tostring(d) has 'two words'", "d has \\\"words\\\""},
    {"@ | where d.a has 'two words'", "d.a has \\\"two words\\\""},
    {"@ | where s has 'two words'", "s has \\\"two words\\\""},
};
TOLD_TEST(searches_are_told, texts)

static const struct told paths[] = {
    {"@ | where d.a == 'x'", "d.a == \\\"x\\\""},
    {"@ | where tostring(d.a.b) == 'x'", "d.a.b == \\\"x\\\""},
    {"@ | where d['a.b'] == 'x'", NULL},
    {"@ | where d['a[b'] == 'x'", NULL},
    {"@ | where d[''] == 'x'", NULL},
    {"@ | where d[0] == 'x'", NULL},
    {"@ | where tostring(n) == '5'", NULL},
    {"@ | where d.a > 5", NULL},
    {"@ | where d.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a == 'x'", NULL},
    {"@ | mv-expand d | where d.a == 'x'", "d.[].a == \\\"x\\\""},
    {"@ | mv-expand d | where d.a == ''", NULL},
    {"@ | mv-expand d | where d == 'x' and s == 'y'", "d.[] == \\\"x\\\" and s == \\\"y\\\""},
};
TOLD_TEST(paths_are_told, paths)

static const struct told alternatives[] = {
    {"@ | where n == 1 or s == 'x'", "n == 1 or s == \\\"x\\\""},
    {"@ | where n == 1 or s != 'x'", NULL},
    {"@ | where (n == 1 or s == 'x') and b", "n == 1 or s == \\\"x\\\""},
};
TOLD_TEST(alternatives_are_told, alternatives)

/* Through projections, groups and joins, in terms of what is below. */
static const struct told through[] = {
    {"@ | project x = s, n | where x == 'a' and n > 3", "n >= 4 and s == \\\"a\\\""},
    {"@ | extend x = strcat(s, 'y') | where x == 'a'", NULL},
    {"@ | project x = d.a | where x == 'a'", "d.a == \\\"a\\\""},
    {"@ | project x = tostring(d.a) | where x has 'a' or x == 'b'",
     "d.a has \\\"a\\\" or d.a == \\\"b\\\""},
    {"@ | project x = tolong(d.a) | where x > 3", NULL},
    {"@ | project x = d.a | where x.b == 'a'", "d.a.b == \\\"a\\\""},
    {"@ | summarize c = count() by s, n | where s == 'a' and c > 5", "s == \\\"a\\\""},
    {"@ | summarize c = count() by bin(n, 10) | where n == 10", NULL},
    {"@ | top 5 by id asc | where s == 'a'", NULL},
    {"@ | take 5 | where s == 'a'", NULL},
    {"@ | join kind=leftouter (range id from 1 to 2 step 1) on id | where s == 'a'",
     "s == \\\"a\\\""},
    {"@ | join kind=rightouter (range id from 1 to 2 step 1) on id | where s == 'a'", NULL},
    {"@ | parse s with 'a' x | where x == 'b' and n == 1", "n == 1"},
    {"@ | project s, n | where * has 'a'", "* has \\\"a\\\""},
    {"@ | project s, x = strcat(s, 'b') | where * has 'a'", NULL},
    {"@ | project s, x = 'fixed' | where * has 'a'", "* has \\\"a\\\""},
};
TOLD_TEST(filters_go_through, through)

/* The filter keeps nothing from being looked at again. */
static const char *const alike[] = {
    "@ | where s has_cs 'Alpha' or n == 10 and s in ('beta', '1') | summarize count(), sum(id)",
    "@ | where d.a == 'x' or tostring(d.b) =~ 'X' | summarize count(), sum(id)",
    "@ | project x = s, y = n, id | where x =~ 'ALPHA' and y < 3 | summarize count(), sum(id)",
    "@ | where * has 'alpha' | summarize count(), sum(id)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | project x = s, y = n, d | where (x =~ 'a' or y == 2 or d.a == 'x') and x in ('a', "
    "'b') and "
    "x has_any ('u', 'v') and * has 'q' | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

/* A million of them, from a query on another table, held a source for minutes. */
static void long_lists_are_not_told(void **state)
{
    static const struct {
        unsigned count;
        const char *operator, *wanted;
    } lists[] = {
        {256, "in", "s == any of 256 values"},
        {257, "in", NULL},
        {256, "has_any", "s has any of 256 values"},
        {257, "has_any", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct buf values, query;
        buf_init(&values, MIB);
        buf_init(&query, MIB);
        for (unsigned k = 0; k < lists[i].count; k++)
            buf_add_format(&values, "%s'v%u'", k == 0 ? "" : ", ", k);
        buf_add_format(&query, "@ | where s %s (%.*s)", lists[i].operator,
                       SLICE_FMT(buf_slice(&values)));
        buf_add(&query, "", 1);
        is_told(&(struct told){query.data, lists[i].wanted});
        buf_release(&values);
        buf_release(&query);
    }
}

ASK_MAIN(cmocka_unit_test(comparisons_are_told),
         cmocka_unit_test(long_lists_are_not_told),
         cmocka_unit_test(searches_are_told),
         cmocka_unit_test(paths_are_told),
         cmocka_unit_test(alternatives_are_told),
         cmocka_unit_test(filters_go_through),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
