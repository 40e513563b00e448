/* SPDX-License-Identifier: Apache-2.0 */
/* geo_none.c - geo_priv.h in a build without the S2 library: nothing is made, so
 * nothing is ever measured. */
#include "query/geo_priv.h"

#include "base/check.h"

void geo_result_release(struct geo_result *result)
{
    *result = (struct geo_result){.points = {.kind = GEO_NOTHING}};
}

enum geo_status geo_new(const struct geo_watch *watch, const struct geo_shape *shape,
                        struct geo **ret)
{
    (void)watch, (void)shape, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_union(const struct geo_watch *watch, struct geo *const *shapes, uint32_t count,
                          struct geo **ret)
{
    (void)watch, (void)shapes, (void)count, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_simplify(const struct geo_watch *watch, struct geo *const *shapes,
                             uint32_t count, double tolerance_m, struct geo **ret)
{
    (void)watch, (void)shapes, (void)count, (void)tolerance_m, (void)ret;
    return GEO_ABSENT;
}

void geo_free(struct geo *geo)
{
    CHECK(geo == NULL);
}

enum geo_kind geo_kind(const struct geo *geo)
{
    (void)geo;
    return GEO_NOTHING;
}

enum geo_status geo_length_m(const struct geo *geo, double *ret)
{
    (void)geo, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_area_m2(const struct geo *geo, double *ret)
{
    (void)geo, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_centroid(const struct geo *geo, struct geo_point *ret)
{
    (void)geo, (void)ret;
    return GEO_ABSENT;
}

bool geo_contains(const struct geo *geo, struct geo_point point)
{
    (void)geo, (void)point;
    return false;
}

enum geo_status geo_closest(const struct geo *geo, struct geo_point point,
                            struct geo_point *ret, double *ret_distance_m)
{
    (void)geo, (void)point, (void)ret, (void)ret_distance_m;
    return GEO_ABSENT;
}

enum geo_status geo_interpolate(const struct geo *line, double fraction, struct geo_point *ret)
{
    (void)line, (void)fraction, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_locate(const struct geo *line, struct geo_point point, double *ret)
{
    (void)line, (void)point, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_intersects(const struct geo_watch *watch, const struct geo *a,
                               const struct geo *b, bool *ret)
{
    (void)watch, (void)a, (void)b, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_intersection(const struct geo_watch *watch, const struct geo *a,
                                 const struct geo *b, struct geo_result *ret)
{
    (void)watch, (void)a, (void)b, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_shape_of(const struct geo *geo, struct geo_result *ret)
{
    (void)geo, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_buffer(const struct geo_watch *watch, const struct geo *geo, double radius_m,
                           double tolerance_m, struct geo **ret)
{
    (void)watch, (void)geo, (void)radius_m, (void)tolerance_m, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_point_buffer(const struct geo_watch *watch, struct geo_point point,
                                 double radius_m, double tolerance_m, struct geo **ret)
{
    (void)watch, (void)point, (void)radius_m, (void)tolerance_m, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_densify(const struct geo_shape *shape, double tolerance_m, bool crossing,
                            struct geo_result *ret)
{
    (void)shape, (void)tolerance_m, (void)crossing, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_cover(const struct geo_watch *watch, const struct geo *geo, int level,
                          double radius_m, struct geo_cells *ret)
{
    (void)watch, (void)geo, (void)level, (void)radius_m, (void)ret;
    return GEO_ABSENT;
}

enum geo_status geo_cell_of(struct geo_point point, int level, char token[GEO_TOKEN_BYTES])
{
    (void)point, (void)level, (void)token;
    return GEO_ABSENT;
}

enum geo_status geo_cell_from(const char *token, size_t size, uint64_t *ret)
{
    (void)token, (void)size, (void)ret;
    return GEO_ABSENT;
}

void geo_cell_token(uint64_t cell, char token[GEO_TOKEN_BYTES])
{
    (void)cell;
    token[0] = '\0';
}

void geo_cell_center(uint64_t cell, struct geo_point *ret)
{
    (void)cell;
    *ret = (struct geo_point){0, 0};
}

void geo_cell_corners(uint64_t cell, struct geo_point ret[4])
{
    (void)cell;
    for (int i = 0; i < 4; i++)
        ret[i] = (struct geo_point){0, 0};
}

uint32_t geo_cell_neighbors(uint64_t cell, uint64_t ret[8])
{
    (void)cell, (void)ret;
    return 0;
}
