/* SPDX-License-Identifier: Apache-2.0 */
/* parse, parse-where. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | parse nosuch with * 'x' y", "column 'nosuch' is not known", 1, 11},
        {"T | parse kind=regex s with '(' rest",
         "'(' is not a regular expression: missing ): (", 1, 29},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | parse s with 'o' rest | project rest", "[[\"ne\"],[\"\"]]", 0, 0},
        {"T | parse-where s with 'o' rest | count", "[[1]]", 0, 0},
        {"T | parse s with 'o' rest:long | project rest", "[[null],[null]]", 0, 0},
        {"T | parse kind=relaxed s with 'o' rest:long 'e' | count", "[[2]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
