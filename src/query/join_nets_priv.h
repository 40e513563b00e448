/* SPDX-License-Identifier: Apache-2.0 */
/* join_nets_priv.h - the kept rows of a join by the networks that they name.
 *
 * A row of the other side meets those whose network equals its own address under the smaller of
 * both prefixes, as ipv4_is_match() and ipv6_is_match() have it: the networks that hold it, and,
 * where it is a network itself, those within it.
 *
 * Networks hold one another or have nothing in common.  In the order of their first addresses,
 * wider ones first, those that hold an address are the last one that begins before it or what
 * holds that, one link after the other: as many steps as there are prefixes at most, whatever the
 * number of networks.  Those within it follow.
 */
#ifndef QUERY_JOIN_NETS_PRIV_H
#define QUERY_JOIN_NETS_PRIV_H

#include "query/run_priv.h"
#include "query/sort_radix_priv.h"

struct net {
    uint64_t high, low; /* its first address; of IPv4 in the lowest 32 bits */
    uint32_t group;     /* rows with other keys do not meet */
    uint32_t row;
    uint32_t up;     /* + 1: the last of those that are the narrowest to hold it; 0 = none */
    uint32_t prefix; /* of 128 bits */
};

struct join_nets {
    struct arena *arena;
    const struct run *run;
    bool is_v6;
    struct net *list;
    uint32_t count, capacity;
    uint32_t *first;    /* a group, and behind the last: its first in the list */
    size_t spent_bytes; /* since the time was looked at */
};

/* Rows of the kept side, in their order; what is no address meets nobody. */
enum status join_nets_add(struct join_nets *nets, const struct vector *texts,
                          const uint32_t *groups, uint32_t first_row,
                          struct error *err) MUST_USE;
/* Puts them in order, when all are there. */
enum status join_nets_order(struct join_nets *nets, uint32_t group_count,
                            struct error *err) MUST_USE;

/* What one row meets; zeroed but for the arena at first, and used again for the next. */
struct net_hits {
    struct arena *arena;
    struct sort_entry *list, *spare; /* rows of the kept side, in their order */
    uint32_t count, capacity;
    size_t spent_bytes;
};
enum status join_nets_find(const struct join_nets *nets, uint32_t group, struct slice address,
                           struct net_hits *ret, struct error *err) MUST_USE;

#endif
