/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo_s2.c - cells of the S2 grid. */
#include "query/fn_geo_priv.h"

#include "query/items.h"

#define LEVEL_DEFAULT 11

static enum status row_geo_point_to_s2cell(ROW_PARAMETERS)
{
    int64_t level = geo_long(args, arg_count, 2, LEVEL_DEFAULT);
    char token[GEO_TOKEN_BYTES];

    if (level < 0 || level > 30)
        return STATUS_OK;
    enum geo_status made = geo_cell_of(geo_point_of(args, 0), (int)level, token);
    if (made != GEO_OK)
        return geo_check(made, err);
    struct slice copy = arena_copy(eval->arena, slice_of(token), err);
    return copy.data == NULL ? err->status : give_bytes(ret, copy);
}
ROW_EVAL(row_geo_point_to_s2cell, TYPE_STRING)
BIND(bind_cell, "rrl", TYPE_STRING)

static enum status row_geo_s2cell_to_central_point(ROW_PARAMETERS)
{
    uint64_t cell;
    struct geo_point point;
    enum geo_status made = geo_cell_from(args[0].bytes.data, args[0].bytes.size, &cell);

    (void)arg_count;
    if (made != GEO_OK)
        return geo_check(made, err);
    geo_cell_center(cell, &point);
    return geo_give_point(eval, point, ret, err);
}
ROW_EVAL(row_geo_s2cell_to_central_point, TYPE_DYNAMIC)

static enum status row_geo_s2cell_to_polygon(ROW_PARAMETERS)
{
    uint64_t cell;
    struct geo_point ring[5];
    uint32_t ring_end = 5;
    uint32_t part_end = 1;
    struct geo_shape shape = {GEO_POLYGONS, false, ring, &ring_end, &part_end, 5, 1, 1};
    struct buf buf;
    enum geo_status made = geo_cell_from(args[0].bytes.data, args[0].bytes.size, &cell);

    (void)arg_count;
    if (made != GEO_OK)
        return geo_check(made, err);
    geo_cell_corners(cell, ring);
    ring[4] = ring[0];
    text_start(&buf);
    geo_add_shape(&buf, &shape);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_geo_s2cell_to_polygon, TYPE_DYNAMIC)

static enum status row_geo_s2cell_neighbors(ROW_PARAMETERS)
{
    uint64_t cell;
    uint64_t around[8];
    char token[GEO_TOKEN_BYTES];
    struct buf buf;
    enum geo_status made = geo_cell_from(args[0].bytes.data, args[0].bytes.size, &cell);

    (void)arg_count;
    if (made != GEO_OK)
        return geo_check(made, err);
    uint32_t count = geo_cell_neighbors(cell, around);
    list_start(&buf);
    for (uint32_t i = 0; i < count; i++) {
        geo_cell_token(around[i], token);
        buf_add_format(&buf, "%s\"%s\"", i > 0 ? "," : "", token);
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_geo_s2cell_neighbors, TYPE_DYNAMIC)
BIND(bind_token, "s", TYPE_DYNAMIC)

static enum status cover(struct eval *eval, const struct value *args, uint32_t arg_count,
                         enum geo_kind kind, struct value *ret, struct error *err)
{
    int64_t level = geo_long(args, arg_count, 1, LEVEL_DEFAULT);
    double radius = geo_real(args, arg_count, 2, 0);
    struct geo_input shape;
    struct geo_cells cells;
    enum status status = geo_take(eval, args, 0, kind, &shape, err);

    if (status != STATUS_OK || shape.geo == NULL || level < 0 || level > 30) {
        geo_drop(eval, &shape);
        return status;
    }
    enum geo_status made = geo_cover(GEO_WATCH(eval, err), shape.geo, (int)level, radius, &cells);
    geo_drop(eval, &shape);
    return made == GEO_OK ? geo_give_cells(eval, &cells, ret, err) : geo_check(made, err);
}

static enum status row_geo_line_to_s2cells(ROW_PARAMETERS)
{
    return cover(eval, args, arg_count, GEO_LINES, ret, err);
}
ROW_EVAL(row_geo_line_to_s2cells, TYPE_DYNAMIC)

static enum status row_geo_polygon_to_s2cells(ROW_PARAMETERS)
{
    return cover(eval, args, arg_count, GEO_POLYGONS, ret, err);
}
ROW_EVAL(row_geo_polygon_to_s2cells, TYPE_DYNAMIC)
BIND(bind_cover, "ylr", TYPE_DYNAMIC)

static const struct function functions[] = {
    GEO(geo_point_to_s2cell, "(lng, lat [, level])", "the token of the S2 cell of a point",
        "geo_point_to_s2cell(0, 0, 0) == '1'", 2, 3, bind_cell),
    GEO(geo_s2cell_to_central_point, "(token)", "the middle of an S2 cell",
        "geo_s2cell_to_central_point('1').coordinates[0] == 0", 1, 1, bind_token),
    GEO(geo_s2cell_to_polygon, "(token)", "the corners of an S2 cell as a polygon",
        "round(todouble(geo_s2cell_to_polygon('1').coordinates[0][0][0])) == -45", 1, 1,
        bind_token),
    GEO(geo_s2cell_neighbors, "(token)", "the S2 cells of the same level around one",
        "array_length(geo_s2cell_neighbors('89c259')) == 8", 1, 1, bind_token),
    GEO_SHAPE(geo_line_to_s2cells, "(line [, level [, radius]])",
              "the S2 cells that cover a line, and so many meters around it",
              "array_length(geo_line_to_s2cells(geo_from_wkt('LINESTRING (1 1, 1.1 1.1)'), 9)) "
              "between (1 .. 4)",
              1, 3, bind_cover),
    GEO_SHAPE(geo_polygon_to_s2cells, "(polygon [, level [, radius]])",
              "the S2 cells that cover a polygon, and so many meters around it",
              "array_length(geo_polygon_to_s2cells(geo_s2cell_to_polygon('89c259'), 9)) > 0", 1,
              3, bind_cover),
};

FUNCTION_FAMILY(geo_s2, functions);
