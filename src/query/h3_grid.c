/* SPDX-License-Identifier: Apache-2.0 */
/* h3_grid.c - from points to H3 cells and back.
 *
 * A face of the icosahedron is a plane onto which the globe is projected from its middle;
 * on it lie the hexagons of a resolution, named by i, j, k along axes 120 degrees apart, of
 * which one is 0 at least.  From one resolution to the next the axes turn by AP7_TURN to
 * the left and back in turn: odd resolutions ("class III") are turned. */
#include "query/h3_priv.h"

#include "base/check.h"

#include <math.h>

#define UNIT_GNOMONIC 0.38196601125010500003 /* side of a cell of resolution 0, on the plane */
#define AP7_TURN 0.333473172251832115336090755351601070065900389 /* asin(sqrt(3 / 28)) */
#define SQRT7 2.6457513110645905905016157536392604257102
#define SIN60 0.8660254037844386467637231707529361834714
#define RADIANS (M_PI / 180)
#define TINY 1e-16

struct ijk {
    int64_t i, j, k;
};

struct place {
    int face;
    struct ijk at;
};

struct plane_point {
    double x, y;
};

struct vector3 {
    double x, y, z;
};

/* ---- i, j, k ---- */

static struct ijk normal(struct ijk a)
{
    int64_t least = a.i < a.j ? a.i : a.j;

    least = least < a.k ? least : a.k;
    return (struct ijk){a.i - least, a.j - least, a.k - least};
}

static struct ijk plus(struct ijk a, struct ijk b)
{
    return normal((struct ijk){a.i + b.i, a.j + b.j, a.k + b.k});
}

/* Each axis becomes a, b, 0 of the new ones, counted from itself. */
static struct ijk turned(struct ijk p, int64_t a, int64_t b, int64_t c)
{
    return normal((struct ijk){p.i * a + p.j * c + p.k * b, p.i * b + p.j * a + p.k * c,
                               p.i * c + p.j * b + p.k * a});
}

static struct ijk down7(struct ijk p, bool class3)
{
    return class3 ? turned(p, 3, 0, 1) : turned(p, 3, 1, 0);
}

static struct ijk down3(struct ijk p)
{
    return turned(turned(p, 2, 0, 1), 2, 1, 0);
}

static struct ijk up7(struct ijk p, bool class3)
{
    double i = (double)(p.i - p.k);
    double j = (double)(p.j - p.k);

    return class3 ? normal((struct ijk){llround((3 * i - j) / 7), llround((i + 2 * j) / 7), 0})
                  : normal((struct ijk){llround((2 * i + j) / 7), llround((3 * j - i) / 7), 0});
}

static struct ijk unit(int digit)
{
    return (struct ijk){digit >> 2 & 1, digit >> 1 & 1, digit & 1};
}

static bool is_class3(int resolution)
{
    return resolution % 2 == 1;
}

/* ---- the plane ---- */

static struct plane_point to_plane(struct ijk p)
{
    double i = (double)(p.i - p.k);
    double j = (double)(p.j - p.k);

    return (struct plane_point){i - 0.5 * j, j * SIN60};
}

/* The hexagon around a point: the three coordinates rounded, the worst from the others. */
static struct ijk from_plane(struct plane_point p)
{
    double r = p.y / SIN60;
    double q = p.x - r / 2;
    double s = -q - r;
    double rq = round(q);
    double rr = round(r);
    double rs = round(s);
    double dq = fabs(rq - q);
    double dr = fabs(rr - r);
    double ds = fabs(rs - s);

    if (dq > dr && dq > ds)
        rq = -rr - rs;
    else if (dr > ds)
        rr = -rq - rs;
    return normal((struct ijk){(int64_t)(rq + rr), (int64_t)rr, 0});
}

static struct vector3 to_vector(struct geo_point p)
{
    double lat = p.lat * RADIANS;
    double lng = p.lng * RADIANS;

    return (struct vector3){cos(lat) * cos(lng), cos(lat) * sin(lng), sin(lat)};
}

