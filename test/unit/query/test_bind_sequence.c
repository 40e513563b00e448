/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins over what ids do one after the other. */
#include "ask.h"

#define VISITS                                                                                     \
    "let V = datatable(u:long, t:datetime)"                                                        \
    "[0, datetime(2019-11-01), 2, datetime(2019-11-01), 3, datetime(2019-11-01), "                 \
    "4, datetime(2019-11-01), 0, datetime(2019-11-02), 1, datetime(2019-11-02), "                  \
    "3, datetime(2019-11-02), 4, datetime(2019-11-02), 5, datetime(2019-11-02), "                  \
    "0, datetime(2019-11-03), 2, datetime(2019-11-03), 4, datetime(2019-11-03), "                  \
    "5, datetime(2019-11-03)]; V "
#define NOVEMBER "datetime(2019-11-01), datetime(2019-11-04) - 1tick, 1d"

/* The figures are those of the documented example, as far as these three days go. */
static void cohorts_come_back_or_not(void **state)
{
    static const struct ask cases[] = {
        {VISITS "| evaluate new_activity_metrics(u, t, " NOVEMBER ") | project "
         "dayofmonth(from_t), dayofmonth(to_t), dcount_new_values, dcount_retained_values, "
         "dcount_churn_values, retention_rate, churn_rate",
         "[[1,1,4,4,0,1,0],[1,2,2,3,1,0.75,0.25],[1,3,1,3,1,0.75,0.25],[2,2,2,2,0,1,0],"
         "[2,3,0,1,1,0.5,0.5]]"},
        {VISITS "| evaluate new_activity_metrics(u, t, datetime(2019-11-01), datetime(2019-11-05),"
         " 1d) | where from_t == datetime(2019-11-02) | project dayofmonth(to_t), "
         "dcount_retained_values, churn_rate",
         "[[2,2,0],[3,1,0.5],[4,0,1],[5,0,1]]"},
        {VISITS "| evaluate new_activity_metrics(u, t, " NOVEMBER ", datetime(2019-11-02)) | count",
         "[[2]]"},
        {"let first = datetime(2019-11-02); " VISITS
         "| evaluate new_activity_metrics(u, t, " NOVEMBER ", first) | count",
         "[[2]]"},
        {VISITS "| extend odd = u % 2 == 1 | evaluate new_activity_metrics(u, t, " NOVEMBER
         ", odd) | where odd and from_t < to_t | project dcount_new_values, "
         "dcount_retained_values",
         "[[2,1],[1,0],[0,1]]"},
        {"let known = datatable(u:long)[0, 2, 3]; " VISITS
         "| evaluate new_activity_metrics(u, t, " NOVEMBER ", datetime(2019-11-01), known) | "
         "project dcount_new_values, dcount_retained_values",
         "[[1,1],[2,1],[1,1]]"},
        {VISITS "| evaluate new_activity_metrics(u, t, datetime(2019-11-01), "
         "datetime(2019-11-04), 'week') | project dcount_new_values, "
         "dcount_retained_values",
         "[[6,6],[0,4]]"},
    };

    (void)state;
    ASK(cases);
}

static void sessions_end_with_a_pause(void **state)
{
    static const struct ask cases[] = {
        /* one of u=1 from 1 to 12, two of u=2 */
        {"datatable(u:long, x:long)[1, 1, 1, 6, 1, 12, 2, 1, 2, 15] | evaluate session_count(u, "
         "x, "
         "1, 20, 10, 6)",
         "[[1,2],[11,2]]"},
        {"datatable(u:long, x:long)[1, 1, 1, 6, 1, 12, 2, 1, 2, 15] | evaluate session_count(u, "
         "x, "
         "1, 20, 10, 5)",
         "[[1,2],[11,2]]"},
        {"datatable(u:long, x:long)[1, 1, 1, 3, 1, 8] | evaluate session_count(u, x, 1, 10, 10, "
         "2)",
         "[[1,2]]"},
        {"datatable(u:string, x:long, d:string)['a', 1, 'p', 'a', 2, 'q', 'b', 3, 'q'] | "
         "evaluate "
         "session_count(u, x, 1, 9, 10, 5, d) | sort by d asc",
         "[[1,\"p\",1],[1,\"q\",2]]"},
    };

    (void)state;
    ASK(cases);
}

