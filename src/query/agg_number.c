/* SPDX-License-Identifier: Apache-2.0 */
/* agg_number.c - spread of numbers (Welford's updates) and bitwise aggregates. */
#include "query/agg_priv.h"

#include <math.h>

/* ---- variance, standard deviation, covariance ---- */

/* Sums of squared distances from the running means; y only for covariance.  All is
 * measured from the first values, so that small distances of great numbers, such as
 * times, are not lost in the means. */
struct spread_state {
    uint64_t count;
    double first_x, first_y;
    double mean_x, mean_y; /* less the first */
    double moment; /* sum of (x - mean_x) * (y - mean_y); y is x for a variance */
};

static enum status bind_spread(BIND_PARAMETERS)
{
    want[0] = TYPE_REAL;
    if (arg_count > 1)
        want[1] = TYPE_BOOL;
    (void)args, (void)err;
    *ret = TYPE_REAL;
    return STATUS_OK;
}

static enum status bind_covariance(BIND_PARAMETERS)
{
    want[0] = TYPE_REAL;
    want[1] = TYPE_REAL;
    if (arg_count > 2)
        want[2] = TYPE_BOOL;
    (void)args, (void)err;
    *ret = TYPE_REAL;
    return STATUS_OK;
}

static void spread_add(struct spread_state *state, double x, double y)
{
    if (state->count++ == 0) {
        state->first_x = x;
        state->first_y = y;
    }
    x -= state->first_x;
    y -= state->first_y;
    double distance = x - state->mean_x;
    state->mean_x += distance / (double)state->count;
    state->mean_y += (y - state->mean_y) / (double)state->count;
    state->moment += distance * (y - state->mean_y);
}

static enum status update_spread(UPDATE_PARAMETERS)
{
    const struct vector *condition = arg_count > 1 ? &args[1] : NULL;

    (void)context, (void)err;
    for (uint32_t row = 0; row < row_count; row++) {
        double x = args[0].reals[vector_index(&args[0], row)];
        if (!vector_is_null(&args[0], row) && row_holds(condition, row))
            spread_add((struct spread_state *)states + groups[row], x, x);
    }
    return STATUS_OK;
}

static enum status update_covariance(UPDATE_PARAMETERS)
{
    const struct vector *condition = arg_count > 2 ? &args[2] : NULL;

    (void)context, (void)err;
    for (uint32_t row = 0; row < row_count; row++) {
        if (!vector_is_null(&args[0], row) && !vector_is_null(&args[1], row) &&
            row_holds(condition, row))
            spread_add((struct spread_state *)states + groups[row],
                       args[0].reals[vector_index(&args[0], row)],
                       args[1].reals[vector_index(&args[1], row)]);
    }
    return STATUS_OK;
}

static enum status merge_spread(MERGE_PARAMETERS)
{
    struct spread_state *a = into;
    const struct spread_state *b = from;
    uint64_t count = a->count + b->count;

    (void)context, (void)err;
    if (b->count == 0)
        return STATUS_OK;
    if (a->count == 0) {
        *a = *b;
        return STATUS_OK;
    }
    double share = (double)b->count / (double)count;
    double x = b->mean_x - a->mean_x + (b->first_x - a->first_x);
    double y = b->mean_y - a->mean_y + (b->first_y - a->first_y);
    a->moment += b->moment + x * y * share * (double)a->count;
    a->mean_x += x * share;
    a->mean_y += y * share;
    a->count = count;
    return STATUS_OK;
}

/* less: 1 for a sample, 0 for a whole population. */
static enum status finish_spread(FINISH_PARAMETERS, uint64_t less, bool root)
{
    const struct spread_state *spreads = states;
    enum status status = vector_flat(arena, TYPE_REAL, state_count, false, ret, err);
    void *data = vector_data(ret);

    (void)context;
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        double value = spreads[i].count <= less
                           ? 0
                           : spreads[i].moment / (double)(spreads[i].count - less);
        ((double *)data)[i] = root ? sqrt(value) : value;
    }
    return status;
}

#define FINISH_SPREAD(NAME, LESS, ROOT)                                                            \
    static enum status finish_##NAME(FINISH_PARAMETERS)                                            \
    {                                                                                              \
        return finish_spread(context, states, state_count, arena, ret, err, LESS, ROOT);           \
    }
FINISH_SPREAD(variance, 1, false)
FINISH_SPREAD(variancep, 0, false)
FINISH_SPREAD(stdev, 1, true)
FINISH_SPREAD(stdevp, 0, true)

/* ---- bitwise ---- */

struct bits_state {
    uint64_t is_set;
    uint64_t bits;
};

enum bits_kind { BITS_AND, BITS_OR, BITS_XOR };

static enum status bind_bits(BIND_PARAMETERS)
{
    (void)arg_count, (void)err;
    if (args[0].type != TYPE_INT)
        want[0] = TYPE_LONG;
    *ret = want[0];
    return STATUS_OK;
}

