/* SPDX-License-Identifier: Apache-2.0 */
/* geo_json.c - lines and polygons from GeoJSON (RFC 7946) and back. */
#include "query/fn_geo_priv.h"

#include "base/text.h"
#include "table/dynamic.h"

struct geo_reader {
    struct slice text;
    const struct json_token *tokens;
    struct geo_shape *shape;
};

/* [lng, lat, ...]; what follows (altitude) is left out. */
static bool read_point(struct geo_reader *r, uint32_t at)
{
    const struct json_token *token = &r->tokens[at];
    struct geo_point point;
    double *to[2] = {&point.lng, &point.lat};

    if (token->kind != JSON_ARRAY || r->shape->point_count >= GEO_POINTS_MAX)
        return false;
    at++;
    for (int i = 0; i < 2; i++, at = r->tokens[at].next) {
        if (at >= token->next || r->tokens[at].kind != JSON_NUMBER ||
            !text_parse_double(json_text(r->text, &r->tokens[at]), to[i]))
            return false;
    }
    if (!geo_point_valid(point))
        return false;
    r->shape->points[r->shape->point_count++] = point;
    return true;
}

static bool read_path(struct geo_reader *r, uint32_t at)
{
    const struct json_token *token = &r->tokens[at];

    if (token->kind != JSON_ARRAY)
        return false;
    for (at++; at < token->next; at = r->tokens[at].next) {
        if (!read_point(r, at))
            return false;
    }
    r->shape->path_ends[r->shape->path_count++] = r->shape->point_count;
    return true;
}

/* A line, or the rings of a polygon. */
static bool read_part(struct geo_reader *r, uint32_t at)
{
    const struct json_token *token = &r->tokens[at];

    if (r->shape->kind == GEO_LINES) {
        if (!read_path(r, at))
            return false;
    } else {
        if (token->kind != JSON_ARRAY)
            return false;
        for (at++; at < token->next; at = r->tokens[at].next) {
            if (!read_path(r, at))
                return false;
        }
    }
    r->shape->part_ends[r->shape->part_count++] = r->shape->path_count;
    return true;
}

static bool read_parts(struct geo_reader *r, uint32_t at)
{
    const struct json_token *token = &r->tokens[at];

    if (!r->shape->is_multi)
        return read_part(r, at);
    if (token->kind != JSON_ARRAY)
        return false;
    for (at++; at < token->next; at = r->tokens[at].next) {
        if (!read_part(r, at))
            return false;
    }
    return true;
}

static bool read_kind(struct slice name, struct geo_shape *ret)
{
    static const struct {
        const char *name;
        enum geo_kind kind;
        bool is_multi;
    } kinds[] = {{"LineString", GEO_LINES, false},
                 {"MultiLineString", GEO_LINES, true},
                 {"Polygon", GEO_POLYGONS, false},
                 {"MultiPolygon", GEO_POLYGONS, true}};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (slice_is(name, kinds[i].name)) {
            ret->kind = kinds[i].kind;
            ret->is_multi = kinds[i].is_multi;
            return true;
        }
    }
    return false;
}

/* Room for as much as there are tokens. */
static enum status make_room(struct arena *arena, uint32_t count, struct geo_shape *ret,
                             struct error *err)
{
    ret->points = ARENA_ARRAY(arena, struct geo_point, count / 3 + 1, err);
    ret->path_ends = ARENA_ARRAY(arena, uint32_t, count + 1, err);
    ret->part_ends = ARENA_ARRAY(arena, uint32_t, count + 1, err);
    return ret->points == NULL || ret->path_ends == NULL || ret->part_ends == NULL ? err->status
                                                                                   : STATUS_OK;
}

enum status geo_read(struct arena *arena, struct slice json, struct geo_shape *ret,
                     struct error *err)
{
    struct json_tape tape;
    enum status status = STATUS_OK;
    bool good = false;

