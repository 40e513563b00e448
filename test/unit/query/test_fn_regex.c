/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns: what they find, what they replace. */
#include "ask.h"

static const struct ask finding_cases[] = {
    {"print extract('a(b+)', 1, 'xabbb'), extract('a(b+)', 0, 'xabbb'), extract('z', 0, 'x'), "
     "extract('(\\\\d+)', 1, 'n=12', typeof(long))",
     "[[\"bbb\",\"abbb\",\"\",12]]"},
    {"print extract_all('(\\\\w)(\\\\d)', 'a1b2'), extract_all('(\\\\w)\\\\d', 'a1b2'), "
     "extract_all('(z)', 'a')",
     "[[[[\"a\",\"1\"],[\"b\",\"2\"]],[\"a\",\"b\"],null]]"},
    {"print countof('aaaa', 'aa'), countof('abab', 'ab'), countof('a1b22', '\\\\d+', 'regex'), "
     "countof('', 'a')",
     "[[3,2,2,0]]"},
    {"datatable(s: string, k: string)['aaa', 'regex', 'ab', 'regex'] "
     "| project countof(s, 'a+', k)",
     "[[1],[1]]"},
    {"datatable(s: string, k: string)['aaa', 'normal', 'aaa', 'regex'] "
     "| project countof(s, 'a+', k)",
     "! the kind of countof() must be the same in all rows, 'normal' or 'regex'"},
    {"print indexof_regex('abc12', '\\\\d'), indexof_regex('abc', '\\\\d')",
     "[[3,-1]]"},
    {"print indexof_regex('abab', 'b', 0, -1, 0), indexof_regex('abab', 'b', 0, -1, -1), "
     "indexof_regex('aa', 'b', 0, -1, 0)",
     "[[1,null,-1]]"},
};
ASK_TEST(finding, finding_cases)

static const struct ask replacing_cases[] = {
    {"print replace_regex('a1b2', '\\\\d', '#'), replace_regex('ab', '(a)(b)', '\\\\2\\\\1'), "
     "replace_regex('ab', 'z', 'y')",
     "[[\"a#b#\",\"ba\",\"ab\"]]"},
    {"print trim(' +', '  a b '), trim_start('x+', 'xxa'), trim_end('x', 'axx'), trim('-', '')",
     "[[\"a b\",\"a\",\"ax\",\"\"]]"},
    {"print regex_quote('a.b*')",
     "[[\"a\\\\.b\\\\*\"]]"},
    {"print extract('(', 1, 'a')",
     "! is not a regular expression"},
};
ASK_TEST(replacing, replacing_cases)

ASK_MAIN(cmocka_unit_test(finding),
         cmocka_unit_test(replacing))
