/* SPDX-License-Identifier: Apache-2.0 */
/* project-by-names. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | project-by-names n", "column 'n' is not known", 1, 22},
        {"T | project-by-names 5", "expected names: texts or arrays of texts", 1, 22},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | project-by-names 'n', 's' | count", "[[2]]", 0, 0},
        {"T | project-by-names dynamic(['n', 'x']) | getschema | project ColumnName",
         "[[\"n\"]]", 0, 0},
        {"T | project-by-names 'n*' | getschema | count", "[[1]]", 0, 0},
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
