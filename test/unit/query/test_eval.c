/* SPDX-License-Identifier: Apache-2.0 */
/* Calls over flat, dictionary and constant columns; nulls; and, or. */
#include "mixed.h"

static const struct ask logic_cases[] = {
    {"print true and bool(null), false and bool(null), true or bool(null), false or bool(null)",
     "[[null,false,true,null]]"},
    {"datatable(a: bool, b: bool)[true, bool(null), bool(null), false, bool(null), true, true, "
     "true, false, false] | project x = a and b, y = a or b",
     "[[null,true],[false,null],[null,true],[true,true],[false,false]]"},
    {"datatable(a: bool)[true, bool(null), false] | where a | count", "[[1]]"},
    {"datatable(a: bool)[true, bool(null), false] | where not(a) | count", "[[1]]"},
    {"range x from 1 to 10000 step 1 | where bool(null) | count", "[[0]]"},
    /* A term is looked at where the terms before it left the row open. */
    {"range x from 0 to 9 step 1 | where x > 0 and 10 / x > 4 and x != 2 | project x", "[[1]]"},
    {"range x from 0 to 5 step 1 | where x == 0 or 10 / x == 5 or x == 4 | project x",
     "[[0],[2],[4]]"},
};
ASK_TEST(logic, logic_cases)

static const struct ask nulls_cases[] = {
    {"datatable(n: long, s: string)[1, 'a', long(null), 'b', 3, ''] | project x = n + 1, "
     "y = strcat(s, tostring(n)), z = -n",
     "[[2,\"a1\",-1],[null,\"b\",null],[4,\"3\",-3]]"},
    {"print long(null) + 1, strlen(tostring(long(null))), isnull(datetime(null) - now())",
     "[[null,0,true]]"},
};
ASK_TEST(nulls, nulls_cases)

static const char *const alike[] = {
    "@ | extend x = strcat(s, '-', s) | summarize count(), min(id), max(id) by x | sort by x asc",
    "@ | extend x = n + 1, y = strlen(s) * n | summarize sum(x), sum(y), countif(isnull(x))",
    "@ | where s has 'alpha' and (n > 0 or b) or isnull(r) | summarize count(), sum(id)",
    "@ | where b or n > 20 | where not(b and s != '') | summarize count(), sum(id) by s "
    "| sort by s asc",
    "@ | extend x = tostring(d.a), y = toupper(strcat(s, s)) | summarize sum(id) by x, y "
    "| sort by x asc, y asc",
    "@ | extend x = iff(b, s, 'none'), y = case(n > 10, 1, n > -10, 2, 3) "
    "| summarize sum(id), sum(y) by x | sort by x asc",
    "@ | extend x = coalesce(tostring(n), s), q = isnull(n) == isempty(tostring(n)) "
    "| summarize sum(id), countif(q) by x | sort by x asc",
    "@ | project id, s = tolower(s) | extend s = strcat(s, '!') | where s == 'alpha!' "
    "| summarize count(), sum(id)",
    "@ | where bool(null) or b | count",
    /* a value of the dictionary that no row has any more is no pattern */
    "@ | where s == 'alpha' | extend x = replace_regex('alpha', replace_string(s, 'beta', '('), "
    "'b') | summarize count() by x",
    "union (@ | extend o = 'a'), (@ | extend o = 'b') | extend x = strcat(o, s) "
    "| summarize sum(id), count() by x | sort by x asc",
    "union (@ | where id < 3000 | project x = s), (@) | extend y = iff(true, x, s) "
    "| summarize count() by y | sort by y asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | extend x = strcat(s, s), y = strcat(tostring(n), s), z = toupper(s) | where x has "
    "'alpha' or y has '10' or isnull(r) and b | summarize sum(id), count() by y, z "
    "| sort by y asc, z asc | take 5",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(logic),
         cmocka_unit_test(nulls),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
