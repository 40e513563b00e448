/* SPDX-License-Identifier: Apache-2.0 */
/* The common functions of texts. */
#include "ask.h"

static const struct ask pieces_cases[] = {
    {"print substring('abcdef', 2), substring('abcdef', 2, 2), substring('abcdef', -2), "
     "substring('abc', 5), substring('abc', 0, 0)",
     "[[\"cdef\",\"cd\",\"ef\",\"\",\"\"]]"},
    {"print substring('\303\244\303\266\303\274', 1, 1), strlen('\303\244\303\266\303\274'), "
     "string_size('\303\244\303\266\303\274'), strlen('')",
     "[[\"\303\266\",3,6,0]]"},
    {"print split('a,b,,c', ','), split('a,b', ',', 1), split('a', ','), split('', ',')",
     "[[[\"a\",\"b\",\"\",\"c\"],[\"b\"],[\"a\"],[\"\"]]]"},
};
ASK_TEST(pieces, pieces_cases)

static const struct ask joins_cases[] = {
    {"print strcat('a', 1, true, long(null)), strcat_delim('-', 'a', 1, ''), strcat('')",
     "[[\"a1True\",\"a-1-\",\"\"]]"},
    {"print replace_string('aXbX', 'X', '--'), replace_string('aaa', 'aa', 'b'), "
     "replace_string('abc', 'z', 'y')",
     "[[\"a--b--\",\"ba\",\"abc\"]]"},
};
ASK_TEST(joins, joins_cases)

static const struct ask letters_cases[] = {
    {"print tolower('A\303\2041'), toupper('a\303\2441\303\237'), tolower('')",
     "[[\"a\303\2441\",\"A\303\2041\303\237\",\"\"]]"},
    {"datatable(s:string)['Ab', '', '\303\211\303\210'] | project tolower(s), strlen(s)",
     "[[\"ab\",2],[\"\",0],[\"\303\251\303\250\",2]]"},
};
ASK_TEST(letters, letters_cases)

ASK_MAIN(cmocka_unit_test(pieces),
         cmocka_unit_test(joins),
         cmocka_unit_test(letters))
