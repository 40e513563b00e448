/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns, their groups and what is wrong with them. */
#include "ask.h"

static const struct ask patterns_cases[] = {
    {"print extract('(a+)(b)', 1, 'xaab'), extract('(a+)(b)', 2, 'xaab'), extract('(a+)(b)', "
     "0, 'xaab'), extract('q', 0, 'x')",
     "[[\"aa\",\"b\",\"aab\",\"\"]]"},
    {"print extract_all('(?P<first>\\\\w)(?P<rest>\\\\w+)', dynamic(['rest', 1]), 'ab cd'), "
     "extract_all('(\\\\d)', 'a1b2'), extract_all('x(y)', 'none'), extract_all('(?P<n>a)', "
     "dynamic(['other', 5]), 'a')",
     "[[[[\"b\",\"a\"],[\"d\",\"c\"]],[\"1\",\"2\"],null,[\"a\"]]]"},
    {"print extract('(?<n>a)[(?<]', 1, 'a('), extract_all('(?<x>a)(b)', dynamic(['x']), 'ab')",
     "[[\"a\",[\"a\"]]]"},
    {"print extract(strcat('(', 'a'), 1, 'a')",
     "! '(a' is not a regular expression: missing ): (a"},
    {"print extract('(?<=a)b', 1, 'ab')",
     "! '(?<=a)b' is not a regular expression: invalid per"},
    {"print 'ABC' matches regex '(?i)abc', 'a\\nb' matches regex 'a.b', 'a\\nb' matches regex "
     "'(?s)a.b'",
     "[[true,false,true]]"},
    {"print indexof_regex('abcabc', 'b.', 0, -1, 2), indexof_regex('abc', 'b', -1), "
     "indexof_regex('abc', 'z')",
     "[[4,null,-1]]"},
    {"print replace_regex('a1b2', '(\\\\d)', '<\\\\1>'), split('a1b', '1'), countof('aXbX', "
     "'X'), countof('a1b2', '\\\\d', 'regex')",
     "[[\"a<1>b<2>\",[\"a\",\"b\"],2,2]]"},
};
ASK_TEST(patterns, patterns_cases)

ASK_MAIN(cmocka_unit_test(patterns))
