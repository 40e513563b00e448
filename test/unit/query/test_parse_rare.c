/* SPDX-License-Identifier: Apache-2.0 */
/* declare pattern, and its calls; render. */
#include "kql.h"

#define COUNTRY                                                                                    \
    "declare pattern country = (name:string)[state:string] { ('USA').['New York'] = { print c = "  \
    "'Albany' }; ('USA').Ohio = { let x = 'Columbus'; print c = x }; ('Cuba') = { print c = "      \
    "'Havana' } }; "

static void a_call_is_the_query_of_its_case(void **state)
{
    static const struct kql_case cases[] = {
        {COUNTRY "country('USA').['New York']", "[[\"Albany\"]]", 0, 0},
        {COUNTRY "country('USA').Ohio | extend d = strlen(c)", "[[\"Columbus\",8]]", 0, 0},
        {COUNTRY "union country('USA').Ohio, country('Cuba') | count", "[[2]]", 0, 0},
        {COUNTRY "country('Cuba') | join kind=inner (country('Cuba')) on c | count", "[[1]]", 0,
         0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void calls_without_a_case_are_refused(void **state)
{
    static const struct kql_case cases[] = {
        {"declare pattern p = (a:string) { ('x') = { print 1 } }; p('y')", "has no such case", 1,
         57},
        {"declare pattern p = (a:string) { ('x') = { print 1 } }; p(1)", "a constant text", 1, 59},
        {"declare pattern p = (a:string) { ('x') { print 1 } }; p('x')", "expected '='", 1, 40},
        {"declare pattern p; p('x')", "'p'", 1, 20},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void charts_are_read_whole(void **state)
{
    static const struct kql_case cases[] = {
        {"T | render", "expected a chart such as timechart or piechart", 1, 11},
        {"T | render 5", "expected a chart such as timechart or piechart, found '5'", 1, 12},
        {"T | render timechart with title='x'", "expected '('", 1, 27},
        {"T | render timechart with (title)", "expected '='", 1, 33},
        {"T | render timechart with (title=)", "expected a value", 1, 34},
        {"T | render timechart with (title='x'", "expected ',' or ')'", 1, 37},
        {"T | render timechart title='x' with (ytitle='a, b=c', ycolumns=a, b) | count", "[[2]]", 0,
         0},
        {"let v = (T | render timechart kind=stacked); v | count", "[[2]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_the_query_of_its_case),
        cmocka_unit_test(calls_without_a_case_are_refused),
        cmocka_unit_test(charts_are_read_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
