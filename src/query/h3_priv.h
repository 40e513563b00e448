/* SPDX-License-Identifier: Apache-2.0 */
/* h3_priv.h - cells of the H3 grid (h3geo.org): hexagons and 12 pentagons on the faces of
 * an icosahedron, each resolution of 7 times as many cells as the one before.
 *
 * An index has, from the top: 0, mode 1 (4 bits), 0 (3 bits), resolution (4 bits), first
 * cell (7 bits), 15 digits of 3 bits; digits beyond the resolution are 7.
 */
#ifndef QUERY_H3_PRIV_H
#define QUERY_H3_PRIV_H

#include "base/slice.h"
#include "query/geo_priv.h"

#define H3_FACES 20
#define H3_BASES 122
#define H3_RESOLUTION_MAX 15
#define H3_CORNERS_MAX 10 /* 6, and where edges cross those of the icosahedron */
#define H3_TOKEN_BYTES 17u

struct h3_face {
    double lat, lng, axis;
};
struct h3_border {
    uint8_t face, turns, fixed;
};
struct h3_base {
    int8_t face, i, j, k;
    bool is_pentagon;
    int8_t turned[2];
};
struct h3_place {
    uint8_t base, turns;
};
extern const struct h3_face h3_faces[H3_FACES];
extern const struct h3_border h3_borders[H3_FACES][3];
extern const struct h3_base h3_bases[H3_BASES];
extern const struct h3_place h3_places[H3_FACES][27];

/* ---- the index: h3_index.c ---- */
bool h3_parse(struct slice token, uint64_t *ret); /* false: no valid cell */
void h3_format(uint64_t cell, char token[H3_TOKEN_BYTES]);
uint64_t h3_base_cell(int base); /* resolution 0 */
int h3_resolution(uint64_t cell);
int h3_base_of(uint64_t cell);
bool h3_is_pentagon(uint64_t cell);
int h3_digit(uint64_t cell, int resolution);
uint64_t h3_with_digit(uint64_t cell, int resolution, int digit);
int h3_leading_digit(uint64_t cell); /* the first that is not 0; 0 if there is none */
uint64_t h3_rotate_ccw(uint64_t cell, int times);
uint64_t h3_rotate_cw(uint64_t cell);
uint64_t h3_rotate_pentagon(uint64_t cell, int times);
uint64_t h3_parent(uint64_t cell, int resolution);
/* The children of the next resolution, 7 or of a pentagon 6. */
uint32_t h3_children(uint64_t cell, uint64_t ret[7]);

/* ---- on the globe: h3_grid.c ---- */
uint64_t h3_of(struct geo_point point, int resolution);
struct geo_point h3_center(uint64_t cell);
uint32_t h3_corners(uint64_t cell, struct geo_point ret[H3_CORNERS_MAX]);
/* All that touch it, 6 or of a pentagon 5, counterclockwise; the one that its i axis
 * points to is the last. */
uint32_t h3_neighbors(uint64_t cell, uint64_t ret[6]);
/* The angle at which a point is seen from a cell, counterclockwise from its i axis. */
double h3_angle(uint64_t cell, struct geo_point point);

#endif
