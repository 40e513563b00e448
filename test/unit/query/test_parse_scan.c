/* SPDX-License-Identifier: Apache-2.0 */
/* partition and scan. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | scan", "expected 'with', found the end of the query", 1, 9},
        {"T | scan with", "expected '(', found the end of the query", 1, 14},
        {"T | scan with (", "expected 'step', found the end of the query", 1, 16},
        {"T | scan with (step", "expected a name, found the end of the query", 1, 20},
        {"T | scan with (step a", "expected ':', found the end of the query", 1, 22},
        {"T | scan with (step a: true", "expected ';' or ')', found the end of the query", 1, 28},
        {"T | scan declare (a) with (step s: true;)", "expected ':', found ')'", 1, 20},
        {"T | partition", "expected 'by', found the end of the query", 1, 14},
        {"T | partition by", "expected a name, found the end of the query", 1, 17},
        {"T | partition by n", "expected '(', found the end of the query", 1, 19},
        {"T | partition by n (",
         "expected an operator such as where, project or summarize, found the end of "
         "the query", 1, 21},
        {"T | scan with (step a output=last: true => x = n;)",
         "a step assigns to columns of the input and declared ones only", 1, 44},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | scan with_match_id=m with (step a: true;) | project m | count", "[[2]]", 0, 0},
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
