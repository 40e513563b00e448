/* SPDX-License-Identifier: Apache-2.0 */
/* parse-kv. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | parse-kv nosuch as (a:long) with (pair_delimiter=' ', kv_delimiter='=')",
         "! 1:14 column 'nosuch' is not known"},
        {"T | parse-kv s as (a:long) with (pair_delimiter=5)",
         "! 1:49 'pair_delimiter' needs a text that is not empty"},
        {"T | parse-kv s", "! 1:15 expected 'as', found the end of the query"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"print s = 'a=1 b=x' | parse-kv s as (a:long, b:string) with "
         "(pair_delimiter=' ', kv_delimiter='=') | project a, b",
         "[[1,\"x\"]]"},
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
