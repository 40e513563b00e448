/* SPDX-License-Identifier: Apache-2.0 */
/* How an operator is written, where it is left off or begun wrongly. */
#include "ask.h"

static void operators_say_how_they_are_written(void **state)
{
    static const struct ask cases[] = {
        {"T | sort n", "! 1:10 expected 'by', found 'n'; it is written: sort by column [asc|desc]"},
        {"T | sort desc by n", "! found 'desc'; it is written: sort by column"},
        {"T | sort by", "! found the end of the query; it is written: sort by column"},
        {"T | top 10 n", "! expected 'by', found 'n'; it is written: top n by column [asc|desc]"},
        {"T | where", "! found the end of the query; it is written: where predicate"},
        {"T | project-away", "! it is written: project-away pattern, ..."},
        {"T | join", "! it is written: join kind=inner (table) on column, ..."},
        {"T | join (T)", "! expected 'on', found the end of the query; it is written: join kind"},
        {"T | parse s 'a' x", "! expected 'with', found ''a''; it is written: parse column with"},
        {"T | mv-apply d (take 1)", "! it is written: mv-apply column on (operators)"},
        {"T | mv-apply d on (sort n)", "! expected 'by', found 'n'; it is written: sort by"},
        {"T | where (n == 1) | top 5 n", "! found 'n'; it is written: top n by column"},
        {"let a = T | count; T | sort n", "! found 'n'; it is written: sort by column"},
        {"T | evaluate bag_unpack", "! it is written: evaluate plugin(...)"},
        {"range x from 1 5 step 1", "! expected 'to', found '5'"},
    };

    (void)state;
    ASK(cases);
}

static void brackets_that_are_open_are_shown(void **state)
{
    static const struct ask cases[] = {
        {"T | where isnull(n", "! 1:19 expected ',' or ')', found the end of the query; the '(' at "
                               "line 1, column 17 is not closed"},
        {"T | where (n == 1 and (n == 2)", "! the '(' at line 1, column 11 is not closed"},
        {"T\n| extend a = d[0",
         "! 2:17 expected ']', found the end of the query; the '[' at line 2, column 15 is not "
         "closed"},
        {"T | where n == 1)", "! 1:17 expected an operator, '|' or ';', found ')'; no '(' belongs"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_say_how_they_are_written),
        cmocka_unit_test(brackets_that_are_open_are_shown),
    };

    return RUN_TESTS(tests);
}
