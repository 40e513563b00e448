/* SPDX-License-Identifier: Apache-2.0 */
/* words_priv.h - the units that a text is found by in the index of a section
 * (docs/format/segment.md, "Index").
 */
#ifndef STORE_WORDS_PRIV_H
#define STORE_WORDS_PRIV_H

#include "base/slice.h"

/* A term that says something: no short piece of a number, a time or a GUID. */
bool word_is_strong(struct slice term);

/* The strong terms and IPv4 addresses of a text, in order:
 *     struct words words = {.text = text};
 *     while (words_next(&words, &unit)) ...
 */
struct words {
    struct slice text;
    size_t at;
    bool any_strong;  /* one of the terms so far was */
    size_t begins[4]; /* of the last decimal terms joined by dots */
    unsigned joined;  /* how many of them */
    size_t end;       /* of the last */
    /* What the bytes [base, window_end) are, a bit each, lowest first. */
    size_t base, window_end;
    uint64_t terms, digits, strong;
};
bool words_next(struct words *words, struct slice *ret);
bool words_any_strong(struct slice text);

#endif
