/* SPDX-License-Identifier: Apache-2.0 */
/* Names, operators and their types. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | where nosuch == 1", "! 1:11 column 'nosuch' is not known"},
        {"T | where nn == 1", "! 1:11 column 'nn' is not known; did you mean 'n'?"},
        {"T | where s + 1 > 2", "! 1:13 cannot compute string + long"},
        {"T | where t - true", "! 1:13 cannot compute datetime - bool"},
        {"T | where s", "! 1:11 where needs a bool, found a string"},
        {"T | where s and b", "! 1:11 expected a bool, found a string"},
        {"T | where n.x == 1", "! 1:13 '.x' needs a dynamic value, found a long"},
        {"T | where s.x == 1",
         "! 1:13 '.x' needs a dynamic value, found a string; use parse_json()"},
        {"T | where n[0] == 1", "! 1:12 '[...]' needs a dynamic value, found a long"},
        {"T | where -s == 1", "! 1:11 cannot negate a string"},
        {"T | where t > b", "! 1:13 cannot compare a datetime with a bool; convert one of them"},
        {"T | where s matches regex '('", "! 1:27 '(' is not a regular expression: missing ): ("},
        {"T | where * !has 'one'", "! 1:13 '!has' cannot follow '*' here"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | extend x = -span | project x", "[[\"-01:00:00\"],[\"-02:00:00\"]]"},
        {"T | where n between (1 .. 2) | count", "[[2]]"},
        {"T | where t !between (datetime(2026-01-01) .. 1h) | count", "[[1]]"},
        {"T | where * has 'one' | count", "[[1]]"},
        {"T | where d.a == 1 | count", "[[1]]"},
    };

    (void)state;
    ASK(cases);
}

static void calls_of_functions_are_as_deep_as_all_of_them(void **state)
{
    struct buf front;

    (void)state;
    buf_init(&front, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&front, "let f = (x:long) { x");
    for (uint32_t i = 0; i < 900; i++)
        buf_add_text(&front, " + 1");
    buf_add_text(&front, " }; T | where n == 1 | project y = ");
    buf_add_byte(&front, '\0');
    ask_nested(front.data, "f(", "n", ")", 4, "[[3601]]");
    ask_nested(front.data, "f(", "n", ")", 10, "! E_QUERY_TOO_COMPLEX");
    buf_release(&front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
        cmocka_unit_test(calls_of_functions_are_as_deep_as_all_of_them),
    };

    return RUN_TESTS(tests);
}
