/* SPDX-License-Identifier: Apache-2.0 */
/* Distances and directions between points. */
#include "ask.h"

static void distances_follow_the_sphere_or_the_spheroid(void **state)
{
    static const struct ask cases[] = {
        {"print round(geo_distance_2points(-122.407628, 47.578557, -118.275287, 34.019056), 3)",
         "[[1546754.352]]"},
        /* the quarter of a meridian of WGS-84 */
        {"print round(geo_distance_2points(0, 0, 0, 90, true))", "[[10001966]]"},
        {"print geo_distance_2points(1, 1, 1, 1, true)", "[[0]]"},
        /* nearly opposite: Vincenty's formula does not converge */
        {"print geo_distance_2points(0, 0, 179.7, 0.5, true)", "[[null]]"},
        {"print geo_distance_2points(0, 0, 181, 0)", "[[null]]"},
        {"print geo_distance_2points(0, 0, real(nan), 0)", "[[null]]"},
    };

    (void)state;
    ASK(cases);
}

static void directions_turn_clockwise_from_north(void **state)
{
    static const struct ask cases[] = {
        {"print round(degrees(geo_azimuth(0, 0, -1, 0)))", "[[270]]"},
        {"print round(degrees(geo_angle(0, 10, 0,5, 3,-10)), 6)", "[[168.732543]]"},
        {"print geo_azimuth(0, 0, 0, 91)", "[[null]]"},
        {"print geo_azimuth(8, 50, 8, 50), geo_azimuth(8, 50, -172, -50)", "[[null,null]]"},
        {"print geo_angle(8, 50, 8, 50, 9, 1), geo_angle(9, 1, 8, 50, 8, 50)", "[[null,null]]"},
        {"print geo_angle(-172, -50, 8, 50, 9, 1), geo_angle(9, 1, 8, 50, -172, -50)",
         "[[null,null]]"},
        {"print geo_point_in_circle(0, 0, 0, 1, 111196), geo_point_in_circle(0, 0, 0, 1, 111194)",
         "[[true,false]]"},
        {"print geo_point_in_circle(0, 0, 0, 1, -1), geo_point_in_circle(0, 0, 0, 0, 0)",
         "[[null,null]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_follow_the_sphere_or_the_spheroid),
        cmocka_unit_test(directions_turn_clockwise_from_north),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
