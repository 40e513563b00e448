/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that keep a number's type; bits. */
#include "ask.h"

static const struct ask numbers_cases[] = {
    {"print abs(-5), abs(-1.5), abs(-1h), abs(long(null))",
     "[[5,1.5,\"01:00:00\",null]]"},
    {"print ceiling(1.2), ceiling(-1.2), ceiling(3), sign(-3), sign(0), sign(2.5)",
     "[[2,-1,3,-1,0,1]]"},
    {"print round(2.5), round(-2.5), round(2.567, 2), round(real(nan))",
     "[[3,-3,2.57,\"NaN\"]]"},
    {"print max_of(1, 3, 2), min_of(1, -3, 2), max_of(1, long(null)), min_of('b', 'a')",
     "[[3,-3,1,\"a\"]]"},
};
ASK_TEST(numbers, numbers_cases)

static const struct ask bits_cases[] = {
    {"print binary_and(12, 10), binary_or(12, 10), binary_xor(12, 10), binary_not(0)",
     "[[8,14,6,-1]]"},
    {"print binary_shift_left(1, 4), binary_shift_right(16, 4), bitset_count_ones(255), "
     "bitset_count_ones(-1)",
     "[[16,1,8,64]]"},
};
ASK_TEST(bits, bits_cases)

static const struct ask randomness_cases[] = {
    {"range x from 1 to 1000 step 1 | extend r = rand(), n = rand(10), one = rand(1) "
     "| summarize countif(r < 0 or r >= 1), countif(n < 0 or n > 9 or n != floor(n, 1)), "
     "dcount(n), countif(one != 0)",
     "[[0,0,10,0]]"},
};
ASK_TEST(randomness, randomness_cases)

ASK_MAIN(cmocka_unit_test(numbers),
         cmocka_unit_test(bits),
         cmocka_unit_test(randomness))
