/* SPDX-License-Identifier: Apache-2.0 */
/* sort_order_priv.h - the order of rows kept in memory.
 *
 * Every key becomes fields of a few bits that are ordered as its values are:
 * numbers less the smallest of them, bytes as their rank among the different
 * ones, a bit for null; inverted where the key descends.  Fields are packed into
 * 64-bit words and the rows sorted by these with a radix sort: by one word with the row
 * behind the fields, in parts that the threads share; by several, least word first.  So a
 * comparison never looks at a value again.  Where the budget has no room for
 * that, values are compared behind a prefix of the first key, which needs a third.
 */
#ifndef QUERY_SORT_ORDER_PRIV_H
#define QUERY_SORT_ORDER_PRIV_H

#include "query/rowset_priv.h"

struct sort_key {
    uint32_t column; /* of the rowset, which keeps it */
    bool descending, nulls_first;
};

/* The numbers of all rows in their order, in `arena`; equal rows stay in the order
 * of their numbers.  NaN stands before all numbers.  Working memory is charged to
 * the budget of the arena and given back.  The run has one scan thread where others
 * push meanwhile. */
enum status sort_order(const struct rowset *set, const struct sort_key *keys,
                       uint32_t key_count, struct run *run, struct arena *arena,
                       uint32_t **ret, struct error *err) MUST_USE;

#endif
