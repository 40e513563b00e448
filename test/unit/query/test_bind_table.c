/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and views by their names, calls that give a table. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"Nosuch", "! 1:1 table 'Nosuch' is not known"},
        {"TT", "! 1:1 table 'TT' is not known; did you mean 'T'?"},
        {"Bad", "! 1:11 view 'Bad': column 'nosuch' is not known"},
        {"Text",
         "! 1:5 view 'Text': expected an operator such as where, project or summarize, found "
         "'|'"},
        {"materialize()", "! 1:1 'materialize' takes one table"},
        {"table(5)", "! 1:1 'table' takes the name of a table"},
        {"table('T', 'cold')",
         "! 1:12 the data scope of 'table' is 'all', 'default' or 'hotcache'"},
        {"table('T', 5)", "! 1:12 the data scope of 'table' is"},
        {"table('T', nosuch)", "! 1:12"},
        {"table('T', 'all', 1)", "! 1:1 'table' takes the name of a table and a data scope"},
        {"cluster('a').database('b').T",
         "! 1:28 tables of other databases and clusters are not supported"},
        {"database('b').T", "! 1:15 tables of other databases and clusters are not supported"},
        {"workspace('w').T", "! 1:16 tables of other databases and clusters are not supported"},
        {"nosuch() | count", "! 1:1 table 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"materialize(T) | count", "[[2]]"},
        {"table('T') | count", "[[2]]"},
        {"table('T', 'all') | count", "[[2]]"},
        {"let hot = 'HotCache'; table('T', hot) | union table('T', 'default') | count",
         "[[4]]"},
        {"print ['x y'] = 1 | project ['x y']", "[[1]]"},
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
