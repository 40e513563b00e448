/* SPDX-License-Identifier: Apache-2.0 */
/* dictionary_priv.h - the distinct leaf texts of one path while a part is made.
 *
 * A text and its JSON kind get a code, counted from 0 in the order of first
 * sight.  Texts are borrowed until dictionary_finish() copies them to the arena
 * of the part.  Open addressing; a slot holds 32 bits of the hash, so that a
 * bigger table is filled without looking at the texts again.
 */
#ifndef STORE_DICTIONARY_PRIV_H
#define STORE_DICTIONARY_PRIV_H

#include "store/part_priv.h"

#define DICTIONARY_NO_CODE UINT32_MAX

struct dictionary_slot {
    uint32_t hash;
    uint32_t code_plus_1; /* 0 = free */
};

struct dictionary {
    struct slice *texts; /* count, borrowed */
    uint8_t *kinds;      /* enum json_kind */
    uint32_t count, capacity;
    struct dictionary_slot *slots; /* slot_mask + 1, or NULL */
    uint32_t slot_mask;
    uint64_t seed; /* of the hashes; 0 until the first */
    uint32_t most;        /* that it can come to have, if the maker knows; else 0 */
    uint32_t asked_count; /* texts that were put */
    size_t text_bytes;
    bool has_strings;
};

/* Zero-initialised is empty. */
void dictionary_release(struct dictionary *dictionary);
/* The code; DICTIONARY_NO_CODE only without memory. */
uint32_t dictionary_put(struct dictionary *dictionary, struct slice text, enum json_kind kind);
/* Copies texts and kinds into the column of a part. */
enum status dictionary_finish(const struct dictionary *dictionary, struct arena *arena,
                              struct path_column *column, struct error *err) MUST_USE;

#endif
