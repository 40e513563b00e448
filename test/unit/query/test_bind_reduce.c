/* SPDX-License-Identifier: Apache-2.0 */
/* reduce: patterns of frequent words. */
#include "kql.h"

#define ROWS "range x from 1 to 10 step 1 | project str = strcat('foo', 'Z', tostring(x)) "

static void values_that_share_words_are_a_pattern(void **state)
{
    static const struct kql_case cases[] = {
        {ROWS "| reduce by str", "[[\"others\",10,\"\"]]", 0, 0},
        {ROWS "| reduce by str with characters='Z'", "[[\"foo*\",10,\"fooZ1\"]]", 0, 0},
        {"range x from 1 to 20 step 1 | project s = iff(x % 4 == 0, strcat('user ', x, ' left'), "
         "strcat('user ', x, ' came')) | reduce by s",
         "[[\"user * came\",15,\"user 1 came\"],[\"user * left\",5,\"user 12 left\"]]", 0, 0},
        {ROWS "| reduce by str with threshold=0.99, characters='Z' | project Pattern",
         "[[\"foo*\"]]", 0, 0},
        {"T | where false | reduce by s", "\"rows\":[]", 0, 0},
        {"print s = '' | reduce by s with threshold=0", "[[\"\",1,\"\"]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void rows_can_be_kept(void **state)
{
    static const struct kql_case cases[] = {
        {ROWS "| reduce kind=source by str with characters='Z' | take 1",
         "[[\"fooZ1\",\"foo*\"]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void broken_parameters_are_refused(void **state)
{
    static const struct kql_case cases[] = {
        {"T | reduce by s with threshold=2", "between 0 and 1", 1, 22},
        {"T | reduce by s with limit=2", "'threshold' or 'characters'", 1, 22},
        {"T | reduce kind=other by s", "'other' is not a kind of reduce; expected source", 1, 17},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_share_words_are_a_pattern),
        cmocka_unit_test(rows_can_be_kept),
        cmocka_unit_test(broken_parameters_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
