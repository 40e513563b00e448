/* SPDX-License-Identifier: Apache-2.0 */
/* Choices and what is null or empty. */
#include "ask.h"

static const struct ask choices_cases[] = {
    {"print iff(true, 1, 2), iff(false, 1, 2), iff(bool(null), 1, 2)",
     "[[1,2,2]]"},
    {"print case(false, 1, true, 2, 3), case(bool(null), 1, 9), case(false, 'a', 'b')",
     "[[2,9,\"b\"]]"},
    {"print iff(true, 1, 2.5), iff(true, int(1), 2)",
     "[[1,1]]"},
    {"print coalesce(int(null), 2), coalesce('', 'a'), coalesce(long(null), long(null))",
     "[[2,\"a\",null]]"},
    {"print not(true), not(false), not(bool(null))",
     "[[false,true,null]]"},
};
ASK_TEST(choices, choices_cases)

static const struct ask null_and_empty_cases[] = {
    {"print isnull(long(null)), isnull(0), isnull(''), isnotnull(long(null)), isnotnull(0)",
     "[[true,false,false,false,true]]"},
    {"print isempty(''), isempty('a'), isempty(long(null)), isempty(0), isempty(dynamic(null))",
     "[[true,false,true,false,true]]"},
    {"print isnotempty(''), isnotempty(' '), notempty('a')",
     "[[false,true,true]]"},
    {"datatable(x:long, s:string)[1, 'a', long(null), ''] | project iff(isnull(x), -1, x), "
     "coalesce(s, 'none')",
     "[[1,\"a\"],[-1,\"none\"]]"},
    {"print case(1)",
     "! SEM0219"},
};
ASK_TEST(null_and_empty, null_and_empty_cases)

ASK_MAIN(cmocka_unit_test(choices),
         cmocka_unit_test(null_and_empty))
