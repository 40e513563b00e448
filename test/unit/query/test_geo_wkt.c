/* SPDX-License-Identifier: Apache-2.0 */
/* Well-known text as GeoJSON. */
#include "query/fn_geo_priv.h"

#include "test.h"

static bool reads(struct slice text, struct buf *ret)
{
    struct eval eval = {.arena = NULL};
    struct error err;
    bool is_valid;

    return geo_wkt_json(&eval, text, ret, &is_valid, &err) == STATUS_OK && is_valid;
}

static void what_is_too_long_is_told(void **state)
{
    struct eval eval = {.arena = NULL};
    struct error err = {.status = STATUS_OK};
    struct buf buf;
    bool is_valid;

    (void)state;
    buf_init(&buf, 64);
    assert_int_equal(geo_wkt_json(&eval, SLICE("LINESTRING (1.5 2.5, 2.5 3.5, 3.5 4.5)"), &buf,
                                  &is_valid, &err),
                     STATUS_LIMIT);
    buf_release(&buf);
}

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
        assert_true(reads(slice_of(cases[i][0]), &buf));
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
        if (reads(slice_of(texts[i]), &buf))
            fail_msg("'%s' is taken", texts[i]);
    }
    buf_clear(&buf);
    for (int i = 0; i < 1000; i++)
        buf_add_text(&buf, "GEOMETRYCOLLECTION (");
    struct buf out;
    buf_init(&out, MIB);
    assert_false(reads(buf_slice(&buf), &out));
    buf_release(&out);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(broken_text_is_refused),
        cmocka_unit_test(what_is_too_long_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
