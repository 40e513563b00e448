/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that are bound in place: as, invoke, render. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | as", "! 1:7 expected the operator's arguments, found the end of the query"},
        {"T | invoke Nosuch()", "! 1:12 function 'Nosuch' is not known"},
        {"let f = () { 5 }; T | invoke f()", "! 1:30 'f' takes 0 arguments"},
        {"T | mv-apply d on (invoke Rows())", "! 1:20 'invoke' is not supported inside mv-apply"},
        {"let f = (x:long) { x }; T | invoke f()", "! 1:36 the first parameter must be a table"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | render timechart | count", "[[2]]"},
        {"T | consume | count", "[[2]]"},
        {"T | as A | where n in ((A | project n)) | count", "[[2]]"},
        {"let f = (r:(n:long)) { r | count }; T | invoke f()", "[[2]]"},
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
