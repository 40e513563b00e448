/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of H3 cells. */
#include "ask.h"

static void cells_by_their_tokens(void **state)
{
    static const struct ask cases[] = {
        {"print geo_point_to_h3cell(-74.04450446039874, 40.689250859314974, 6)", "862a1072fffffff"},
        {"print geo_h3cell_level('zz'), geo_h3cell_children('862a1072fffffff', 12), "
         "geo_h3cell_rings('862a1072fffffff', 143), geo_h3cell_rings('862a1072fffffff', -1)",
         "[[null,null,null,null]]"},
        {"print array_length(geo_h3cell_children('862a1072fffffff', 8)), "
         "geo_h3cell_parent('862a1072fffffff', 1)",
         "[[49,\"812a3ffffffffff\"]]"},
        {"print geo_h3cell_rings('861f8894fffffff', 1)[1]",
         "[\"861f88947ffffff\",\"861f8895fffffff\",\"861f88867ffffff\",\"861f8d497ffffff\","
         "\"861f8d4b7ffffff\",\"861f8896fffffff\"]"},
        {"print geo_point_to_h3cell(0, 0, 16), geo_point_to_h3cell(0, 91)", "[[\"\",\"\"]]"},
    };

    (void)state;
    ASK(cases);
}

static void polygons_are_filled_within_bounds(void **state)
{
    static const struct ask cases[] = {
        {"print array_length(geo_polygon_to_h3cells(dynamic({\"type\":\"Polygon\",\"coordinates\":"
         "[[[-3.659,40.553],[-3.913,40.409],[-3.729,40.273],[-3.524,40.440],[-3.659,40.553]]]})))",
         "[[13]]"},
        {"print geo_polygon_to_h3cells(geo_from_wkt('POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))'), "
         "15), "
         "geo_polygon_to_h3cells(geo_from_wkt('POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))'), 16)",
         "[[null,null]]"},
        {"let p = geo_from_wkt('POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))'); print "
         "array_length(geo_polygon_to_h3cells(p, 5, 20000)) > "
         "array_length(geo_polygon_to_h3cells(p, 5))",
         "[[true]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_by_their_tokens),
        cmocka_unit_test(polygons_are_filled_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
