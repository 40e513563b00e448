/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes together: what they share, and their union. */
#include "ask.h"

#define A "geo_from_wkt('POLYGON ((2 45, 0 45, 1 44, 2 45))')"
#define B "geo_from_wkt('POLYGON ((3 44, 2 45, 2 43, 3 44))')"
#define FAR "geo_from_wkt('POLYGON ((30 44, 31 45, 31 43, 30 44))')"

static void polygons_may_share_a_point_only(void **state)
{
    static const struct ask cases[] = {
        {"print geo_intersects_2polygons(" A ", " B "), geo_intersects_2polygons(" A ", " FAR ")",
         "[[true,false]]"},
        {"print geo_intersection_2polygons(" A ", " B ")",
         "{\"type\":\"Point\",\"coordinates\":[2.0,45.0]}"},
        {"print geo_intersection_2polygons(" A ", " FAR ")",
         "{\"type\":\"GeometryCollection\",\"geometries\":[]}"},
        {"print geo_intersects_2polygons(" A ", dynamic(1))", "[[null]]"},
    };

    (void)state;
    ASK(cases);
}

static void lines_meet_lines_and_polygons(void **state)
{
    static const struct ask cases[] = {
        {"let a = geo_from_wkt('LINESTRING (0 1, 2 1)'); let b = geo_from_wkt('LINESTRING (1 0, "
         "1 2)'); print geo_intersects_2lines(a, b), geo_intersection_2lines(a, a).type, "
         "geo_intersection_2lines(a, b).type",
         "[[true,\"LineString\",\"Point\"]]"},
        {"print geo_intersection_line_with_polygon(geo_from_wkt('LINESTRING (-1 44.9, 4 "
         "44.9)'), " A
         ").type",
         "LineString"},
    };

    (void)state;
    ASK(cases);
}

static void unions_of_arrays(void **state)
{
    static const struct ask cases[] = {
        {"print geo_union_polygons_array(pack_array(" A ", " FAR ")).type", "MultiPolygon"},
        {"print geo_union_polygons_array(pack_array(" A ")).type", "Polygon"},
        {"print geo_union_polygons_array(pack_array(" A ", 1)), "
         "geo_union_polygons_array(dynamic([])), geo_union_lines_array(pack_array(" A ")), "
         "geo_simplify_polygons_array(pack_array(" A "), -1)",
         "[[null,null,null,null]]"},
        {"print array_length(geo_simplify_polygons_array(pack_array(" A ", " A
         "), 10).coordinates[0])",
         "[[4]]"},
    };

    (void)state;
    ASK(cases);
}

/* Each would take minutes: the crossings of all lines, the holes with each other. */
static void what_takes_long_is_stopped(void **state)
{
    static const struct {
        const char *query, *says;
    } cases[] = {
        {"set servertimeout = 300ms; range x from 1 to 4000 step 1 | summarize l = make_list(pack("
         "'type', 'LineString', 'coordinates', pack_array(pack_array(x * 0.02, -80), "
         "pack_array(80 - x * 0.02, 80)))) | project geo_union_lines_array(l)",
         "E_QUERY_TIMEOUT"},
        {"set servertimeout = 300ms; range x from 1 to 300000 step 1 | summarize l = make_list("
         "pack_array(pack_array(rand() * 100, rand() * 50))) | project "
         "geo_line_buffer(pack('type', 'LineString', 'coordinates', l), 100000)",
         "E_QUERY_TIMEOUT"},
        {"range x from 0 to 4999 step 1 | extend a = x % 100 * 0.1, b = x / 100 * 0.1 | summarize "
         "l = make_list(pack_array(pack_array(pack_array(a, b), pack_array(a + 0.05, b), "
         "pack_array(a + 0.05, b + 0.05), pack_array(a, b)))) | project "
         "geo_polygon_area(pack('type', 'Polygon', 'coordinates', "
         "array_concat(dynamic([[[-1, -1], [50, -1], [50, 50], [-1, 50], "
         "[-1, -1]]]), l)))",
         "a polygon has more than 4096 rings"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf answer;
        ask_answer(cases[i].query, false, &answer);
        if (strstr(answer.data, cases[i].says) == NULL)
            fail_msg("%s\n  should say %s\n  %.400s", cases[i].query, cases[i].says, answer.data);
        buf_release(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polygons_may_share_a_point_only),
        cmocka_unit_test(lines_meet_lines_and_polygons),
        cmocka_unit_test(unions_of_arrays),
        cmocka_unit_test(what_takes_long_is_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
