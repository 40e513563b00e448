/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo_priv.h - GeoJSON, WKT, and what the functions of geography share. */
#ifndef QUERY_FN_GEO_PRIV_H
#define QUERY_FN_GEO_PRIV_H

#include "query/fn_priv.h"
#include "query/geo_priv.h"

/* ---- text: geo_json.c, geo_wkt.c ---- */

/* The coordinates of a (Multi)LineString or (Multi)Polygon in the arena; kind GEO_NOTHING
 * if the text is anything else.  Fails for want of memory only. */
enum status geo_read(struct arena *arena, struct slice json, struct geo_shape *ret,
                     struct error *err) MUST_USE;
void geo_add_coordinates(struct buf *buf, struct geo_point point);
void geo_add_point(struct buf *buf, struct geo_point point);
void geo_add_shape(struct buf *buf, const struct geo_shape *shape);
/* One geometry as itself, several (or none) as a GeometryCollection. */
void geo_add_result(struct buf *buf, const struct geo_result *result);
/* Adds well-known text as GeoJSON; *ret_valid: it was some. */
enum status geo_wkt_json(struct eval *eval, struct slice wkt, struct buf *json, bool *ret_valid,
                         struct error *err) MUST_USE;

/* ---- arguments and results: fn_geo.c ---- */

#define GEO_TOLERANCE_M 10.0 /* where none is given */

/* The query's time, for what takes long; geo_check() gives the error behind GEO_STOPPED. */
struct geo_patience {
    struct eval *eval;
    struct error *err;
};
bool geo_may_go_on(void *patience);
#define GEO_WATCH(EVAL, ERR)                                                                       \
    (&(const struct geo_watch){geo_may_go_on, &(struct geo_patience){EVAL, ERR}})

/* STATUS_OK with a null result for GEO_INVALID. */
enum status geo_check(enum geo_status status, struct error *err) MUST_USE;

/* A shape argument of a row; geo is NULL if it is no valid shape of the kind. */
struct geo_input {
    struct geo *geo;
    bool is_owned;
    uint64_t charged;
};
enum status geo_take(struct eval *eval, const struct value *args, uint32_t index,
                     enum geo_kind kind, struct geo_input *ret, struct error *err) MUST_USE;
void geo_drop(struct eval *eval, struct geo_input *input);
/* The prepare() of functions that take shapes: constant ones are made once. */
enum status geo_prepare(struct eval *eval, const struct argument *args, uint32_t arg_count,
                        void **ret_state, struct error *err) MUST_USE;

enum status geo_give_point(struct eval *eval, struct geo_point point, struct value *ret,
                           struct error *err) MUST_USE;
/* The shape, which is freed. */
enum status geo_give(struct eval *eval, struct geo *geo, struct value *ret,
                     struct error *err) MUST_USE;
enum status geo_give_result(struct eval *eval, struct geo_result *result, struct value *ret,
                            struct error *err) MUST_USE;
/* Array of cell tokens. */
enum status geo_give_cells(struct eval *eval, struct geo_cells *cells, struct value *ret,
                           struct error *err) MUST_USE;

static inline struct geo_point geo_point_of(const struct value *args, uint32_t first)
{
    return (struct geo_point){args[first].real, args[first + 1].real};
}

/* Argument i, or the default where it is left out. */
static inline double geo_real(const struct value *args, uint32_t arg_count, uint32_t i,
                              double otherwise)
{
    return i < arg_count ? args[i].real : otherwise;
}

static inline int64_t geo_long(const struct value *args, uint32_t arg_count, uint32_t i,
                               int64_t otherwise)
{
    return i < arg_count ? args[i].integer : otherwise;
}

/* On the ellipsoid WGS-84 by Vincenty's formula; NAN where it does not converge. */
double geo_spheroid_m(struct geo_point a, struct geo_point b);
double geo_sphere_m(struct geo_point a, struct geo_point b);

/* Rows of functions that lines and polygons both have: longitude and latitude before the
 * shape where a point is wanted, the shape first elsewhere. */
enum status geo_row_centroid(enum geo_kind kind, ROW_PARAMETERS) MUST_USE;
enum status geo_row_distance(enum geo_kind kind, ROW_PARAMETERS) MUST_USE;
enum status geo_row_closest(enum geo_kind kind, ROW_PARAMETERS) MUST_USE;
enum status geo_row_buffer(enum geo_kind kind, ROW_PARAMETERS) MUST_USE;
enum status geo_row_simplify(enum geo_kind kind, ROW_PARAMETERS) MUST_USE;
enum status geo_row_densify(enum geo_kind kind, ROW_PARAMETERS) MUST_USE;
/* NAME is geo_row_WHAT() for one kind of shape. */
#define GEO_ROW(NAME, WHAT, KIND, TYPE)                                                            \
    static enum status row_##NAME(ROW_PARAMETERS)                                                  \
    {                                                                                              \
        return geo_row_##WHAT(KIND, eval, args, arg_count, ret, err);                              \
    }                                                                                              \
    ROW_EVAL(row_##NAME, TYPE)

#define GEO(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                                     \
    {.name = #NAME, .signature = #NAME SIGNATURE, .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .eval = eval_row_##NAME}
#define GEO_SHAPE(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                               \
    {.name = #NAME, .signature = #NAME SIGNATURE, .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .prepare = geo_prepare,              \
     .eval = eval_row_##NAME}

extern const struct function_family function_family_geo_point;
extern const struct function_family function_family_geo_hash;
extern const struct function_family function_family_geo_s2;
extern const struct function_family function_family_geo_h3;
extern const struct function_family function_family_geo_line;
extern const struct function_family function_family_geo_polygon;
extern const struct function_family function_family_geo_set;
extern const struct function_family function_family_place;

#endif
