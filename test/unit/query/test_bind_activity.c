/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins that count who is active when. */
#include "kql.h"

#define DAYS                                                                                       \
    "let T = datatable(u:string, t:datetime) ['A', datetime(2026-08-01), 'D', "                    \
    "datetime(2026-08-01), 'A', datetime(2026-08-02), 'B', datetime(2026-08-02), 'B', "            \
    "datetime(2026-08-04), 'B', datetime(2026-08-04)]; T "

static void counts_of_each_window(void **state)
{
    static const struct kql_case cases[] = {
        {DAYS "| evaluate activity_counts_metrics(u, t, datetime(2026-08-01), "
              "datetime(2026-08-04), 1d) | project dayofmonth(t), ['count'], dcount, new_dcount, "
              "aggregated_dcount",
         "[[1,2,2,2,2],[2,2,2,1,3],[4,2,1,0,3]]", 0, 0},
        {DAYS "| extend k = u == 'A' | evaluate activity_counts_metrics(u, t, "
              "datetime(2026-08-01), datetime(2026-08-04), 1d, k) | where k | project "
              "dayofmonth(t), aggregated_dcount",
         "[[1,1],[2,1]]", 0, 0},
        {DAYS "| evaluate activity_metrics(u, t, datetime(2026-08-01), datetime(2026-08-04), 1d) | "
              "sort by t asc | project dcount_values, dcount_newvalues, retention_rate, churn_rate",
         "[[2,2,\"NaN\",\"NaN\"],[2,1,0.5,0.5],[1,1,\"NaN\",\"NaN\"]]", 0, 0},
        {DAYS "| evaluate activity_metrics(u, t, 1d) | count", "[[3]]", 0, 0},
        {DAYS "| evaluate activity_engagement(u, t, datetime(2026-08-01), "
              "datetime(2026-08-04), 1d, 2d) | sort by t asc | project dcount_activities_inner, "
              "dcount_activities_outer",
         "[[2,2],[2,3],[1,1]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void users_who_are_there_often(void **state)
{
    static const struct kql_case cases[] = {
        {"datatable(u:string, t:datetime)['B', datetime(2018-06-29), 'B', datetime(2018-06-30), "
         "'A', datetime(2018-07-02), 'B', datetime(2018-07-04), 'B', datetime(2018-07-08), 'A', "
         "datetime(2018-07-10), 'A', datetime(2018-07-14), 'A', datetime(2018-07-17), 'A', "
         "datetime(2018-07-20), 'B', datetime(2018-07-24)] | evaluate active_users_count(u, t, "
         "datetime(2018-07-01), datetime(2018-07-31), 8d, 1d, 3, 7d) | sort by t asc | project "
         "dayofmonth(t), dcount",
         "[[1,1],[15,1]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void rows_around_a_condition(void **state)
{
    static const struct kql_case cases[] = {
        {"range x from 1 to 20 step 1 | sort by x asc | evaluate rows_near(x == 10 or x == 2, 1)",
         "[[1],[2],[3],[9],[10],[11]]", 0, 0},
        {"range x from 1 to 20 step 1 | sort by x asc | evaluate rows_near(x == 10, 0, 2)",
         "[[10],[11],[12]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_sets_share(void **state)
{
    static const struct kql_case cases[] = {
        {"range x from 1 to 100 step 1 | summarize a = hll(iif(x % 2 == 0, x, 0), 2), b = "
         "hll(iif(x % 3 == 0, x, 0), 2), c = hll(iif(x % 5 == 0, x, 0), 2) | evaluate "
         "dcount_intersect(a, b, c) | project s0 - 1, s1 - 1, s2 - 1",
         "[[50,16,3]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void small_ones_and_refusals(void **state)
{
    static const struct kql_case cases[] = {
        {"T | evaluate preview(1) | count", "[[1]]", 0, 0},
        {"T | evaluate identity() | count", "[[2]]", 0, 0},
        {"T | evaluate identity(n)", "takes no arguments", 1, 5},
        {"T | evaluate rows_near(true)", "too few arguments", 1, 5},
        {"T | evaluate rows_near(true, 1, 2, 3)", "too many arguments", 1, 5},
        {"T | evaluate dcount_intersect(d)", "at least 2 sets", 1, 5},
        {"T | evaluate activity_counts_metrics(s, t)", "too few arguments", 1, 5},
        {"T | evaluate activity_counts_metrics(s, t, t, t, 1d, n + 1)", "columns as dimensions", 1,
         5},
    };

    (void)state;
    KQL_CHECK(cases);
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
