/* SPDX-License-Identifier: Apache-2.0 */
/* sort_radix_priv.h - rows and words in the order of some of their bits, digit by digit. */
#ifndef QUERY_SORT_RADIX_PRIV_H
#define QUERY_SORT_RADIX_PRIV_H

#include "query/run_priv.h"

struct sort_entry {
    uint64_t key;
    union { /* what goes with it */
        uint32_t row;
        double weight;
    };
};

/* Stable; the lowest `bits` bits of the keys decide, others are the same.  The list and the spare
 * one, of `count` entries each, may have changed places afterwards. */
enum status sort_entries(const struct run *run, struct sort_entry **list,
                         struct sort_entry **spare, uint64_t count, uint32_t bits,
                         struct error *err) MUST_USE;
/* Stable; the bits above `shift` decide, of which only the lowest `bits` differ.  The two may
 * have changed places afterwards, too. */
enum status sort_words(const struct run *run, uint64_t **list, uint64_t **spare, uint64_t count,
                       uint32_t shift, uint32_t bits, struct error *err) MUST_USE;

#endif
