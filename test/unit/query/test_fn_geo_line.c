/* SPDX-License-Identifier: Apache-2.0 */
/* Lines: places on them, and other forms. */
#include "ask.h"

#define LINE "geo_from_wkt('LINESTRING (0 0, 0 1)')"

static void places_on_a_line(void **state)
{
    static const struct ask cases[] = {
        {"print round(geo_line_locate_point(" LINE ", 1, 0.25), 4), "
         "round(geo_line_locate_point(" LINE ", 0, 0.25, true), 4)",
         "[[0.25,0.25]]"},
        {"print geo_line_interpolate_point(" LINE ", 1.5), geo_line_locate_point(" LINE ", 200, "
         "1)",
         "[[null,null]]"},
        {"print round(geo_distance_point_to_line(0, 0.5, " LINE "))", "[[0]]"},
        {"print geo_closest_point_on_line(0, 91, " LINE ")", "[[null]]"},
    };

    (void)state;
    ASK(cases);
}

static void parts_of_a_multiline_count_once(void **state)
{
    static const struct ask cases[] = {
        {"print round(geo_line_length(geo_from_wkt('MULTILINESTRING ((0 0, 0 1), (0 0, 0 1), "
         "(0 1, 0 2))')))",
         "[[222390]]"},
        {"print geo_line_interpolate_point(geo_from_wkt('MULTILINESTRING ((0 0, 0 1), (5 0, "
         "5 1))'), 0.5)",
         "[[null]]"},
    };

    (void)state;
    ASK(cases);
}

static void forms_of_a_line(void **state)
{
    static const struct ask cases[] = {
        {"print geo_line_buffer(" LINE ", 0), geo_line_buffer(" LINE ", 10, 0), "
         "geo_line_buffer(" LINE ", 1e9), geo_line_simplify(" LINE ", -1), "
         "geo_line_simplify(" LINE ", 1e6), geo_line_densify(" LINE ", 0.01)",
         "[[null,null,null,null,null,null]]"},
        {"print geo_point_in_polygon(0.008, 0.5, geo_line_buffer(" LINE ", 1000)), "
         "geo_point_in_polygon(0.01, 0.5, geo_line_buffer(" LINE ", 1000))",
         "[[true,false]]"},
        /* over the antimeridian, or the long way */
        {"let l = geo_from_wkt('LINESTRING (179 50, -179 50)'); print "
         "array_length(geo_line_densify(l, 10, true).coordinates) < "
         "array_length(geo_line_densify(l, 10).coordinates)",
         "[[true]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_on_a_line),
        cmocka_unit_test(parts_of_a_multiline_count_once),
        cmocka_unit_test(forms_of_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
