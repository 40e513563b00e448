/* SPDX-License-Identifier: Apache-2.0 */
/* Well-known text as GeoJSON. */
#include "query/fn_geo_priv.h"

#include "test.h"

static void each_kind_is_read(void **state)
{
    static const char *const cases[][2] = {
        {"POINT (1.5 2.5)", "{\"type\":\"Point\",\"coordinates\":[1.5,2.5]}"},
        {"point(1.5 2.5 9)", "{\"type\":\"Point\",\"coordinates\":[1.5,2.5]}"},
        {"LINESTRING (1.5 2.5, 3.5 4.5)",
         "{\"type\":\"LineString\",\"coordinates\":[[1.5,2.5],[3.5,4.5]]}"},
        {"MULTIPOINT ((1.5 2.5), 3.5 4.5)",
         "{\"type\":\"MultiPoint\",\"coordinates\":[[1.5,2.5],[3.5,4.5]]}"},
        {"POLYGON ((1.5 2.5, 3.5 4.5), (5.5 6.5))",
         "{\"type\":\"Polygon\",\"coordinates\":[[[1.5,2.5],[3.5,4.5]],[[5.5,6.5]]]}"},
        {"MULTILINESTRING ((1.5 2.5), (5.5 6.5))",
         "{\"type\":\"MultiLineString\",\"coordinates\":[[[1.5,2.5]],[[5.5,6.5]]]}"},
        {"MULTIPOLYGON (((1.5 2.5)), ((5.5 6.5)))",
         "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[1.5,2.5]]],[[[5.5,6.5]]]]}"},
        {"GEOMETRYCOLLECTION (POINT (1.5 2.5))",
         "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":"
         "[1.5,2.5]}]}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf;
        buf_init(&buf, MIB);
        assert_true(geo_wkt_json(slice_of(cases[i][0]), &buf));
        buf_add_byte(&buf, '\0');
        assert_string_equal(buf.data, cases[i][1]);
        buf_release(&buf);
    }
}

static void broken_text_is_refused(void **state)
{
    static const char *const texts[] = {
        "",         "LINESTRING", "POINT EMPTY",      "POINT (1)",         "POINT (1 2",
        "POINT (1 2) x", "POINT (181 2)", "CIRCLE (1 2)", "LINESTRING (1 2,)", "POLYGON (1 2, 3 4)",
        "POINT (nan 1)",
    };
    struct buf buf;

    (void)state;
    buf_init(&buf, MIB);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (geo_wkt_json(slice_of(texts[i]), &buf))
            fail_msg("'%s' is taken", texts[i]);
    }
    buf_clear(&buf);
    for (int i = 0; i < 1000; i++)
        buf_add_text(&buf, "GEOMETRYCOLLECTION (");
    struct buf out;
    buf_init(&out, MIB);
    assert_false(geo_wkt_json(buf_slice(&buf), &out));
    buf_release(&out);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(broken_text_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
