/* SPDX-License-Identifier: Apache-2.0 */
/* fold.h - letters that differ in case only, for comparisons that know no language.
 *
 * Two texts are the same but for case if the simple upper-case mappings of Unicode make
 * them the same, letter by letter; nothing is normalised.  ASCII letters are the same as
 * ASCII letters only: the dotless i, the dotted I and the long s stay apart.  Hence a text
 * of ASCII is found byte by byte, whatever stands around it.
 *
 * Bytes that are no UTF-8 stand for themselves.  The table: tools/unicode.
 */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

#include "base/slice.h"

#include <stdint.h>

/* The capital, the small letter of a code point; itself where it has none. */
uint32_t fold_upper(uint32_t rune);
uint32_t fold_lower(uint32_t rune);

/* The capital of the next letter at *at, which is moved behind it; above all code points
 * for a byte that is no UTF-8.  *at < s.size. */
uint32_t fold_next(struct slice s, size_t *at);

/* Does a letter beyond ASCII have another case? */
bool fold_has_case(struct slice s);

static inline bool fold_is_ascii(struct slice s)
{
    const char *at = s.data;
    size_t left = s.size;
    uint64_t word, high = 0;

    for (; left >= sizeof(word); at += sizeof(word), left -= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        high |= word;
    }
    for (; left > 0; at++, left--)
        high |= (uint64_t)(unsigned char)*at;
    return (high & UINT64_C(0x8080808080808080)) == 0;
}

#endif
