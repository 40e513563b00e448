/* SPDX-License-Identifier: Apache-2.0 */
/* summarize_priv.h - the groups of summarize: op_summarize.c finds them, each worker for
 * itself; it joins few of them, and summarize_share.c many.
 */
#ifndef QUERY_SUMMARIZE_PRIV_H
#define QUERY_SUMMARIZE_PRIV_H

#include "query/key_set_priv.h"

struct plan_summarize {
    struct plan plan;
    struct output *keys;
    uint32_t key_count;
    enum type *key_types;
    struct aggregate_call *calls;
    uint32_t call_count;
    const uint8_t *needed; /* columns of the output that are read; NULL: all */
};

/* What a worker has found. */
struct summarize_part {
    struct arena *arena;
    struct key_set keys;
    void **states; /* a call: array of states */
    uint32_t *state_capacity;
    struct aggregate_state_context *contexts;
    struct group_run *runs, *last_run; /* groups set aside, first to last */
    uint64_t aside_count;   /* of them */
    uint64_t row_count;     /* since then */
    struct group_table sample; /* of their keys, those of one share */
    uint64_t sampled;          /* so many times such a key was set aside */
    bool stays;                /* the same keys come again and again: no more are set aside */
};

uint32_t summarize_state_bytes(const struct aggregate_call *call);
enum status summarize_open(const struct plan_summarize *p, struct run *run,
                           struct summarize_part *part, struct error *err) MUST_USE;
/* States for all groups; new ones are zeroed. */
enum status summarize_fit(const struct plan_summarize *p, struct summarize_part *part,
                          struct error *err) MUST_USE;
/* Adds a state that another part has made. */
enum status summarize_add_state(const struct aggregate_call *call,
                                struct aggregate_state_context *context, void *into,
                                const void *from, struct error *err) MUST_USE;
/* Hands all groups on, on the worker's thread. */
enum status summarize_emit(const struct plan_summarize *p, struct summarize_part *part,
                           struct worker *w, struct stage *out, bool *stop,
                           struct error *err) MUST_USE;

/* ---- many groups of one key (summarize_share.c) ---- */

/* After each batch: where nearly every row is a new group, a table that outgrows the cache is
 * of no use, and the groups are set aside.  Keys that come again would be so once a run, in
 * memory for all rows: once they have come a few times, groups stay. */
enum status summarize_relieve(const struct plan_summarize *p, struct summarize_part *part,
                              uint32_t row_count, struct error *err) MUST_USE;
/* Are groups set aside, or so many that threads are worth their start? */
bool summarize_shares_pay(const struct plan_summarize *p, const struct run *run,
                          const struct summarize_part *parts);
/* Joins the groups of all parts and hands them on. */
enum status summarize_by_shares(const struct plan_summarize *p, struct run *run,
                                struct summarize_part *parts, struct stage *out,
                                struct error *err) MUST_USE;

#endif
