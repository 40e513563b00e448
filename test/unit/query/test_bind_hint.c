/* SPDX-License-Identifier: Apache-2.0 */
/* Names of other languages, and what they are here. */
#include "ask.h"

static void functions_of_other_languages(void **state)
{
    static const struct ask cases[] = {
        {"T | extend x = len(s)", "! 1:16 function 'len' is not known; here it is strlen(text)"},
        {"T | extend x = CONCAT(s, s)", "! here it is strcat(a, b)"},
        {"T | where contains(s, 'a')", "! here it is an operator: text contains 'part'"},
        {"T | summarize median(n)", "! here it is percentile(x, 50)"},
        {"T | where t > dateadd('day', -1, now())", "! here it is datetime_add("},
        {"T | extend x = tolowr(s)", "! function 'tolowr' is not known; did you mean 'tolower'?"},
    };

    (void)state;
    ASK(cases);
}

static void values_that_are_meant_otherwise(void **state)
{
    static const struct ask cases[] = {
        {"T | summarize count by n",
         "! 1:15 column 'count' is not known; a function is written count("},
        {"T | where s == null", "! 1:16 column 'null' is not known; write isnull(x)"},
        {"T | summarize count(*)", "! 1:21 '*' cannot stand here; rows are counted with count()"},
        {"T | where count() > 1", "! can only stand in summarize; summarize first"},
        {"T | extend x = s + s",
         "! cannot compute string + string; texts are joined with strcat()"},
        {"T | where t > 2024-01-01", "! a time is written datetime(2026-01-31)"},
        {"T | join (T | project m = n) on n == m",
         "! column 'm' is not in both tables; write $left."},
        {"T | join kind=left (T) on n",
         "! 'left' is not a kind of join; did you mean 'leftouter'?"},
        {"T | where s like 'a'", "! 'like' is not supported; write 'contains'"},
        {"T | where s contains ('a' or 'b')",
         "! expected a bool, found a string; one of several texts"},
        {"T | where s = 'one'", "! 1:11 where needs a bool, found a string; compare with '=='"},
        {"T.n", "! a column of a table is asked for behind a bar: T | project n"},
        {"let x = T", "! expected a table at the end of the query: behind the last ';'"},
        {"T | evaluate autocluster()", "! plugin 'autocluster' is not here"},
        {"T | evaluate bag_unpak(d)",
         "! plugin 'bag_unpak' is not known; did you mean 'bag_unpack'?"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_other_languages),
        cmocka_unit_test(values_that_are_meant_otherwise),
    };

    return RUN_TESTS(tests);
}
