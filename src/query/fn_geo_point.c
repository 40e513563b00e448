/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo_point.c - distances and directions between points; text as GeoJSON. */
#include "query/fn_geo_priv.h"

#include <math.h>

#define RADIANS (M_PI / 180)

/* WGS-84 */
#define EQUATOR_M 6378137.0
#define FLATTENING (1 / 298.257223563)
#define ITERATIONS_MAX 200

double geo_sphere_m(struct geo_point a, struct geo_point b)
{
    double lat = sin((b.lat - a.lat) * RADIANS / 2);
    double lng = sin((b.lng - a.lng) * RADIANS / 2);
    double h = lat * lat + lng * lng * cos(a.lat * RADIANS) * cos(b.lat * RADIANS);

    return 2 * asin(sqrt(fmin(1, h))) * GEO_RADIUS_M;
}

struct vincenty {
    double sin_u1, cos_u1, sin_u2, cos_u2;
    double sin_sigma, cos_sigma, sigma, cos2_alpha, cos_2m;
};

/* One step towards the difference of longitudes on the auxiliary sphere. */
static double vincenty_step(struct vincenty *v, double lng, double lambda)
{
    double a = v->cos_u2 * sin(lambda);
    double b = v->cos_u1 * v->sin_u2 - v->sin_u1 * v->cos_u2 * cos(lambda);

    v->sin_sigma = sqrt(a * a + b * b);
    if (v->sin_sigma == 0)
        return lambda;
    v->cos_sigma = v->sin_u1 * v->sin_u2 + v->cos_u1 * v->cos_u2 * cos(lambda);
    v->sigma = atan2(v->sin_sigma, v->cos_sigma);
    double sin_alpha = v->cos_u1 * v->cos_u2 * sin(lambda) / v->sin_sigma;
    v->cos2_alpha = 1 - sin_alpha * sin_alpha;
    v->cos_2m =
        v->cos2_alpha == 0 ? 0 : v->cos_sigma - 2 * v->sin_u1 * v->sin_u2 / v->cos2_alpha;
    double c = FLATTENING / 16 * v->cos2_alpha * (4 + FLATTENING * (4 - 3 * v->cos2_alpha));
    return lng + (1 - c) * FLATTENING * sin_alpha *
                     (v->sigma + c * v->sin_sigma *
                                     (v->cos_2m + c * v->cos_sigma *
                                                      (2 * v->cos_2m * v->cos_2m - 1)));
}

static double vincenty_length(const struct vincenty *v)
{
    double polar = EQUATOR_M * (1 - FLATTENING);
    double u2 = v->cos2_alpha * (EQUATOR_M * EQUATOR_M - polar * polar) / (polar * polar);
    double a = 1 + u2 / 16384 * (4096 + u2 * (u2 * (320 - 175 * u2) - 768));
    double b = u2 / 1024 * (256 + u2 * (u2 * (74 - 47 * u2) - 128));
    double m = v->cos_2m;
    double delta = b * v->sin_sigma *
                   (m + b / 4 * (v->cos_sigma * (2 * m * m - 1) -
                                 b / 6 * m * (4 * v->sin_sigma * v->sin_sigma - 3) *
                                     (4 * m * m - 3)));

    return polar * a * (v->sigma - delta);
}

double geo_spheroid_m(struct geo_point a, struct geo_point b)
{
    double u1 = atan((1 - FLATTENING) * tan(a.lat * RADIANS));
    double u2 = atan((1 - FLATTENING) * tan(b.lat * RADIANS));
    double lng = remainder((b.lng - a.lng) * RADIANS, 2 * M_PI);
    double lambda = lng;
    struct vincenty v = {
        .sin_u1 = sin(u1), .cos_u1 = cos(u1), .sin_u2 = sin(u2), .cos_u2 = cos(u2)};

    for (int i = 0; i < ITERATIONS_MAX; i++) {
        double next = vincenty_step(&v, lng, lambda);
        if (v.sin_sigma == 0)
            return 0;
        if (fabs(next - lambda) < 1e-12)
            return vincenty_length(&v);
        lambda = next;
    }
    return (double)NAN;
}

/* Clockwise from north, 0 .. 2 pi.  NaN between a point and itself or the one across the
 * Earth: there no line leaves in one direction. */
static double azimuth(struct geo_point from, struct geo_point to)
{
    double lng = (to.lng - from.lng) * RADIANS;
    double lat1 = from.lat * RADIANS;
    double lat2 = to.lat * RADIANS;
    double east = sin(lng) * cos(lat2);
    double north = cos(lat1) * sin(lat2) - sin(lat1) * cos(lat2) * cos(lng);
    double angle = atan2(east, north);

    if (hypot(east, north) < 1e-15) /* the sine of the distance; rounding alone */
        return (double)NAN;
    return angle < 0 ? angle + 2 * M_PI : angle;
}

