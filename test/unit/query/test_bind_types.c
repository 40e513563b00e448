/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the wrong type, refused where they stand. */
#include "kql.h"

static void what_makes_no_sense_is_refused(void **state)
{
    static const struct kql_case cases[] = {
        {"print ago('1d')", "argument 1 of 'ago' is a string, a timespan is needed", 1, 11},
        {"T | where startofday(s) > t", "a datetime is needed", 1, 22},
        {"T | extend x = datetime_diff('day', s, t)", "argument 2 of 'datetime_diff'", 1, 37},
        {"T | where not(s)", "a bool is needed", 1, 15},
        {"T | extend x = iff(s, 1, 2)", "a bool is needed", 1, 20},
        {"T | extend x = sqrt(s)", "a number is needed", 1, 21},
        {"T | extend x = array_length(s)", "a dynamic value is needed", 1, 29},
        {"T |\n summarize sum(s)", "argument 1 of 'sum' is a string", 2, 16},
        {"T | summarize countif(s)", "a bool is needed", 1, 23},
        {"T | extend x = format_datetime(t, 1)",
         "argument 2 of 'format_datetime' is a long, a string", 1, 35},
        {"T | extend x = case(s, 1, b, 2, 3)", "argument 1 of 'case' is a string, a bool", 1, 21},
        {"T | extend x = case(b, 1, s, 2, 3)", "argument 3 of 'case' is a string, a bool", 1, 27},
        {"T | extend x = bin(s, 1)", "argument 1 of 'bin' is a string, a number", 1, 20},
        {"T | extend x = bin(t, 1)", "a datetime is rounded to a timespan, found a long", 1, 23},
        {"T | extend x = hash(s, 'a')", "argument 2 of 'hash' is a string, a number", 1, 24},
        {"T | extend x = split(s, 1)", "argument 2 of 'split' is a long, a string", 1, 25},
        {"T | extend x = countof(s, 'o', 'all')", "expected 'normal' or 'regex', found 'all'", 1,
         32},
        {"T | extend x = datetime_part('yer', t)",
         "'yer' is not a part of a date; did you mean 'year'?", 1, 30},
        {"T | summarize percentile(n, 'a')", "argument 2 of 'percentile' is a string", 1, 29},
        {"T | summarize percentile(n, 101)", "the percent is 101, it is from 0 to 100", 1, 29},
        {"T | summarize percentilesw(n, n, 50, -1)", "the percent is -1", 1, 38},
        {"T | summarize dcount(n, 5)", "the accuracy is 5, it is from 0 to 4", 1, 25},
        {"T | summarize hll_if(n, b, 5)", "the accuracy is 5, it is from 0 to 4", 1, 28},
        {"T | summarize make_list(n, 'a')", "argument 2 of 'make_list' is a string", 1, 28},
        {"T | summarize stdevp(s)", "argument 1 of 'stdevp' is a string", 1, 22},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void dynamic_values_and_nulls_pass(void **state)
{
    static const struct kql_case cases[] = {
        {"T | where startofday(d.a) > t | count", "[[0]]", 0, 0},
        {"print not(dynamic(true))", "[[false]]", 0, 0},
        {"print isnull(ago(timespan(null)))", "[[true]]", 0, 0},
        {"print array_length(dynamic(null))", "[[null]]", 0, 0},
        {"T | summarize sum(span), sum(b), avg(n)", "\"types\":[\"timespan\",\"long\",\"real\"]", 0,
         0},
        {"print iff(1, 'a', 'b')", "[[\"a\"]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(dynamic_values_and_nulls_pass),
    };

    return RUN_TESTS(tests);
}
