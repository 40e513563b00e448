/* SPDX-License-Identifier: Apache-2.0 */
/* partition and scan. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | scan", "! 1:9 expected 'with', found the end of the query"},
        {"T | scan with", "! 1:14 expected '(', found the end of the query"},
        {"T | scan with (", "! 1:16 expected 'step', found the end of the query"},
        {"T | scan with (step", "! 1:20 expected a name, found the end of the query"},
        {"T | scan with (step a", "! 1:22 expected ':', found the end of the query"},
        {"T | scan with (step a: true", "! 1:28 expected ';' or ')', found the end of the query"},
        {"T | scan declare (a) with (step s: true;)", "! 1:20 expected ':', found ')'"},
        {"T | partition", "! 1:14 expected 'by', found the end of the query"},
        {"T | partition by", "! 1:17 expected a name, found the end of the query"},
        {"T | partition by n", "! 1:19 expected '(', found the end of the query"},
        {"T | partition by n (",
         "! 1:21 expected an operator such as where, project or summarize, found the end of "
         "the query"},
        {"T | scan with (step a output=last: true => x = n;)",
         "! 1:44 a step assigns to columns of the input and declared ones only"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | scan with_match_id=m with (step a: true;) | project m | count", "[[2]]"},
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
