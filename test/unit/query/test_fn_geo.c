/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes as arguments: constant ones, those of rows, and what is no shape. */
#include "kql.h"

static void a_shape_of_a_row_gives_what_a_constant_one_gives(void **state)
{
    static const struct kql_case cases[] = {
        {"range i from 1 to 2 step 1 | project round(geo_line_length(bag_pack('type', "
         "'LineString', 'coordinates', pack_array(pack_array(0, 0), pack_array(0, i)))))",
         "[[111195],[222390]]", 0, 0},
        {"range i from 1 to 2 step 1 | project round(geo_line_length(dynamic({\"type\":"
         "\"LineString\",\"coordinates\":[[0,0],[0,1]]})) * i)",
         "[[111195],[222390]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_no_shape_of_the_kind_gives_null(void **state)
{
    static const struct kql_case cases[] = {
        {"print geo_line_length(dynamic(null))", "[[null]]", 0, 0},
        {"print geo_line_length(dynamic('text'))", "[[null]]", 0, 0},
        {"print geo_line_length(dynamic({\"type\":\"LineString\"}))", "[[null]]", 0, 0},
        {"print geo_line_length(geo_from_wkt('POLYGON ((0 0, 1 0, 1 1, 0 0))'))", "[[null]]", 0,
         0},
        {"print geo_polygon_area(geo_from_wkt('LINESTRING (0 0, 1 0)'))", "[[null]]", 0, 0},
        {"range i from 1 to 2 step 1 | project geo_line_length(bag_pack('type', i))",
         "[[null],[null]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shape_of_a_row_gives_what_a_constant_one_gives),
        cmocka_unit_test(what_is_no_shape_of_the_kind_gives_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
