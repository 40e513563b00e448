/* SPDX-License-Identifier: Apache-2.0 */
/* rowset_priv.h - rows kept in memory, in chunks of flat columns.
 *
 * A row's number is chunk * BATCH_ROWS_MAX + row in the chunk.  Bytes are
 * copied, unless they live as long as ours; a dictionary's value is copied once per
 * dictionary.  One thread writes; after that it is read-only.
 *
 * A set with codes keeps texts as numbers (key_set_priv.h): a row is 4 bytes of a column, and
 * what is taken of it are columns of codes of one dictionary, which work once a value.  A
 * column whose texts nearly all differ becomes one of slices again.
 */
#ifndef QUERY_ROWSET_PRIV_H
#define QUERY_ROWSET_PRIV_H

#include "base/limits.h"
#include "query/plan_priv.h"

struct rowset_dictionary {
    uint64_t dict_id;
    uint32_t dict_size;
    struct slice *copies; /* data NULL: not copied yet */
    uint32_t capacity;
};

struct key_set;

struct rowset {
    struct arena *arena;
    struct schema schema;
    const uint8_t *needed; /* columns kept; NULL = all */
    const struct arena *home; /* all bytes live as long as it; NULL: not known */
    struct batch *chunks;
    uint32_t chunk_count, chunk_capacity;
    uint32_t row_capacity; /* of the last chunk */
    uint64_t row_count;
    struct rowset_dictionary *dictionaries; /* a column */
    struct key_set *texts; /* of the columns of codes; NULL: there are none */
    uint32_t *coded;       /* a column: its number in texts + 1; 0: kept as it is */
    uint32_t *loose;       /* a column: rows that came without a dictionary */
    uint8_t *nullable;     /* a column: there may be nulls in it */
    uint32_t *picked;      /* BATCH_ROWS_MAX codes, once rows are picked by a list */
    struct vector *row;    /* the columns of rowset_add_values() */
};

/* Rows of a batch: those of a list, or `count` from `from` on. */
struct picked {
    const uint32_t *rows;
    uint32_t from, count;
};

struct rowset *rowset_new(struct arena *arena, const struct schema *schema,
                          const uint8_t *needed, struct error *err);
/* Keeps columns of strings as codes, from an empty set on.  Nothing can be read of them
 * before rowset_finish(). */
enum status rowset_code(struct rowset *set, struct error *err) MUST_USE;
/* After the last row, or whenever rows are to be read. */
enum status rowset_finish(struct rowset *set, struct error *err) MUST_USE;
/* rows NULL: all rows of the batch. */
enum status rowset_add(struct rowset *set, const struct batch *batch, const uint32_t *rows,
                       uint32_t row_count, struct error *err) MUST_USE;
/* One row of values. */
enum status rowset_add_values(struct rowset *set, const struct value *values,
                              struct error *err) MUST_USE;
struct value rowset_value(const struct rowset *set, uint32_t row, uint32_t column);
/* Pushes all rows, in order, with worker 0. */
enum status rowset_push(const struct rowset *set, struct run *run, struct stage *out,
                        struct error *err) MUST_USE;
/* The rows with these numbers, as one batch in the arena. */
enum status rowset_take(const struct rowset *set, struct arena *arena, const uint32_t *rows,
                        uint32_t row_count, struct vector *ret_columns,
                        struct error *err) MUST_USE;
/* The same for many rows, pushed batch by batch. */
enum status rowset_push_rows(const struct rowset *set, const uint32_t *rows, uint64_t row_count,
                             struct run *run, struct stage *out, struct error *err) MUST_USE;

/* Takes the chunks of `from`, which must outlive `into`; nothing is added to
 * either after that.  The codes of both become those of one dictionary. */
enum status rowset_adopt(struct rowset *into, struct rowset *from,
                         struct error *err) MUST_USE;

/* rowset_codes.c, for rowset.c: */
/* Adds rows of a batch's column to the last chunk, or makes it one of slices: then the
 * rows are still to be added. */
enum status rowset_add_codes(struct rowset *set, uint32_t column, const struct vector *v,
                             const struct picked *picked, struct error *err) MUST_USE;
enum status rowset_adopt_codes(struct rowset *into, struct rowset *from,
                               struct error *err) MUST_USE;
static inline bool rowset_is_coded(const struct rowset *set, uint32_t column)
{
    return set->texts != NULL && set->coded[column] != 0;
}

static inline const struct vector *rowset_column(const struct rowset *set, uint32_t row,
                                                 uint32_t column)
{
    return &set->chunks[row / BATCH_ROWS_MAX].columns[column];
}

#endif
