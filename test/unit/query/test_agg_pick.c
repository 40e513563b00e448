/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are picked. */
#include "ask.h"

static const struct ask greatest_and_smallest_cases[] = {
    {"datatable(x:long, s:string)[1, 'a', 3, 'b', 2, 'c'] | summarize arg_max(x, s), arg_min(x, "
     "*)",
     "[[3,\"b\",1,\"a\"]]"},
    {"datatable(x:long, s:string)[1, 'a', 3, 'b'] | summarize arg_max(x, *) by s | sort by s asc",
     "[[\"a\",1],[\"b\",3]]"},
    {"datatable(x:long, s:string)[long(null), 'a', 3, 'b'] | summarize arg_max(x, s), "
     "arg_min(x, s)",
     "[[3,\"b\",3,\"b\"]]"},
};
ASK_TEST(greatest_and_smallest, greatest_and_smallest_cases)

static const struct ask any_cases[] = {
    {"datatable(x:long, s:string)[7, 'a'] | summarize take_any(x, s), any(s)",
     "[[7,\"a\",\"a\"]]"},
};
ASK_TEST(any, any_cases)

ASK_MAIN(cmocka_unit_test(greatest_and_smallest),
         cmocka_unit_test(any))
