/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo_set.c - what two or more shapes have in common, and all of them together. */
#include "query/fn_geo_priv.h"

#include "query/items.h"

#include <stdlib.h>

struct pair {
    struct geo_input a, b;
};

/* Both shapes; false in *ret_valid if one is none. */
static enum status take_pair(struct eval *eval, const struct value *args,
                             const enum geo_kind kinds[2], struct pair *ret, struct error *err)
{
    enum status status = geo_take(eval, args, 0, kinds[0], &ret->a, err);

    ret->b = (struct geo_input){0};
    if (status == STATUS_OK && ret->a.geo != NULL)
        status = geo_take(eval, args, 1, kinds[1], &ret->b, err);
    return status;
}

static void drop_pair(struct eval *eval, struct pair *pair)
{
    geo_drop(eval, &pair->a);
    geo_drop(eval, &pair->b);
}

static enum status intersects(struct eval *eval, const struct value *args,
                              const enum geo_kind kinds[2], struct value *ret,
                              struct error *err)
{
    struct pair pair;
    bool hit;
    enum status status = take_pair(eval, args, kinds, &pair, err);

    if (status == STATUS_OK && pair.b.geo != NULL) {
        enum geo_status made = geo_intersects(GEO_WATCH(eval, err), pair.a.geo, pair.b.geo, &hit);
        status = made == GEO_OK ? give_bool(ret, hit) : geo_check(made, err);
    }
    drop_pair(eval, &pair);
    return status;
}

static enum status intersection(struct eval *eval, const struct value *args,
                                const enum geo_kind kinds[2], struct value *ret,
                                struct error *err)
{
    struct pair pair;
    struct geo_result result;
    enum status status = take_pair(eval, args, kinds, &pair, err);

    if (status == STATUS_OK && pair.b.geo != NULL) {
        enum geo_status made = geo_intersection(GEO_WATCH(eval, err), pair.a.geo,
                                                pair.b.geo, &result);
        status = made == GEO_OK ? geo_give_result(eval, &result, ret, err)
                                : geo_check(made, err);
    }
    drop_pair(eval, &pair);
    return status;
}

static const enum geo_kind two_lines[2] = {GEO_LINES, GEO_LINES};
static const enum geo_kind line_and_polygon[2] = {GEO_LINES, GEO_POLYGONS};
static const enum geo_kind two_polygons[2] = {GEO_POLYGONS, GEO_POLYGONS};

static enum status row_geo_intersects_2lines(ROW_PARAMETERS)
{
    (void)arg_count;
    return intersects(eval, args, two_lines, ret, err);
}
ROW_EVAL(row_geo_intersects_2lines, TYPE_BOOL)

static enum status row_geo_intersects_line_with_polygon(ROW_PARAMETERS)
{
    (void)arg_count;
    return intersects(eval, args, line_and_polygon, ret, err);
}
ROW_EVAL(row_geo_intersects_line_with_polygon, TYPE_BOOL)

static enum status row_geo_intersects_2polygons(ROW_PARAMETERS)
{
    (void)arg_count;
    return intersects(eval, args, two_polygons, ret, err);
}
ROW_EVAL(row_geo_intersects_2polygons, TYPE_BOOL)
BIND(bind_test, "y", TYPE_BOOL)

static enum status row_geo_intersection_2lines(ROW_PARAMETERS)
{
    (void)arg_count;
    return intersection(eval, args, two_lines, ret, err);
}
ROW_EVAL(row_geo_intersection_2lines, TYPE_DYNAMIC)

static enum status row_geo_intersection_line_with_polygon(ROW_PARAMETERS)
{
    (void)arg_count;
    return intersection(eval, args, line_and_polygon, ret, err);
}
ROW_EVAL(row_geo_intersection_line_with_polygon, TYPE_DYNAMIC)

static enum status row_geo_intersection_2polygons(ROW_PARAMETERS)
{
    (void)arg_count;
    return intersection(eval, args, two_polygons, ret, err);
}
ROW_EVAL(row_geo_intersection_2polygons, TYPE_DYNAMIC)
BIND(bind_shape, "y", TYPE_DYNAMIC)

/* ---- arrays of shapes ---- */

struct shapes {
    struct geo **data;
    uint32_t count;
    uint64_t charged;
    bool are_valid; /* there is one at least, and all are of the kind */
};

static void drop_shapes(struct eval *eval, struct shapes *shapes)
{
    for (uint32_t i = 0; i < shapes->count; i++)
        geo_free(shapes->data[i]);
    arena_refund(eval->arena, shapes->charged);
}

static enum status take_shapes(struct eval *eval, const struct value *array, enum geo_kind kind,
                               struct shapes *ret, struct error *err)
{
    /* The elements are no arguments: prepare() has not made them. */
    struct eval plain = *eval;
    struct items items;
    enum status status = items_of(eval, array->bytes, &items, err);

