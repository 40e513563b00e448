/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays: pieces, turns, joins; null and empty ones. */
#include "ask.h"

static const struct ask pieces_cases[] = {
    {"print array_slice(dynamic([1,2,3,4]), 1, 2), array_slice(dynamic([1,2,3]), -2, -1), "
     "array_slice(dynamic([1,2,3]), 2, 9), array_slice(dynamic([1,2,3]), 5, 9)",
     "[[[2,3],[2,3],[3],[]]]"},
    {"print array_split(dynamic([1,2,3,4,5]), 2), array_split(dynamic([1,2,3]), "
     "dynamic([1,2])), array_split(dynamic([1,2]), 9)",
     "[[[[1,2],[3,4,5]],[[1],[2],[3]],[[1,2],[]]]]"},
    {"print array_length(dynamic([])), array_length(dynamic([1,null])), "
     "array_length(dynamic({\"a\":1})), array_length(dynamic(null))",
     "[[0,2,null,null]]"},
    {"print array_index_of(dynamic([1,2,1]), 1), array_index_of(dynamic(['a','b']), 'b'), "
     "array_index_of(dynamic([1,2]), 9), array_index_of(dynamic([1,2,1]), 1, 1)",
     "[[0,1,-1,2]]"},
};
ASK_TEST(pieces, pieces_cases)

static const struct ask turns_cases[] = {
    {"print array_reverse(dynamic([1,2,3])), array_reverse(dynamic([]))",
     "[[[3,2,1],[]]]"},
    {"print array_rotate_left(dynamic([1,2,3]), 1), array_rotate_left(dynamic([1,2,3]), -1), "
     "array_rotate_left(dynamic([1,2,3]), 4), array_rotate_left(dynamic([]), 4)",
     "[[[2,3,1],[3,1,2],[2,3,1],[]]]"},
    {"print array_rotate_right(dynamic([1,2,3]), 1), array_rotate_right(dynamic([1,2,3]), "
     "9223372036854775807)",
     "[[[3,1,2],[3,1,2]]]"},
    {"print array_shift_left(dynamic([1,2,3]), 1), array_shift_left(dynamic([1,2,3]), 1, 0), "
     "array_shift_left(dynamic([1,2]), 9, 7)",
     "[[[2,3,null],[2,3,0],[7,7]]]"},
    {"print array_shift_right(dynamic([1,2,3]), 1), array_shift_right(dynamic([1,2,3]), -1, 0)",
     "[[[null,1,2],[2,3,0]]]"},
};
ASK_TEST(turns, turns_cases)

static const struct ask joins_cases[] = {
    {"print array_concat(dynamic([1]), dynamic([]), dynamic(['a']))",
     "[[[1,\"a\"]]]"},
    {"print zip(dynamic([1,2]), dynamic(['a']))",
     "[[[[1,\"a\"],[2,null]]]]"},
    {"print array_iff(dynamic([true,false,true]), dynamic([1,2,3]), dynamic([4,5,6])), "
     "array_iff(dynamic([true,false]), 1, 0)",
     "[[[1,5,3],[1,0]]]"},
    {"print array_sum(dynamic([1,2.5])), array_sum(dynamic([]))",
     "[[3.5,0]]"},
    {"print range(1, 3), range(1, 10, 4), range(3, 1, -1), range(1, 3, -1)",
     "[[[1,2,3],[1,5,9],[3,2,1],[]]]"},
    {"print repeat(7, 2), repeat('a', 0), repeat(7, -1)",
     "[[[7,7],[],null]]"},
    {"print strcat_array(dynamic([1,'a',null]), '-'), strcat_array(dynamic([]), ',')",
     "[[\"1-a-\",\"\"]]"},
    {"print pack_array(1, 'a', dynamic(null))",
     "[[[1,\"a\",null]]]"},
};
ASK_TEST(joins, joins_cases)

ASK_MAIN(cmocka_unit_test(pieces),
         cmocka_unit_test(turns),
         cmocka_unit_test(joins))
