/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up points in tables of shapes. */
#include "ask.h"

#define SHAPES                                                                                     \
    "let shapes = datatable(name:string, shape:dynamic)['a', dynamic({\"type\":\"Polygon\","       \
    "\"coordinates\":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]})]; let lines = datatable(name:string, "    \
    "line:dynamic)['l', dynamic({\"type\":\"LineString\",\"coordinates\":[[0,0],[0,2]]})]; "       \
    "datatable(p:string, x:real, y:real)['in', 1., 1., 'near', 0., 2.005, 'off', 9., 9.] "

static void points_meet_the_shapes_that_hold_them(void **state)
{
    static const struct ask cases[] = {
        {SHAPES "| evaluate geo_polygon_lookup(shapes, shape, x, y) | project p, name",
         "[[\"in\",\"a\"]]"},
        {SHAPES "| evaluate geo_polygon_lookup(shapes, shape, x, y, 1000) | summarize count()",
         "[[2]]"},
        /* a radius of each row, of each shape */
        {SHAPES "| evaluate geo_polygon_lookup(shapes, shape, x, y, 1000 * y) | count", "[[2]]"},
        {SHAPES "| evaluate geo_polygon_lookup((shapes | extend far = 1000), shape, x, y, far)"
         " | count",
         "[[2]]"},
        {SHAPES "| evaluate geo_polygon_lookup(shapes, shape, x, y, join_hint = 1000.) | count",
         "[[1]]"},
        {SHAPES "| evaluate geo_polygon_lookup(shapes, shape, x, y, return_unmatched = true)"
         " | where isempty(name) | count",
         "[[2]]"},
        {SHAPES "| evaluate geo_line_lookup(lines, line, x, y, 1000) | project p, name",
         "[[\"near\",\"l\"]]"},
    };

    (void)state;
    ASK(cases);
}

static void the_key_is_a_column_where_that_is_asked_for(void **state)
{
    static const struct ask cases[] = {
        {SHAPES "| evaluate geo_polygon_lookup(shapes, shape, x, y) | getschema | count", "[[4]]"},
        {SHAPES "| evaluate geo_polygon_lookup(shapes, shape, x, y, return_lookup_key = true)"
         " | getschema | count",
         "[[5]]"},
        {SHAPES "| extend shape = 'mine' | evaluate geo_polygon_lookup(shapes, shape, x, y)"
         " | project shape, name",
         "[[\"mine\",\"a\"]]"},
    };

    (void)state;
    ASK(cases);
}

static void wrong_arguments_are_refused(void **state)
{
    static const struct ask cases[] = {
        {"print x = 1. | evaluate geo_polygon_lookup(T, d, x)",
         "! 1:16 takes at least 4 arguments"},
        {"print x = 1. | evaluate geo_polygon_lookup(T, d, x, x, nosuch = 1)",
         "! 1:56 does not take this argument"},
        {"T | evaluate geo_polygon_lookup(T, d, r, r, d)", "! 1:45 the radius is a number"},
        {"T | evaluate geo_polygon_lookup(T, d, r, r, radius = '9')",
         "! 1:54 the radius is a number of meters, not a string"},
        {"print x = 1. | evaluate geo_line_lookup(T, d, x, x)", "! 1:16 takes a radius"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_meet_the_shapes_that_hold_them),
        cmocka_unit_test(the_key_is_a_column_where_that_is_asked_for),
        cmocka_unit_test(wrong_arguments_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