static double dot(struct vector3 a, struct vector3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static struct vector3 face_vector(int face)
{
    return to_vector((struct geo_point){h3_faces[face].lng / RADIANS,
                                        h3_faces[face].lat / RADIANS});
}

/* Clockwise from north. */
static double azimuth(double lat1, double lng1, double lat2, double lng2)
{
    return atan2(cos(lat2) * sin(lng2 - lng1),
                 cos(lat1) * sin(lat2) - sin(lat1) * cos(lat2) * cos(lng2 - lng1));
}

/* How long the unit of a resolution is on the plane. */
static double plane_scale(int resolution)
{
    return UNIT_GNOMONIC / pow(SQRT7, resolution);
}

/* A point of a face's plane, also beyond the face. */
static struct geo_point project_back(struct plane_point p, int face, double scale, double turn)
{
    const struct h3_face *f = &h3_faces[face];
    double r = sqrt(p.x * p.x + p.y * p.y) * scale;

    if (r < TINY)
        return (struct geo_point){f->lng / RADIANS, f->lat / RADIANS};
    double angle = f->axis - (atan2(p.y, p.x) + turn);
    double distance = atan(r);
    double lat = asin(fmax(-1, fmin(1, sin(f->lat) * cos(distance) +
                                           cos(f->lat) * sin(distance) * cos(angle))));
    double lng = f->lng + atan2(sin(angle) * sin(distance) * cos(f->lat),
                                cos(distance) - sin(f->lat) * sin(lat));

    return (struct geo_point){remainder(lng, 2 * M_PI) / RADIANS, lat / RADIANS};
}

static struct geo_point place_center(struct place p, int resolution)
{
    return project_back(to_plane(p.at), p.face, plane_scale(resolution),
                        is_class3(resolution) ? AP7_TURN : 0);
}

static struct place place_of(struct geo_point point, int resolution)
{
    struct vector3 at = to_vector(point);
    struct place place = {0, {0, 0, 0}};
    double best = -2;

    for (int face = 0; face < H3_FACES; face++) {
        double near = dot(at, face_vector(face));
        if (near > best) {
            best = near;
            place.face = face;
        }
    }
    const struct h3_face *f = &h3_faces[place.face];
    double angle = f->axis -
                   azimuth(f->lat, f->lng, point.lat * RADIANS, point.lng * RADIANS) -
                   (is_class3(resolution) ? AP7_TURN : 0);
    double r = tan(acos(fmin(1, best))) / plane_scale(resolution);
    place.at = from_plane((struct plane_point){r * cos(angle), r * sin(angle)});
    return place;
}

/* ---- between faces ---- */

static int64_t power7(int exponent)
{
    int64_t power = 1;

    while (exponent-- > 0)
        power *= 7;
    return power;
}

enum overage {
    OVERAGE_NONE,
    OVERAGE_EDGE, /* on the edge of the face, or beyond it */
    OVERAGE_FACE, /* moved to the next face */
};

/* Coordinates of an even resolution in those of the next face.  border: 0 ij, 1 ki, 2 jk */
static void cross_border(struct place *p, int border, int64_t scale)
{
    const struct h3_border *over = &h3_borders[p->face][border];
    struct ijk move = {over->fixed == 0 ? 0 : 2 * scale, over->fixed == 1 ? 0 : 2 * scale,
                       over->fixed == 2 ? 0 : 2 * scale};

    p->face = over->face;
    for (int i = 0; i < over->turns; i++)
        p->at = turned(p->at, 1, 1, 0);
    p->at = plus(p->at, move);
}

/* A place beyond its face (of an even resolution; of the threefold finer grid of corners
 * where fine), as one of the next face. */
static enum overage move_over(struct place *p, int resolution, bool leading4, bool fine)
{
    int64_t scale = power7(resolution / 2) * (fine ? 3 : 1);
    int64_t sum = p->at.i + p->at.j + p->at.k;

    if (fine && sum == 2 * scale)
        return OVERAGE_EDGE;
    if (sum <= 2 * scale)
        return OVERAGE_NONE;
    int border = p->at.k == 0 ? 0 : p->at.j == 0 ? 1 : 2;
    if (border == 1 && leading4) {
        /* The sector that a pentagon has not. */
        struct ijk away = turned(
            normal((struct ijk){p->at.i - 2 * scale, p->at.j, p->at.k}), 1, 0, 1);
        p->at = plus(away, (struct ijk){2 * scale, 0, 0});
    }
    cross_border(p, border, scale);
    if (fine && p->at.i + p->at.j + p->at.k == 2 * scale)
        return OVERAGE_EDGE;
    return OVERAGE_FACE;
}

/* The place on the home face of the first cell, wherever that leads. */
static struct place home_place(uint64_t cell)
{
    const struct h3_base *base = &h3_bases[h3_base_of(cell)];
    struct place place = {base->face, {base->i, base->j, base->k}};

    for (int r = 1; r <= h3_resolution(cell); r++)
        place.at = plus(down7(place.at, is_class3(r)), unit(h3_digit(cell, r)));
    return place;
}

static uint64_t turned_home(uint64_t cell)
{
    return h3_bases[h3_base_of(cell)].is_pentagon && h3_leading_digit(cell) == 5
               ? h3_rotate_cw(cell)
               : cell;
}

static struct place cell_place(uint64_t cell)
{
    const struct h3_base *base = &h3_bases[h3_base_of(cell)];
    int resolution = h3_resolution(cell);

    cell = turned_home(cell);
    struct place place = home_place(cell);
    struct ijk origin = place.at;
    if (!base->is_pentagon && (resolution == 0 || base->i + base->j + base->k == 0))
        return place; /* in the middle of its face */
    int even = resolution;
    if (is_class3(resolution)) {
        place.at = down7(place.at, false);
        even++;
    }
    bool leading4 = base->is_pentagon && h3_leading_digit(cell) == 4;
    if (move_over(&place, even, leading4, false) == OVERAGE_NONE) {
        place.at = origin;
        return place;
    }
    for (int i = 0; base->is_pentagon && i < 5; i++) {
        if (move_over(&place, even, false, false) == OVERAGE_NONE)
            break;
    }
    if (even != resolution)
        place.at = up7(place.at, false);
    return place;
}

struct geo_point h3_center(uint64_t cell)
{
    return place_center(cell_place(cell), h3_resolution(cell));
}

static int digit_of(struct ijk difference)
{
    return (int)(difference.i << 2 | difference.j << 1 | difference.k);
}

uint64_t h3_of(struct geo_point point, int resolution)
{
    struct place place = place_of(point, resolution);
    int digits[H3_RESOLUTION_MAX + 1];

    for (int r = resolution; r > 0; r--) {
        struct ijk up = up7(place.at, is_class3(r));
        struct ijk middle = down7(up, is_class3(r));
        digits[r] = digit_of(normal((struct ijk){place.at.i - middle.i, place.at.j - middle.j,
                                                 place.at.k - middle.k}));
        place.at = up;
    }
    CHECK(place.at.i >= 0 && place.at.i <= 2 && place.at.j <= 2 && place.at.k <= 2);
    const struct h3_place *first =
        &h3_places[place.face][place.at.i * 9 + place.at.j * 3 + place.at.k];
    uint64_t cell = h3_parent(h3_base_cell(first->base), resolution);
    for (int r = 1; r <= resolution; r++)
        cell = h3_with_digit(cell, r, digits[r]);
    const struct h3_base *base = &h3_bases[first->base];
    if (!base->is_pentagon)
        return h3_rotate_ccw(cell, first->turns);
    if (h3_leading_digit(cell) == 1)
        cell = place.face == base->turned[0] || place.face == base->turned[1]
                   ? h3_rotate_cw(cell)
                   : h3_rotate_ccw(cell, 1);
    return h3_rotate_pentagon(cell, first->turns);
}

/* ---- corners ---- */

static int border_to(int face, int other)
{
    for (int i = 0; i < 3; i++) {
        if (h3_borders[face][i].face == other)
            return i;
    }
    return 0;
}

/* Where the line between two points of a face's plane meets the edge to another face;
 * size: of the face, in units of the plane. */
static struct plane_point meet_edge(struct ijk from, struct ijk to, int border, int64_t size)
{
    double s = (double)size;
    const struct plane_point tips[3] = {{s, 0}, {-s / 2, s * SIN60}, {-s / 2, -s * SIN60}};
    static const int ends[3][2] = {{0, 1}, {2, 0}, {1, 2}}; /* of the borders ij, ki, jk */
    struct plane_point a = to_plane(from);
    struct plane_point b = to_plane(to);
    struct plane_point c = tips[ends[border][0]];
    struct plane_point d = tips[ends[border][1]];
    double t = ((d.x - c.x) * (a.y - c.y) - (d.y - c.y) * (a.x - c.x)) /
               ((d.y - c.y) * (b.x - a.x) - (d.x - c.x) * (b.y - a.y));

    return (struct plane_point){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

static bool is_at(struct plane_point a, struct ijk at)
{
    struct plane_point b = to_plane(at);

    return fabs(a.x - b.x) < 1e-6 && fabs(a.y - b.y) < 1e-6;
}

/* The corners in a grid three times finer (and turned back to an even resolution). */
static uint32_t fine_corners(uint64_t cell, struct place ret[6], int *ret_even)
{
    static const struct ijk even[6] = {{2, 1, 0}, {1, 2, 0}, {0, 2, 1},
                                       {0, 1, 2}, {1, 0, 2}, {2, 0, 1}};
    static const struct ijk odd[6] = {{5, 4, 0}, {1, 5, 0}, {0, 5, 4},
                                      {0, 1, 5}, {4, 0, 5}, {5, 0, 1}};
    struct place center = cell_place(cell);
    int resolution = h3_resolution(cell);
    uint32_t count = h3_is_pentagon(cell) ? 5 : 6;
    bool class3 = is_class3(resolution);

    center.at = down3(center.at);
    if (class3)
        center.at = down7(center.at, false);
    *ret_even = resolution + class3;
    for (uint32_t i = 0; i < count; i++)
        ret[i] = (struct place){center.face, plus(center.at, class3 ? odd[i] : even[i])};
    return count;
}

/* Every edge of a pentagon of an odd resolution crosses one of the icosahedron. */
static uint32_t pentagon_corners(const struct place corners[6], int even, bool class3,
                                 struct geo_point *ret)
{
    double scale = plane_scale(even) / 3;
    int64_t size = 6 * power7(even / 2);
    struct place last = corners[0];
    uint32_t count = 0;

    for (uint32_t i = 0; i <= 5; i++) {
        struct place now = corners[i % 5];
        for (int k = 0; k < 5 && move_over(&now, even, false, true) == OVERAGE_FACE; k++)
            continue;
        if (class3 && i > 0) {
            struct place seen = now;
            cross_border(&seen, border_to(now.face, last.face), size / 2);
            ret[count++] = project_back(
                meet_edge(last.at, seen.at, border_to(last.face, now.face), size), last.face,
                scale, 0);
        }
        if (i < 5)
            ret[count++] = project_back(to_plane(now.at), now.face, scale, 0);
        last = now;
    }
    return count;
}

uint32_t h3_corners(uint64_t cell, struct geo_point ret[H3_CORNERS_MAX])
{
    struct place corners[6];
    int even;
    uint32_t sides = fine_corners(cell, corners, &even);
    bool class3 = is_class3(h3_resolution(cell));
    double scale = plane_scale(even) / 3;
    int home = corners[0].face;
    int last_face = -1;
    enum overage last = OVERAGE_NONE;
    uint32_t count = 0;

    if (sides == 5)
        return pentagon_corners(corners, even, class3, ret);
    for (uint32_t i = 0; i <= 6 && count < H3_CORNERS_MAX; i++) {
        struct place now = corners[i % 6];
        enum overage over = move_over(&now, even, false, true);
        if (class3 && i > 0 && now.face != last_face && last != OVERAGE_EDGE) {
            struct ijk from = corners[(i + 5) % 6].at;
            struct ijk to = corners[i % 6].at;
            int border = border_to(home, last_face == home ? now.face : last_face);
            struct plane_point meet = meet_edge(from, to, border, 6 * power7(even / 2));
            if (!is_at(meet, from) && !is_at(meet, to))
                ret[count++] = project_back(meet, home, scale, 0);
        }
        if (i < 6 && count < H3_CORNERS_MAX)
            ret[count++] = project_back(to_plane(now.at), now.face, scale, 0);
        last_face = now.face;
        last = over;
    }
    return count;
}

/* ---- around a cell ---- */

static double wrapped(double angle)
{
    angle = fmod(angle, 2 * M_PI);
    return angle < 0 ? angle + 2 * M_PI : angle;
}

static double azimuth_from(struct geo_point a, struct geo_point b)
{
    return azimuth(a.lat * RADIANS, a.lng * RADIANS, b.lat * RADIANS, b.lng * RADIANS);
}

/* The direction of the i axis, as its first cell has it. */
static double axis_azimuth(uint64_t cell)
{
    int resolution = h3_resolution(cell);
    uint64_t home = turned_home(cell);
    struct place here = home_place(home);
    struct place next = {here.face, plus(here.at, unit(home == cell ? 4 : 5))};

    return azimuth_from(place_center(here, resolution), place_center(next, resolution));
}

double h3_angle(uint64_t cell, struct geo_point point)
{
    return wrapped(axis_azimuth(cell) - azimuth_from(h3_center(cell), point));
}

/* Beyond the face the plane is not exact, but near enough to meet the next cell. */
uint32_t h3_neighbors(uint64_t cell, uint64_t ret[6])
{
    int resolution = h3_resolution(cell);
    struct place place = cell_place(cell);
    double angles[6];
    uint32_t count = 0;

    for (int digit = 1; digit < 7; digit++) {
        struct place next = {place.face, plus(place.at, unit(digit))};
        uint64_t found = h3_of(place_center(next, resolution), resolution);
        bool is_new = found != cell;
        for (uint32_t i = 0; i < count; i++)
            is_new = is_new && ret[i] != found;
        if (!is_new)
            continue;
        /* Half a step late, so that the axis itself is the last. */
        double angle = wrapped(h3_angle(cell, h3_center(found)) - M_PI / 6);
        uint32_t at = count++;
        for (; at > 0 && angles[at - 1] > angle; at--) {
            angles[at] = angles[at - 1];
            ret[at] = ret[at - 1];
        }
        angles[at] = angle;
        ret[at] = found;
    }
    return count;
}