#define EVENTS                                                                                     \
    "let E = datatable(u:string, m:long, s:string)"                                                \
    "['a', 0, 'hail', 'a', 5, 'tornado', 'a', 9, 'tornado', 'a', 12, 'wind', "                     \
    "'b', 0, 'tornado', 'b', 3, 'wind', "                                                          \
    "'c', 0, 'hail', 'c', 90, 'tornado']"                                                          \
    " | extend t = datetime(2020-01-01) + m * 1m; E "
#define JANUARY "datetime(2020-01-01), datetime(2020-01-02)"

static void funnels_show_what_is_before_and_behind(void **state)
{
    static const struct ask cases[] = {
        {EVENTS "| evaluate funnel_sequence(u, t, " JANUARY
         ", 30m, 1d, s, dynamic(['tornado'])) | project prev, next, dcount, samples",
         "[[\"\",\"\",1,[\"c\"]],[\"\",\"wind\",1,[\"b\"]],[\"hail\",\"wind\",1,[\"a\"]]]"},
        {EVENTS "| evaluate funnel_sequence(u, t, " JANUARY
         ", 2h, 1d, s, dynamic(['hail', 'tornado'])) | project t, prev, next, dcount",
         "[[\"2020-01-01T00:00:00.0000000Z\",\"\",\"\",1],[\"2020-01-01T00:00:00.0000000Z\",\"\","
         "\"wind\",1]]"},
        {EVENTS "| evaluate funnel_sequence(u, t, " JANUARY ", 30m, 1d, s, dynamic(['tornado']))",
         "\"tables\":[{\"name\":\"prev\",\"columns\":[\"t\",\"prev\",\"dcount\",\"samples\"],"
         "\"types\":[\"datetime\",\"string\",\"long\",\"dynamic\"],\"rows\":[["
         "\"2020-01-01T00:00:00.0000000Z\",\"\",2,[\"b\",\"c\"]],["
         "\"2020-01-01T00:00:00.0000000Z\",\"hail\",1,[\"a\"]]]},{\"name\":\"next\""},
        {EVENTS "| evaluate funnel_sequence(u, t, " JANUARY
         ", 1m, 1d, s, dynamic(['hail', 'tornado'])) | count",
         "[[0]]"},
        {EVENTS "| evaluate funnel_sequence_completion(u, t, " JANUARY
         ", 1d, s, dynamic(['hail', 'tornado', 'wind']), dynamic([10m, 2h])) | project s, "
         "Period, dcount",
         "[[\"hail\",\"00:10:00\",2],[\"tornado\",\"00:10:00\",1],[\"wind\",\"00:10:00\",1],"
         "[\"hail\",\"02:00:00\",2],[\"tornado\",\"02:00:00\",2],[\"wind\",\"02:00:00\",1]]"},
        /* the last tornado counts: the wind is 3 minutes behind it, 7 behind the first */
        {EVENTS "| where u == 'a' | evaluate funnel_sequence_completion(u, t, " JANUARY
         ", 1d, s, dynamic(['tornado', 'wind']), dynamic([3m])) | project dcount",
         "[[1],[1]]"},
        {EVENTS "| evaluate funnel_sequence(u, t, " JANUARY ", 1m, 1d, s, dynamic([]))",
         "! 1:323 the sequence has no states"},
        {EVENTS "| evaluate funnel_sequence(u, t, " JANUARY ", 1m, 1d, s, 'x')",
         "! 1:323 the sequence is a string, an array of states is needed"},
        {EVENTS "| evaluate funnel_sequence(u, t)",
         "! 1:237 'funnel_sequence' has too few arguments"},
    };

    (void)state;
    ASK(cases);
}

