/* SPDX-License-Identifier: Apache-2.0 */
/* words_priv.h - the units that a text is found by in the index of a section
 * (docs/format/segment.md, "Index").
 */
#ifndef STORE_WORDS_PRIV_H
#define STORE_WORDS_PRIV_H

#include "base/slice.h"

/* A term that says something: no short piece of a number, a time or a GUID. */
bool word_is_strong(struct slice term);

#define WORDS_ROOM_BYTES 64u

/* The strong terms and IPv4 addresses of a text, in order:
 *     struct words words = {.text = text};
 *     while (words_next(&words, &unit)) ...
 */
struct words {
    struct slice text;
    bool has_room;    /* WORDS_ROOM_BYTES behind the text may be read, whatever they are */
    bool any_strong;  /* one of the terms so far was */
    size_t begins[4]; /* of the last decimal terms joined by dots */
    unsigned joined;  /* how many of them */
    size_t end;       /* of the last */
    size_t base, next; /* where the window begins, and the one after it */
    /* A bit for each byte of the window, lowest first. */
    uint64_t terms;
    uint64_t ends;        /* behind terms that were not taken yet, and may be a unit */
    uint64_t strong_ends; /* behind strong terms */
    uint64_t digit_ends;  /* behind terms of digits alone */
    bool may_join;        /* there may be an address */
};
bool words_next(struct words *words, struct slice *ret);
bool words_any_strong(struct slice text);

#endif
