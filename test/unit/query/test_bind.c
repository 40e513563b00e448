/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that are bound in place: as, invoke, render. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | as", "expected the operator's arguments, found the end of the query", 1, 7},
        {"T | invoke Nosuch()", "function 'Nosuch' is not known", 1, 12},
        {"let f = () { 5 }; T | invoke f()", "'f' takes 0 arguments", 1, 30},
        {"T | mv-apply d on (invoke Rows())", "'invoke' is not supported inside mv-apply", 1, 20},
        {"let f = (x:long) { x }; T | invoke f()", "the first parameter must be a table", 1, 36},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | render timechart | count", "[[2]]", 0, 0},
        {"T | consume | count", "[[2]]", 0, 0},
        {"T | as A | where n in ((A | project n)) | count", "[[2]]", 0, 0},
        {"let f = (r:(n:long)) { r | count }; T | invoke f()", "[[2]]", 0, 0},
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