    *ret = (struct geo_shape){.kind = GEO_NOTHING};
    json_tape_init(&tape);
    if (json_parse(json, JSON_DEPTH_MAX, &tape) == JSON_OK &&
        tape.tokens[0].kind == JSON_OBJECT) {
        uint32_t type = json_member(json, tape.tokens, 0, SLICE("type"));
        uint32_t at = json_member(json, tape.tokens, 0, SLICE("coordinates"));
        if (type != UINT32_MAX && at != UINT32_MAX && tape.tokens[type].kind == JSON_STRING &&
            read_kind(json_text(json, &tape.tokens[type]), ret)) {
            struct geo_reader reader = {json, tape.tokens, ret};
            status = make_room(arena, tape.count, ret, err);
            good = status == STATUS_OK && read_parts(&reader, at) && ret->part_count > 0;
        }
    }
    if (!good)
        ret->kind = GEO_NOTHING;
    json_tape_release(&tape);
    return status;
}

/* ---- and back ---- */

static void add_number(struct buf *buf, double number)
{
    struct value value = {.type = TYPE_REAL, .real = number == 0 ? 0 : number};

    dynamic_add_value(buf, &value);
}

void geo_add_coordinates(struct buf *buf, struct geo_point point)
{
    buf_add_byte(buf, '[');
    add_number(buf, point.lng);
    buf_add_byte(buf, ',');
    add_number(buf, point.lat);
    buf_add_byte(buf, ']');
}

void geo_add_point(struct buf *buf, struct geo_point point)
{
    buf_add_text(buf, "{\"type\":\"Point\",\"coordinates\":");
    geo_add_coordinates(buf, point);
    buf_add_byte(buf, '}');
}

static void add_path(struct buf *buf, const struct geo_shape *shape, uint32_t path)
{
    uint32_t start = path == 0 ? 0 : shape->path_ends[path - 1];

    buf_add_byte(buf, '[');
    for (uint32_t i = start; i < shape->path_ends[path]; i++) {
        if (i > start)
            buf_add_byte(buf, ',');
        geo_add_coordinates(buf, shape->points[i]);
    }
    buf_add_byte(buf, ']');
}

static void add_part(struct buf *buf, const struct geo_shape *shape, uint32_t part)
{
    uint32_t start = part == 0 ? 0 : shape->part_ends[part - 1];

    if (shape->kind == GEO_POINTS) {
        geo_add_coordinates(buf, shape->points[part]);
        return;
    }
    if (shape->kind == GEO_LINES) {
        add_path(buf, shape, start);
        return;
    }
    buf_add_byte(buf, '[');
    for (uint32_t i = start; i < shape->part_ends[part]; i++) {
        if (i > start)
            buf_add_byte(buf, ',');
        add_path(buf, shape, i);
    }
    buf_add_byte(buf, ']');
}

void geo_add_shape(struct buf *buf, const struct geo_shape *shape)
{
    static const char *const names[] = {
        [GEO_POINTS] = "Point", [GEO_LINES] = "LineString", [GEO_POLYGONS] = "Polygon"};

    buf_add_format(buf, "{\"type\":\"%s%s\",\"coordinates\":", shape->is_multi ? "Multi" : "",
                   names[shape->kind]);
    if (shape->is_multi)
        buf_add_byte(buf, '[');
    for (uint32_t i = 0; i < shape->part_count; i++) {
        if (i > 0)
            buf_add_byte(buf, ',');
        add_part(buf, shape, i);
    }
    buf_add_text(buf, shape->is_multi ? "]}" : "}");
}

void geo_add_result(struct buf *buf, const struct geo_result *result)
{
    const struct geo_shape *shapes[] = {&result->points, &result->lines, &result->polygons};
    uint32_t count = 0;

    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        count += shapes[i]->kind != GEO_NOTHING;
    if (count != 1)
        buf_add_text(buf, "{\"type\":\"GeometryCollection\",\"geometries\":[");
    bool first = true;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        if (shapes[i]->kind == GEO_NOTHING)
            continue;
        if (!first)
            buf_add_byte(buf, ',');
        first = false;
        geo_add_shape(buf, shapes[i]);
    }
    if (count != 1)
        buf_add_text(buf, "]}");
}