static void conditions_follow_each_other(void **state)
{
    static const struct ask cases[] = {
        {EVENTS "| evaluate sequence_detect(t, 30m, 1h, hail = s == 'hail', s == 'tornado', u)"
         " | project u, hail_t, Expr2_t, Duration",
         "[[\"a\",\"2020-01-01T00:00:00.0000000Z\",\"2020-01-01T00:05:00.0000000Z\",\"00:05:00\"],"
         "[\"a\",\"2020-01-01T00:00:00.0000000Z\",\"2020-01-01T00:09:00.0000000Z\",\"00:09:00\"]]"},
        {EVENTS "| evaluate sequence_detect(t, 2h, 2h, a = s == 'hail', b = s == 'tornado', u)"
         " | summarize count() by u",
         "[[\"a\",2],[\"c\",1]]"},
        {EVENTS "| evaluate sequence_detect(t, 8m, 10m, a = s == 'hail', b = s == 'tornado', c = "
         "s == 'wind', u) | count",
         "[[0]]"},
        {EVENTS "| evaluate sequence_detect(t, 8m, 12m, a = s == 'hail', b = s == 'tornado', c = "
         "s == 'wind', u) | project Duration",
         "[[\"00:12:00\"]]"},
        {EVENTS "| where u == 'b' | evaluate sequence_detect(t, 1h, 1h, a = true, b = true)"
         " | project Duration",
         "[[\"00:03:00\"]]"},
        /* the columns have their names, however many conditions there are */
        {EVENTS "| evaluate sequence_detect(t, 8m, 12m, a = s == 'hail', b = s == 'tornado', c = "
         "s == 'wind', u) | project dayofyear(a_t), datetime_diff('minute', c_t, b_t)",
         "[[1,7]]"},
        {EVENTS "| where u == 'a' or m == 3 | evaluate sequence_detect(t, 1h, 1h, a = s == 'hail', "
         "b = m == 3, c = m == 5, d = m == 9, e = s == 'wind') | project "
         "datetime_diff('minute', b_t, a_t), datetime_diff('minute', e_t, d_t)",
         "[[3,3]]"},
        {EVENTS "| where u == 'b' | evaluate sequence_detect(t, 1h, 1h, a = true, true, true, "
         "true, true, true, true, h = true) | project a_t, Expr2_t, Expr7_t, h_t | count",
         "[[0]]"},
        /* dimensions may be expressions */
        {EVENTS "| evaluate sequence_detect(t, 30m, 1h, s == 'hail', s == 'tornado', who = "
         "toupper(u)) | project who, Duration",
         "[[\"A\",\"00:05:00\"],[\"A\",\"00:09:00\"]]"},
        {EVENTS "| extend d = bag_pack('k', u) | evaluate sequence_detect(t, 2h, 2h, s == 'hail', "
         "s == 'tornado', tostring(d.k), size = strlen(u)) | summarize count() by d_k, size",
         "[[\"a\",1,2],[\"c\",1,1]]"},
        {"range x from 1 to 16 step 1 | extend t = datetime(2024-01-01) + x * 1m | evaluate "
         "sequence_detect(t, 1m, 1h, x == 1, x == 2, x == 3, x == 4, x == 5, x == 6, x == 7, "
         "x == 8, x == 9, x == 10, x == 11, x == 12, x == 13, x == 14, x == 15, last = x == 16)"
         " | project dayofyear(Expr15_t), last_t, Duration",
         "[[1,\"2024-01-01T00:16:00.0000000Z\",\"00:15:00\"]]"},
        {EVENTS "| evaluate sequence_detect(t, 1h, 1h, true, true, true, true, true, true, true, "
         "true, true, true, true, true, true, true, true, true, true)",
         "! 1:369 more than 16 conditions"},
        {EVENTS "| evaluate sequence_detect(t, 1h, 1h, a = s, u)",
         "! 1:273 a condition is a string, a bool is needed"},
        {EVENTS "| evaluate sequence_detect(t, 1h, 1h, u)", "! 1:237 takes at least one condition"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cohorts_come_back_or_not),
        cmocka_unit_test(sessions_end_with_a_pause),
        cmocka_unit_test(funnels_show_what_is_before_and_behind),
        cmocka_unit_test(conditions_follow_each_other),
    };

    return RUN_TESTS(tests);
}
