/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the sketches of hll(); assertions. */
#include "ask.h"

static const struct ask counts_cases[] = {
    {"range x from 1 to 100 step 1 | summarize h = hll(x % 7) | project dcount_hll(h)",
     "[[7]]"},
    {"print dcount_hll(dynamic(null)), dcount_hll(dynamic([1]))",
     "[[null,null]]"},
    {"range x from 1 to 10 step 1 | summarize a = hll_if(x, x < 6), b = hll_if(x, x > 3) | "
     "project dcount_hll(hll_merge(a, b)), dcount_hll(a), dcount_hll(b)",
     "[[10,5,7]]"},
};
ASK_TEST(counts, counts_cases)

static const struct ask assertions_cases[] = {
    {"let longer = (len: long, s: string) { assert(len > 0, 'too short') and strlen(s) > len }; "
     "T | where longer(2, s) | count",
     "[[2]]"},
    {"let longer = (len: long, s: string) { assert(len > 0, 'too short') and strlen(s) > len }; "
     "T | where longer(-1, s) | count",
     "! assert() has failed with message: 'too short'"},
    {"print assert(toscalar(T | count) == 2, strcat('a', 'b'))",
     "[[true]]"},
    /* before any row, also where none comes to it */
    {"let no = false; T | where no | where assert(no, 'never')",
     "! assert() has failed with message: 'never'"},
    /* what is not known does not hold */
    {"let t = T | where assert(toscalar(T | count) > 0, 'no rows'); t | count", "[[2]]"},
    {"let t = T | where assert(isnotnull(toscalar(T | count)), 'no rows'); t | count", "[[2]]"},
    {"let t = T | where assert(toscalar(T | count) > 2, 'few rows'); t | count",
     "! assert() has failed with message: 'few rows'"},
    {"T | where assert(toscalar(T | where false | summarize max(n)) > 0, 'no rows')",
     "! assert() has failed with message: 'no rows'"},
    {"T | where assert(n > 0, 'positive')",
     "! 1:20 the condition of assert() is a constant, not of a row"},
    {"let positive = (x: long) { assert(x > 0, 'positive') }; T | where positive(n)",
     "! the condition of assert() is a constant, not of a row"},
    {"T | where assert(true, s)",
     "! the message of assert() is a constant, not of a row"},
};
ASK_TEST(assertions, assertions_cases)

ASK_MAIN(cmocka_unit_test(counts), cmocka_unit_test(assertions))
