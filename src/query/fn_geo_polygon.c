/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo_polygon.c - polygons: area and border, points in and near them, other forms. */
#include "query/fn_geo_priv.h"

typedef enum geo_status measure_function(const struct geo *geo, double *ret);

static enum status measure(struct eval *eval, const struct value *args,
                           measure_function *function, struct value *ret, struct error *err)
{
    struct geo_input polygon;
    double number;
    enum status status = geo_take(eval, args, 0, GEO_POLYGONS, &polygon, err);

    if (status == STATUS_OK && polygon.geo != NULL && function(polygon.geo, &number) == GEO_OK)
        status = give_real(ret, number);
    geo_drop(eval, &polygon);
    return status;
}

static enum status row_geo_polygon_area(ROW_PARAMETERS)
{
    (void)arg_count;
    return measure(eval, args, geo_area_m2, ret, err);
}
ROW_EVAL(row_geo_polygon_area, TYPE_REAL)

static enum status row_geo_polygon_perimeter(ROW_PARAMETERS)
{
    (void)arg_count;
    return measure(eval, args, geo_length_m, ret, err);
}
ROW_EVAL(row_geo_polygon_perimeter, TYPE_REAL)
BIND(bind_number, "y", TYPE_REAL)

GEO_ROW(geo_polygon_centroid, centroid, GEO_POLYGONS, TYPE_DYNAMIC)
BIND(bind_shape, "yr", TYPE_DYNAMIC)

static enum status row_geo_point_in_polygon(ROW_PARAMETERS)
{
    struct geo_point point = geo_point_of(args, 0);
    struct geo_input polygon;
    enum status status = geo_take(eval, args, 2, GEO_POLYGONS, &polygon, err);

    (void)arg_count;
    if (status == STATUS_OK && polygon.geo != NULL && geo_point_valid(point))
        status = give_bool(ret, geo_contains(polygon.geo, point));
    geo_drop(eval, &polygon);
    return status;
}
ROW_EVAL(row_geo_point_in_polygon, TYPE_BOOL)
BIND(bind_in, "rry", TYPE_BOOL)

GEO_ROW(geo_distance_point_to_polygon, distance, GEO_POLYGONS, TYPE_REAL)
BIND(bind_distance, "rry", TYPE_REAL)

GEO_ROW(geo_closest_point_on_polygon, closest, GEO_POLYGONS, TYPE_DYNAMIC)
BIND(bind_closest, "rry", TYPE_DYNAMIC)

static enum status row_geo_point_buffer(ROW_PARAMETERS)
{
    struct geo *made = NULL;
    enum status status = geo_check(geo_point_buffer(GEO_WATCH(eval, err), geo_point_of(args, 0),
                                                    args[2].real,
                                                    geo_real(args, arg_count, 3, GEO_TOLERANCE_M),
                                                    &made),
                                   err);

    return status != STATUS_OK || made == NULL ? status : geo_give(eval, made, ret, err);
}
ROW_EVAL(row_geo_point_buffer, TYPE_DYNAMIC)
BIND(bind_point_buffer, "r", TYPE_DYNAMIC)

GEO_ROW(geo_polygon_buffer, buffer, GEO_POLYGONS, TYPE_DYNAMIC)

GEO_ROW(geo_polygon_simplify, simplify, GEO_POLYGONS, TYPE_DYNAMIC)

GEO_ROW(geo_polygon_densify, densify, GEO_POLYGONS, TYPE_DYNAMIC)
BIND(bind_densify, "yrb", TYPE_DYNAMIC)

#define SQUARE "geo_from_wkt('POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))')"

static const struct function functions[] = {
    GEO_SHAPE(geo_polygon_area, "(polygon)", "the square meters of a polygon",
              "round(geo_polygon_area(" SQUARE ") / 1e9, 2) == 12.36", 1, 1, bind_number),
    GEO_SHAPE(geo_polygon_perimeter, "(polygon)", "the meters around a polygon",
              "round(geo_polygon_perimeter(" SQUARE ") / 1000) == 445", 1, 1, bind_number),
    GEO_SHAPE(geo_polygon_centroid, "(polygon)", "the centroid of a polygon",
              "round(todouble(geo_polygon_centroid(" SQUARE ").coordinates[0]), 6) == 0.5", 1, 1,
              bind_shape),
    GEO_SHAPE(geo_point_in_polygon, "(lng, lat, polygon)",
              "true if a point is in a polygon; of polygons side by side one has it",
              "geo_point_in_polygon(0.5, 0.5, " SQUARE ")", 3, 3, bind_in),
    GEO_SHAPE(geo_distance_point_to_polygon, "(lng, lat, polygon)", "the meters to a polygon",
              "round(geo_distance_point_to_polygon(0, 2, " SQUARE ")) == 111195", 3, 3,
              bind_distance),
    GEO_SHAPE(geo_closest_point_on_polygon, "(lng, lat, polygon)",
              "the place in a polygon nearest to a point",
              "round(todouble(geo_closest_point_on_polygon(0, 2, " SQUARE ").coordinates[1]), 6)"
              " == 1",
              3, 3, bind_closest),
    GEO(geo_point_buffer, "(lng, lat, radius [, tolerance])",
        "all within so many meters of a point, as a polygon",
        "geo_point_in_polygon(0, 0.008, geo_point_buffer(0, 0, 1000))", 3, 4,
        bind_point_buffer),
    GEO_SHAPE(geo_polygon_buffer, "(polygon, radius [, tolerance])",
              "all within so many meters of a polygon",
              "geo_point_in_polygon(0, 1.008, geo_polygon_buffer(" SQUARE ", 1000))", 2, 3,
              bind_shape),
    GEO_SHAPE(geo_polygon_simplify, "(polygon [, tolerance])",
              "a polygon with fewer points, at least so many meters apart",
              "geo_polygon_simplify(" SQUARE ").type == 'Polygon'", 1, 2, bind_shape),
    GEO_SHAPE(geo_polygon_densify, "(polygon [, tolerance [, preserve_crossing]])",
              "a polygon whose edges are straight on the map, with points so that its geodesics "
              "are near",
              "array_length(geo_polygon_densify(geo_from_wkt('POLYGON ((10 10, 11 10, 11 11, "
              "10 11, 10 10))')).coordinates[0]) == 11",
              1, 3, bind_densify),
};

FUNCTION_FAMILY(geo_polygon, functions);
