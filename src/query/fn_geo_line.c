/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo_line.c - lines: length, places on them, distance to them, other forms. */
#include "query/fn_geo_priv.h"

#include <math.h>

static enum status row_geo_line_length(ROW_PARAMETERS)
{
    struct geo_input line;
    double length;
    enum status status = geo_take(eval, args, 0, GEO_LINES, &line, err);

    (void)arg_count;
    if (status == STATUS_OK && line.geo != NULL && geo_length_m(line.geo, &length) == GEO_OK)
        status = give_real(ret, length);
    geo_drop(eval, &line);
    return status;
}
ROW_EVAL(row_geo_line_length, TYPE_REAL)
BIND(bind_number, "y", TYPE_REAL)

GEO_ROW(geo_line_centroid, centroid, GEO_LINES, TYPE_DYNAMIC)
BIND(bind_shape, "yr", TYPE_DYNAMIC)

static enum status row_geo_line_interpolate_point(ROW_PARAMETERS)
{
    struct geo_input line;
    struct geo_point point;
    enum status status = geo_take(eval, args, 0, GEO_LINES, &line, err);

    (void)arg_count;
    if (status == STATUS_OK && line.geo != NULL &&
        geo_interpolate(line.geo, args[1].real, &point) == GEO_OK)
        status = geo_give_point(eval, point, ret, err);
    geo_drop(eval, &line);
    return status;
}
ROW_EVAL(row_geo_line_interpolate_point, TYPE_DYNAMIC)

/* How far along the line `at` lies, in meters on the spheroid, and all of it. */
static double spheroid_share(const struct geo_shape *line, struct geo_point at)
{
    double before = 0;
    double whole = 0;
    double nearest = INFINITY;

    for (uint32_t i = 0; i + 1 < line->point_count; i++) {
        double from = geo_spheroid_m(line->points[i], at);
        double to = geo_spheroid_m(at, line->points[i + 1]);
        double edge = geo_spheroid_m(line->points[i], line->points[i + 1]);
        /* The edge that holds the point: the detour over it is the smallest. */
        if (from + to - edge < nearest) {
            nearest = from + to - edge;
            before = whole + from;
        }
        whole += edge;
    }
    return whole > 0 ? fmin(1, before / whole) : (double)NAN;
}

static enum status locate_on_spheroid(struct eval *eval, const struct value *args,
                                      const struct geo *line, double *ret, struct error *err)
{
    struct geo_shape shape;
    struct geo_point at;
    double meters;
    enum status status = geo_read(eval->arena, args[0].bytes, &shape, err);

    *ret = (double)NAN;
    if (status == STATUS_OK && shape.part_count == 1 &&
        geo_closest(line, geo_point_of(args, 1), &at, &meters) == GEO_OK)
        *ret = spheroid_share(&shape, at);
    return status;
}

static enum status row_geo_line_locate_point(ROW_PARAMETERS)
{
    struct geo_point point = geo_point_of(args, 1);
    struct geo_input line;
    double share = (double)NAN;
    enum status status = geo_take(eval, args, 0, GEO_LINES, &line, err);

    if (status == STATUS_OK && line.geo != NULL && geo_point_valid(point)) {
        if (arg_count > 3 && args[3].boolean)
            status = locate_on_spheroid(eval, args, line.geo, &share, err);
        else if (geo_locate(line.geo, point, &share) != GEO_OK)
            share = (double)NAN;
    }
    geo_drop(eval, &line);
    return status != STATUS_OK || isnan(share) ? status : give_real(ret, share);
}
ROW_EVAL(row_geo_line_locate_point, TYPE_REAL)
BIND(bind_locate, "yrrb", TYPE_REAL)

GEO_ROW(geo_distance_point_to_line, distance, GEO_LINES, TYPE_REAL)
BIND(bind_distance, "rry", TYPE_REAL)

GEO_ROW(geo_closest_point_on_line, closest, GEO_LINES, TYPE_DYNAMIC)
BIND(bind_closest, "rry", TYPE_DYNAMIC)

GEO_ROW(geo_line_buffer, buffer, GEO_LINES, TYPE_DYNAMIC)

GEO_ROW(geo_line_simplify, simplify, GEO_LINES, TYPE_DYNAMIC)

GEO_ROW(geo_line_densify, densify, GEO_LINES, TYPE_DYNAMIC)
BIND(bind_densify, "yrb", TYPE_DYNAMIC)

#define LINE "geo_from_wkt('LINESTRING (0 0, 0 1)')"

static const struct function functions[] = {
    GEO_SHAPE(geo_line_length, "(line)", "the meters of a line",
              "round(geo_line_length(" LINE ")) == 111195", 1, 1, bind_number),
    GEO_SHAPE(geo_line_centroid, "(line)", "the centroid of a line",
              "round(todouble(geo_line_centroid(" LINE ").coordinates[1]), 6) == 0.5", 1, 1,
              bind_shape),
    GEO_SHAPE(geo_line_interpolate_point, "(line, fraction)",
              "the point after a share of a line",
              "round(todouble(geo_line_interpolate_point(" LINE ", 0.25).coordinates[1]), 6) "
              "== 0.25",
              2, 2, bind_shape),
    GEO_SHAPE(geo_line_locate_point, "(line, lng, lat [, use_spheroid])",
              "the share of a line up to its place nearest to a point",
              "round(geo_line_locate_point(" LINE ", 1, 0.25), 3) == 0.25", 3, 4, bind_locate),
    GEO_SHAPE(geo_distance_point_to_line, "(lng, lat, line)", "the meters to a line",
              "round(geo_distance_point_to_line(0, 2, " LINE ")) == 111195", 3, 3,
              bind_distance),
    GEO_SHAPE(geo_closest_point_on_line, "(lng, lat, line)",
              "the place on a line nearest to a point",
              "round(todouble(geo_closest_point_on_line(0, 2, " LINE ").coordinates[1]), 6) "
              "== 1",
              3, 3, bind_closest),
    GEO_SHAPE(geo_line_buffer, "(line, radius [, tolerance])",
              "all within so many meters of a line, as a polygon",
              "geo_line_buffer(" LINE ", 1000).type == 'Polygon'", 2, 3, bind_shape),
    GEO_SHAPE(geo_line_simplify, "(line [, tolerance])",
              "a line with fewer points, at least so many meters apart",
              "array_length(geo_line_simplify(geo_from_wkt('LINESTRING (0 0, 0 1, 0 2)'), 100)"
              ".coordinates) == 2",
              1, 2, bind_shape),
    GEO_SHAPE(geo_line_densify, "(line [, tolerance [, preserve_crossing]])",
              "a line that is straight on the map, with points so that its geodesics are near",
              "array_length(geo_line_densify(geo_from_wkt('LINESTRING (50 50, 51 51)'))"
              ".coordinates) == 9",
              1, 3, bind_densify),
};

FUNCTION_FAMILY(geo_line, functions);
