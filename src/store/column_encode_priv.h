/* SPDX-License-Identifier: Apache-2.0 */
/* column_encode_priv.h - what the files that encode columns share: the encoder's state,
 * and questions about how columns of a part stand to each other.
 */
#ifndef STORE_COLUMN_ENCODE_PRIV_H
#define STORE_COLUMN_ENCODE_PRIV_H

#include "store/column_priv.h"

#define COLUMN_CANDIDATES_MAX 64u

/* The dictionary numbered in the order of first occurrence. */
struct canonical {
    uint32_t *codes;  /* value_count */
    uint32_t *order;  /* canonical code -> index in part's dict */
    uint32_t dict_count;
    bool done;
};

struct column_encoder {
    const struct part *part;
    struct packing packing;
    bool thorough;
    struct arena *arena;
    struct path_uses uses;
    struct canonical *canonicals; /* by path */
    uint32_t *bases;              /* by path; 0 = none */
    uint32_t *donors;             /* by path; 0 = none */
    uint8_t *is_same;             /* by path */
    struct text_index *texts;     /* thorough */
};

/* Whoever reads a column that leans on another reads two: what that saves must be a part of
 * a byte for each value. */
#define SAVED_BY_DONOR 4u    /* a quarter */
#define SAVED_BY_CONTEXT 16u /* half a bit */
static inline bool is_worth_a_column(size_t alone, size_t leaning, uint32_t value_count,
                                     uint32_t values_a_byte)
{
    return leaning < alone && alone - leaning >= value_count / values_a_byte;
}

/* ---- column_encode.c ---- */
enum status column_canonical(struct column_encoder *encoder, uint32_t path, struct canonical **ret,
                             struct error *err) MUST_USE;
/* Would `base` for `path` close no circle, and make no chain too long? */
bool column_may_lean_on(const struct column_encoder *encoder, uint32_t path, uint32_t base);
/* The use of the path with most values. */
const struct path_use *column_widest_use(const struct column_encoder *encoder, uint32_t path);
/* Paths that may be a base, in ret (COLUMN_CANDIDATES_MAX); how many. */
uint32_t column_candidates(const struct column_encoder *encoder, uint32_t path, uint32_t *ret);
/* The context codes of `path` under `base`, to be freed; NULL on failure. */
uint32_t *column_context(const struct column_encoder *encoder, uint32_t path, uint32_t base,
                         struct error *err);

/* ---- column_donor.c ---- */
/* In place of the texts that stand behind `start` of the blob, where that is smaller:
 * what another column has of them.  Sets texts and donor of *ret then. */
enum status column_borrow(struct column_encoder *encoder, uint32_t path, const struct slice *texts,
                          size_t start, struct buf *blob, struct column_entry *ret,
                          struct error *err) MUST_USE;

#endif
