/* SPDX-License-Identifier: Apache-2.0 */
/* fn_geo.c - shapes as arguments and results of functions. */
#include "query/fn_geo_priv.h"

#include "query/items.h"

#include <math.h>
#include <stdlib.h>

#define POINT_BYTES 256u /* what a coordinate costs behind struct geo, about */
#define SHAPE_BYTES 4096u

enum status geo_check(enum geo_status status, struct error *err)
{
    switch (status) {
    case GEO_OK:
    case GEO_INVALID:
        return STATUS_OK;
    case GEO_NO_MEMORY:
        return ERROR_SET(err, STATUS_LIMIT, "a shape needs too much memory");
    case GEO_TOO_MANY_RINGS:
        return ERROR_SET(err, STATUS_LIMIT, "a polygon has more than %u rings", GEO_RINGS_MAX);
    case GEO_STOPPED:
        return err->status; /* of geo_may_go_on() */
    case GEO_ABSENT:
        break;
    }
    return ERROR_SET(err, STATUS_INVALID,
                     "this build has no shapes: it was made without the S2 library");
}

bool geo_may_go_on(void *context)
{
    const struct geo_patience *patience = context;

    return eval_look(patience->eval, patience->err) == STATUS_OK;
}

/* Shapes of constant arguments, made by prepare(). */
struct made {
    uint32_t count;
    struct {
        struct geo *geo;
        bool is_made;
    } args[16];
};

static enum status read_shape(struct eval *eval, struct arena *arena, struct slice json,
                              struct geo_input *ret, struct error *err)
{
    struct geo_shape shape;
    enum status status = geo_read(arena, json, &shape, err);

    if (status != STATUS_OK || shape.kind == GEO_NOTHING)
        return status;
    uint64_t size = (uint64_t)shape.point_count * POINT_BYTES + SHAPE_BYTES;
    status = arena_charge(arena, size, err);
    if (status != STATUS_OK)
        return status;
    status = geo_check(geo_new(GEO_WATCH(eval, err), &shape, &ret->geo), err);
    if (status != STATUS_OK || ret->geo == NULL) {
        arena_refund(arena, size);
        return status;
    }
    ret->charged = size;
    ret->is_owned = true;
    return STATUS_OK;
}

enum status geo_take(struct eval *eval, const struct value *args, uint32_t index,
                     enum geo_kind kind, struct geo_input *ret, struct error *err)
{
    const struct made *made = eval->call_state;
    enum status status = STATUS_OK;

    *ret = (struct geo_input){0};
    if (made != NULL && index < made->count && made->args[index].is_made)
        ret->geo = made->args[index].geo;
    else
        status = read_shape(eval, eval->arena, args[index].bytes, ret, err);
    if (ret->geo != NULL && geo_kind(ret->geo) != kind)
        geo_drop(eval, ret);
    return status;
}

void geo_drop(struct eval *eval, struct geo_input *input)
{
    if (input->is_owned) {
        geo_free(input->geo);
        arena_refund(eval->arena, input->charged);
    }
    *input = (struct geo_input){0};
}

static void free_shape(void *geo)
{
    geo_free(geo);
}

enum status geo_prepare(struct eval *eval, const struct argument *args, uint32_t arg_count,
                        void **ret_state, struct error *err)
{
    struct made *made = ARENA_NEW(eval->query_arena, struct made, err);

    *ret_state = made;
    if (made == NULL)
        return err->status;
    *made = (struct made){.count = arg_count < 16 ? arg_count : 16};
    for (uint32_t i = 0; i < made->count; i++) {
        const struct value *value = args[i].constant;
        struct geo_input input = {0};
        if (value == NULL || value->type != TYPE_DYNAMIC || value->is_null)
            continue;
        enum status status = read_shape(eval, eval->query_arena, value->bytes, &input, err);
        if (status != STATUS_OK)
            return status;
        made->args[i].is_made = true;
        made->args[i].geo = input.geo;
        if (input.geo == NULL)
            continue;
        status = arena_on_free(eval->query_arena, free_shape, input.geo, err);
        if (status != STATUS_OK) {
            geo_free(input.geo);
            return status;
        }
    }
    return STATUS_OK;
}

enum status geo_give_point(struct eval *eval, struct geo_point point, struct value *ret,
                           struct error *err)
{
    struct buf buf;

    text_start(&buf);
    geo_add_point(&buf, point);
    return give_buf(eval, &buf, ret, err);
}

enum status geo_give_result(struct eval *eval, struct geo_result *result, struct value *ret,
                            struct error *err)
{
    struct buf buf;

    text_start(&buf);
    geo_add_result(&buf, result);
    geo_result_release(result);
    return give_buf(eval, &buf, ret, err);
}

