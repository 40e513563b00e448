/* SPDX-License-Identifier: Apache-2.0 */
/* vector.h - a column of up to BATCH_ROWS_MAX values of one type.
 *
 * A vector is immutable once it is handed on; its memory belongs to the arena
 * or the pinned part it came from and lives until the consumer's call returns
 * (copy what is kept).  Three encodings:
 *
 *   FLAT   one value a row
 *   CONST  one value for all rows (element 0)
 *   DICT   codes[row] chooses one of dict_size values; operators work once per
 *          distinct value where they can.  Codes are not ordered; two codes may
 *          hold equal values only if dict_unique is false.
 *
 * Nulls: nulls == NULL means none.  Otherwise one byte an element (1 = null),
 * per row for FLAT, per dictionary value for DICT, [0] for CONST.  String
 * vectors never have nulls.  An element that is null still holds defined bytes
 * (0 or an empty slice).
 */
#ifndef TABLE_VECTOR_H
#define TABLE_VECTOR_H

#include "base/arena.h"
#include "table/type.h"

enum vector_encoding { VECTOR_FLAT, VECTOR_CONST, VECTOR_DICT };

struct vector {
    enum type type;
    enum vector_encoding encoding;
    uint32_t row_count;
    union { /* FLAT: row_count; CONST: 1; DICT: dict_size elements */
        const void *data;
        const uint8_t *booleans;
        const int64_t *integers; /* int, long, datetime, timespan */
        const double *reals;
        const struct guid *guids;
        const struct slice *slices; /* string, dynamic, decimal */
    };
    const uint8_t *nulls; /* see above */
    const uint32_t *codes; /* DICT: row_count codes below dict_size */
    uint32_t dict_size;
    bool dict_unique;
    uint64_t dict_id; /* DICT: equal non-zero ids mean the same dictionary, to cache work on it */
    const struct arena *home; /* FLAT: its slices live as long as this arena; NULL: not known */
    bool is_rooted;           /* data and nulls live as long, too */
    /* Only one member of these dynamic values is read: this is its text, row by row.  The
     * values' own text is not here; nulls are.  NULL: an ordinary vector. */
    const struct vector *member;
};

/* The element index of a row in `data`. */
static inline uint32_t vector_index(const struct vector *v, uint32_t row)
{
    switch (v->encoding) {
    case VECTOR_FLAT:
        return row;
    case VECTOR_CONST:
        return 0;
    case VECTOR_DICT:
        return v->codes[row];
    }
    return 0;
}

static inline uint32_t vector_element_count(const struct vector *v)
{
    return v->encoding == VECTOR_FLAT ? v->row_count
                                      : v->encoding == VECTOR_CONST ? 1 : v->dict_size;
}

static inline bool vector_is_null(const struct vector *v, uint32_t row)
{
    return v->nulls != NULL && v->nulls[vector_index(v, row)] != 0;
}

size_t vector_element_bytes(enum type type); /* of `data` */
struct value vector_value(const struct vector *v, uint32_t row);
struct value vector_element(const struct vector *v, uint32_t index);

/* A CONST vector of the value (bytes are copied to the arena). */
enum status vector_const(struct arena *arena, const struct value *value, uint32_t row_count,
                         struct vector *ret, struct error *err) MUST_USE;
/* A FLAT vector with zeroed data (and nulls if asked for), which its maker fills
 * before handing it on.  On failure both are NULL. */
enum status vector_flat(struct arena *arena, enum type type, uint32_t row_count, bool with_nulls,
                        struct vector *ret, struct error *err) MUST_USE;
/* The same with nulls and not zeroed, for a maker who sets every element. */
enum status vector_raw(struct arena *arena, enum type type, uint32_t row_count,
                       struct vector *ret, struct error *err) MUST_USE;
/* What vector_flat() just made, to write to; only for its maker. */
void *vector_data(struct vector *v);
uint8_t *vector_nulls(struct vector *v); /* NULL if not asked for */
/* Stores a value of the vector's type, whose bytes live on already. */
void vector_set(struct vector *v, uint32_t index, const struct value *value);
/* A dict_id for a dictionary that was just made: no other has it. */
uint64_t vector_new_dict_id(void);
/* The rows picked by `rows` (row_count indices).  DICT and CONST stay so. */
enum status vector_take(struct arena *arena, const struct vector *v, const uint32_t *rows,
                        uint32_t row_count, struct vector *ret, struct error *err) MUST_USE;
/* The same values as FLAT, deep-copied into the arena.  v may be ret, here and
 * in vector_take(). */
enum status vector_flatten(struct arena *arena, const struct vector *v, struct vector *ret,
                           struct error *err) MUST_USE;

#endif
