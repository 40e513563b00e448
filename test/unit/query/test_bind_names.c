/* SPDX-License-Identifier: Apache-2.0 */
/* project-by-names. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | project-by-names n", "! 1:22 column 'n' is not known"},
        {"T | project-by-names 5", "! 1:22 expected names: texts or arrays of texts"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | project-by-names 'n', 's' | count", "[[2]]"},
        {"T | project-by-names dynamic(['n', 'x']) | getschema | project ColumnName", "[[\"n\"]]"},
        {"T | project-by-names 'n*' | getschema | count", "[[1]]"},
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