    *ret = (struct shapes){0};
    plain.call_state = NULL;
    if (status != STATUS_OK || items.count == 0)
        return status;
    ret->data = ARENA_ARRAY(eval->arena, struct geo *, items.count, err);
    if (ret->data == NULL)
        return err->status;
    for (uint32_t i = 0; status == STATUS_OK && i < items.count; i++) {
        struct value value = {.type = TYPE_DYNAMIC, .bytes = items.data[i]};
        struct geo_input input;
        status = eval_check(eval, i, err);
        if (status == STATUS_OK)
            status = geo_take(&plain, &value, 0, kind, &input, err);
        if (status != STATUS_OK || input.geo == NULL)
            return status;
        ret->charged += input.charged;
        ret->data[ret->count++] = input.geo;
    }
    ret->are_valid = status == STATUS_OK;
    return status;
}

static enum status unite(struct eval *eval, const struct value *args, enum geo_kind kind,
                         struct value *ret, struct error *err)
{
    struct shapes shapes;
    struct geo *made = NULL;
    struct geo_result result;
    enum geo_status done = GEO_INVALID;
    enum status status = take_shapes(eval, &args[0], kind, &shapes, err);

    if (status == STATUS_OK && shapes.are_valid) {
        done = shapes.count == 1 ? geo_shape_of(shapes.data[0], &result)
                                 : geo_union(GEO_WATCH(eval, err), shapes.data,
                                             shapes.count, &made);
        status = geo_check(done, err);
    }
    drop_shapes(eval, &shapes);
    if (status != STATUS_OK || done != GEO_OK)
        return status;
    return made == NULL ? geo_give_result(eval, &result, ret, err)
                        : geo_give(eval, made, ret, err);
}

static enum status row_geo_union_lines_array(ROW_PARAMETERS)
{
    (void)arg_count;
    return unite(eval, args, GEO_LINES, ret, err);
}
ROW_EVAL(row_geo_union_lines_array, TYPE_DYNAMIC)

static enum status row_geo_union_polygons_array(ROW_PARAMETERS)
{
    (void)arg_count;
    return unite(eval, args, GEO_POLYGONS, ret, err);
}
ROW_EVAL(row_geo_union_polygons_array, TYPE_DYNAMIC)

static enum status row_geo_simplify_polygons_array(ROW_PARAMETERS)
{
    struct shapes shapes;
    struct geo *made = NULL;
    enum status status = take_shapes(eval, &args[0], GEO_POLYGONS, &shapes, err);

    if (status == STATUS_OK && shapes.are_valid)
        status = geo_check(geo_simplify(GEO_WATCH(eval, err), shapes.data, shapes.count,
                                        geo_real(args, arg_count, 1, GEO_TOLERANCE_M), &made),
                           err);
    drop_shapes(eval, &shapes);
    return status != STATUS_OK || made == NULL ? status : geo_give(eval, made, ret, err);
}
ROW_EVAL(row_geo_simplify_polygons_array, TYPE_DYNAMIC)
BIND(bind_array, "yr", TYPE_DYNAMIC)

#define ROW "geo_from_wkt('LINESTRING (0 1, 2 1)')"
#define COLUMN "geo_from_wkt('LINESTRING (1 0, 1 2)')"
#define SQUARE "geo_from_wkt('POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))')"
#define NEXT "geo_from_wkt('POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1))')"

static const struct function functions[] = {
    GEO_SHAPE(geo_intersects_2lines, "(line, line)", "true if two lines meet",
              "geo_intersects_2lines(" ROW ", " COLUMN ")", 2, 2, bind_test),
    GEO_SHAPE(geo_intersects_line_with_polygon, "(line, polygon)",
              "true if a line meets a polygon",
              "geo_intersects_line_with_polygon(" ROW ", " SQUARE ")", 2, 2, bind_test),
    GEO_SHAPE(geo_intersects_2polygons, "(polygon, polygon)", "true if two polygons meet",
              "geo_intersects_2polygons(" SQUARE ", " NEXT ")", 2, 2, bind_test),
    GEO_SHAPE(geo_intersection_2lines, "(line, line)", "what two lines have in common",
              "geo_intersection_2lines(" ROW ", " COLUMN ").type == 'Point'", 2, 2, bind_shape),
    GEO_SHAPE(geo_intersection_line_with_polygon, "(line, polygon)",
              "the part of a line that is in a polygon",
              "geo_intersection_line_with_polygon(" ROW ", " NEXT ").type == 'LineString'", 2, 2,
              bind_shape),
    GEO_SHAPE(geo_intersection_2polygons, "(polygon, polygon)",
              "what two polygons have in common",
              "geo_intersection_2polygons(" SQUARE ", " NEXT ").type == 'Polygon'", 2, 2,
              bind_shape),
    GEO(geo_union_lines_array, "(lines)", "the lines of an array together",
        "geo_union_lines_array(pack_array(" ROW ", " COLUMN ")).type == 'MultiLineString'", 1, 1,
        bind_array),
    GEO(geo_union_polygons_array, "(polygons)", "the polygons of an array as one shape",
        "geo_union_polygons_array(pack_array(" SQUARE ", " NEXT ")).type == 'Polygon'", 1, 1,
        bind_array),
    GEO(geo_simplify_polygons_array, "(polygons [, tolerance])",
        "polygons with fewer points as one shape; borders that they share stay shared",
        "geo_simplify_polygons_array(pack_array(" SQUARE ", " NEXT ")).type == 'Polygon'", 1, 2,
        bind_array),
};

FUNCTION_FAMILY(geo_set, functions);
