/* SPDX-License-Identifier: Apache-2.0 */
/* union: its inputs, their columns. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"union Nosuch", "! 1:7 table 'Nosuch' is not known"},
        {"union isfuzzy=true Nosuch, AlsoNot", "! 1:20 table 'Nosuch' is not known"},
        {"union isfuzzy=true T, (T | where nosuch == 1)", "! 1:34 column 'nosuch' is not known"},
        {"set best_effort = false; union T, Nosuch", "! 1:35 table 'Nosuch' is not known"},
        {"set best_effort; union T, (T | where nosuch == 1)", "! 1:38 'nosuch' is not known"},
        {"set best_effort; union Nosuch", "! 1:24 table 'Nosuch' is not known"},
        /* also behind a union that has left out its last table */
        {"union isfuzzy=true (union isfuzzy=true T, Missing | where nosuch == 1), T",
         "! 1:59 'nosuch' is not known"},
        {"set best_effort; union (T | union Missing | where nosuch == 1), T",
         "! 1:51 'nosuch' is not known"},
        {"T | union nosuch", "! 1:11 table 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"union T, Empty | count", "[[2]]"},
        {"union withsource=w database('daybook').T, database().table('T'), table('T') "
         "| distinct w", "[[\"T\"]]"},
        {"union isfuzzy=true T, Nosuch | count", "[[2]]"},
        {"union kind=inner T, (T | project n) | getschema | count", "[[1]]"},
        {"union withsource=w T, T | distinct w | count", "[[1]]"},
        {"T | union (T) | count", "[[4]]"},
        {"union (print a = 1), (print a = 'x') | getschema | project ColumnName",
         "[[\"a_long\"],[\"a_string\"]]"},
        {"union isfuzzy=true T, cluster('x').T | count", "[[2]]"},
        {"union isfuzzy=true (union isfuzzy=true No0, No1), T | count", "[[2]]"},
        {"set best_effort = true; union T, (Nosuch | where a > 0) | count", "[[2]]"},
        {"set best_effort; T | union Nosuch | count", "[[2]]"},
        {"let u = union isfuzzy=true (print d = dynamic({'t': 5}) | evaluate bag_unpack(d) | extend"
         " y = t), Nosuch | make-series count() on y from 1 to 9 step 2; u | count",
         "[[1]]"},
        {"union best_effort=true T, Nosuch | count", "[[2]]"},
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
