/* SPDX-License-Identifier: Apache-2.0 */
/* Values as arrays, sets and bags. */
#include "ask.h"

static const struct ask collections_cases[] = {
    {"datatable(a: dynamic)[dynamic(['x', 'y']), dynamic(['y', 'z']), dynamic(['x'])] | "
     "summarize make_set(a), make_list(a), make_list(pack_array(a)), make_list(a, 3)",
     "[[[\"x\",\"y\",\"z\"],[\"x\",\"y\",\"y\",\"z\",\"x\"],[[\"x\",\"y\"],[\"y\",\"z\"],[\"x\"]],"
     "[\"x\",\"y\",\"y\"]]]"},
    {"datatable(a: dynamic)[dynamic([1, [2, 3]]), dynamic([]), dynamic({'k': [4]}), dynamic(null), "
     "dynamic(5)] | summarize make_list(a), make_list_if(a, true), make_list_with_nulls(a)",
     "[[[1,[2,3],{\"k\":[4]},5],[1,[2,3],{\"k\":[4]},5],[1,[2,3],{\"k\":[4]},null,5]]]"},
    {"datatable(a: long, b: long)[1, 1, 2, 0, long(null), 1, 1, 1] | summarize make_list(a), "
     "make_set(a), make_list_with_nulls(a), make_list_if(a, b == 1), make_set_if(a, b == 1), "
     "make_list(a, 1), make_set(a, 1)",
     "[[[1,2,1],[1,2],[1,2,null,1],[1,1],[1],[1],[1]]]"},
    {"datatable(d: dynamic)[dynamic({'a': 1}), dynamic({'a': 2, 'b': 3}), dynamic(5)] | "
     "summarize make_bag(d)",
     "[[{\"a\":1,\"b\":3}]]"},
    /* a bag is as large as its keys are many, whatever bags they come from */
    {"datatable(d: dynamic)[dynamic({'a': 1, 'b': 2}), dynamic({}), dynamic({'b': 3, 'a': 4}), "
     "dynamic({'c': 5, 'd': 6})] | summarize make_bag(d, 0), make_bag(d, 1), make_bag(d, 3), "
     "make_bag_if(d, isnull(d.a), 1), make_dictionary(d)",
     "[[{},{\"a\":1},{\"a\":1,\"b\":2,\"c\":5},{\"c\":5},"
     "{\"a\":1,\"b\":2,\"c\":5,\"d\":6}]]"},
    {"range x from 1 to 3 step 1 | summarize make_bag(parse_json(strcat("
     "@'{\"q\\\"r\":', x, @',\"q\":[\"q\", ', x, @'],\"q\\\\\":{}}')))",
     "[[{\"q\\\"r\":1,\"q\":[\"q\",1],\"q\\\\\":{}}]]"},
    {"datatable(a: long)[] | summarize make_list(a), make_set(a), make_bag(dynamic(null))",
     "[[[],[],{}]]"},
    {"print x = 1 | summarize make_list()",
     "! 'make_list' takes 1 to 2 arguments, found 0"},
    {"print x = 1 | summarize make_set_if(x)",
     "! 'make_set_if' takes 2 to 3 arguments, found 1"},
};
ASK_TEST(collections, collections_cases)

#define KEY(NAME) "strcat('" NAME "', x), 0"
#define BAG_OF_MANY_KEYS                                                                           \
    "range x from 1 to 100000 step 1 | summarize b = make_bag(bag_pack(" KEY("a") ", " KEY("b")    \
    ", " KEY("c") ", " KEY("d") ", " KEY("e") ", " KEY("f") ", " KEY("g") ", " KEY("h")            \
    ", " KEY("i") ", " KEY("j") ")) | summarize count(), countif(b.j99999 == 0)"

/* What is remembered of a bag's keys is of the query's memory. */
static const struct ask budget_cases[] = {
    {BAG_OF_MANY_KEYS, "[[1,1]]"},
    {"set max_memory_consumption_per_query_per_node = 50000000; " BAG_OF_MANY_KEYS,
     "! E_RUNAWAY_QUERY"},
    {"range x from 1 to 200000 step 1 | summarize make_bag(bag_pack(" KEY("the first of many ")
     ", " KEY("the second of many ") ", " KEY("the third of many ") ", " KEY("the last of many ")
     "))",
     "! E_RUNAWAY_QUERY"},
};
ASK_TEST(keys_of_bags_are_in_the_budget, budget_cases)

ASK_MAIN(cmocka_unit_test(collections), cmocka_unit_test(keys_of_bags_are_in_the_budget))
