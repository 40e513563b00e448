/* SPDX-License-Identifier: Apache-2.0 */
/* declare pattern, and its calls; render. */
#include "ask.h"

#define COUNTRY                                                                                    \
    "declare pattern country = (name:string)[state:string] { ('USA').['New York'] = { print c = "  \
    "'Albany' }; ('USA').Ohio = { let x = 'Columbus'; print c = x }; ('Cuba') = { print c = "      \
    "'Havana' } }; "

static void a_call_is_the_query_of_its_case(void **state)
{
    static const struct ask cases[] = {
        {COUNTRY "country('USA').['New York']", "[[\"Albany\"]]"},
        {COUNTRY "country('USA').Ohio | extend d = strlen(c)", "[[\"Columbus\",8]]"},
        {COUNTRY "union country('USA').Ohio, country('Cuba') | count", "[[2]]"},
        {COUNTRY "country('Cuba') | join kind=inner (country('Cuba')) on c | count", "[[1]]"},
    };

    (void)state;
    ASK(cases);
}

static void calls_without_a_case_are_refused(void **state)
{
    static const struct ask cases[] = {
        {"declare pattern p = (a:string) { ('x') = { print 1 } }; p('y')",
         "! 1:57 One or more pattern references were not declared. Detected pattern "
         "references: [\\\"p('y')\\\"]"},
        {"declare pattern p = (a:string) { ('x') = { print 1 } }; p(1)", "! 1:59 a constant text"},
        {"declare pattern p = (a:string) { ('x') { print 1 } }; p('x')", "! 1:40 expected '='"},
        {"declare pattern p; p('x')", "! 1:20 Detected pattern references: [\\\"p('x')\\\"]"},
        {"declare pattern p; p('x')", "! SEM0036"},
        /* all of them, each once, however it is written */
        {"declare pattern p; declare pattern q = (a:string)[b:string] { ('x').y = { print 1 } }; "
         "union p(\"a'b\", 'c'), q('x').y, q('x').z, q(@'x').['z'], p('a\\'b', \"c\"), q('x')",
         "! 1:94 [\\\"p('a\\\\\\\\'b', 'c')\\\",\\\"q('x').['z']\\\",\\\"q('x')\\\"]"},
        {"declare pattern p; p('x'", "! 1:25 expected ',' or ')'"},
    };

    (void)state;
    ASK(cases);
}

static void charts_are_read_whole(void **state)
{
    static const struct ask cases[] = {
        {"T | render", "! 1:11 expected a chart such as timechart or piechart"},
        {"T | render 5", "! 1:12 expected a chart such as timechart or piechart, found '5'"},
        {"T | render timechart with title='x'", "! 1:27 expected '('"},
        {"T | render timechart with (title)", "! 1:33 expected '='"},
        {"T | render timechart with (title=)", "! 1:34 expected a value"},
        {"T | render timechart with (title='x'", "! 1:37 expected ',' or ')'"},
        {"T | render timechart with (title=f('a', 2)[)",
         "! 1:44 expected the end of the value, found ')'"},
        {"T | render timechart with (title=[(])", "! 1:36 expected the end of the value"},
        {"T | render timechart with (title=])", "! 1:34 expected the end of the value"},
        {"T | render timechart with (title=f([1], {}), ycolumns=a, b) | count", "[[2]]"},
        {"T | render timechart title='x' with (ytitle='a, b=c', ycolumns=a, b) | count", "[[2]]"},
        {"let v = (T | render timechart kind=stacked); v | count", "[[2]]"},
    };

    (void)state;
    ASK(cases);
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