static enum status give_angle(struct value *ret, double angle)
{
    return isnan(angle) ? STATUS_OK : give_real(ret, angle < 0 ? angle + 2 * M_PI : angle);
}

static enum status row_geo_distance_2points(ROW_PARAMETERS)
{
    struct geo_point a = geo_point_of(args, 0);
    struct geo_point b = geo_point_of(args, 2);
    double distance;

    (void)eval, (void)err;
    if (!geo_point_valid(a) || !geo_point_valid(b))
        return STATUS_OK;
    distance = arg_count > 4 && args[4].boolean ? geo_spheroid_m(a, b) : geo_sphere_m(a, b);
    return isnan(distance) ? STATUS_OK : give_real(ret, distance);
}
ROW_EVAL(row_geo_distance_2points, TYPE_REAL)
BIND(bind_distance, "rrrrb", TYPE_REAL)

static enum status row_geo_azimuth(ROW_PARAMETERS)
{
    struct geo_point a = geo_point_of(args, 0);
    struct geo_point b = geo_point_of(args, 2);

    (void)eval, (void)arg_count, (void)err;
    return geo_point_valid(a) && geo_point_valid(b) ? give_angle(ret, azimuth(a, b)) : STATUS_OK;
}
ROW_EVAL(row_geo_azimuth, TYPE_REAL)

static enum status row_geo_angle(ROW_PARAMETERS)
{
    struct geo_point a = geo_point_of(args, 0);
    struct geo_point b = geo_point_of(args, 2);
    struct geo_point c = geo_point_of(args, 4);

    (void)eval, (void)arg_count, (void)err;
    if (!geo_point_valid(a) || !geo_point_valid(b) || !geo_point_valid(c))
        return STATUS_OK;
    return give_angle(ret, azimuth(b, c) - azimuth(b, a));
}
ROW_EVAL(row_geo_angle, TYPE_REAL)
BIND(bind_angle, "r", TYPE_REAL)

static enum status row_geo_point_in_circle(ROW_PARAMETERS)
{
    struct geo_point point = geo_point_of(args, 0);
    struct geo_point center = geo_point_of(args, 2);
    double radius = args[4].real;

    (void)eval, (void)arg_count, (void)err;
    if (!geo_point_valid(point) || !geo_point_valid(center) || !(radius > 0) || isinf(radius))
        return STATUS_OK;
    return give_bool(ret, geo_sphere_m(point, center) <= radius);
}
ROW_EVAL(row_geo_point_in_circle, TYPE_BOOL)
BIND(bind_in_circle, "r", TYPE_BOOL)

static enum status row_geo_from_wkt(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    text_start(&buf);
    bool is_valid;
    enum status status = geo_wkt_json(eval, args[0].bytes, &buf, &is_valid, err);
    if (status == STATUS_OK && is_valid)
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_geo_from_wkt, TYPE_DYNAMIC)
BIND(bind_wkt, "s", TYPE_DYNAMIC)

static const struct function functions[] = {
    GEO(geo_distance_2points, "(lng1, lat1, lng2, lat2 [, use_spheroid])",
        "the meters between two points on the sphere or the WGS-84 spheroid",
        "round(geo_distance_2points(0, 0, 0, 1)) == 111195", 4, 5, bind_distance),
    GEO(geo_azimuth, "(lng1, lat1, lng2, lat2)",
        "the direction from one point to another, in radians clockwise from north",
        "round(degrees(geo_azimuth(0, 0, 1, 0))) == 90", 4, 4, bind_angle),
    GEO(geo_angle, "(lng1, lat1, lng2, lat2, lng3, lat3)",
        "the angle at the second point from the first clockwise to the third, in radians",
        "round(degrees(geo_angle(0, 1, 0, 0, 1, 0))) == 90", 6, 6, bind_angle),
    GEO(geo_point_in_circle, "(lng, lat, center_lng, center_lat, radius)",
        "true if a point is within so many meters of a center",
        "geo_point_in_circle(0, 0, 0, 1, 112000)", 5, 5, bind_in_circle),
    GEO(geo_from_wkt, "(text)", "well-known text as GeoJSON",
        "geo_from_wkt('POINT (1 2)').coordinates[1] == 2", 1, 1, bind_wkt),
};

FUNCTION_FAMILY(geo_point, functions);
