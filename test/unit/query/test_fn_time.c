/* SPDX-License-Identifier: Apache-2.0 */
/* Now, bins, epochs. */
#include "ask.h"

static const struct ask now_and_bins_cases[] = {
    {"print now(), now(-1h), ago(1d)",
     "[[\"1970-01-02T00:00:00.0000000Z\",\"1970-01-01T23:00:00.0000000Z\",\"1970-01-01T00:00:00."
     "0000000Z\"]]"},
    {"print bin(7, 5), bin(-7, 5), bin(4.5, 1), bin(7, 0), bin(long(null), 5)",
     "[[5,-10,4,null,null]]"},
    {"print bin(datetime(2024-02-29 13:45), 1h), bin(datetime(2024-02-29 13:45), 1d), bin(25h, "
     "1d)",
     "[[\"2024-02-29T13:00:00.0000000Z\",\"2024-02-29T00:00:00.0000000Z\",\"1.00:00:00\"]]"},
    {"print bin_at(7, 5, 1), bin_at(-1, 5, 1), bin_at(datetime(2024-02-29 13:45), 1d, "
     "datetime(2024-01-01 12:00))",
     "[[6,-4,\"2024-02-29T12:00:00.0000000Z\"]]"},
};
ASK_TEST(now_and_bins, now_and_bins_cases)

static const struct ask epochs_cases[] = {
    {"print unixtime_seconds_todatetime(0), unixtime_milliseconds_todatetime(1500), "
     "unixtime_seconds_todatetime(long(null))",
     "[[\"1970-01-01T00:00:00.0000000Z\",\"1970-01-01T00:00:01.5000000Z\",null]]"},
    {"print unixtime_microseconds_todatetime(1), unixtime_nanoseconds_todatetime(100), "
     "unixtime_seconds_todatetime(9223372036854775807)",
     "[[\"1970-01-01T00:00:00.0000010Z\",\"1970-01-01T00:00:00.0000001Z\",null]]"},
};
ASK_TEST(epochs, epochs_cases)

ASK_MAIN(cmocka_unit_test(now_and_bins),
         cmocka_unit_test(epochs))
