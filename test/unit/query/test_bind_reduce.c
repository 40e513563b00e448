/* SPDX-License-Identifier: Apache-2.0 */
/* reduce: patterns of frequent words. */
#include "ask.h"

#define ROWS "range x from 1 to 10 step 1 | project str = strcat('foo', 'Z', tostring(x)) "

static void values_that_share_words_are_a_pattern(void **state)
{
    static const struct ask cases[] = {
        {ROWS "| reduce by str", "[[\"others\",10,\"\"]]"},
        {ROWS "| reduce by str with characters='Z'", "[[\"foo*\",10,\"fooZ1\"]]"},
        {"range x from 1 to 20 step 1 | project s = iff(x % 4 == 0, strcat('user ', x, ' "
         "left'), "
         "strcat('user ', x, ' came')) | reduce by s",
         "[[\"user * came\",15,\"user 1 came\"],[\"user * left\",5,\"user 12 left\"]]"},
        {ROWS "| reduce by str with threshold=0.99, characters='Z' | project Pattern",
         "[[\"foo*\"]]"},
        {"T | where false | reduce by s", "\"rows\":[]"},
        {"print s = '' | reduce by s with threshold=0", "[[\"\",1,\"\"]]"},
    };

    (void)state;
    ASK(cases);
}

static void rows_can_be_kept(void **state)
{
    static const struct ask cases[] = {
        {ROWS "| reduce kind=source by str with characters='Z' | take 1", "[[\"fooZ1\",\"foo*\"]]"},
    };

    (void)state;
    ASK(cases);
}

static void broken_parameters_are_refused(void **state)
{
    static const struct ask cases[] = {
        {"T | reduce by s with threshold=2", "! 1:22 between 0 and 1"},
        {"T | reduce by s with limit=2", "! 1:22 'threshold' or 'characters'"},
        {"T | reduce kind=other by s", "! 1:17 'other' is not a kind of reduce; expected source"},
    };

    (void)state;
    ASK(cases);
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
