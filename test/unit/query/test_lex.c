/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: texts, names, signs, comments. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"print 'abc", "the string is not closed", 1, 7},
        {"print \"a\nb\"", "the string is not closed", 1, 7},
        {"print @'a", "the string is not closed", 1, 8},
        {"print ```a", "the string is not closed", 1, 7},
        {"print §1", "unexpected character '§'", 1, 7},
        {"print '\\q'", "'\\\\q' is not an escape; write '\\\\\\\\' or use @'...'", 1, 8},
        {"print h'x", "the string is not closed", 1, 8},
        {"print ['a", "the string is not closed", 1, 8},
        {"T | where n = = 1", "expected an expression, found '='", 1, 15},
        {"T\n| where\n\tn == 'x", "the string is not closed", 3, 7},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"print 'a\\tb' | project strlen(print_0)", "[[3]]", 0, 0},
        {"print h'x'", "[[\"x\"]]", 0, 0},
        {"print @'a''b'", "[[\"a'b\"]]", 0, 0},
        {"print \"it's\"", "[[\"it's\"]]", 0, 0},
        {"print 1 // comment", "[[1]]", 0, 0},
        {"print 'a' 'b'", "[[\"ab\"]]", 0, 0},
        {"print ```a\nb``` | project strlen(print_0)", "[[3]]", 0, 0},
        {"print 1.5e3, 1e3", "[[1500,1000]]", 0, 0},
        {"print ~~~a~~~", "[[\"a\"]]", 0, 0},
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
