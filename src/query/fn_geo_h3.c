/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo_h3.c - cells of the H3 grid. */
#include "query/fn_geo_priv.h"

#include "query/h3_priv.h"
#include "query/items.h"

#include <math.h>
#include <stdlib.h>

#define RESOLUTION_DEFAULT 6
#define DEEPER_MAX 5         /* resolutions between a cell and its children */
#define DISTANCE_MAX 142     /* of rings, as documented */
#define VISITS_MAX 2000000u  /* cells looked at for a polygon */
#define COVERING_CELLS_MAX 61680u /* as documented; more give null */

static void add_token(struct buf *buf, uint64_t cell)
{
    char token[H3_TOKEN_BYTES];

    h3_format(cell, token);
    buf_add_format(buf, "%s\"%s\"", buf->size > 0 && buf->data[buf->size - 1] == '"' ? "," : "",
                   token);
}

static enum status give_token(struct eval *eval, uint64_t cell, struct value *ret,
                              struct error *err)
{
    char token[H3_TOKEN_BYTES];

    h3_format(cell, token);
    struct slice copy = arena_copy(eval->arena, slice_of(token), err);
    return copy.data == NULL ? err->status : give_bytes(ret, copy);
}

static enum status row_geo_point_to_h3cell(ROW_PARAMETERS)
{
    int64_t resolution = geo_long(args, arg_count, 2, RESOLUTION_DEFAULT);
    struct geo_point point = geo_point_of(args, 0);

    if (!geo_point_valid(point) || resolution < 0 || resolution > H3_RESOLUTION_MAX)
        return STATUS_OK;
    return give_token(eval, h3_of(point, (int)resolution), ret, err);
}
ROW_EVAL(row_geo_point_to_h3cell, TYPE_STRING)
BIND(bind_cell, "rrl", TYPE_STRING)

static enum status row_geo_h3cell_to_central_point(ROW_PARAMETERS)
{
    uint64_t cell;

    (void)arg_count;
    return h3_parse(args[0].bytes, &cell) ? geo_give_point(eval, h3_center(cell), ret, err)
                                          : STATUS_OK;
}
ROW_EVAL(row_geo_h3cell_to_central_point, TYPE_DYNAMIC)

static enum status row_geo_h3cell_to_polygon(ROW_PARAMETERS)
{
    struct geo_point ring[H3_CORNERS_MAX + 1];
    uint64_t cell;
    struct buf buf;

    (void)arg_count;
    if (!h3_parse(args[0].bytes, &cell))
        return STATUS_OK;
    uint32_t count = h3_corners(cell, ring);
    ring[count++] = ring[0];
    uint32_t part_end = 1;
    struct geo_shape shape = {GEO_POLYGONS, false, ring, &count, &part_end, count, 1, 1};
    text_start(&buf);
    geo_add_shape(&buf, &shape);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_geo_h3cell_to_polygon, TYPE_DYNAMIC)

static enum status row_geo_h3cell_level(ROW_PARAMETERS)
{
    uint64_t cell;

    (void)eval, (void)arg_count, (void)err;
    return h3_parse(args[0].bytes, &cell) ? give_long(ret, h3_resolution(cell)) : STATUS_OK;
}
ROW_EVAL(row_geo_h3cell_level, TYPE_INT)
BIND(bind_level, "s", TYPE_INT)

static enum status row_geo_h3cell_parent(ROW_PARAMETERS)
{
    uint64_t cell;

    if (!h3_parse(args[0].bytes, &cell))
        return STATUS_OK;
    int64_t resolution = geo_long(args, arg_count, 1, h3_resolution(cell) - 1);
    if (resolution < 0 || resolution > h3_resolution(cell))
        return STATUS_OK;
    return give_token(eval, h3_parent(cell, (int)resolution), ret, err);
}
ROW_EVAL(row_geo_h3cell_parent, TYPE_STRING)
BIND(bind_parent, "sl", TYPE_STRING)

static void add_children(struct buf *buf, uint64_t cell, int resolution)
{
    uint64_t children[7];

    if (h3_resolution(cell) == resolution) {
        add_token(buf, cell);
        return;
    }
    uint32_t count = h3_children(cell, children);
    for (uint32_t i = 0; i < count; i++)
        add_children(buf, children[i], resolution);
}

static enum status row_geo_h3cell_children(ROW_PARAMETERS)
{
    uint64_t cell;
    struct buf buf;

    if (!h3_parse(args[0].bytes, &cell))
        return STATUS_OK;
    int64_t resolution = geo_long(args, arg_count, 1, h3_resolution(cell) + 1);
    if (resolution < h3_resolution(cell) || resolution > H3_RESOLUTION_MAX ||
        resolution > h3_resolution(cell) + DEEPER_MAX)
        return STATUS_OK;
    list_start(&buf);
    add_children(&buf, cell, (int)resolution);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_geo_h3cell_children, TYPE_DYNAMIC)
BIND(bind_array, "sl", TYPE_DYNAMIC)

