/* SPDX-License-Identifier: Apache-2.0 */
/* mv-expand and mv-apply: arrays, bags, nothing to expand, limits. */
#include "mixed.h"

/* Arrays of whole numbers have a way of their own; what is not one takes the other. */
static const struct ask wholes_cases[] = {
    {"print d = dynamic([1,-2,30]) | mv-expand d to typeof(long)", "[[1],[-2],[30]]"},
    {"print d = dynamic([1,-2,30]) | mv-expand d to typeof(long) limit 2", "[[1],[-2]]"},
    {"print d = parse_json('[999999999999999999,-999999999999999999]') | mv-expand d to "
     "typeof(long)",
     "[[999999999999999999],[-999999999999999999]]"},
    {"print d = parse_json('[9223372036854775807,1]') | mv-expand d to typeof(long)",
     "[[9223372036854775807],[1]]"},
    {"print d = parse_json('[ 1 , 2 ]') | mv-expand d to typeof(long)", "[[1],[2]]"},
    {"print d = dynamic([1,2.5,null,'7','x',[3]]) | mv-expand d to typeof(long)",
     "[[1],[2],[null],[null],[null],[null]]"},
    {"print d = dynamic([]) | mv-expand d to typeof(long)", "[]"},
    {"print d = dynamic([-1]), e = dynamic(['a','b']) | mv-expand d to typeof(long), e to "
     "typeof(string)",
     "[[-1,\"a\"],[null,\"b\"]]"},
    {"print d = dynamic(5) | mv-expand d to typeof(long)", "[[5]]"},
    /* Both ways within one batch. */
    {"datatable(d: dynamic)[dynamic([1,2]), dynamic(['x',3]), dynamic([4]), dynamic(null), "
     "dynamic([5,6])] | mv-expand with_itemindex=i d to typeof(long)",
     "[[1,0],[2,1],[null,0],[3,1],[4,0],[null,0],[5,0],[6,1]]"},
    {"range x from 1 to 3 step 1 | extend d = iff(x == 2, dynamic(['7']), range(x, x + 4999)) "
     "| mv-expand with_itemindex=i d to typeof(long) | summarize count(), sum(d), sum(i), "
     "countif(isnull(d)), sum(x)",
     "[[10001,25015000,24995000,1,20002]]"},
};
ASK_TEST(wholes, wholes_cases)

static const struct ask expands_cases[] = {
    {"print x = 1, d = dynamic([1, 'b', {\"c\":2}, null]) | mv-expand d",
     "[[1,1],[1,\"b\"],[1,{\"c\":2}],[1,null]]"},
    {"print a = dynamic([1, 2, 3]), b = dynamic(['x']) | mv-expand a, b",
     "[[1,\"x\"],[2,null],[3,null]]"},
    {"print d = dynamic({\"a\":1,\"b\":[2]}) | mv-expand d", "[[{\"a\":1}],[{\"b\":[2]}]]"},
    {"print d = dynamic({\"a\":1,\"b\":[2]}) | mv-expand kind=array d",
     "[[[\"a\",1]],[[\"b\",[2]]]]"},
    {"datatable(d: dynamic)[dynamic([]), dynamic({}), dynamic(null), dynamic(7)] | mv-expand d",
     "[[null],[7]]"},
    {"print d = dynamic([1, '2', true, null]) | mv-expand d to typeof(long)",
     "[[1],[null],[null],[null]]"},
    {"print d = dynamic([5, 6, 7]) | mv-expand with_itemindex=i d limit 2", "[[5,0],[6,1]]"},
    {"print d = range(1, 10000, 1) | mv-expand e = d to typeof(long) | summarize count(), sum(e)",
     "[[10000,50005000]]"},
    {"range x from 1 to 5000 step 1 | mv-expand d = range(1, 10) | take 7 | count", "[[7]]"},
    /* columns of the rows with the arrays, once a value */
    {"datatable(s: string, o: dynamic, n: long, d: dynamic)['a', dynamic({\"k\":1}), 1, "
     "dynamic([1,2,3]), 'b', dynamic(null), 2, dynamic([4,5]), 'a', dynamic([7]), 3, dynamic([])] "
     "| mv-expand d to typeof(long) | extend t = strcat(s, '!') | summarize sum(d), max(n), "
     "take_any(t), countif(isnull(o)) by s | sort by s asc",
     "[[\"a\",6,1,\"a!\",0],[\"b\",9,2,\"b!\",2]]"},
    {"range x from 1 to 3000 step 1 | extend s = strcat('s', x % 7), d = range(1, 4) | mv-expand d "
     "to typeof(long) | summarize c = count(), v = sum(d) by s | summarize count(), sum(c), sum(v)",
     "[[7,12000,30000]]"},
};
ASK_TEST(expands, expands_cases)

static const struct ask applies_cases[] = {
    {"datatable(k: long, d: dynamic)[1, dynamic([3, 1, 2]), 2, dynamic([]), 3, dynamic([9])] | "
     "mv-apply d to typeof(long) on (top 1 by d desc) | project k, d",
     "[[1,3],[3,9]]"},
    {"datatable(k: long, d: dynamic)[1, dynamic([3, 1, 2]), 2, dynamic(null)] | mv-apply d to "
     "typeof(long) on (summarize s = sum(d), c = count()) | project k, s, c",
     "[[1,6,3],[2,0,0]]"},
    {"range k from 1 to 300 step 1 | mv-apply e = range(1, k, 1) to typeof(long) on (where e % 2 "
     "== 0 | summarize s = sum(e), t = make_set(strcat('x', e))) | summarize sum(s), "
     "sum(array_length(t))",
     "[[2272550,22500]]"},
    {"range k from 1 to 100 step 1 | mv-apply e = range(1, 3, 1) on (take 1) | take 5 | count",
     "[[5]]"},
};
ASK_TEST(applies, applies_cases)

static const struct ask errors_cases[] = {
    {"print x = 1 | mv-expand y", "! column 'y' is not known"},
    {"range a from 1 to 100000 step 1 | mv-expand x = range(1, 1000, 1) | count",
     "! mv-expand gives more than"},
    {"print d = dynamic([1]) | mv-apply d on (where nosuch == 1)", "! nosuch"},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | mv-expand d | summarize count(), sum(id) by x = tostring(d) | sort by x asc",
    "@ | where id % 3 == 0 | mv-expand with_itemindex=k d to typeof(string), e = d to "
    "typeof(long) limit 2 | summarize count(), sum(e), sum(k) by d | sort by d asc",
    "@ | mv-expand kind=array d | where s startswith 'a' | summarize count(), sum(id) by s, "
    "x = tostring(d) | sort by s asc, x asc",
    "@ | where id % 11 == 0 | mv-apply d on (extend y = strcat(s, d) | summarize c = count(), "
    "z = make_set(y)) | summarize sum(c), count() by s, x = tostring(z) | sort by s asc, x asc",
    "@ | mv-expand d | where d == 'x' | summarize count(), sum(id)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | mv-expand d, e = range(1, 5, 1) to typeof(long) | extend x = strcat(s, d) | summarize "
    "count(), dcount(x), sum(e)",
    "@ | where id % 50 == 0 | mv-apply d on (summarize c = count(), z = make_set(strcat(s, d))) | "
    "summarize sum(c)",
    "@ | mv-expand kind=bag d | mv-expand kind=array d | summarize count() by tostring(d) | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(wholes),
         cmocka_unit_test(expands),
         cmocka_unit_test(applies),
         cmocka_unit_test(errors),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
