/* SPDX-License-Identifier: Apache-2.0 */
/* parse, parse-where. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | parse nosuch with * 'x' y", "! 1:11 column 'nosuch' is not known"},
        {"T | parse kind=regex s with '(' rest",
         "! 1:29 '(' is not a regular expression: missing ): ("},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | parse s with 'o' rest | project rest", "[[\"ne\"],[\"\"]]"},
        {"T | parse-where s with 'o' rest | count", "[[1]]"},
        {"T | parse s with 'o' rest:long | project rest", "[[null],[null]]"},
        {"T | parse kind=relaxed s with 'o' rest:long 'e' | count", "[[2]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
