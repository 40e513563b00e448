/* SPDX-License-Identifier: Apache-2.0 */
/* key_set_priv.h - rows with the same keys get the same number.
 *
 * Each key column numbers its own values, 0 and up, and remembers the number of
 * each code of the dictionary at hand, so that text is hashed once a dictionary
 * and not once a row.  Several columns are joined two by two: the number of a
 * pair of numbers, the number of that and the third, and so on.  What comes out
 * are columns of codes again.
 *
 * One thread writes; what is in it lives in its arena.
 */
#ifndef QUERY_KEY_SET_PRIV_H
#define QUERY_KEY_SET_PRIV_H

#include "query/op_priv.h"

/* The number of a whole number that was a key lately. */
struct known_number {
    int64_t value;
    uint32_t number; /* + 1; 0 = free */
};

struct key_column {
    enum type type;
    struct group_table values; /* the bytes of a value -> its number */
    uint32_t null_number;      /* GROUP_NONE: no null came */
    uint64_t dict_id;          /* what by_code is about; 0: nothing that lasts */
    uint32_t dict_size;
    uint32_t *by_code; /* number of a code, or GROUP_NONE */
    uint32_t by_code_capacity;
    struct known_number *known;
    uint32_t known_count; /* a power of two */
    struct vector values_vector; /* all values, FLAT, for what is given out */
    uint64_t values_id;
};

struct key_pairs {
    uint64_t *pairs; /* of a number: left in the high half, right in the low */
    uint32_t count, capacity;
    uint32_t *slots; /* number + 1; 0 = free */
    uint32_t slot_count;
    /* Where few meet few: the number of a pair + 1 in the row of its left and the column of its
     * right, 0 = look into the slots. */
    uint32_t *grid;
    uint32_t grid_rows, grid_columns; /* powers of two; 0: there is none */
    uint64_t asked; /* rows so far */
};

struct key_set {
    struct arena *arena;
    struct key_column *columns;
    struct key_pairs *pairs; /* of column i + 1 and what stands before it */
    uint32_t column_count;
    bool is_used;      /* without columns all rows are one group: was there a row? */
    uint32_t *scratch; /* BATCH_ROWS_MAX, three times */
    uint64_t *hashes;  /* BATCH_ROWS_MAX */
    const struct run *run; /* whose time is looked at while long keys are read; NULL: none */
    size_t spent_bytes;    /* since it was */
};

enum status key_set_init(struct key_set *set, struct arena *arena, const enum type *types,
                         uint32_t column_count, struct error *err) MUST_USE;
/* How many different keys there are. */
uint32_t key_set_count(const struct key_set *set);
/* The number of each row's keys, new or old.  At most BATCH_ROWS_MAX rows. */
enum status key_set_add(struct key_set *set, const struct vector *columns, uint32_t row_count,
                        uint32_t *ret_numbers, struct error *err) MUST_USE;
/* Adds the keys of `from`, which has to live as long; map[its number] is the number here. */
enum status key_set_merge(struct key_set *set, const struct key_set *from, uint32_t *map,
                          struct error *err) MUST_USE;
/* ---- sets of one column, whose keys are moved ---- */

/* The keys by number, until one is added. */
const struct group_entry *key_set_entries(const struct key_set *set);
/* Adds keys of another set, whose bytes live as long; map[i] is the number of the i-th. */
enum status key_set_take(struct key_set *set, const struct group_entry *entries, uint32_t count,
                         uint32_t *map, struct error *err) MUST_USE;
/* Empty, with the room that it has; the bytes of its keys live on. */
void key_set_clear(struct key_set *set);

/* The key columns of the numbers [from, from + count); their bytes are the set's. */
enum status key_set_columns(struct key_set *set, uint32_t from, uint32_t count,
                            struct arena *arena, struct vector *ret,
                            struct error *err) MUST_USE;

/* ---- its columns one by one, without pairs: rows of texts kept as numbers ---- */

/* The numbers of a column's values, row by row.  At most BATCH_ROWS_MAX rows. */
enum status key_set_number(struct key_set *set, uint32_t column, const struct vector *v,
                           uint32_t *ret_numbers, struct error *err) MUST_USE;
/* Adds the values of the same column of `from`; map[its number] is the number here. */
enum status key_set_merge_column(struct key_set *set, const struct key_set *from,
                                 uint32_t column, uint32_t *map, struct error *err) MUST_USE;
/* All values of a column as the dictionary of numbers: a vector that lacks codes and rows. */
enum status key_set_dictionary(struct key_set *set, uint32_t column, struct vector *ret,
                               struct error *err) MUST_USE;

/* ---- what finders share with it (key_find_priv.h) ---- */

/* The bytes of an element; `number` holds those of a number. */
struct slice key_value_bytes(const struct vector *v, uint32_t at, uint64_t *number);
uint64_t key_value_hash(struct slice bytes);
/* Rows may share a text of many megabytes, which each of them reads: adds up what was read and
 * looks at the time now and then. */
enum status key_spend(const struct run *run, size_t *spent_bytes, size_t bytes,
                      struct error *err) MUST_USE;
/* Is a DICT vector better asked by its codes?  known_id: the dictionary that is remembered. */
bool key_dictionary_pays(const struct vector *v, uint64_t known_id);
static inline uint64_t key_pair(uint32_t left, uint32_t right)
{
    return (uint64_t)left << 32 | right;
}
/* Both need a slot_count beyond 0.  The slot of a pair, or the free one where it would be. */
uint32_t key_pair_slot(const struct key_pairs *p, uint64_t pair);
void key_pair_prefetch(const struct key_pairs *p, uint64_t pair);

#endif
