/* SPDX-License-Identifier: Apache-2.0 */
/* A build without S2: functions of shapes say so.  The file is taken in here, in place of
 * what the library has. */
#include "query/geo_none.c"

#include "ask.h"

static void functions_say_what_is_missing(void **state)
{
    static const struct ask cases[] = {
        {"print geo_line_length(geo_from_wkt('LINESTRING (0 0, 0 1)'))",
         "! 1:7 this build has no shapes"},
        {"print geo_point_to_s2cell(1, 1)", "! 1:7 without the S2 library"},
        {"print geo_point_buffer(1, 1, 10)", "! 1:7 without the S2 library"},
        {"print geo_line_length(dynamic(1))", "[[null]]"},
        {"print geo_point_to_geohash(-80.195829, 25.802215, 8)", "dhwfz15h"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_say_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
