/* SPDX-License-Identifier: Apache-2.0 */
/* key_find_priv.h - the numbers that a key set has given, for many readers.
 *
 * A key set is not changed any more while others look into it.  Each of them has
 * a finder, which remembers what became of each code of the dictionary at hand:
 * a text is looked for once a dictionary and not once a row.
 */
#ifndef QUERY_KEY_FIND_PRIV_H
#define QUERY_KEY_FIND_PRIV_H

#include "query/key_set_priv.h"

struct found_codes {
    uint64_t dict_id; /* what by_code is about; 0: nothing that lasts */
    uint32_t dict_size;
    uint32_t *by_code;
    uint32_t capacity;
};

struct key_finder {
    const struct key_set *set;
    struct arena *arena; /* of one thread */
    struct found_codes *columns;
    uint32_t *scratch; /* BATCH_ROWS_MAX, three times */
    uint64_t *hashes;  /* BATCH_ROWS_MAX */
    const struct run *run; /* whose time is looked at while long keys are read */
    size_t spent_bytes;    /* since it was */
};

/* The set must stay, and as it is, as long as the finder is used. */
enum status key_finder_init(struct key_finder *finder, struct arena *arena,
                            const struct key_set *set, const struct run *run,
                            struct error *err) MUST_USE;
/* The number of each row's keys, or GROUP_NONE.  At most BATCH_ROWS_MAX rows; columns of the
 * set's types. */
enum status key_find(struct key_finder *finder, const struct vector *columns,
                     uint32_t row_count, uint32_t *ret_numbers, struct error *err) MUST_USE;

#endif
