/* SPDX-License-Identifier: Apache-2.0 */
#include "base/term.h"

#include "base/term_table_priv.h"
#include "base/text.h"

#define BLOCKS (sizeof(term_blocks) / sizeof(term_blocks[0]) - 1)
#define TRAILING_BYTES_MAX 3u /* of a character, behind its first */

bool term_has_rune(uint32_t rune)
{
    size_t block = rune >> 8 < BLOCKS ? rune >> 8 : BLOCKS;
    size_t low = term_blocks[block]; /* borders that are not above it */
    size_t high = block < BLOCKS ? term_blocks[block + 1]
                                 : sizeof(term_borders) / sizeof(term_borders[0]);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (term_borders[middle] <= rune)
            low = middle + 1;
        else
            high = middle;
    }
    return low % 2 == 1;
}

static bool is_trailing(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

bool term_has_wide(struct slice text, size_t at, size_t *ret_end)
{
    size_t begin = at;

    while (begin > 0 && at - begin < TRAILING_BYTES_MAX && is_trailing(text.data[begin]))
        begin--;
    size_t end = begin;
    uint32_t rune = text_next_rune(text, &end);
    bool is_character = end > at && end > begin + 1;
    *ret_end = is_character ? end : at + 1;
    return !is_character || term_has_rune(rune);
}
