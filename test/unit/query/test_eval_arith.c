/* SPDX-License-Identifier: Apache-2.0 */
/* + - * / % and minus: types, edges of their ranges, nulls; casts. */
#include "mixed.h"

static const struct ask integers_cases[] = {
    {"print 7 / 2, -7 / 2, 7 % 3, -7 % 3, 7 % -3, -7 % -3", "[[3,-3,1,2,1,2]]"},
    {"print 1 / 0, 1 % 0, long(null) / 1", "[[null,null,null]]"},
    {"print 9223372036854775807 + 1, -9223372036854775807 - 2, 4611686018427387904 * 2",
     "[[-9223372036854775808,9223372036854775807,-9223372036854775808]]"},
    {"print (-9223372036854775807 - 1) / -1, (-9223372036854775807 - 1) % -1",
     "[[-9223372036854775808,0]]"},
    {"print gettype(int(1) + int(2)), true + 1, int(2147483647) + int(1)",
     "[[\"long\",2,2147483648]]"},
    {"datatable(a: long, b: long)[6, 3, 6, 0, long(null), 2] | project a / b, a % b, a - b, a * b",
     "[[2,0,3,18],[null,null,6,0],[null,null,null,null]]"},
};
ASK_TEST(integers, integers_cases)

static const struct ask reals_cases[] = {
    {"print 1.0 / 0, -1.0 / 0, 0.0 / 0, 7.5 % 2, -7.5 % 2, 7 / 2.0",
     "[[\"Infinity\",\"-Infinity\",\"NaN\",1.5,0.5,3.5]]"},
    {"print decimal(1) / 4, decimal(1) / 0, decimal(7) % 4, -decimal(1.5), decimal(null) + 1",
     "[[\"0.25\",null,\"3\",\"-1.5\",null]]"},
};
ASK_TEST(reals, reals_cases)

static const struct ask times_cases[] = {
    {"print datetime(2026-01-02) - datetime(2026-01-01), datetime(2026-01-01) + 1h, "
     "1h + datetime(2026-01-01), datetime(2026-01-01) - 1h",
     "[[\"1.00:00:00\",\"2026-01-01T01:00:00.0000000Z\",\"2026-01-01T01:00:00.0000000Z\","
     "\"2025-12-31T23:00:00.0000000Z\"]]"},
    {"print datetime(9999-12-31) + 2d, datetime(0001-01-01) - 1tick", "[[null,null]]"},
    {"print 1h / 2, 1h * 2, 2 * 1h, 0.5 * 1h, 3h / 1h, 5h % 2h, 1h + 1h, 1h - 2h, -1h",
     "[[\"00:30:00\",\"02:00:00\",\"02:00:00\",\"00:30:00\",3,\"01:00:00\",\"02:00:00\","
     "\"-01:00:00\",\"-01:00:00\"]]"},
    {"print 1h / 0, 1h * 1e300, 1h / 0h, 1h * real(null)", "[[null,null,\"Infinity\",null]]"},
    {"print 1d * dynamic(2), dynamic(1.5) + 1, 3 - dynamic(1)", "[[\"2.00:00:00\",2.5,2]]"},
};
ASK_TEST(times, times_cases)

static const struct ask casts_cases[] = {
    {"print tolong('x'), toint('2147483648'), toreal('1e400'), todatetime('x'), toguid('x')",
     "[[null,null,\"Infinity\",null,null]]"},
    {"print tolong('0x10'), toint(' 7 '), tobool('True'), todecimal('1.50'), totimespan('1.00:00')",
     "[[16,7,true,\"1.5\",\"1.00:00:00\"]]"},
};
ASK_TEST(casts, casts_cases)

static const struct ask errors_cases[] = {
    {"print 1 + 'a'", "! cannot"},
    {"print datetime(2026-01-01) + datetime(2026-01-01)", "! cannot"},
    {"print datetime(2026-01-01) * 2", "! cannot"},
    {"print 1h - datetime(2026-01-01)", "! cannot"},
    {"print 1h * 1h", "! cannot"},
    {"print 2 / 1h", "! cannot"},
    {"print 1h + 1", "! cannot"},
    {"print -'a'", "! "},
    {"print not('a')", "! "},
    {"print guid(00000000-0000-0000-0000-000000000001) + 1", "! cannot"},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | summarize sum(n + i), sum(n - i), sum(n * i), sum(n / i), sum(n % 7), sum(-n)",
    "@ | summarize sum(r + n), sum(r - 1), sum(r * r), countif(isnull(r % 2)), sum(-r)",
    "@ | extend x = c + c, y = c * 2, z = -c, q = c / 3 | summarize sum(x), sum(y), sum(z), "
    "countif(isnull(q))",
    "@ | summarize sum(p + p), sum(p * 2), sum(p / 2), max(t + p), min(t - p), sum(t - "
    "datetime(1970-01-01)), countif(isnull(p / p))",
    "@ | extend l = tolong(s), x = toreal(s), w = tobool(d), e = todynamic(s), h = toguid(g), "
    "v = todecimal(s), z = toint(r), y = totimespan(s), k = todatetime(n) "
    "| summarize sum(l), sum(x), countif(w), count(), sum(v), sum(z), dcount(h), "
    "countif(isnull(y)), countif(isnull(k)) by tostring(e) | sort by e asc",
    "@ | summarize sum(n / (i - 10)), countif(isnull(n % (n - 10))), countif(isnull(i / 0))",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | extend x = n * i + 1, y = c * 2 - c, z = p * 1.5, w = t - p, q = -c, l = tolong(s), "
    "e = not(b) | where x != l | summarize sum(y), sum(z), max(w), sum(q), countif(e)",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(integers),
         cmocka_unit_test(reals),
         cmocka_unit_test(times),
         cmocka_unit_test(casts),
         cmocka_unit_test(errors),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
