/* SPDX-License-Identifier: Apache-2.0 */
/* parse-kv. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | parse-kv nosuch as (a:long) with (pair_delimiter=' ', kv_delimiter='=')",
         "column 'nosuch' is not known", 1, 14},
        {"T | parse-kv s as (a:long) with (pair_delimiter=5)",
         "'pair_delimiter' needs a text that is not empty", 1, 49},
        {"T | parse-kv s", "expected 'as', found the end of the query", 1, 15},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"print s = 'a=1 b=x' | parse-kv s as (a:long, b:string) with "
         "(pair_delimiter=' ', kv_delimiter='=') | project a, b",
         "[[1,\"x\"]]", 0, 0},
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
