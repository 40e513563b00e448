/* SPDX-License-Identifier: Apache-2.0 */
/* seq_set_priv.h - sets of sequence numbers, a set a tenant, as ranges.
 *
 * For numbers that lie close together: a million of them in a row are one range.
 * One thread may change it, then any number may ask.
 */
#ifndef STORE_SEQ_SET_PRIV_H
#define STORE_SEQ_SET_PRIV_H

#include "base/guid.h"
#include "base/map.h"

struct seq_set {
    struct map tenants; /* -> struct seq_ranges *, owned */
};

void seq_set_init(struct seq_set *set);
void seq_set_release(struct seq_set *set);
/* Adds first .. last, of which some may be there already. */
enum status seq_set_add(struct seq_set *set, const struct guid *tenant, uint64_t first,
                        uint64_t last, struct error *err) MUST_USE;
bool seq_set_has(const struct seq_set *set, const struct guid *tenant, uint64_t seq);
/* How many of first .. last are there. */
uint64_t seq_set_count(const struct seq_set *set, const struct guid *tenant, uint64_t first,
                       uint64_t last);
/* The first run of numbers from `from` to `last` that are not there; false: all are. */
bool seq_set_lack(const struct seq_set *set, const struct guid *tenant, uint64_t from,
                  uint64_t last, uint64_t *ret_first, uint64_t *ret_last);

#endif
