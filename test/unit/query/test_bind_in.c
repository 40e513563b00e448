/* SPDX-License-Identifier: Apache-2.0 */
/* in, has_any, has_all and their lists. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | where n in (nosuch)", "column 'nosuch' is not known", 1, 17},
        {"T | where s has_any (s)", "'has_any' needs a constant list", 1, 13},
        {"T | where n in (T | nosuchop)", "'nosuchop' is not an operator", 1, 21},
        {"T | where s in ((T | project nosuch))", "column 'nosuch' is not known", 1, 30},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | where n in (1, 2) | count", "[[2]]", 0, 0},
        {"T | where s in~ ('ONE') | count", "[[1]]", 0, 0},
        {"T | where s !in ('one') | count", "[[1]]", 0, 0},
        {"T | where n in ((T | project n | take 1)) | count", "[[1]]", 0, 0},
        {"T | where s has_any ('on', 'one') | count", "[[1]]", 0, 0},
        {"T | where s has_all ('one', 'x') | count", "[[0]]", 0, 0},
        {"T | where n in (n, 5) | count", "[[2]]", 0, 0},
        {"T | where s in (dynamic(['one'])) | count", "[[1]]", 0, 0},
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
