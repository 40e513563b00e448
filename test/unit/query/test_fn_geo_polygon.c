/* SPDX-License-Identifier: Apache-2.0 */
/* Polygons: what is in them, holes, unions, broken ones. */
#include "ask.h"

#define RING                                                                                       \
    "geo_from_wkt('POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 3, 3 3, 3 1, 1 1))')"

static void holes_are_outside(void **state)
{
    static const struct ask cases[] = {
        {"print geo_point_in_polygon(0.5, 0.5, " RING "), geo_point_in_polygon(2, 2, " RING ")",
         "[[true,false]]"},
        {"print round(geo_distance_point_to_polygon(2, 2, " RING ") / 1000)", "[[111]]"},
        {"print geo_closest_point_on_polygon(0.5, 0.5, " RING ").coordinates", "[[[0.5,0.5]]]"},
    };

    (void)state;
    ASK(cases);
}

static void a_corner_is_in_one_of_the_polygons_that_share_it(void **state)
{
    static const struct ask cases[] = {
        {"range x from 0 to 1 step 1 | extend y = range(0, 1) | mv-expand y to typeof(long) |"
         " extend p = geo_from_wkt(strcat('POLYGON ((', x, ' ', y, ', ', x + 1, ' ', y, ', ',"
         " x + 1, ' ', y + 1, ', ', x, ' ', y + 1, ', ', x, ' ', y, '))')) |"
         " summarize countif(geo_point_in_polygon(1, 1, p)), count()",
         "[[1,4]]"},
    };

    (void)state;
    ASK(cases);
}

static void parts_of_a_multipolygon_are_united(void **state)
{
    static const struct ask cases[] = {
        {"let one = geo_polygon_area(geo_from_wkt('POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))')); "
         "print "
         "round(geo_polygon_area(geo_from_wkt('MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)), ((0 "
         "0, "
         "1 0, 1 1, 0 1, 0 0)))')) / one, 6)",
         "[[1]]"},
    };

    (void)state;
    ASK(cases);
}

static void broken_rings_give_null(void **state)
{
    static const char *const rings[] = {
        "POLYGON ((0 0, 1 0, 0 0))",                       /* two corners */
        "POLYGON ((0 0, 1 0, 1 1, 0 1))",                  /* not closed */
        "POLYGON ((0 0, 10 10, 10 10, 0 0))",              /* a corner twice */
        "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",             /* crosses itself */
        "POLYGON ((0 0, 180 0, 90 45, 0 0))",              /* a half turn */
        "POLYGON ((0 0, 1 0, 1 1, 0 0), (5 5, 5 6, 6 6, 5 5))", /* a hole outside */
        "POLYGON ((0 0, 4 0, 4 4, 0 0), (0 0, 4 0, 3 1, 0 0))", /* an edge twice */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
        char query[200];
        (void)snprintf(query, sizeof(query), "print geo_polygon_area(geo_from_wkt('%s'))",
                       rings[i]);
        struct ask one = {query, "[[null]]"};
        ask_all(&one, 1);
    }
}

static void buffers_have_limits(void **state)
{
    static const struct ask cases[] = {
        {"print geo_point_buffer(200, 1, 1), geo_point_buffer(1, 1, 0), geo_point_buffer(1, 1, "
         "20015000), geo_polygon_buffer(" RING ", 10, -1)",
         "[[null,null,null,null]]"},
        {"print geo_point_in_polygon(2, 2, geo_polygon_buffer(" RING ", 120000))", "[[true]]"},
        {"print geo_polygon_simplify(" RING ", 1e7), geo_polygon_densify(" RING ", 10001)",
         "[[null,null]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holes_are_outside),
        cmocka_unit_test(a_corner_is_in_one_of_the_polygons_that_share_it),
        cmocka_unit_test(parts_of_a_multipolygon_are_united),
        cmocka_unit_test(broken_rings_give_null),
        cmocka_unit_test(buffers_have_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
