/* SPDX-License-Identifier: Apache-2.0 */
/* geo_wkt.c - well-known text (OGC Simple Features) as GeoJSON, in one pass. */
#include "query/fn_geo_priv.h"

#include "base/text.h"

#define DEPTH_MAX 32      /* collections within collections */
#define POSITION_WORK 512 /* two numbers are read and written */

struct wkt {
    struct slice text;
    size_t at;
    struct buf *out;
    struct eval *eval;
    struct error *err;
    enum status status;
};

static void skip_blanks(struct wkt *w)
{
    while (w->at < w->text.size && (w->text.data[w->at] == ' ' || w->text.data[w->at] == '\t' ||
                                    w->text.data[w->at] == '\n' || w->text.data[w->at] == '\r'))
        w->at++;
}

static bool take(struct wkt *w, char c)
{
    skip_blanks(w);
    if (w->at >= w->text.size || w->text.data[w->at] != c)
        return false;
    w->at++;
    return true;
}

static struct slice take_word(struct wkt *w)
{
    skip_blanks(w);
    size_t start = w->at;
    while (w->at < w->text.size && (w->text.data[w->at] | 32) >= 'a' &&
           (w->text.data[w->at] | 32) <= 'z')
        w->at++;
    return slice_from(w->text.data + start, w->at - start);
}

static bool is_of_number(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || (c | 32) == 'e';
}

static bool take_number(struct wkt *w, double *ret)
{
    skip_blanks(w);
    size_t start = w->at;
    while (w->at < w->text.size && is_of_number(w->text.data[w->at]))
        w->at++;
    return text_parse_double(slice_from(w->text.data + start, w->at - start), ret);
}

/* "lng lat", further numbers are left out. */
static bool add_position(struct wkt *w)
{
    struct geo_point point;
    double more;

    if (!take_number(w, &point.lng) || !take_number(w, &point.lat) || !geo_point_valid(point))
        return false;
    for (int i = 0; i < 2; i++) {
        skip_blanks(w);
        size_t at = w->at;
        if (!take_number(w, &more)) {
            w->at = at;
            break;
        }
    }
    geo_add_coordinates(w->out, point);
    w->status = eval_spend(w->eval, POSITION_WORK, w->err);
    return w->status == STATUS_OK && !w->out->failed;
}

/* `depth` levels of brackets around positions; depth 0 is a position, which
 * MULTIPOINT may put in brackets too. */
static bool add_list(struct wkt *w, int depth, bool loose)
{
    if (depth == 0) {
        bool bracket = loose && take(w, '(');
        return add_position(w) && (!bracket || take(w, ')'));
    }
    if (!take(w, '('))
        return false;
    buf_add_byte(w->out, '[');
    do {
        if (!add_list(w, depth - 1, loose))
            return false;
        skip_blanks(w);
        if (w->at < w->text.size && w->text.data[w->at] == ',')
            buf_add_byte(w->out, ',');
    } while (take(w, ','));
    buf_add_byte(w->out, ']');
    return take(w, ')');
}

static bool add_geometry(struct wkt *w, int level);

static bool add_collection(struct wkt *w, int level)
{
    if (level >= DEPTH_MAX || !take(w, '('))
        return false;
    buf_add_text(w->out, "{\"type\":\"GeometryCollection\",\"geometries\":[");
    for (bool first = true; first || take(w, ','); first = false) {
        if (!first)
            buf_add_byte(w->out, ',');
        if (!add_geometry(w, level + 1))
            return false;
    }
    buf_add_text(w->out, "]}");
    return take(w, ')');
}

static bool add_geometry(struct wkt *w, int level)
{
    static const struct {
        const char *wkt, *json;
        int depth;
    } kinds[] = {{"point", "Point", 0},
                 {"linestring", "LineString", 1},
                 {"polygon", "Polygon", 2},
                 {"multipoint", "MultiPoint", 1},
                 {"multilinestring", "MultiLineString", 2},
                 {"multipolygon", "MultiPolygon", 3}};
    struct slice word = take_word(w);

    if (slice_equal_nocase(word, SLICE("geometrycollection")))
        return add_collection(w, level);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!slice_equal_nocase(word, slice_of(kinds[i].wkt)))
            continue;
        buf_add_format(w->out, "{\"type\":\"%s\",\"coordinates\":", kinds[i].json);
        if (kinds[i].depth == 0) {
            if (!take(w, '(') || !add_position(w) || !take(w, ')'))
                return false;
        } else if (!add_list(w, kinds[i].depth, i == 3)) {
            return false;
        }
        buf_add_byte(w->out, '}');
        return true;
    }
    return false;
}

enum status geo_wkt_json(struct eval *eval, struct slice wkt, struct buf *json, bool *ret_valid,
                         struct error *err)
{
    struct wkt w = {.text = wkt, .out = json, .eval = eval, .err = err};

    *ret_valid = add_geometry(&w, 0);
    if (w.status != STATUS_OK)
        return w.status;
    if (json->failed)
        return buf_check(json, err);
    skip_blanks(&w);
    *ret_valid = *ret_valid && w.at == wkt.size;
    return STATUS_OK;
}
