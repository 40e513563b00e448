/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins that count who is active when. */
#include "ask.h"

#define DAYS                                                                                       \
    "let T = datatable(u:string, t:datetime) ['A', datetime(2026-08-01), 'D', "                    \
    "datetime(2026-08-01), 'A', datetime(2026-08-02), 'B', datetime(2026-08-02), 'B', "            \
    "datetime(2026-08-04), 'B', datetime(2026-08-04)]; T "

static void counts_of_each_window(void **state)
{
    static const struct ask cases[] = {
        {DAYS "| evaluate activity_counts_metrics(u, t, datetime(2026-08-01), "
         "datetime(2026-08-04), 1d) | project dayofmonth(t), ['count'], dcount, new_dcount, "
         "aggregated_dcount",
         "[[1,2,2,2,2],[2,2,2,1,3],[4,2,1,0,3]]"},
        {DAYS "| extend k = u == 'A' | evaluate activity_counts_metrics(u, t, "
         "datetime(2026-08-01), datetime(2026-08-04), 1d, k) | where k | project "
         "dayofmonth(t), aggregated_dcount",
         "[[1,1],[2,1]]"},
        {DAYS "| evaluate activity_metrics(u, t, datetime(2026-08-01), datetime(2026-08-04), 1d) | "
         "sort by t asc | project dcount_values, dcount_newvalues, retention_rate, churn_rate",
         "[[2,2,\"NaN\",\"NaN\"],[2,1,0.5,0.5],[1,1,\"NaN\",\"NaN\"]]"},
        {DAYS "| evaluate activity_metrics(u, t, 1d) | count", "[[3]]"},
        {DAYS "| evaluate activity_engagement(u, t, datetime(2026-08-01), "
         "datetime(2026-08-04), 1d, 2d) | sort by t asc | project dcount_activities_inner, "
         "dcount_activities_outer",
         "[[2,2],[2,3],[1,1]]"},
    };

    (void)state;
    ASK(cases);
}

static void users_who_are_there_often(void **state)
{
    static const struct ask cases[] = {
        {"datatable(u:string, t:datetime)['B', datetime(2018-06-29), 'B', datetime(2018-06-30), "
         "'A', datetime(2018-07-02), 'B', datetime(2018-07-04), 'B', datetime(2018-07-08), 'A', "
         "datetime(2018-07-10), 'A', datetime(2018-07-14), 'A', datetime(2018-07-17), 'A', "
         "datetime(2018-07-20), 'B', datetime(2018-07-24)] | evaluate active_users_count(u, t, "
         "datetime(2018-07-01), datetime(2018-07-31), 8d, 1d, 3, 7d) | sort by t asc | project "
         "dayofmonth(t), dcount",
         "[[1,1],[15,1]]"},
    };

    (void)state;
    ASK(cases);
}

static void rows_around_a_condition(void **state)
{
    static const struct ask cases[] = {
        {"range x from 1 to 20 step 1 | sort by x asc | evaluate rows_near(x == 10 or x == 2, 1)",
         "[[1],[2],[3],[9],[10],[11]]"},
        {"range x from 1 to 20 step 1 | sort by x asc | evaluate rows_near(x == 10, 0, 2)",
         "[[10],[11],[12]]"},
    };

    (void)state;
    ASK(cases);
}

static void what_sets_share(void **state)
{
    static const struct ask cases[] = {
        {"range x from 1 to 100 step 1 | summarize a = hll(iif(x % 2 == 0, x, 0), 2), b = "
         "hll(iif(x % 3 == 0, x, 0), 2), c = hll(iif(x % 5 == 0, x, 0), 2) | evaluate "
         "dcount_intersect(a, b, c) | project s0 - 1, s1 - 1, s2 - 1",
         "[[50,16,3]]"},
    };

    (void)state;
    ASK(cases);
}

static void small_ones_and_refusals(void **state)
{
    static const struct ask cases[] = {
        {"T | evaluate preview(1) | count", "[[1]]"},
        {"T | evaluate identity() | count", "[[2]]"},
        {"T | evaluate identity(n)", "! 1:5 takes no arguments"},
        {"T | evaluate rows_near(true)", "! 1:5 too few arguments"},
        {"T | evaluate rows_near(true, 1, 2, 3)", "! 1:5 too many arguments"},
        {"T | evaluate dcount_intersect(d)", "! 1:5 at least 2 sets"},
        {"T | evaluate activity_counts_metrics(s, t)", "! 1:5 too few arguments"},
        {"T | evaluate activity_counts_metrics(s, t, t, t, 1d, n + 1)",
         "! 1:5 columns as dimensions"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_each_window),   cmocka_unit_test(users_who_are_there_often),
        cmocka_unit_test(rows_around_a_condition), cmocka_unit_test(what_sets_share),
        cmocka_unit_test(small_ones_and_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
