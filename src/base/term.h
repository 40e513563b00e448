/* SPDX-License-Identifier: Apache-2.0 */
/* term.h - which characters belong to terms, the words that `has` and `search` find and that
 * the index of the store knows.
 *
 * A term is a maximal run of letters, of the marks that are put on them, and of numbers, by
 * the categories of Unicode.  Punctuation, symbols and spaces are between terms, and so are
 * controls and characters without a form of their own (U+200B, U+FEFF, U+00AD): a word is found
 * beside one, and one within it is looked for like a hyphen.  Between terms are also marks that
 * belong to symbols: variation selectors and what encloses another character, as in emoji.
 * Bytes that are no UTF-8 belong to terms.
 *
 * The table: tools/unicode.  Sections have an index of such terms, so what belongs to one
 * changes with the form of sections only (docs/format/segment.md).
 */
#ifndef BASE_TERM_H
#define BASE_TERM_H

#include "base/slice.h"

#include <stdint.h>

static inline bool term_has_ascii(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* A code point beyond ASCII. */
bool term_has_rune(uint32_t rune);

/* Does the character belong to a term that the byte at `at`, above 127, is a part of?
 * *ret_end: behind the character, or the byte if it is a part of none. */
bool term_has_wide(struct slice text, size_t at, size_t *ret_end);

/* Is the byte at `at` a part of a term? */
static inline bool term_has(struct slice text, size_t at)
{
    unsigned char c = (unsigned char)text.data[at];
    size_t end;

    return c < 0x80 ? term_has_ascii(c) : term_has_wide(text, at, &end);
}

#endif
