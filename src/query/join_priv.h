/* SPDX-License-Identifier: Apache-2.0 */
/* join_priv.h - a hash join: its plan, the side that is built, the side that probes it.
 *
 * One side is built (kept in memory, hashed by its keys), the other streams.
 * Built is the right side, except for kinds that return or de-duplicate one
 * side in a way that wants the left: innerunique builds the left with one row
 * a key; rightsemi and rightanti build the left's keys only.
 */
#ifndef QUERY_JOIN_PRIV_H
#define QUERY_JOIN_PRIV_H

#include "query/join_nets_priv.h"
#include "query/key_set_priv.h"
#include "query/op_priv.h"

struct plan_join {
    struct plan plan;
    enum join_kind kind;
    struct expr **build_keys, **probe_keys;
    uint32_t key_count;
    /* Rows whose keys are equal meet only if the one's network or address and the other's do:
     * of kinds that build the right side's rows.  NULL: all do. */
    struct expr *build_net, *probe_net;
    bool nets_are_v6;
    bool build_left;
    bool keys_only;      /* semi and anti: rows of the built side are not kept */
    const bool *hide;    /* right columns that are left out, or NULL */
    uint32_t *out_left;  /* per left column: output column, or UINT32_MAX */
    uint32_t *out_right;
    const uint8_t *build_needed;
    const uint8_t *probe_needed;
};

/* The side that is kept.  Rows of a key are a chain, in the order in which they came. */
struct join_built {
    struct arena *arena;
    struct rowset *rows;
    struct key_set keys;
    struct join_nets nets; /* instead of chains, where there are networks */
    uint32_t *heads; /* a key: first row + 1 */
    uint32_t head_capacity;
    uint32_t *nexts; /* a row number: next row + 1 */
    uint32_t next_capacity;
    atomic_uint_fast64_t pairs;  /* given so far */
    struct run_counted *counted; /* by the predicate above: no limit here; else NULL */
    atomic_uchar *matched; /* a row number, for outer kinds */
};

/* Reads the side that is built; `b` has its arena, and is empty. */
enum status join_build(const struct plan_join *p, struct run *run, struct join_built *b,
                       struct error *err) MUST_USE;
/* Streams the other side past it; what the join gives goes to `out`. */
enum status join_probe(const struct plan_join *p, struct run *run, struct join_built *b,
                       struct stage *out, struct error *err) MUST_USE;
/* A batch's keys, and room for their numbers. */
enum status join_keys(struct worker *w, struct expr **exprs, uint32_t count,
                      const struct batch *batch, struct vector **ret, uint32_t **ret_numbers,
                      struct error *err) MUST_USE;

#endif
