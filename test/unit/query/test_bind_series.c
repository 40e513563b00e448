/* SPDX-License-Identifier: Apache-2.0 */
/* make-series. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | make-series count() on nosuch step 1d", "! 1:28 column 'nosuch' is not known"},
        {"T | make-series count() on s step 1",
         "! 1:28 the axis is a string; a time or a number is needed"},
        {"T | make-series nosuch() on t step 1d", "! 1:17 function 'nosuch' is not known"},
        {"T | make-series count() on t step 0d", "! 1:35 the step must be greater than 0"},
        {"T | make-series count() default='a' on t step 1d",
         "! 1:33 the default is a string, the series one of long"},
        {"T | make-series n on t step 1d",
         "! 1:17 column 'n' must stand in an aggregate or behind 'by'"},
        {"T | make-series arg_max(n, s, r) on t to datetime(2026-01-05) step 1d",
         "! 1:17 make-series takes aggregates that give one column each"},
        {"T | make-series percentiles(n, 5, 95) on t step 1d",
         "! 1:17 make-series takes aggregates that give one column each"},
        {"T | make-series take_any(n, r) on t step 1d by s, b",
         "! 1:17 make-series takes aggregates that give one column each"},
        {"T | make-series take_any(*) on t step 1d by s",
         "! 1:17 make-series takes aggregates that give one column each"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | make-series count() on t step 1d | count", "[[1]]"},
        {"T | make-series c = count() default = 0 on t from datetime(2026-01-01) to "
         "datetime(2026-01-03) step 1d by b | count",
         "[[2]]"},
        {"T | make-series p = percentile(n, 50), m = arg_max(n) on t step 1d by s, b | project p, "
         "m",
         "[[[1],[1]],[[2],[2]]]"},
        /* rows without a time are of no bin, whatever bounds there are */
        {"datatable(t: datetime)[datetime(2026-01-01), datetime(null), datetime(2026-01-02)] "
         "| make-series c = count() on t step 1d | project c",
         "[[[1,1]]]"},
        {"datatable(t: datetime)[datetime(2026-01-01), datetime(null), datetime(2026-01-02)] "
         "| make-series c = count() on t from datetime(2026-01-01) step 1d | project c",
         "[[[1,1]]]"},
        {"datatable(t: datetime)[datetime(2026-01-01), datetime(null), datetime(2026-01-02)] "
         "| make-series c = count() on t to datetime(2026-01-03) step 1d | project c",
         "[[[1,1]]]"},
        {"datatable(t: datetime)[datetime(2026-01-01), datetime(null), datetime(2026-01-02)] "
         "| make-series c = count() on t from datetime(2026-01-01) to datetime(2026-01-02) "
         "step 1d | project c",
         "[[[1]]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
