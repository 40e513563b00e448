/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes as arguments: constant ones, those of rows, and what is no shape. */
#include "ask.h"

static void a_shape_of_a_row_gives_what_a_constant_one_gives(void **state)
{
    static const struct ask cases[] = {
        {"range i from 1 to 2 step 1 | project round(geo_line_length(bag_pack('type', "
         "'LineString', 'coordinates', pack_array(pack_array(0, 0), pack_array(0, i)))))",
         "[[111195],[222390]]"},
        {"range i from 1 to 2 step 1 | project round(geo_line_length(dynamic({\"type\":"
         "\"LineString\",\"coordinates\":[[0,0],[0,1]]})) * i)",
         "[[111195],[222390]]"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_no_shape_of_the_kind_gives_null(void **state)
{
    static const struct ask cases[] = {
        {"print geo_line_length(dynamic(null))", "[[null]]"},
        {"print geo_line_length(dynamic('text'))", "[[null]]"},
        {"print geo_line_length(dynamic({\"type\":\"LineString\"}))", "[[null]]"},
        {"print geo_line_length(geo_from_wkt('POLYGON ((0 0, 1 0, 1 1, 0 0))'))", "[[null]]"},
        {"print geo_polygon_area(geo_from_wkt('LINESTRING (0 0, 1 0)'))", "[[null]]"},
        {"range i from 1 to 2 step 1 | project geo_line_length(bag_pack('type', i))",
         "[[null],[null]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shape_of_a_row_gives_what_a_constant_one_gives),
        cmocka_unit_test(what_is_no_shape_of_the_kind_gives_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
