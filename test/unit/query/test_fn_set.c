/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays as sets, sorting them. */
#include "ask.h"

static const struct ask sets_cases[] = {
    {"print set_union(dynamic([1,2]), dynamic([2,3])), set_union(dynamic([1,1]), dynamic([])), "
     "set_union(dynamic([]), dynamic([]))",
     "[[[1,2,3],[1],[]]]"},
    {"print set_intersect(dynamic([1,2,3]), dynamic([3,2]), dynamic([2])), "
     "set_difference(dynamic([1,2,3]), dynamic([2]), dynamic([3]))",
     "[[[2],[1]]]"},
    {"print set_has_element(dynamic([1,'a']), 'a'), set_has_element(dynamic([1,'a']), 'b'), "
     "set_has_element(dynamic([1,2]), 2)",
     "[[true,false,true]]"},
    {"print jaccard_index(dynamic([1,2]), dynamic([2,3])) == 1.0 / 3",
     "[[true]]"},
};
ASK_TEST(sets, sets_cases)

static const struct ask sorting_cases[] = {
    {"print array_sort_asc(dynamic([3,1,2])), array_sort_desc(dynamic([3,1,2])), "
     "array_sort_asc(dynamic([]))",
     "[[[1,2,3],[3,2,1],[]]]"},
    {"print array_sort_asc(dynamic(['b','a',null])), array_sort_asc(dynamic(['b','a',null]), "
     "false)",
     "[[[\"a\",\"b\",null],[null,\"a\",\"b\"]]]"},
    /* timespans by their length; beside other texts, or in another spelling, as texts */
    {"print array_sort_asc(pack_array(1d, 23h, 10d, timespan(null), -1d, -2d, 9d))",
     "[[[\"-2.00:00:00\",\"-1.00:00:00\",\"23:00:00\",\"1.00:00:00\",\"9.00:00:00\","
     "\"10.00:00:00\",null]]]"},
    {"print x = 1 | project (a, b) = array_sort_desc(pack_array(9d, 10d, 1.5h, 9d), "
     "dynamic([1, 2, 3, 4]))",
     "[[[\"10.00:00:00\",\"9.00:00:00\",\"9.00:00:00\",\"01:30:00\"],[2,4,1,3]]]"},
    {"print array_sort_asc(pack_array(9d, 'b', 10d)), array_sort_asc(dynamic(['9:00:00', "
     "'10:00:00'])), array_sort_asc(dynamic(['9', '10']))",
     "[[[\"10.00:00:00\",\"9.00:00:00\",\"b\"],[\"10:00:00\",\"9:00:00\"],[\"10\",\"9\"]]]"},
};
ASK_TEST(sorting, sorting_cases)

ASK_MAIN(cmocka_unit_test(sets),
         cmocka_unit_test(sorting))
