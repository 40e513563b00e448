/* SPDX-License-Identifier: Apache-2.0 */
/* parse and parse-where: what matches, converts, and does not. */
#include "mixed.h"

static const struct ask parses_cases[] = {
    {"datatable(s: string)['a=1;b=x', 'a=y;b=z', 'none', ''] | parse s with 'a=' a: long ';b=' b",
     "[[\"a=1;b=x\",1,\"x\"],[\"a=y;b=z\",null,\"\"],[\"none\",null,\"\"],[\"\",null,\"\"]]"},
    {"datatable(s: string)['a=1;b=x', 'a=y;b=z', 'none'] | parse kind=relaxed s with 'a=' a: long "
     "';b=' b",
     "[[\"a=1;b=x\",1,\"x\"],[\"a=y;b=z\",null,\"z\"],[\"none\",null,\"\"]]"},
    {"datatable(s: string)['a=1;b=x', 'a=y;b=z', 'none'] | parse-where s with 'a=' a: long ';b=' b "
     "| project a, b",
     "[[1,\"x\"]]"},
    {"print s = 'k: 2026-01-01 1.5 true' | parse s with * ': ' t: datetime ' ' r: real ' ' b: bool "
     "| project t, r, b",
     "[[\"2026-01-01T00:00:00.0000000Z\",1.5,true]]"},
    {"print s = 'x1y' | parse kind=regex s with 'x' n: int 'y' | project n", "[[1]]"},
    {"print s = 'x1' | parse s with 'x' s", "[[\"1\"]]"},
    {"range i from 1 to 10000 step 1 | extend s = strcat('id-', i, '/', i * 2) | parse s with "
     "'id-' a: long '/' b: long | where a != i or b != 2 * i | count",
     "[[0]]"},
};
ASK_TEST(parses, parses_cases)

static const struct ask errors_cases[] = {
    {"print s = 'x' | parse y with 'x' a", "! column 'y' is not known"},
    {"print s = 'x' | parse kind=regex s with '(' a", "! "},
    {"print s = 'x' | parse s with 'x' a: nosuch", "! "},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | parse s with x '=' y: long ';' z | summarize count(), sum(y), sum(id) by x, z | sort by x "
    "asc, z asc",
    "@ | parse-where s with 'alpha' rest | summarize count(), sum(id) by rest | sort by rest asc",
    "@ | parse s with 'al' s | where s == 'pha' and n < 0 | summarize count(), sum(id)",
    "@ | extend u = strcat(s, '-', id) | parse u with * '-' k: long | where k != id | count",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | parse-where strcat(s, '-', id) with x '-' k: long | where b | summarize count(), sum(k) "
    "by x | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(parses),
         cmocka_unit_test(errors),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
