/* SPDX-License-Identifier: Apache-2.0 */
/* Days, weeks, months, years. */
#include "ask.h"

static const struct ask beginnings_and_ends_cases[] = {
    {"print startofday(datetime(2024-02-29 13:45)), endofday(datetime(2024-02-29))",
     "[[\"2024-02-29T00:00:00.0000000Z\",\"2024-02-29T23:59:59.9999999Z\"]]"},
    {"print startofweek(datetime(2024-02-29)), endofweek(datetime(2024-02-29), 1)",
     "[[\"2024-02-25T00:00:00.0000000Z\",\"2024-03-09T23:59:59.9999999Z\"]]"},
    {"print startofmonth(datetime(2024-02-29), -1), endofmonth(datetime(2023-02-01)), "
     "startofyear(datetime(2024-02-29)), endofyear(datetime(2024-02-29))",
     "[[\"2024-01-01T00:00:00.0000000Z\",\"2023-02-28T23:59:59.9999999Z\",\"2024-01-01T00:00:00."
     "0000000Z\",\"2024-12-31T23:59:59.9999999Z\"]]"},
};
ASK_TEST(beginnings_and_ends, beginnings_and_ends_cases)

static const struct ask parts_cases[] = {
    {"print dayofweek(datetime(2024-02-29)), dayofmonth(datetime(2024-02-29)), "
     "dayofyear(datetime(2024-12-31)), hourofday(datetime(2024-02-29 13:45))",
     "[[\"4.00:00:00\",29,366,13]]"},
    {"print monthofyear(datetime(2024-02-29)), getyear(datetime(2024-02-29)), "
     "week_of_year(datetime(2024-12-30)), getmonth(datetime(null))",
     "[[2,2024,1,null]]"},
    {"print datetime_part('quarter', datetime(2024-05-01)), datetime_part('millisecond', "
     "datetime(2024-05-01 00:00:00.123))",
     "[[2,123]]"},
    /* The old one counts weeks from Sunday; 1 January 2015 was a Thursday. */
    {"print week_of_year(datetime(2015-01-07)), datetime_part('Week_Of_Year', "
     "datetime(2015-01-07)), weekofyear(datetime(2015-01-07)), datetime_part('WeekOfYear', "
     "datetime(2015-01-07))",
     "[[2,2,1,1]]"},
    {"print weekofyear(datetime(2015-01-03)), weekofyear(datetime(2015-01-04)), "
     "weekofyear(datetime(2018-12-29)), weekofyear(datetime(2018-12-30)), "
     "weekofyear(datetime(2020-06-15)), weekofyear(datetime(0001-01-01))",
     "[[53,1,52,1,25,1]]"},
    {"print datetime_add('weekofyear', 1, now())", "! cannot be added or counted"},
    {"print datetime_diff('week_of_year', now(), now())", "! cannot be added or counted"},
    {"print datetime_part('week_of_yaer', now())", "! did you mean 'week_of_year'?"},
};
ASK_TEST(parts, parts_cases)

static const struct ask sums_and_differences_cases[] = {
    {"print datetime_diff('year', datetime(2024-01-01), datetime(2023-12-31)), "
     "datetime_diff('day', datetime(2024-01-01), datetime(2024-01-03)), datetime_diff('month', "
     "datetime(2024-03-01), datetime(2024-01-31))",
     "[[1,-2,2]]"},
    {"print datetime_add('month', 1, datetime(2024-01-31)), datetime_add('day', -1, "
     "datetime(2024-03-01)), datetime_add('year', 1, datetime(2024-02-29))",
     "[[\"2024-02-29T00:00:00.0000000Z\",\"2024-02-29T00:00:00.0000000Z\",\"2025-02-28T00:00:00."
     "0000000Z\"]]"},
    {"print make_datetime(2024, 2, 29), make_datetime(2023, 2, 29), make_datetime(2024, 2, 29, "
     "13, 45, 1.5)",
     "[[\"2024-02-29T00:00:00.0000000Z\",null,\"2024-02-29T13:45:01.5000000Z\"]]"},
    {"print make_timespan(1, 30), make_timespan(1, 2, 3), make_timespan(1, 2, 3, 4)",
     "[[\"01:30:00\",\"01:02:03\",\"1.02:03:04\"]]"},
};
ASK_TEST(sums_and_differences, sums_and_differences_cases)

ASK_MAIN(cmocka_unit_test(beginnings_and_ends),
         cmocka_unit_test(parts),
         cmocka_unit_test(sums_and_differences))
