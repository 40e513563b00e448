/* SPDX-License-Identifier: Apache-2.0 */
/* agg_priv.h - what the families of aggregates share. */
#ifndef QUERY_AGG_PRIV_H
#define QUERY_AGG_PRIV_H

#include "query/fn_priv.h"

#define UPDATE_PARAMETERS                                                                          \
    struct aggregate_state_context *context, void *states, const uint32_t *groups,                 \
        const struct vector *args, uint32_t arg_count, uint32_t row_count, struct error *err
#define MERGE_PARAMETERS                                                                           \
    struct aggregate_state_context *context, void *into, const void *from, struct error *err
#define FINISH_PARAMETERS                                                                          \
    struct aggregate_state_context *context, const void *states, uint32_t state_count,             \
        struct arena *arena, struct vector *ret, struct error *err
#define UNUSED_UPDATE                                                                              \
    (void)context, (void)states, (void)groups, (void)args, (void)arg_count, (void)row_count,       \
        (void)err

/* Whether a condition holds in a row; null counts as false.  condition NULL: always. */
static inline bool row_holds(const struct vector *condition, uint32_t row)
{
    if (condition == NULL)
        return true;
    uint32_t index = vector_index(condition, row);
    return condition->booleans[index] != 0 &&
           !(condition->nulls != NULL && condition->nulls[index] != 0);
}

/* The sum of decimals; zeroed is empty. */
struct decimal;
struct decimal_sum {
    uint64_t count;
    struct decimal *total; /* NULL: 0 */
};
enum status decimal_sum_value(struct aggregate_state_context *context, struct decimal_sum *sum,
                              struct slice text, struct error *err) MUST_USE;
enum status decimal_sum_merge(struct aggregate_state_context *context, struct decimal_sum *into,
                              const struct decimal_sum *from, struct error *err) MUST_USE;
/* The mean where it is an average: null if there were no values. */
enum status decimal_sum_finish(const struct decimal_sum *sum, bool average, struct arena *arena,
                               struct value *ret, struct error *err) MUST_USE;

#endif
