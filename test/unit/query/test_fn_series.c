/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of arrays. */
#include "ask.h"

static const struct ask arithmetic_cases[] = {
    {"print series_add(dynamic([1,2]), dynamic([3,4])), series_subtract(dynamic([1,2]), 1), "
     "series_multiply(dynamic([2,3]), 2), series_divide(dynamic([1,4]), dynamic([2,8]))",
     "[[[4.0,6.0],[0.0,1.0],[4.0,6.0],[0.5,0.5]]]"},
    {"print series_add(dynamic([1,2,3]), dynamic([1])), series_add(dynamic(['a',1]), "
     "dynamic([1,1]))",
     "[[[2.0,null,null],[null,2.0]]]"},
};
ASK_TEST(arithmetic, arithmetic_cases)

static const struct ask comparisons_cases[] = {
    {"print series_greater(dynamic([1,3]), dynamic([2,2])), series_equals(dynamic([1,3]), "
     "dynamic([1,2])), series_less_equals(dynamic([1,3]), dynamic([1,2]))",
     "[[[false,true],[true,false],[true,false]]]"},
};
ASK_TEST(comparisons, comparisons_cases)

static const struct ask of_each_cases[] = {
    {"print series_abs(dynamic([-1,2])), series_sign(dynamic([-5,0,7])), "
     "series_floor(dynamic([1.5])), series_ceiling(dynamic([1.2]))",
     "[[[1.0,2.0],[-1.0,0.0,1.0],[1.0],[2.0]]]"},
    {"print series_exp(dynamic([0])), series_log(dynamic([1])), series_sin(dynamic([0])), "
     "series_pow(dynamic([2]), dynamic([3]))",
     "[[[1.0],[0.0],[0.0],[8.0]]]"},
};
ASK_TEST(of_each, of_each_cases)

ASK_MAIN(cmocka_unit_test(arithmetic),
         cmocka_unit_test(comparisons),
         cmocka_unit_test(of_each))
