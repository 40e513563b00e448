/* SPDX-License-Identifier: Apache-2.0 */
#include "base/transpose.h"

#include <stdint.h>
#include <string.h>

#define SIDE 16u

typedef uint8_t line __attribute__((vector_size(SIDE)));

/* Four perfect shuffles of all 256 bytes: the four upper bits of a byte's place, its line,
 * become the four lower ones. */
static inline void shuffle(const line *x, line *ret)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < SIDE / 2; i++) {
        line a = x[i], b = x[i + SIDE / 2];
        ret[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                             22, 7, 23);
        ret[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
                                                 29, 14, 30, 15, 31);
    }
}

static void transpose_block(const char *from, size_t from_step, char *to, size_t to_step)
{
    line x[SIDE], y[SIDE];

#pragma GCC unroll 16
    for (size_t i = 0; i < SIDE; i++)
        memcpy(&x[i], from + i * from_step, SIDE);
    shuffle(x, y);
    shuffle(y, x);
    shuffle(x, y);
    shuffle(y, x);
#pragma GCC unroll 16
    for (size_t i = 0; i < SIDE; i++)
        memcpy(to + i * to_step, &x[i], SIDE);
}

static void transpose_bytes(const char *from, size_t from_step, size_t rows, size_t columns,
                            char *to, size_t to_step)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++)
            to[c * to_step + r] = from[r * from_step + c];
    }
}

/* Where the block behind the one at `at` begins: the last one overlaps. */
static size_t next_block(size_t at, size_t count)
{
    return at + 2 * SIDE <= count || at + SIDE == count ? at + SIDE : count - SIDE;
}

void transpose(const char *from, size_t from_step, size_t rows, size_t columns, char *to,
               size_t to_step)
{
    if (rows < SIDE || columns < SIDE) {
        transpose_bytes(from, from_step, rows, columns, to, to_step);
        return;
    }
    if (rows > columns) { /* the shorter side inside: its lines stay at hand */
        for (size_t r = 0; r < rows; r = next_block(r, rows)) {
            for (size_t c = 0; c < columns; c = next_block(c, columns))
                transpose_block(from + r * from_step + c, from_step, to + c * to_step + r,
                                to_step);
        }
    } else {
        for (size_t c = 0; c < columns; c = next_block(c, columns)) {
            for (size_t r = 0; r < rows; r = next_block(r, rows))
                transpose_block(from + r * from_step + c, from_step, to + c * to_step + r,
                                to_step);
        }
    }
}
