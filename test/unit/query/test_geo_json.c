/* SPDX-License-Identifier: Apache-2.0 */
/* GeoJSON read and written. */
#include "query/fn_geo_priv.h"

#include "test.h"

static void shapes_come_back(void **state)
{
    static const char *const texts[] = {
        "{\"type\":\"LineString\",\"coordinates\":[[0.5,1.5],[2.5,3.5]]}",
        "{\"type\":\"MultiLineString\",\"coordinates\":[[[0.5,1.5],[2.5,3.5]]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0.5,1.5],[2.5,3.5]],[[1.5,1.5]]]}",
        "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[0.5,1.5]],[[1.5,1.5]]],[[[9.5,1.5]]]]}",
    };
    struct arena *arena = arena_new(16 * MIB);
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct geo_shape shape;
        struct buf buf;
        buf_init(&buf, MIB);
        assert_int_equal(geo_read(arena, slice_of(texts[i]), &shape, &err), STATUS_OK);
        assert_int_not_equal(shape.kind, GEO_NOTHING);
        geo_add_shape(&buf, &shape);
        buf_add_byte(&buf, '\0');
        assert_string_equal(buf.data, texts[i]);
        buf_release(&buf);
    }
    arena_free(arena);
}

static void what_is_no_shape_is_nothing(void **state)
{
    static const char *const texts[] = {
        "", "null", "1", "[]", "{}", "{\"type\":\"LineString\"}",
        "{\"type\":\"LineString\",\"coordinates\":1}",
        "{\"type\":\"LineString\",\"coordinates\":[[1]]}",
        "{\"type\":\"LineString\",\"coordinates\":[[1,\"2\"]]}",
        "{\"type\":\"LineString\",\"coordinates\":[[181,0],[1,1]]}",
        "{\"type\":\"LineString\",\"coordinates\":[[1e999,0],[1,1]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[1,1],[2,2]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[[1,1]]]]}",
        "{\"type\":\"MultiPolygon\",\"coordinates\":[]}",
        "{\"type\":\"Point\",\"coordinates\":[1,1]}",
        "{\"type\":7,\"coordinates\":[[1,1],[2,2]]}",
    };
    struct arena *arena = arena_new(16 * MIB);
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct geo_shape shape;
        assert_int_equal(geo_read(arena, slice_of(texts[i]), &shape, &err), STATUS_OK);
        if (shape.kind != GEO_NOTHING)
            fail_msg("%s is taken", texts[i]);
    }
    arena_free(arena);
}

static void several_results_are_a_collection(void **state)
{
    struct geo_point point = {1.5, 2.5};
    uint32_t end = 1;
    struct geo_result result = {.points = {GEO_POINTS, false, &point, &end, &end, 1, 1, 1},
                                .lines = {GEO_LINES, false, &point, &end, &end, 1, 1, 1}};
    struct buf buf;

    (void)state;
    buf_init(&buf, MIB);
    geo_add_result(&buf, &result);
    buf_add_byte(&buf, '\0');
    assert_string_equal(buf.data,
                        "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\","
                        "\"coordinates\":[1.5,2.5]},{\"type\":\"LineString\",\"coordinates\":"
                        "[[1.5,2.5]]}]}");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_come_back),
        cmocka_unit_test(what_is_no_shape_is_nothing),
        cmocka_unit_test(several_results_are_a_collection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
