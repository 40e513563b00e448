/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo_hash.c - geohashes: rectangles by halving longitude and latitude in turn,
 * five halves a character, longitude first. */
#include "query/fn_geo_priv.h"

#include "query/items.h"

#include <math.h>

#define LENGTH_MAX 18

static const char digits[] = "0123456789bcdefghjkmnpqrstuvwxyz";

struct rectangle {
    double west, south, width, height;
};

/* How the bits of `length` characters are shared: longitude has the odd one. */
static int lng_bits(int64_t length)
{
    return (int)(length * 5 + 1) / 2;
}

static int lat_bits(int64_t length)
{
    return (int)(length * 5) / 2;
}

/* The number of the column (or row) of a coordinate; the last includes its end. */
static uint64_t column_of(double value, double start, double span, int bits)
{
    double at = floor(ldexp((value - start) / span, bits));
    double last = ldexp(1, bits) - 1;

    return (uint64_t)(at > last ? last : at);
}

static void encode(uint64_t lng, uint64_t lat, int64_t length, char *ret)
{
    int x = lng_bits(length);
    int y = lat_bits(length);

    for (int64_t i = 0; i < length; i++) {
        unsigned digit = 0;
        for (int64_t bit = i * 5; bit < i * 5 + 5; bit++)
            digit = digit << 1 | (unsigned)(bit % 2 == 0 ? lng >> --x & 1 : lat >> --y & 1);
        ret[i] = digits[digit];
    }
}

static bool decode(struct slice hash, uint64_t *ret_lng, uint64_t *ret_lat)
{
    if (hash.size < 1 || hash.size > LENGTH_MAX)
        return false;
    *ret_lng = 0;
    *ret_lat = 0;
    for (size_t i = 0; i < hash.size; i++) {
        char c = hash.data[i] >= 'A' && hash.data[i] <= 'Z' ? (char)(hash.data[i] | 32)
                                                            : hash.data[i];
        const char *at = c == '\0' ? NULL : strchr(digits, c);
        if (at == NULL)
            return false;
        for (int bit = 4; bit >= 0; bit--) {
            uint64_t one = (uint64_t)(at - digits) >> bit & 1;
            uint64_t *to = (i * 5 + (size_t)(4 - bit)) % 2 == 0 ? ret_lng : ret_lat;
            *to = *to << 1 | one;
        }
    }
    return true;
}

static bool rectangle_of(struct slice hash, struct rectangle *ret)
{
    uint64_t lng;
    uint64_t lat;

    if (!decode(hash, &lng, &lat))
        return false;
    ret->width = ldexp(360, -lng_bits((int64_t)hash.size));
    ret->height = ldexp(180, -lat_bits((int64_t)hash.size));
    ret->west = (double)lng * ret->width - 180;
    ret->south = (double)lat * ret->height - 90;
    return true;
}

static enum status row_geo_point_to_geohash(ROW_PARAMETERS)
{
    struct geo_point point = geo_point_of(args, 0);
    int64_t length = geo_long(args, arg_count, 2, 5);
    char text[LENGTH_MAX];

    if (!geo_point_valid(point) || length < 1 || length > LENGTH_MAX)
        return STATUS_OK;
    encode(column_of(point.lng, -180, 360, lng_bits(length)),
           column_of(point.lat, -90, 180, lat_bits(length)), length, text);
    struct slice copy = arena_copy(eval->arena, slice_from(text, (size_t)length), err);
    return copy.data == NULL ? err->status : give_bytes(ret, copy);
}
ROW_EVAL(row_geo_point_to_geohash, TYPE_STRING)
BIND(bind_hash, "rrl", TYPE_STRING)

static enum status row_geo_geohash_to_central_point(ROW_PARAMETERS)
{
    struct rectangle r;

    (void)arg_count;
    if (!rectangle_of(args[0].bytes, &r))
        return STATUS_OK;
    return geo_give_point(
        eval, (struct geo_point){r.west + r.width / 2, r.south + r.height / 2}, ret, err);
}
ROW_EVAL(row_geo_geohash_to_central_point, TYPE_DYNAMIC)

static enum status row_geo_geohash_to_polygon(ROW_PARAMETERS)
{
    struct rectangle r;
    struct buf buf;

    (void)arg_count;
    if (!rectangle_of(args[0].bytes, &r))
        return STATUS_OK;
    double east = r.west + r.width;
    double north = r.south + r.height;
    struct geo_point ring[] = {
        {r.west, r.south}, {east, r.south}, {east, north}, {r.west, north}, {r.west, r.south}};
    uint32_t ring_end = COUNT_OF(ring);
    uint32_t part_end = 1;
    struct geo_shape shape = {GEO_POLYGONS, false, ring, &ring_end, &part_end, ring_end, 1, 1};
    text_start(&buf);
    geo_add_shape(&buf, &shape);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_geo_geohash_to_polygon, TYPE_DYNAMIC)

/* In the order that the language's manual shows; longitudes wrap around, the poles have
 * no further side. */
static enum status row_geo_geohash_neighbors(ROW_PARAMETERS)
{
    static const int steps[8][2] = {{-1, -1}, {-1, 1}, {1, -1}, {0, 1},
                                    {-1, 0},  {1, 1},  {1, 0},  {0, -1}};
    struct slice hash = args[0].bytes;
    uint64_t lng;
    uint64_t lat;
    char text[LENGTH_MAX];
    struct buf buf;

    (void)arg_count;
    if (!decode(hash, &lng, &lat))
        return STATUS_OK;
    uint64_t columns = UINT64_C(1) << lng_bits((int64_t)hash.size);
    uint64_t rows = UINT64_C(1) << lat_bits((int64_t)hash.size);
    list_start(&buf);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        uint64_t row = lat + (uint64_t)steps[i][1];
        if (row >= rows)
            continue;
        encode((lng + (uint64_t)steps[i][0]) & (columns - 1), row, (int64_t)hash.size, text);
        buf_add_format(&buf, "%s\"%.*s\"", buf.size > 1 ? "," : "", (int)hash.size, text);
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_geo_geohash_neighbors, TYPE_DYNAMIC)
BIND(bind_shape, "s", TYPE_DYNAMIC)

static const struct function functions[] = {
    GEO(geo_point_to_geohash, "(lng, lat [, length])", "the geohash of a point",
        "geo_point_to_geohash(-5.6, 42.6, 5) == 'ezs42'", 2, 3, bind_hash),
    GEO(geo_geohash_to_central_point, "(geohash)", "the middle of a geohash",
        "geo_geohash_to_central_point('s').coordinates[0] == 22.5", 1, 1, bind_shape),
    GEO(geo_geohash_to_polygon, "(geohash)", "the rectangle of a geohash",
        "geo_geohash_to_polygon('s').coordinates[0][2][0] == 45", 1, 1, bind_shape),
    GEO(geo_geohash_neighbors, "(geohash)", "the geohashes around one",
        "geo_geohash_neighbors('ezs42')[3] == 'ezs48'", 1, 1, bind_shape),
};

FUNCTION_FAMILY(geo_hash, functions);
