/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: texts, names, signs, comments. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"print 'abc", "! 1:7 the string is not closed"},
        {"print \"a\nb\"", "! 1:7 the string is not closed"},
        {"print @'a", "! 1:8 the string is not closed"},
        {"print ```a", "! 1:7 the string is not closed"},
        {"print §1", "! 1:7 unexpected character '§'"},
        {"print '\\q'", "! 1:8 '\\\\q' is not an escape; write '\\\\\\\\' or use @'...'"},
        {"print h'x", "! 1:8 the string is not closed"},
        {"print ['a", "! 1:8 the string is not closed"},
        {"T | where n = = 1", "! 1:15 expected an expression, found '='"},
        {"T\n| where\n\tn == 'x", "! 3:7 the string is not closed"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"print 'a\\tb' | project strlen(print_0)", "[[3]]"},
        {"print h'x'", "[[\"x\"]]"},
        {"print @'a''b'", "[[\"a'b\"]]"},
        {"print \"it's\"", "[[\"it's\"]]"},
        {"print 1 // comment", "[[1]]"},
        {"print 'a' 'b'", "[[\"ab\"]]"},
        {"print ```a\nb``` | project strlen(print_0)", "[[3]]"},
        {"print 1.5e3, 1e3", "[[1500,1000]]"},
        {"print ~~~a~~~", "[[\"a\"]]"},
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
