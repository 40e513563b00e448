/* SPDX-License-Identifier: Apache-2.0 */
/* op_priv.h - what the files of operators share. */
#ifndef QUERY_OP_PRIV_H
#define QUERY_OP_PRIV_H

#include "query/rowset_priv.h"
#include "query/run_priv.h"

/* Allocates a plan of `size` bytes with one input (or none) and its schema. */
struct plan *op_new(struct query *q, size_t size, const struct plan_ops *ops, struct plan *input,
                    struct error *err);

/* The part of a predicate the input can use; see push.c. */
enum status push_predicate(struct query *q, const struct expr *predicate,
                           const struct pushed *list, const struct pushed **ret,
                           struct error *err) MUST_USE;
/* Do filters say all that the predicate says? */
enum status push_is_whole(struct query *q, const struct expr *predicate, bool *ret,
                          struct error *err) MUST_USE;
/* A column, perhaps with a path of members and conversions to text around it. */
bool push_column_path(struct query *q, const struct expr *e, uint32_t *ret_column,
                      struct slice *ret_path);
/* Is a word that `has` finds in the text of the result in one of the input's columns, too?
 * See push_word.c. */
bool push_word_comes_through(struct query *q, const struct expr *e, struct slice word);
/* JSON writes a line feed as \n, which makes the term nword of the word behind it. */
bool push_may_begin_with_escape(struct slice word);
/* The predicate of a where; NULL for another operator. */
struct expr *op_where_predicate(const struct plan *plan);
bool op_is_project(const struct plan *plan);
bool op_is_union(const struct plan *plan);
bool op_is_join(const struct plan *plan);
/* The expression of an output column of a projection; NULL for another operator. */
const struct expr *op_project_output(const struct plan *plan, uint32_t column);
/* ---- composed.c ---- */
/* May it be computed twice? */
bool expr_is_cheap(const struct expr *e);
/* Is all that it reads of the projection cheap?  Its weight over the input is added. */
bool expr_reads_cheaply(const struct plan *project, const struct expr *e, uint32_t *weight);
/* The same over the input of the projection; e is only read. */
struct expr *expr_over_input(struct query *q, const struct plan *project, struct expr *e,
                             struct error *err);

/* The same projection of another input with the same columns. */
struct plan *op_project_again(struct query *q, const struct plan *project, struct plan *input,
                              struct error *err);
/* The name of the table that is scanned; "" for another operator. */
struct slice op_scan_name(const struct plan *plan);
/* Is it a scan that gets filters? */
bool op_is_filtered_scan(const struct plan *plan);
/* A sort without a limit gets this one; false if the plan is none. */
bool op_sort_limit(struct plan *plan, uint64_t rows);
/* The column of an mv-expand that does nothing but expand one; NULL for another operator. */
const struct expand_column *op_expand_column(const struct plan *plan);
/* Batches of elements come from the scan to behind this mv-expand. */
void op_expand_elements(struct plan *plan, const struct plan *scan);
/* Is it a scan that gets filters?  Then it asks for elements. */
bool op_scan_elements(struct plan *plan, const struct scan_elements *elements);

/* The list in terms of the input of a projection; what does not translate is
 * left out. */
enum status push_through(struct query *q, const struct output *outputs, uint32_t count,
                         const struct pushed *list, const struct pushed **ret,
                         struct error *err) MUST_USE;

/* ---- keys: rows as bytes, for hashing ---- */

/* Appends the row's key columns in a form that is equal for equal values.  With
 * a null among them *ret_null is set. */
struct key_encoder {
    const struct vector *columns;
    uint32_t count;
};
size_t key_bytes(const struct key_encoder *keys, uint32_t row);
void key_encode(const struct key_encoder *keys, uint32_t row, char *to, bool *ret_null);

/* Hash table from key bytes to a dense number. */
struct group_table {
    struct arena *arena;
    struct group_entry {
        struct slice key;
        uint64_t hash;
    } *entries;
    uint32_t count, capacity;
    struct group_slot {
        uint32_t tag; /* high half of the hash: most others are told apart by it */
        uint32_t entry; /* + 1; 0 = free */
    } *slots;
    uint32_t slot_count;
};
static inline void group_prefetch(const struct group_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->slots[(uint32_t)hash & (table->slot_count - 1)]);
}
enum status group_init(struct group_table *table, struct arena *arena,
                       struct error *err) MUST_USE;
#define GROUP_NONE UINT32_MAX
uint32_t group_find(const struct group_table *table, struct slice key, uint64_t hash);
/* The number of the key, new or old (*ret_new). */
enum status group_add(struct group_table *table, struct slice key, uint64_t hash, uint32_t *ret,
                      bool *ret_new, struct error *err) MUST_USE;
/* Adds keys whose bytes live as long; map[i] is the number of the i-th. */
enum status group_take(struct group_table *table, const struct group_entry *entries,
                       uint32_t count, uint32_t *map, struct error *err) MUST_USE;
void group_clear(struct group_table *table); /* empty, with the room that it has */
/* Adds the keys of `from`; map[its number] is the number here.  Unless it copies, their bytes
 * stay those of `from`, which has to live as long. */
enum status group_merge(struct group_table *table, const struct group_table *from, bool copies,
                        uint32_t *map, struct error *err) MUST_USE;

#endif