enum status geo_give(struct eval *eval, struct geo *geo, struct value *ret, struct error *err)
{
    struct geo_result result;
    enum geo_status made = geo_shape_of(geo, &result);

    geo_free(geo);
    return made == GEO_OK ? geo_give_result(eval, &result, ret, err) : geo_check(made, err);
}

enum status geo_give_cells(struct eval *eval, struct geo_cells *cells, struct value *ret,
                           struct error *err)
{
    struct buf buf;
    char token[GEO_TOKEN_BYTES];

    list_start(&buf);
    for (uint32_t i = 0; i < cells->count; i++) {
        geo_cell_token(cells->ids[i], token);
        buf_add_format(&buf, "%s\"%s\"", i > 0 ? "," : "", token);
    }
    free(cells->ids);
    return list_give(eval, &buf, ret, err);
}

/* ---- what lines and polygons both have ---- */

/* (longitude, latitude, shape): the place of the shape nearest to the point, and how far it
 * is; NaN meters if either is not valid. */
static enum status nearest(struct eval *eval, const struct value *args, enum geo_kind kind,
                           struct geo_point *ret, double *ret_meters, struct error *err)
{
    struct geo_point point = geo_point_of(args, 0);
    struct geo_input shape;
    enum status status = geo_take(eval, args, 2, kind, &shape, err);

    *ret_meters = (double)NAN;
    if (status == STATUS_OK && shape.geo != NULL && geo_point_valid(point) &&
        geo_closest(shape.geo, point, ret, ret_meters) != GEO_OK)
        *ret_meters = (double)NAN;
    geo_drop(eval, &shape);
    return status;
}

enum status geo_row_centroid(enum geo_kind kind, ROW_PARAMETERS)
{
    struct geo_input input;
    struct geo_point point;
    enum status status = geo_take(eval, args, 0, kind, &input, err);

    (void)arg_count;
    if (status == STATUS_OK && input.geo != NULL && geo_centroid(input.geo, &point) == GEO_OK)
        status = geo_give_point(eval, point, ret, err);
    geo_drop(eval, &input);
    return status;
}

enum status geo_row_distance(enum geo_kind kind, ROW_PARAMETERS)
{
    struct geo_point at;
    double meters;
    enum status status = nearest(eval, args, kind, &at, &meters, err);

    (void)arg_count;
    return status != STATUS_OK || isnan(meters) ? status : give_real(ret, meters);
}

enum status geo_row_closest(enum geo_kind kind, ROW_PARAMETERS)
{
    struct geo_point at;
    double meters;
    enum status status = nearest(eval, args, kind, &at, &meters, err);

    (void)arg_count;
    return status != STATUS_OK || isnan(meters) ? status : geo_give_point(eval, at, ret, err);
}

enum status geo_row_buffer(enum geo_kind kind, ROW_PARAMETERS)
{
    struct geo_input input;
    struct geo *made = NULL;
    enum status status = geo_take(eval, args, 0, kind, &input, err);

    if (status == STATUS_OK && input.geo != NULL)
        status = geo_check(geo_buffer(GEO_WATCH(eval, err), input.geo, args[1].real,
                                      geo_real(args, arg_count, 2, GEO_TOLERANCE_M), &made),
                           err);
    geo_drop(eval, &input);
    return status != STATUS_OK || made == NULL ? status : geo_give(eval, made, ret, err);
}

enum status geo_row_simplify(enum geo_kind kind, ROW_PARAMETERS)
{
    struct geo_input input;
    struct geo *made = NULL;
    enum status status = geo_take(eval, args, 0, kind, &input, err);

    if (status == STATUS_OK && input.geo != NULL)
        status = geo_check(
            geo_simplify(GEO_WATCH(eval, err), &input.geo, 1,
                         geo_real(args, arg_count, 1, GEO_TOLERANCE_M), &made),
            err);
    geo_drop(eval, &input);
    return status != STATUS_OK || made == NULL ? status : geo_give(eval, made, ret, err);
}

enum status geo_row_densify(enum geo_kind kind, ROW_PARAMETERS)
{
    struct geo_input input;
    struct geo_shape shape;
    struct geo_result result;
    enum status status = geo_take(eval, args, 0, kind, &input, err);
    bool is_shape = input.geo != NULL;

    geo_drop(eval, &input);
    if (status != STATUS_OK || !is_shape)
        return status;
    status = geo_read(eval->arena, args[0].bytes, &shape, err);
    if (status != STATUS_OK)
        return status;
    enum geo_status made = geo_densify(&shape, geo_real(args, arg_count, 1, GEO_TOLERANCE_M),
                                       arg_count > 2 && args[2].boolean, &result);
    return made == GEO_OK ? geo_give_result(eval, &result, ret, err) : geo_check(made, err);
}
