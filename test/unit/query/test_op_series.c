/* SPDX-License-Identifier: Apache-2.0 */
/* make-series: axes of each type, gaps, ends of the numbers, limits. */
#include "mixed.h"

static const struct ask axes_cases[] = {
    {"datatable(x: long)[1, 1, 3] | make-series count() default=0 on x from 0 to 5 step 1",
     "[[[0,2,0,1,0],[0,1,2,3,4]]]"},
    {"datatable(x: long)[1, 1, 3] | make-series c = count() default=9 on x in range(1, 4, 1)",
     "[[[2,9,1,9],[1,2,3,4]]]"},
    {"datatable(x: long)[7, 12, long(null)] | make-series count() on x step 5",
     "[[[1,1],[5,10]]]"},
    {"datatable(x: real)[0.1, 0.35] | make-series count() on x from 0.0 to 0.4 step 0.1 | project "
     "count_",
     "[[[0,1,0,1]]]"},
    {"datatable(t: datetime, k: string)[datetime(2026-01-01), 'a', datetime(2026-01-03), 'b'] | "
     "make-series n = count() default=0 on t from datetime(2026-01-01) to datetime(2026-01-04) "
     "step 1d by k | project k, n",
     "[[\"a\",[1,0,0]],[\"b\",[0,0,1]]]"},
    {"datatable(p: timespan)[1s, 2500ms] | make-series count() on p from 1s to 4s step 1s | "
     "project "
     "count_",
     "[[[1,1,0]]]"},
};
ASK_TEST(axes, axes_cases)

static const struct ask empty_cases[] = {
    {"range x from 1 to 0 step 1 | make-series count() on x from 0 to 3 step 1", "[]"},
    {"range x from 1 to 0 step 1 | make-series kind=nonempty c = count() default=7 on x from "
     "0 to 3 "
     "step 1",
     "[[[7,7,7],[0,1,2]]]"},
    {"range x from 1 to 0 step 1 | make-series count() on x step 1", "[]"},
    {"print x = 5 | make-series count() on x from 3 to 1 step 1", "[]"},
};
ASK_TEST(empty, empty_cases)

/* A row of each bin, where doubles do not tell the bins' beginnings apart. */
static const struct ask exact_cases[] = {
    {"range i from 0 to 999 step 1 | extend t = datetime(2026-01-01 00:00:00.0000001) + i * 1ms | "
     "make-series c = count() on t from datetime(2026-01-01 00:00:00.0000001) to "
     "datetime(2026-01-01 00:00:01.0000001) step 1ms | mv-expand c to typeof(long) | summarize "
     "min(c), max(c), count()",
     "[[1,1,1000]]"},
    {"range i from 0 to 99 step 1 | extend t = datetime(2026-01-01) + i * 1tick | make-series c = "
     "count() on t step 1tick | mv-expand c to typeof(long) | summarize min(c), max(c), count()",
     "[[1,1,100]]"},
    {"range x from 9223372036854775800 to 9223372036854775806 step 1 | make-series count() on x "
     "from 9223372036854775800 to 9223372036854775807 step 1 | project count_",
     "[[[1,1,1,1,1,1,1]]]"},
    {"datatable(x: long)[-9223372036854775807, 9223372036854775807] | make-series count() on x "
     "step 9223372036854775807 | project count_",
     "[[[1,0,1]]]"},
    {"datatable(x: long)[-9223372036854775807, 9223372036854775807] | make-series count() on x "
     "step 1",
     "! make-series gives more than"},
};
ASK_TEST(exact, exact_cases)

static const struct ask errors_cases[] = {
    {"print x = 1 | make-series count() on x from 0 to 10000000 step 1",
     "! make-series gives more than"},
    {"print x = 1.0 | make-series count() on x from 0.0 to 1e300 step 1e-300",
     "! make-series gives more than"},
    {"print x = 1 | make-series count() on x from 0 to 3 step 0", "! the step must be"},
    {"print x = 1 | make-series count() on x from 0 to 3 step -1", "! the step must be"},
    {"print x = 1 | make-series count() on x from 0 to 3", "! make-series needs a step"},
    {"print x = 'a' | make-series count() on x from 0 to 3 step 1", "! the axis is a string"},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | make-series c = count(), m = sum(id) default=-1 on t from datetime(1970-01-01) to "
    "datetime(1970-01-02) step 1h by s | sort by s asc",
    "@ | make-series sum(n) on id step 500",
    "@ | make-series count() on p from -1m to 2m step 10s by b, g | sort by b asc, g asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | make-series c = count(), m = sum(n) on id from 0 to 6200 step 10 by s | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

static const char *const stopped[] = {"@ | make-series count() on id step 100 by s"};
MIXED_TEST(they_stop, mixed_stop, stopped)

/* Arrays of a million points each fill the memory of a query before they are all there. */
static void the_time_is_looked_at_in_a_series(void **state)
{
    struct buf query;

    (void)state;
    buf_init(&query, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&query, "set servertimeout = 500ms; print x = 1 | make-series a = count()");
    for (uint32_t i = 1; i < 400; i++)
        buf_add_format(&query, ", a%u = count()", i);
    buf_add_text(&query, " on x from 0 to 1000000 step 1");
    buf_add_byte(&query, '\0');
    ask_all(&(struct ask){query.data, "! E_QUERY_TIMEOUT"}, 1);
    buf_release(&query);
}

ASK_MAIN(cmocka_unit_test(axes),
         cmocka_unit_test(empty),
         cmocka_unit_test(exact),
         cmocka_unit_test(errors),
         cmocka_unit_test(the_time_is_looked_at_in_a_series),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(they_stop))
