/* SPDX-License-Identifier: Apache-2.0 */
/* scan: steps, what they keep, what they give. */
#include "mixed.h"

static const struct ask steps_cases[] = {
    {"range x from 1 to 5 step 1 | serialize | scan declare (s: long = 0) with (step a: true "
     "=> s = "
     "x + a.s;) | project s",
     "[[1],[3],[6],[10],[15]]"},
    {"datatable(e: string)['in', 'x', 'out', 'out', 'in', 'out'] | serialize | scan "
     "with_match_id=m with (step i: e == 'in'; step o: e == 'out';) | project e, m",
     "[[\"in\",0],[\"out\",0],[\"out\",0],[\"in\",1],[\"out\",1]]"},
    {"datatable(e: string)['in', 'out', 'in'] | serialize | scan with (step i output=none: e == "
     "'in'; step o: e == 'out';)",
     "[[\"out\"]]"},
    {"range x from 1 to 4 step 1 | serialize | scan with (step a output=last: x > 1;)", "[[4]]"},
    {"range x from 1 to 3 step 1 | serialize | scan declare (t: string = 'z') with (step a: x > 1 "
     "=> t = strcat(a.t, x);)",
     "[[2,\"z2\"],[3,\"z23\"]]"},
    {"range x from 1 to 0 step 1 | serialize | scan with (step a: true;)", "[]"},
    /* A condition that is null does not hold. */
    {"datatable(n: long)[1, long(null), 3] | serialize | scan with (step a: n > 0;)",
     "[[1],[3]]"},
    {"range x from 1 to 9000 step 1 | serialize | scan declare (c: long = 0) with (step a: x "
     "% 2 == "
     "0 => c = a.c + 1;) | summarize count(), max(c)",
     "[[4500,4500]]"},
    /* A row costs what it holds. */
    {"set max_memory_consumption_per_query_per_node = 100000000; range x from 1 to 100000 step 1 "
     "| extend a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x, "
     "m = x, n = x, o = x, p = x, q = x, r = x, s = tostring(x) | sort by x asc "
     "| scan with (step one: true;) | summarize count(), sum(a), max(strlen(s))",
     "[[100000,5000050000,6]]"},
};
ASK_TEST(steps, steps_cases)

static const struct ask errors_cases[] = {
    {"print x = 1 | serialize | scan with (step a: nosuch;)", "! nosuch"},
    {"print x = 1 | serialize | scan with (step a: true => y = 1;)", "! "},
    {"print x = 1 | serialize | scan with (step a: b.x == 1;)", "! "},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | sort by id asc | scan declare (u: string = '', k: long = 0) with (step a: s "
    "startswith 'a' "
    "=> u = strcat(s, '!'), k = a.k + 1; step z: s == 'beta' => u = strcat(a.u, s);) | summarize "
    "count(), sum(id), max(k), dcount(u)",
    "@ | sort by id asc | scan with_match_id=m with (step a output=none: b; step z output=last: n "
    "> 30;) | summarize count(), sum(id), max(m)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | sort by id asc | scan declare (u: string = '') with (step a: s has 'alpha' => u = "
    "strcat(s, id); step z: b => u = strcat(a.u, '!');) | summarize dcount(u)",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

static const char *const stopped[] = {
    "@ | serialize | scan with (step a: b; step z: s == 'beta';) | count"};
MIXED_TEST(they_stop, mixed_stop, stopped)

ASK_MAIN(cmocka_unit_test(steps),
         cmocka_unit_test(errors),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(they_stop))
