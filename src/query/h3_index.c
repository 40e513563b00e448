/* SPDX-License-Identifier: Apache-2.0 */
/* h3_index.c - the bits of an H3 index. */
#include "query/h3_priv.h"

#include "base/text.h"

#include <stdio.h>

#define RESOLUTION_SHIFT 52
#define BASE_SHIFT 45
#define MODE_CELL (UINT64_C(1) << 59)
#define DIGITS ((UINT64_C(1) << BASE_SHIFT) - 1)
#define DIGIT_K 1 /* the axis that pentagons do not have */

static int shift_of(int resolution)
{
    return 3 * (H3_RESOLUTION_MAX - resolution);
}

uint64_t h3_base_cell(int base)
{
    return MODE_CELL | (uint64_t)base << BASE_SHIFT | DIGITS;
}

int h3_resolution(uint64_t cell)
{
    return (int)(cell >> RESOLUTION_SHIFT & 15);
}

int h3_base_of(uint64_t cell)
{
    return (int)(cell >> BASE_SHIFT & 127);
}

int h3_digit(uint64_t cell, int resolution)
{
    return (int)(cell >> shift_of(resolution) & 7);
}

uint64_t h3_with_digit(uint64_t cell, int resolution, int digit)
{
    int shift = shift_of(resolution);

    return (cell & ~(UINT64_C(7) << shift)) | (uint64_t)digit << shift;
}

int h3_leading_digit(uint64_t cell)
{
    for (int r = 1; r <= h3_resolution(cell); r++) {
        if (h3_digit(cell, r) != 0)
            return h3_digit(cell, r);
    }
    return 0;
}

bool h3_is_pentagon(uint64_t cell)
{
    return h3_bases[h3_base_of(cell)].is_pentagon && h3_leading_digit(cell) == 0;
}

bool h3_parse(struct slice token, uint64_t *ret)
{
    uint64_t cell = 0;

    if (token.size == 0 || token.size > 16)
        return false;
    for (size_t i = 0; i < token.size; i++) {
        int digit = text_hex_digit(token.data[i]);
        if (digit < 0)
            return false;
        cell = cell << 4 | (uint64_t)digit;
    }
    /* mode 1 and no other bit above the resolution */
    if (cell >> 56 != MODE_CELL >> 56 || h3_base_of(cell) >= H3_BASES)
        return false;
    for (int r = 1; r <= H3_RESOLUTION_MAX; r++) {
        if ((h3_digit(cell, r) == 7) != (r > h3_resolution(cell)))
            return false;
    }
    if (h3_bases[h3_base_of(cell)].is_pentagon && h3_leading_digit(cell) == DIGIT_K)
        return false;
    *ret = cell;
    return true;
}

void h3_format(uint64_t cell, char token[H3_TOKEN_BYTES])
{
    (void)snprintf(token, H3_TOKEN_BYTES, "%llx", (unsigned long long)cell);
}

static uint64_t rotate(uint64_t cell, const uint8_t digits[8])
{
    for (int r = 1; r <= h3_resolution(cell); r++)
        cell = h3_with_digit(cell, r, digits[h3_digit(cell, r)]);
    return cell;
}

uint64_t h3_rotate_ccw(uint64_t cell, int times)
{
    static const uint8_t digits[8] = {0, 5, 3, 1, 6, 4, 2, 7};

    for (int i = 0; i < times; i++)
        cell = rotate(cell, digits);
    return cell;
}

uint64_t h3_rotate_cw(uint64_t cell)
{
    static const uint8_t digits[8] = {0, 3, 6, 2, 5, 1, 4, 7};

    return rotate(cell, digits);
}

/* Over the missing axis as well. */
uint64_t h3_rotate_pentagon(uint64_t cell, int times)
{
    for (int i = 0; i < times; i++) {
        cell = h3_rotate_ccw(cell, 1);
        if (h3_leading_digit(cell) == DIGIT_K)
            cell = h3_rotate_ccw(cell, 1);
    }
    return cell;
}

uint64_t h3_parent(uint64_t cell, int resolution)
{
    for (int r = resolution + 1; r <= h3_resolution(cell); r++)
        cell = h3_with_digit(cell, r, 7);
    return (cell & ~(UINT64_C(15) << RESOLUTION_SHIFT)) |
           (uint64_t)resolution << RESOLUTION_SHIFT;
}

uint32_t h3_children(uint64_t cell, uint64_t ret[7])
{
    int resolution = h3_resolution(cell) + 1;
    uint32_t count = 0;

    for (int digit = 0; digit < 7; digit++) {
        if (digit == DIGIT_K && h3_is_pentagon(cell))
            continue;
        ret[count++] = (h3_with_digit(cell, resolution, digit) &
                        ~(UINT64_C(15) << RESOLUTION_SHIFT)) |
                       (uint64_t)resolution << RESOLUTION_SHIFT;
    }
    return count;
}
