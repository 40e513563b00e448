/* SPDX-License-Identifier: Apache-2.0 */
/* geo_priv.h - shapes on the globe, in types that both languages know.
 *
 * The shape itself (geo_shape) is a list of coordinates as GeoJSON has it.  What is
 * computed with it stands behind struct geo: geo_s2.cc over the S2 library, or
 * geo_none.c in a build without it, where geo_new() says so.  Edges are geodesics of a
 * sphere of GEO_RADIUS_M.  Nothing here aborts on what users write: a shape is valid
 * once geo_new() made it.
 */
#ifndef QUERY_GEO_PRIV_H
#define QUERY_GEO_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GEO_RADIUS_M 6371010.0
#define GEO_POINTS_MAX 1000000u /* coordinates of a shape */
#define GEO_RINGS_MAX 4096u     /* of a polygon: each is compared with each */
#define GEO_CELLS_MAX 65536u    /* cells of a covering, as documented */
#define GEO_TOKEN_BYTES 17u     /* 16 hexadecimal digits and a 0 */

struct geo_point {
    double lng, lat; /* degrees */
};

enum geo_kind {
    GEO_NOTHING,
    GEO_POINTS,
    GEO_LINES,
    GEO_POLYGONS,
};

/* Paths are lines or closed rings (the last coordinate is the first again); a part is a
 * line, or a polygon: its shell and holes.  Ends are counts from the beginning. */
struct geo_shape {
    enum geo_kind kind;
    bool is_multi; /* written as Multi... in GeoJSON */
    struct geo_point *points;
    uint32_t *path_ends, *part_ends; /* in points; in paths */
    uint32_t point_count, path_count, part_count;
};

/* What an operation gives: the parts of each dimension, malloc'ed. */
struct geo_result {
    struct geo_shape points, lines, polygons;
};
void geo_result_release(struct geo_result *result);

enum geo_status {
    GEO_OK,
    GEO_INVALID,   /* the shape or a parameter: null in the language */
    GEO_NO_MEMORY,
    GEO_TOO_MANY_RINGS, /* a polygon of more than GEO_RINGS_MAX */
    GEO_STOPPED,   /* the watch said so */
    GEO_ABSENT,    /* this build has no S2 */
};

/* Asked now and then by what may take long. */
struct geo_watch {
    bool (*may_go_on)(void *context);
    void *context;
};

struct geo; /* lines or polygons, the union of what was given; read by several threads */
struct geo_cells {
    uint64_t *ids; /* malloc'ed */
    uint32_t count;
};

enum geo_status geo_new(const struct geo_watch *watch, const struct geo_shape *shape,
                        struct geo **ret);
/* The union of all, two at least of one kind; or each with fewer points, then the union:
 * borders that they share stay shared. */
enum geo_status geo_union(const struct geo_watch *watch, struct geo *const *shapes, uint32_t count,
                          struct geo **ret);
enum geo_status geo_simplify(const struct geo_watch *watch, struct geo *const *shapes,
                             uint32_t count, double tolerance_m, struct geo **ret);
void geo_free(struct geo *geo);
enum geo_kind geo_kind(const struct geo *geo);

enum geo_status geo_length_m(const struct geo *geo, double *ret); /* of lines or borders */
enum geo_status geo_area_m2(const struct geo *geo, double *ret);
enum geo_status geo_centroid(const struct geo *geo, struct geo_point *ret);
bool geo_contains(const struct geo *geo, struct geo_point point);
enum geo_status geo_closest(const struct geo *geo, struct geo_point point,
                            struct geo_point *ret, double *ret_distance_m);
enum geo_status geo_interpolate(const struct geo *line, double fraction, struct geo_point *ret);
enum geo_status geo_locate(const struct geo *line, struct geo_point point, double *ret);
enum geo_status geo_intersects(const struct geo_watch *watch, const struct geo *a,
                               const struct geo *b, bool *ret);
enum geo_status geo_intersection(const struct geo_watch *watch, const struct geo *a,
                                 const struct geo *b, struct geo_result *ret);
enum geo_status geo_shape_of(const struct geo *geo, struct geo_result *ret);
enum geo_status geo_buffer(const struct geo_watch *watch, const struct geo *geo, double radius_m,
                           double tolerance_m, struct geo **ret);
enum geo_status geo_point_buffer(const struct geo_watch *watch, struct geo_point point,
                                 double radius_m, double tolerance_m, struct geo **ret);
/* Edges that are straight on the map, as geodesics.  crossing: edges of more than 180
 * degrees go over the antimeridian. */
enum geo_status geo_densify(const struct geo_shape *shape, double tolerance_m, bool crossing,
                            struct geo_result *ret);
/* Cells of a level that cover it and `radius_m` around it; GEO_INVALID when too many. */
enum geo_status geo_cover(const struct geo_watch *watch, const struct geo *geo, int level,
                          double radius_m, struct geo_cells *ret);

/* ---- S2 cells ---- */
enum geo_status geo_cell_of(struct geo_point point, int level, char token[GEO_TOKEN_BYTES]);
enum geo_status geo_cell_from(const char *token, size_t size, uint64_t *ret);
void geo_cell_token(uint64_t cell, char token[GEO_TOKEN_BYTES]);
void geo_cell_center(uint64_t cell, struct geo_point *ret);
void geo_cell_corners(uint64_t cell, struct geo_point ret[4]);
/* At most 8, all that touch it, from the corner with the highest coordinates. */
uint32_t geo_cell_neighbors(uint64_t cell, uint64_t ret[8]);

static inline bool geo_point_valid(struct geo_point p)
{
    return p.lng >= -180 && p.lng <= 180 && p.lat >= -90 && p.lat <= 90;
}

#ifdef __cplusplus
}
#endif

#endif
