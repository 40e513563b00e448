/* SPDX-License-Identifier: Apache-2.0 */
/* codes_priv.h - the codes of a column, in no more bytes than its dictionary needs.
 *
 * Parts in memory are wide, so that they can be filled in any order; what is read back
 * from a segment stays in the cache and is packed.  The loops over rows are in codes.c,
 * one for each width, so that nothing is decided row by row.
 */
#ifndef STORE_CODES_PRIV_H
#define STORE_CODES_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum code_width {
    CODE_WIDE, /* four bytes each */
    CODE_HALF,
    CODE_BYTE,
    CODE_ZERO, /* all are 0: no bytes */
};

struct codes {
    enum code_width width;
    union {
        uint32_t *wide;
        const uint16_t *halves;
        const uint8_t *bytes;
    };
};

static inline uint32_t code_at(struct codes codes, uint32_t place)
{
    switch (codes.width) {
    case CODE_WIDE:
        return codes.wide[place];
    case CODE_HALF:
        return codes.halves[place];
    case CODE_BYTE:
        return codes.bytes[place];
    case CODE_ZERO:
        break;
    }
    return 0;
}

/* The same from a place on. */
struct codes codes_from(struct codes codes, uint32_t first);

/* The narrowest width for codes below a count, and the bytes of `count` codes. */
enum code_width code_width_for(uint32_t dict_count);
size_t codes_bytes(enum code_width width, uint32_t count);
/* Packs into `room`, which has codes_bytes(). */
struct codes codes_pack(const uint32_t *wide, uint32_t count, enum code_width width, void *room);

/* Are the first `count` codes (at least one) the same? */
bool codes_are_one(struct codes codes, uint32_t count);
/* ret[i] = code i */
void codes_copy(struct codes codes, uint32_t count, uint32_t *ret);
/* ret[i] = code (places[i] - base) */
void codes_take(struct codes codes, const uint32_t *places, uint32_t base, uint32_t count,
                uint32_t *ret);
/* Keeps the places whose code (place - base) is marked (a byte a code: 0 or 1); returns
 * their number. */
uint32_t codes_keep(struct codes codes, const uint8_t *marks, uint32_t base, uint32_t *places,
                    uint32_t count);
/* found[i] |= mark of the code (places[i] - base), likewise. */
void codes_find(struct codes codes, const uint8_t *marks, uint32_t base, const uint32_t *places,
                uint32_t count, uint8_t *found);
/* marks[code] = 1 for each of the first `count` codes. */
void codes_mark(struct codes codes, uint32_t count, uint8_t *marks);
/* counts[code] += 1 for each of the first `count` codes. */
void codes_count(struct codes codes, uint32_t count, uint32_t *counts);

#endif