static enum status row_geo_h3cell_neighbors(ROW_PARAMETERS)
{
    uint64_t around[6];
    uint64_t cell;
    struct buf buf;

    (void)arg_count;
    if (!h3_parse(args[0].bytes, &cell))
        return STATUS_OK;
    uint32_t count = h3_neighbors(cell, around);
    list_start(&buf);
    for (uint32_t i = 0; i < count; i++)
        add_token(&buf, around[i]);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_geo_h3cell_neighbors, TYPE_DYNAMIC)

/* ---- rings ---- */

struct spot {
    uint64_t cell;
    double angle;
};

struct ring {
    struct spot *spots;
    uint32_t count;
};

static int by_cell(const void *a, const void *b)
{
    uint64_t left = ((const struct spot *)a)->cell;
    uint64_t right = ((const struct spot *)b)->cell;

    return left < right ? -1 : left > right;
}

static int by_angle(const void *a, const void *b)
{
    double left = ((const struct spot *)a)->angle;
    double right = ((const struct spot *)b)->angle;

    return left < right ? -1 : left > right;
}

static bool has_cell(const struct ring *ring, uint64_t cell)
{
    struct spot wanted = {cell, 0};

    return ring->count > 0 && bsearch(&wanted, ring->spots, ring->count, sizeof(struct spot),
                                      by_cell) != NULL;
}

/* The cells around `now` that are neither in it nor in the ring before; all by cell. */
static enum status next_ring(struct arena *arena, const struct ring *before,
                             const struct ring *now, struct ring *ret, struct error *err)
{
    uint32_t count = 0;

    ret->count = 0;
    ret->spots = ARENA_ARRAY(arena, struct spot, now->count * 6 + 1, err);
    if (ret->spots == NULL)
        return err->status;
    for (uint32_t i = 0; i < now->count; i++) {
        uint64_t around[6];
        uint32_t found = h3_neighbors(now->spots[i].cell, around);
        for (uint32_t k = 0; k < found; k++) {
            if (!has_cell(before, around[k]) && !has_cell(now, around[k]))
                ret->spots[count++].cell = around[k];
        }
    }
    if (count > 0)
        qsort(ret->spots, count, sizeof(struct spot), by_cell);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || ret->spots[i].cell != ret->spots[i - 1].cell)
            ret->spots[ret->count++] = ret->spots[i];
    }
    return STATUS_OK;
}

/* Counterclockwise, so that the corner on the i axis is the last: a ring is walked from
 * behind that corner. */
static void add_ring(struct buf *buf, uint64_t origin, const struct ring *ring, struct spot *room)
{
    double half_step = ring->count == 0 ? 0 : M_PI / (double)ring->count;

    for (uint32_t i = 0; i < ring->count; i++) {
        double angle = h3_angle(origin, h3_center(ring->spots[i].cell)) - half_step;
        room[i] = (struct spot){ring->spots[i].cell, angle < 0 ? angle + 2 * M_PI : angle};
    }
    if (ring->count > 0)
        qsort(room, ring->count, sizeof(*room), by_angle);
    buf_add_byte(buf, '[');
    for (uint32_t i = 0; i < ring->count; i++)
        add_token(buf, room[i].cell);
    buf_add_byte(buf, ']');
}

static enum status row_geo_h3cell_rings(ROW_PARAMETERS)
{
    int64_t distance = args[1].integer;
    struct spot origin;
    struct spot *room = ARENA_ARRAY(eval->arena, struct spot, 6 * DISTANCE_MAX * 6, err);
    struct ring before = {NULL, 0};
    struct ring now = {&origin, 1};
    struct buf buf;
    enum status status = STATUS_OK;

    (void)arg_count;
    if (room == NULL)
        return err->status;
    if (!h3_parse(args[0].bytes, &origin.cell) || distance < 0 || distance > DISTANCE_MAX)
        return STATUS_OK;
    list_start(&buf);
    for (int64_t i = 0; status == STATUS_OK && i <= distance; i++) {
        struct ring next = {NULL, 0};
        if (i > 0)
            buf_add_byte(&buf, ',');
        add_ring(&buf, origin.cell, &now, room);
        if (i < distance)
            status = next_ring(eval->arena, &before, &now, &next, err);
        if (status == STATUS_OK)
            status = eval_check(eval, (uint32_t)i * 16, err);
        before = now;
        now = next;
    }
    if (status == STATUS_OK)
        return list_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_geo_h3cell_rings, TYPE_DYNAMIC)

/* ---- polygons ---- */

struct filling {
    struct eval *eval;
    const struct geo *polygon;
    int resolution;
    uint32_t visits, count;
    struct buf *out;
    struct error *err;
};

/* No descendant's middle is further from a cell's than this share of its corners. */
#define REACH 1.3

