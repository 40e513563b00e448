/* SPDX-License-Identifier: Apache-2.0 */
/* Names, operators and their types. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | where nosuch == 1", "column 'nosuch' is not known", 1, 11},
        {"T | where nn == 1", "column 'nn' is not known; did you mean 'n'?", 1, 11},
        {"T | where s + 1 > 2", "cannot compute string + long", 1, 13},
        {"T | where t - true", "cannot compute datetime - bool", 1, 13},
        {"T | where s", "where needs a bool, found a string", 1, 11},
        {"T | where s and b", "expected a bool, found a string", 1, 11},
        {"T | where n.x == 1", "'.x' needs a dynamic value, found a long", 1, 13},
        {"T | where s.x == 1",
         "'.x' needs a dynamic value, found a string; use parse_json()", 1, 13},
        {"T | where n[0] == 1", "'[...]' needs a dynamic value, found a long", 1, 12},
        {"T | where -s == 1", "cannot negate a string", 1, 11},
        {"T | where t > b", "cannot compare a datetime with a bool; convert one of them", 1, 13},
        {"T | where s matches regex '('", "'(' is not a regular expression: missing ): (", 1, 27},
        {"T | where * !has 'one'", "'!has' cannot follow '*' here", 1, 13},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | extend x = -span | project x", "[[\"-01:00:00\"],[\"-02:00:00\"]]", 0, 0},
        {"T | where n between (1 .. 2) | count", "[[2]]", 0, 0},
        {"T | where t !between (datetime(2026-01-01) .. 1h) | count", "[[1]]", 0, 0},
        {"T | where * has 'one' | count", "[[1]]", 0, 0},
        {"T | where d.a == 1 | count", "[[1]]", 0, 0},
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
