/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of the S2 grid, one by one and covering shapes. */
#include "ask.h"

#include "query/geo_priv.h"

#include <stdlib.h>

static void points_have_a_cell_of_each_level(void **state)
{
    static const struct ask cases[] = {
        {"print geo_point_to_s2cell(-80.195829, 25.802215, 8)", "88d9b"},
        {"print geo_point_to_s2cell(1, 1, 31), geo_point_to_s2cell(1, 1, -1)", "[[\"\",\"\"]]"},
        {"print geo_s2cell_to_central_point('a'), geo_s2cell_to_central_point('zz'), "
         "geo_s2cell_to_polygon('12345678901234567')",
         "[[null,null,null]]"},
        {"print array_length(geo_s2cell_neighbors('1')), "
         "array_length(geo_s2cell_neighbors(geo_point_to_s2cell(45, 35.2643896827, 5)))",
         "[[4,"},
    };

    (void)state;
    ASK(cases);
}

static void coverings_hold_every_point_and_are_bounded(void **state)
{
    static const struct ask cases[] = {
        {"let shape = geo_from_wkt('POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))'); range i from 0 to 20 "
         "step 1 | where not(set_has_element(geo_polygon_to_s2cells(shape, 9), "
         "geo_point_to_s2cell(i * 0.05, i * 0.05, 9))) | count",
         "[[0]]"},
        {"let line = geo_from_wkt('LINESTRING (0 0, 0 1)'); print "
         "set_has_element(geo_line_to_s2cells(line, 12, 5000), geo_point_to_s2cell(0.04, 0.5, "
         "12)), set_has_element(geo_line_to_s2cells(line, 12), geo_point_to_s2cell(0.04, 0.5, "
         "12))",
         "[[true,false]]"},
        {"print geo_polygon_to_s2cells(geo_from_wkt('POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))'), "
         "30), "
         "geo_line_to_s2cells(geo_from_wkt('LINESTRING (0 0, 0 1)'), 30), "
         "geo_line_to_s2cells(geo_from_wkt('LINESTRING (0 0, 0 1)'), 10, -1), "
         "geo_line_to_s2cells(geo_from_wkt('LINESTRING (0 0, 0 1)'), 20, 10000000)",
         "[[null,null,null,null]]"},
    };

    (void)state;
    ASK(cases);
}

static bool may_go_on(void *context)
{
    int *left = context;

    return (*left)-- > 0;
}

/* The sanitizers' leak check is the other half of it. */
static void a_covering_that_is_stopped_leaves_nothing_behind(void **state)
{
    struct geo_point points[] = {{0, 0}, {0, 1}};
    uint32_t path_ends[] = {2}, part_ends[] = {1};
    struct geo_shape shape = {.kind = GEO_LINES, .points = points, .path_ends = path_ends,
                              .part_ends = part_ends, .point_count = 2, .path_count = 1,
                              .part_count = 1};
    struct geo_cells cells;
    struct geo *line = NULL;
    int left = 1000000;
    struct geo_watch watch = {may_go_on, &left};

    (void)state;
    enum geo_status status = geo_new(&watch, &shape, &line);
    if (status == GEO_ABSENT)
        skip();
    assert_int_equal(status, GEO_OK);
    assert_int_equal(geo_cover(&watch, line, 12, 5000, &cells), GEO_OK);
    assert_true(cells.count > 100);
    free(cells.ids);
    for (int asked = 0; asked < 4; asked++) {
        left = asked;
        assert_int_equal(geo_cover(&watch, line, 12, 5000, &cells), GEO_STOPPED);
    }
    geo_free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_have_a_cell_of_each_level),
        cmocka_unit_test(coverings_hold_every_point_and_are_bounded),
        cmocka_unit_test(a_covering_that_is_stopped_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