static void bits_add(struct bits_state *state, uint64_t bits, enum bits_kind kind)
{
    if (!state->is_set)
        state->bits = bits;
    else if (kind == BITS_AND)
        state->bits &= bits;
    else if (kind == BITS_OR)
        state->bits |= bits;
    else
        state->bits ^= bits;
    state->is_set = 1;
}

static enum status finish_bits(FINISH_PARAMETERS)
{
    const struct bits_state *bits = states;
    enum status status = vector_flat(arena, context->type, state_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        ((int64_t *)data)[i] = (int64_t)bits[i].bits;
        nulls[i] = !bits[i].is_set;
    }
    return status;
}

#define BITS(NAME, KIND)                                                                           \
    static enum status update_##NAME(UPDATE_PARAMETERS)                                            \
    {                                                                                              \
        (void)context, (void)arg_count, (void)err;                                                 \
        for (uint32_t row = 0; row < row_count; row++) {                                           \
            if (!vector_is_null(&args[0], row))                                                    \
                bits_add((struct bits_state *)states + groups[row],                                \
                         (uint64_t)args[0].integers[vector_index(&args[0], row)], KIND);           \
        }                                                                                          \
        return STATUS_OK;                                                                          \
    }                                                                                              \
    static enum status merge_##NAME(MERGE_PARAMETERS)                                              \
    {                                                                                              \
        const struct bits_state *other = from;                                                     \
        (void)context, (void)err;                                                                  \
        if (other->is_set)                                                                         \
            bits_add(into, other->bits, KIND);                                                     \
        return STATUS_OK;                                                                          \
    }
BITS(and, BITS_AND)
BITS(or, BITS_OR)
BITS(xor, BITS_XOR)

#define SPREAD(NAME, TEXT, EXAMPLE, FINISH)                                                        \
    {.name = (NAME), .signature = NAME "(value)", .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = 1, .args_max = 1, .state_bytes = sizeof(struct spread_state),                     \
     .bind = bind_spread, .update = update_spread, .merge = merge_spread,                          \
     .finish = finish_##FINISH},                                                                   \
    {.name = NAME "if", .signature = NAME "if(value, condition)",                                  \
     .summary = TEXT ", where a condition holds", .example = NAME "if(x, x > 5) == 0",             \
     .args_min = 2, .args_max = 2, .state_bytes = sizeof(struct spread_state),                     \
     .bind = bind_spread, .update = update_spread, .merge = merge_spread,                          \
     .finish = finish_##FINISH}
#define COVARIANCE(NAME, TEXT, EXAMPLE, ARGS, FINISH)                                              \
    {.name = (NAME), .signature = NAME "(x, y" ARGS ")", .summary = (TEXT),                        \
     .example = (EXAMPLE), .args_min = sizeof(ARGS) > 1 ? 3 : 2,                                   \
     .args_max = sizeof(ARGS) > 1 ? 3 : 2, .state_bytes = sizeof(struct spread_state),             \
     .bind = bind_covariance, .update = update_covariance, .merge = merge_spread,                  \
     .finish = finish_##FINISH}
#define BITWISE(KIND, TEXT, EXAMPLE)                                                               \
    {.name = "binary_all_" #KIND, .signature = "binary_all_" #KIND "(value)", .summary = (TEXT),   \
     .example = (EXAMPLE), .args_min = 1, .args_max = 1,                                           \
     .state_bytes = sizeof(struct bits_state), .bind = bind_bits, .update = update_##KIND,         \
     .merge = merge_##KIND, .finish = finish_bits}

static const struct aggregate aggregates[] = {
    SPREAD("stdev", "the standard deviation of a sample", "stdev(x) == 1", stdev),
    SPREAD("stdevp", "the standard deviation of a population", "stdevp(x) < 1", stdevp),
    SPREAD("variance", "the variance of a sample", "variance(x) == 1", variance),
    SPREAD("variancep", "the variance of a population", "variancep(x) < 1", variancep),
    COVARIANCE("covariance", "the covariance of a sample", "covariance(x, x) == 1", "", variance),
    COVARIANCE("covarianceif", "the covariance of a sample where a condition holds",
               "covarianceif(x, x, x > 5) == 0", ", condition", variance),
    COVARIANCE("covariancep", "the covariance of a population", "covariancep(x, x) < 1", "",
               variancep),
    COVARIANCE("covariancepif", "the covariance of a population where a condition holds",
               "covariancepif(x, x, x > 5) == 0", ", condition", variancep),
    BITWISE(and, "the bits that all values have", "binary_all_and(x) == 0"),
    BITWISE(or, "the bits that some value has", "binary_all_or(x) == 3"),
    BITWISE(xor, "the bits that an odd number of values has", "binary_all_xor(x) == 0"),
};

AGGREGATE_FAMILY(agg_number, aggregates);
