/* SPDX-License-Identifier: Apache-2.0 */
/* picker_priv.h - arg_max, arg_min and take_any: aggregates that keep a row.
 *
 * args[0] decides (arg_max, arg_min) and all args are returned.
 */
#ifndef QUERY_PICKER_PRIV_H
#define QUERY_PICKER_PRIV_H

#include "query/plan_priv.h"

/* Rows of a batch: the group of each and the values of the call's arguments. */
struct picker_rows {
    const uint32_t *groups;
    const struct vector *args;
    uint32_t row_count;
};

struct picker_memory {
    struct arena *states;  /* lives as long as the states */
    struct arena *scratch; /* for this call */
};

uint32_t picker_state_bytes(void);
enum status picker_update(const struct aggregate_call *call, void *states, uint32_t group_count,
                          const struct picker_rows *rows, struct picker_memory memory,
                          struct error *err) MUST_USE;
enum status picker_merge(const struct aggregate_call *call, struct arena *arena, void *into,
                         const void *from, struct error *err) MUST_USE;
/* Writes call->output_count vectors. */
enum status picker_finish(const struct aggregate_call *call, const void *states, uint32_t count,
                          struct arena *arena, struct vector *ret, struct error *err) MUST_USE;

#endif
