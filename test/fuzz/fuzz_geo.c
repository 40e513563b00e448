/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_geo.c - any text as well-known text or GeoJSON, and what is a shape then through
 * everything that is done with shapes. */
#include "query/fn_geo_priv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool go_on(void *context)
{
    (void)context;
    return true;
}

static const struct geo_watch watch = {go_on, NULL};

static void use(struct geo *a, struct geo *b)
{
    struct geo *pair[2] = {a, b};
    struct geo_point point = {1, 1};
    struct geo_result result;
    struct geo_cells cells;
    struct geo *made = NULL;
    double number;
    bool hit;

    (void)geo_length_m(a, &number);
    (void)geo_area_m2(a, &number);
    (void)geo_centroid(a, &point);
    (void)geo_contains(a, point);
    (void)geo_closest(a, point, &point, &number);
    (void)geo_interpolate(a, 0.3, &point);
    (void)geo_locate(a, point, &number);
    (void)geo_intersects(&watch, a, b, &hit);
    if (geo_intersection(&watch, a, b, &result) == GEO_OK)
        geo_result_release(&result);
    if (geo_cover(&watch, a, 3, number, &cells) == GEO_OK)
        free(cells.ids);
    if (geo_buffer(&watch, a, 1000, 10, &made) == GEO_OK)
        geo_free(made);
    if (geo_simplify(&watch, pair, 2, 5000, &made) == GEO_OK)
        geo_free(made);
    if (geo_kind(a) == geo_kind(b) && geo_union(&watch, pair, 2, &made) == GEO_OK) {
        if (geo_shape_of(made, &result) == GEO_OK)
            geo_result_release(&result);
        geo_free(made);
    }
}

static void measure(const struct geo_shape *shape)
{
    static struct geo *before; /* the shape of the last input */
    struct geo *geo = NULL;
    struct geo_result result;

    if (shape->kind == GEO_NOTHING || shape->point_count > 200)
        return;
    if (geo_densify(shape, 100, false, &result) == GEO_OK)
        geo_result_release(&result);
    if (geo_new(&watch, shape, &geo) != GEO_OK)
        return;
    use(geo, geo);
    if (before != NULL)
        use(geo, before);
    geo_free(before);
    before = geo;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size);
    struct arena *arena = arena_new(64 * MIB);
    struct eval eval = {.arena = arena};
    struct geo_shape shape;
    struct error err;
    struct buf json;

    buf_init(&json, MIB);
    bool is_valid;
    if (geo_wkt_json(&eval, text, &json, &is_valid, &err) == STATUS_OK && is_valid)
        text = buf_slice(&json);
    if (arena != NULL && geo_read(arena, text, &shape, &err) == STATUS_OK)
        measure(&shape);
    buf_release(&json);
    arena_free(arena);
    return 0;
}
