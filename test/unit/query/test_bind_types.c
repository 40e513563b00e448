/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the wrong type, refused where they stand. */
#include "ask.h"

static void what_makes_no_sense_is_refused(void **state)
{
    static const struct ask cases[] = {
        {"print ago('1d')", "! 1:11 argument 1 of 'ago' is a string, a timespan is needed"},
        {"T | where startofday(s) > t", "! 1:22 a datetime is needed"},
        {"T | extend x = datetime_diff('day', s, t)", "! 1:37 argument 2 of 'datetime_diff'"},
        {"T | where not(s)", "! 1:15 a bool is needed"},
        {"T | extend x = iff(s, 1, 2)", "! 1:20 a bool is needed"},
        {"T | extend x = sqrt(s)", "! 1:21 a number is needed"},
        {"T | extend x = array_length(s)", "! 1:29 a dynamic value is needed"},
        {"T |\n summarize sum(s)", "! 2:16 argument 1 of 'sum' is a string"},
        {"T | summarize countif(s)", "! 1:23 a bool is needed"},
        {"T | extend x = format_datetime(t, 1)",
         "! 1:35 argument 2 of 'format_datetime' is a long, a string"},
        {"T | extend x = case(s, 1, b, 2, 3)", "! 1:21 argument 1 of 'case' is a string, a bool"},
        {"T | extend x = case(b, 1, s, 2, 3)", "! 1:27 argument 3 of 'case' is a string, a bool"},
        {"T | extend x = bin(s, 1)", "! 1:20 argument 1 of 'bin' is a string, a number"},
        {"T | extend x = bin(t, 1)", "! 1:23 a datetime is rounded to a timespan, found a long"},
        {"T | extend x = hash(s, 'a')", "! 1:24 argument 2 of 'hash' is a string, a number"},
        {"T | extend x = split(s, 1)", "! 1:25 argument 2 of 'split' is a long, a string"},
        {"T | extend x = countof(s, 'o', 'all')",
         "! 1:32 expected 'normal' or 'regex', found 'all'"},
        {"T | extend x = datetime_part('yer', t)",
         "! 1:30 'yer' is not a part of a date; did you mean 'year'?"},
        {"T | summarize percentile(n, 'a')", "! 1:29 argument 2 of 'percentile' is a string"},
        {"T | summarize percentile(n, 101)", "! 1:29 the percent is 101, it is from 0 to 100"},
        {"T | summarize percentilesw(n, n, 50, -1)", "! 1:38 the percent is -1"},
        {"T | summarize dcount(n, 5)", "! 1:25 the accuracy is 5, it is from 0 to 4"},
        {"T | summarize hll_if(n, b, 5)", "! 1:28 the accuracy is 5, it is from 0 to 4"},
        {"T | summarize make_list(n, 'a')", "! 1:28 argument 2 of 'make_list' is a string"},
        {"T | summarize stdevp(s)", "! 1:22 argument 1 of 'stdevp' is a string"},
    };

    (void)state;
    ASK(cases);
}

static void dynamic_values_and_nulls_pass(void **state)
{
    static const struct ask cases[] = {
        {"T | where startofday(d.a) > t | count", "[[0]]"},
        {"print not(dynamic(true))", "[[false]]"},
        {"print isnull(ago(timespan(null)))", "[[true]]"},
        {"print array_length(dynamic(null))", "[[null]]"},
        {"T | summarize sum(span), sum(b), avg(n)", "\"types\":[\"timespan\",\"long\",\"real\"]"},
        {"print iff(1, 'a', 'b')", "[[\"a\"]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(dynamic_values_and_nulls_pass),
    };

    return RUN_TESTS(tests);
}
