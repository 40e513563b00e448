/* SPDX-License-Identifier: Apache-2.0 */
/* sort_rank_priv.h - different bytes, numbered, and their ranks. */
#ifndef QUERY_SORT_RANK_PRIV_H
#define QUERY_SORT_RANK_PRIV_H

#include "query/sort_radix_priv.h"

#define SORT_TEXT_PART_BITS 6u
#define SORT_TEXT_PARTS (1u << SORT_TEXT_PART_BITS)

/* Equal texts may be there more than once, and get equal ranks. */
struct sort_texts {
    enum type type;
    struct slice *list;
    uint32_t count, capacity;
    uint32_t *slots; /* by address; UINT32_MAX: free */
    uint32_t slot_count;
    bool all_differ;
    uint32_t *ranks; /* a text */
    uint32_t span;   /* the highest */
    /* While they are ranked; an entry is a text. */
    size_t begin; /* bytes that all begin with */
    struct sort_entry *entries, *spare;
    uint32_t first[SORT_TEXT_PARTS + 2]; /* of a part; then of the one behind it */
};

/* The number of the bytes, which are told apart by address first: a dictionary's value has
 * one. */
enum status sort_texts_add(struct sort_texts *t, struct arena *arena, struct slice bytes,
                           uint32_t *ret, struct error *err) MUST_USE;
/* Room for the ranks, after the last text. */
enum status sort_texts_fit(struct sort_texts *t, struct arena *arena,
                           struct error *err) MUST_USE;
/* Then the parts are sorted one by one, on any threads, and all get their ranks: nothing is
 * allocated any more. */
void sort_texts_divide(struct sort_texts *t);
enum status sort_texts_sort(const struct sort_texts *t, uint32_t part, const struct run *run,
                            struct error *err) MUST_USE;
void sort_texts_rank(struct sort_texts *t);
/* Eight bytes from a place on, as a number that is ordered as they are. */
uint64_t sort_text_prefix(struct slice text, size_t from);

#endif
