/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of bytes, times and timespans as texts. */
#include "ask.h"

static const struct ask bytes_cases[] = {
    {"print format_bytes(1024), format_bytes(0), format_bytes(1500000), format_bytes(1024, 2), "
     "format_bytes(1048576, 0, 'KB')",
     "[[\"1 KB\",\"0 Bytes\",\"1 MB\",\"1 KB\",\"1024 KB\"]]"},
};
ASK_TEST(bytes, bytes_cases)

static const struct ask times_cases[] = {
    {"print format_datetime(datetime(2024-02-09 13:04:05.1234567), 'yyyy-MM-dd HH:mm:ss.fff')",
     "[[\"2024-02-09 13:04:05.123\"]]"},
    {"print format_datetime(datetime(2024-02-09 13:04:05), 'yy/M/d h:m:s tt'), "
     "format_datetime(datetime(null), 'yyyy')",
     "[[\"24/2/9 1:4:5 PM\",\"\"]]"},
    {"print format_timespan(1d + 2h + 3m + 4s, 'd.hh:mm:ss'), format_timespan(90s, 'hh:mm:ss'), "
     "format_timespan(timespan(null), 'hh')",
     "[[\"1.02:03:04\",\"00:01:30\",\"\"]]"},
};
ASK_TEST(times, times_cases)

ASK_MAIN(cmocka_unit_test(bytes),
         cmocka_unit_test(times))