/* Cells of the resolution whose middle is in the polygon; false: too many. */
static bool fill(struct filling *f, uint64_t cell, enum status *ret_status)
{
    struct geo_point center = h3_center(cell);
    struct geo_point at;
    struct geo_point corners[H3_CORNERS_MAX];
    uint64_t children[7];
    double meters;
    double radius = 0;

    if (++f->visits > VISITS_MAX)
        return false;
    *ret_status = eval_check(f->eval, f->visits, f->err);
    if (*ret_status != STATUS_OK)
        return false;
    if (h3_resolution(cell) == f->resolution) {
        if (geo_contains(f->polygon, center)) {
            add_token(f->out, cell);
            f->count++;
        }
        return f->count <= COVERING_CELLS_MAX;
    }
    if (geo_closest(f->polygon, center, &at, &meters) != GEO_OK)
        return false;
    uint32_t corner_count = meters == 0 ? 0 : h3_corners(cell, corners);
    for (uint32_t i = 0; i < corner_count; i++)
        radius = fmax(radius, geo_sphere_m(center, corners[i]));
    if (meters > radius * REACH)
        return true;
    uint32_t count = h3_children(cell, children);
    for (uint32_t i = 0; i < count; i++) {
        if (!fill(f, children[i], ret_status))
            return false;
    }
    return true;
}

static enum status fill_all(struct eval *eval, const struct geo *polygon, int resolution,
                            struct value *ret, struct error *err)
{
    enum status status = STATUS_OK;
    struct buf buf;
    struct filling f = {eval, polygon, resolution, 0, 0, &buf, err};
    bool fits = true;

    list_start(&buf);
    for (int base = 0; fits && base < H3_BASES; base++)
        fits = fill(&f, h3_base_cell(base), &status);
    if (status == STATUS_OK && fits)
        return list_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}

static enum status row_geo_polygon_to_h3cells(ROW_PARAMETERS)
{
    int64_t resolution = geo_long(args, arg_count, 1, RESOLUTION_DEFAULT);
    double radius = geo_real(args, arg_count, 2, 0);
    struct geo_input polygon;
    struct geo *wider = NULL;
    enum status status = geo_take(eval, args, 0, GEO_POLYGONS, &polygon, err);
    bool is_valid = status == STATUS_OK && polygon.geo != NULL && resolution >= 0 &&
                    resolution <= H3_RESOLUTION_MAX && radius >= 0;

    if (is_valid && radius > 0) {
        status = geo_check(geo_buffer(GEO_WATCH(eval, err), polygon.geo, radius,
                                      fmin(10, radius / 2), &wider),
                           err);
        is_valid = status == STATUS_OK && wider != NULL;
    }
    if (is_valid)
        status = fill_all(eval, wider != NULL ? wider : polygon.geo, (int)resolution, ret, err);
    geo_free(wider);
    geo_drop(eval, &polygon);
    return status;
}
ROW_EVAL(row_geo_polygon_to_h3cells, TYPE_DYNAMIC)
BIND(bind_cover, "ylr", TYPE_DYNAMIC)

static const struct function functions[] = {
    GEO(geo_point_to_h3cell, "(lng, lat [, resolution])", "the token of the H3 cell of a point",
        "geo_point_to_h3cell(-74.04, 40.69, 6) == '862a1072fffffff'", 2, 3, bind_cell),
    GEO(geo_h3cell_to_central_point, "(token)", "the middle of an H3 cell",
        "round(todouble(geo_h3cell_to_central_point('862a1072fffffff').coordinates[1]), 1) == "
        "40.7",
        1, 1, bind_array),
    GEO(geo_h3cell_to_polygon, "(token)", "the corners of an H3 cell as a polygon",
        "array_length(geo_h3cell_to_polygon('862a1072fffffff').coordinates[0]) == 7", 1, 1,
        bind_array),
    GEO(geo_h3cell_level, "(token)", "the resolution of an H3 cell",
        "geo_h3cell_level('862a1072fffffff') == 6", 1, 1, bind_level),
    GEO(geo_h3cell_parent, "(token [, resolution])", "the H3 cell that one lies in",
        "geo_h3cell_parent('862a1072fffffff') == '852a1073fffffff'", 1, 2, bind_parent),
    GEO(geo_h3cell_children, "(token [, resolution])", "the H3 cells in one",
        "array_length(geo_h3cell_children('862a1072fffffff')) == 7", 1, 2, bind_array),
    GEO(geo_h3cell_neighbors, "(token)", "the H3 cells around one",
        "geo_h3cell_neighbors('862a1072fffffff')[0] == '862a10727ffffff'", 1, 1, bind_array),
    GEO(geo_h3cell_rings, "(token, distance)",
        "the H3 cell, those around it, those around them ... as arrays",
        "array_length(geo_h3cell_rings('862a1072fffffff', 2)[2]) == 12", 2, 2, bind_array),
    GEO_SHAPE(geo_polygon_to_h3cells, "(polygon [, resolution [, radius]])",
              "the H3 cells whose middle is in a polygon or so many meters around it",
              "geo_polygon_to_h3cells(geo_h3cell_to_polygon('862a1072fffffff'), 6)[0] == "
              "'862a1072fffffff'",
              1, 3, bind_cover),
};

FUNCTION_FAMILY(geo_h3, functions);
