/* SPDX-License-Identifier: Apache-2.0 */
/* search, find. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"search in (T) nosuch == 1", "column 'nosuch' is not known", 1, 15},
        {"search in (Nosuch) 'x'", "table 'Nosuch' is not known", 1, 12},
        {"search in (T) 'o*e'", "'*' can only stand first and last", 1, 15},
        {"find in (T) where nosuch == 1", "column 'nosuch' is not known", 1, 19},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"search 'one' | count", "[[1]]", 0, 0},
        {"T | search 'one' | count", "[[1]]", 0, 0},
        {"search in (T) s == 'one' | count", "[[1]]", 0, 0},
        {"search kind=case_sensitive in (T) 'ONE' | count", "[[0]]", 0, 0},
        {"search in (T) 'o*' | count", "[[1]]", 0, 0},
        {"find in (T) where n == 1 | project source_", "[[\"T\"]]", 0, 0},
        {"find in (T) where n == 1 project s", "[[\"T\",\"one\"]]", 0, 0},
        {"search in (T) * has 'two' | count", "[[1]]", 0, 0},
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
