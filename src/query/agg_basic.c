/* SPDX-License-Identifier: Apache-2.0 */
/* agg_basic.c - count() sum() avg() min() max(), each also with a condition. */
#include "base/check.h"
#include "query/agg_priv.h"
#include "query/decimal.h"
#include "query/items.h"
#include "table/dynamic.h"

#include <math.h>

/* ---- count ---- */

/* count(x) counts rows whatever x is. */
static enum status bind_rows(BIND_PARAMETERS)
{
    (void)args, (void)arg_count, (void)want, (void)err;
    *ret = TYPE_LONG;
    return STATUS_OK;
}

static enum status update_rows(UPDATE_PARAMETERS)
{
    int64_t *counts = states;
    const uint32_t *weights = context->weights;

    (void)args, (void)arg_count, (void)err;
    for (uint32_t row = 0; row < row_count; row++)
        counts[groups[row]] += weights == NULL ? 1 : weights[row];
    return STATUS_OK;
}

static enum status bind_count(BIND_PARAMETERS)
{
    (void)args, (void)arg_count, (void)err;
    want[0] = TYPE_BOOL;
    *ret = TYPE_LONG;
    return STATUS_OK;
}

static enum status update_count(UPDATE_PARAMETERS)
{
    int64_t *counts = states;
    const uint32_t *weights = context->weights;

    (void)arg_count, (void)err;
    for (uint32_t row = 0; row < row_count; row++) {
        if (row_holds(&args[0], row))
            counts[groups[row]] += weights == NULL ? 1 : weights[row];
    }
    return STATUS_OK;
}

static enum status merge_count(MERGE_PARAMETERS)
{
    (void)context, (void)err;
    *(int64_t *)into += *(const int64_t *)from;
    return STATUS_OK;
}

static enum status finish_count(FINISH_PARAMETERS)
{
    enum status status = vector_flat(arena, TYPE_LONG, state_count, false, ret, err);
    void *data = vector_data(ret);

    (void)context;
    if (status == STATUS_OK && state_count > 0)
        memcpy(data, states, state_count * sizeof(int64_t));
    return status;
}

/* ---- sum and avg ---- */

__extension__ typedef __int128 wide;

struct sum_state {
    union {
        struct {
            uint64_t count;
            union {
                uint64_t whole; /* wraps */
                double real;
            };
        };
        struct decimal_sum decimal;
    };
    double real_rest; /* what Neumaier's summation lost so far */
    int64_t high;     /* the bits above `whole`, of times: their mean is exact, in any order */
};

static enum status bind_sum_of(BIND_PARAMETERS, bool average)
{
    enum status status = STATUS_OK;

    if (args[0].type == TYPE_TIMESPAN || (average && args[0].type == TYPE_DATETIME)) {
        *ret = args[0].type;
    } else {
        status = bind_letters(args, 1, "n", want, err);
        *ret = average && want[0] != TYPE_DECIMAL ? TYPE_REAL : want[0];
    }
    if (arg_count > 1)
        want[1] = TYPE_BOOL;
    return status;
}

static enum status bind_sum(BIND_PARAMETERS)
{
    enum status status = bind_sum_of(args, arg_count, want, ret, err, false);

    if (status == STATUS_OK && *ret == TYPE_INT) {
        want[0] = TYPE_LONG;
        *ret = TYPE_LONG;
    }
    return status;
}

static enum status bind_avg(BIND_PARAMETERS)
{
    return bind_sum_of(args, arg_count, want, ret, err, true);
}

static void add_real(struct sum_state *state, double value)
{
    double sum = state->real + value;

    if (isfinite(sum))
        state->real_rest += fabs(state->real) >= fabs(value) ? (state->real - sum) + value
                                                             : (value - sum) + state->real;
    state->real = sum;
    state->count++;
}

static bool is_time(enum type type)
{
    return type == TYPE_DATETIME || type == TYPE_TIMESPAN;
}

static void add_times(struct sum_state *state, uint64_t whole, int64_t high, uint64_t count)
{
    state->whole += whole;
    state->high += high + (state->whole < whole); /* the carry */
    state->count += count;
}

/* To the nearest tick, away from zero where two are as near. */
static int64_t mean_time(const struct sum_state *state)
{
    wide sum = state->high * ((wide)1 << 64) + state->whole, count = state->count;
    wide half = sum < 0 ? -(count / 2) : count / 2;

    return (int64_t)((sum + half) / count);
}

static enum status update_decimals(UPDATE_PARAMETERS)
{
    const struct vector *condition = arg_count > 1 ? &args[1] : NULL;
    enum status status = STATUS_OK;

    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        struct sum_state *state = (struct sum_state *)states + groups[row];
        if (!vector_is_null(&args[0], row) && row_holds(condition, row))
            status = decimal_sum_value(context, &state->decimal,
                                       args[0].slices[vector_index(&args[0], row)], err);
    }
    return status;
}

static enum status finish_decimals(FINISH_PARAMETERS, bool average)
{
    const struct sum_state *sums = states;
    enum status status = vector_flat(arena, context->type, state_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        struct value value;
        status = decimal_sum_finish(&sums[i].decimal, average, arena, &value, err);
        nulls[i] = value.is_null;
        ((struct slice *)data)[i] = value.bytes;
    }
    return status;
}

static enum status update_sum(UPDATE_PARAMETERS)
{
    if (args[0].type == TYPE_DECIMAL)
        return update_decimals(context, states, groups, args, arg_count, row_count, err);
    struct sum_state *sums = states;
    const struct vector *v = &args[0];
    const struct vector *condition = arg_count > 1 ? &args[1] : NULL;

    (void)context, (void)err;
    for (uint32_t row = 0; row < row_count; row++) {
        uint32_t index = vector_index(v, row);
        struct sum_state *state = &sums[groups[row]];
        if ((v->nulls != NULL && v->nulls[index]) || !row_holds(condition, row))
            continue;
        if (v->type == TYPE_REAL) {
            add_real(state, v->reals[index]);
        } else {
            state->whole += (uint64_t)v->integers[index];
            state->count++;
        }
    }
    return STATUS_OK;
}

/* Averages of whole numbers are summed as reals, so that they cannot wrap. */
static enum status update_avg(UPDATE_PARAMETERS)
{
    struct sum_state *sums = states;
    const struct vector *v = &args[0];
    const struct vector *condition = arg_count > 1 ? &args[1] : NULL;

    if (v->type == TYPE_DECIMAL)
        return update_decimals(context, states, groups, args, arg_count, row_count, err);
    for (uint32_t row = 0; row < row_count; row++) {
        uint32_t index = vector_index(v, row);
        if ((v->nulls != NULL && v->nulls[index]) || !row_holds(condition, row))
            continue;
        struct sum_state *state = &sums[groups[row]];
        if (is_time(v->type))
            add_times(state, (uint64_t)v->integers[index], v->integers[index] < 0 ? -1 : 0, 1);
        else
            add_real(state,
                     v->type == TYPE_REAL ? v->reals[index] : (double)v->integers[index]);
    }
    return STATUS_OK;
}

static enum status merge_sum(MERGE_PARAMETERS)
{
    struct sum_state *a = into;
    const struct sum_state *b = from;

    if (context->type == TYPE_DECIMAL)
        return decimal_sum_merge(context, &a->decimal, &b->decimal, err);
    if (context->type == TYPE_REAL) {
        uint64_t count = a->count + b->count;
        add_real(a, b->real);
        a->real_rest += b->real_rest;
        a->count = count;
    } else {
        a->whole += b->whole;
        a->count += b->count;
    }
    return STATUS_OK;
}

static enum status merge_avg(MERGE_PARAMETERS)
{
    struct sum_state *a = into;
    const struct sum_state *b = from;
    uint64_t count = a->count + b->count;

    if (context->type == TYPE_DECIMAL)
        return decimal_sum_merge(context, &a->decimal, &b->decimal, err);
    if (is_time(context->type)) {
        add_times(a, b->whole, b->high, b->count);
        return STATUS_OK;
    }
    add_real(a, b->real);
    a->real_rest += b->real_rest;
    a->count = count;
    return STATUS_OK;
}

static enum status finish_sum(FINISH_PARAMETERS)
{
    if (context->type == TYPE_DECIMAL)
        return finish_decimals(context, states, state_count, arena, ret, err, false);
    const struct sum_state *sums = states;
    enum status status = vector_flat(arena, context->type, state_count, false, ret, err);
    void *data = vector_data(ret);

    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        if (context->type == TYPE_REAL)
            ((double *)data)[i] = sums[i].real + sums[i].real_rest;
        else
            ((int64_t *)data)[i] = (int64_t)sums[i].whole;
    }
    return status;
}

static enum status finish_avg(FINISH_PARAMETERS)
{
    if (context->type == TYPE_DECIMAL)
        return finish_decimals(context, states, state_count, arena, ret, err, true);
    const struct sum_state *sums = states;
    enum status status = vector_flat(arena, context->type, state_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        if (context->type == TYPE_REAL)
            ((double *)data)[i] =
                sums[i].count == 0
                    ? (double)NAN
                    : (sums[i].real + sums[i].real_rest) / (double)sums[i].count;
        else if (sums[i].count == 0)
            nulls[i] = 1;
        else
            ((int64_t *)data)[i] = mean_time(&sums[i]);
    }
    if (status == STATUS_OK && context->type == TYPE_REAL)
        ret->nulls = NULL;
    return status;
}

/* ---- min and max ---- */

struct extreme_state {
    uint8_t is_set;
    uint32_t capacity; /* of bytes, which are ours */
    union {
        int64_t integer;
        double real;
        struct guid guid;
        struct slice bytes;
    };
};

static enum status bind_extreme(BIND_PARAMETERS)
{
    (void)err;
    *ret = args[0].type;
    if (arg_count > 1)
        want[1] = TYPE_BOOL;
    return STATUS_OK;
}

static int compare_state(enum type type, const struct extreme_state *a,
                         const struct extreme_state *b)
{
    switch (type) {
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    case TYPE_REAL:
        return a->real < b->real ? -1 : a->real > b->real;
    case TYPE_GUID:
        return memcmp(&a->guid, &b->guid, sizeof(a->guid));
    case TYPE_STRING:
        return slice_compare(a->bytes, b->bytes);
    case TYPE_DECIMAL: {
        struct value x = {.type = TYPE_DECIMAL, .bytes = a->bytes};
        struct value y = {.type = TYPE_DECIMAL, .bytes = b->bytes};
        return decimal_compare(&x, &y);
    }
    case TYPE_DYNAMIC:
        return item_compare(a->bytes, b->bytes);
    case TYPE_COUNT_:
        break;
    }
    CHECK(false);
    return 0;
}

/* Is the candidate beyond the state?  Any number is beyond NaN. */
static bool is_beyond(enum type type, int sign, const struct extreme_state *state,
                      const struct extreme_state *candidate)
{
    if (type == TYPE_REAL && (isnan(state->real) || isnan(candidate->real)))
        return !isnan(candidate->real);
    int order = compare_state(type, state, candidate);
    return sign < 0 ? order > 0 : order < 0;
}

/* Takes `candidate` if it is beyond the state; sign -1 for min, 1 for max. */
static enum status take_extreme(struct arena *arena, enum type type, int sign,
                                struct extreme_state *state,
                                const struct extreme_state *candidate, struct error *err)
{
    uint32_t capacity = state->capacity;
    char *room = type_is_bytes(type) ? (char *)(uintptr_t)state->bytes.data : NULL;

    if (state->is_set && !is_beyond(type, sign, state, candidate))
        return STATUS_OK;
    if (!type_is_bytes(type)) {
        *state = *candidate;
        state->is_set = 1;
        return STATUS_OK;
    }
    if (room == NULL || capacity < candidate->bytes.size) {
        size_t wanted = candidate->bytes.size + candidate->bytes.size / 2 + 16;
        room = arena_alloc_raw(arena, wanted, err);
        if (room == NULL)
            return err->status;
        capacity = (uint32_t)wanted;
    }
    if (candidate->bytes.size > 0)
        memmove(room, candidate->bytes.data, candidate->bytes.size);
    state->bytes = slice_from(room, candidate->bytes.size);
    state->capacity = capacity;
    state->is_set = 1;
    return STATUS_OK;
}

static struct extreme_state candidate_at(const struct vector *v, uint32_t index)
{
    struct extreme_state c = {.is_set = 1};

    if (v->type == TYPE_BOOL)
        c.integer = v->booleans[index];
    else if (v->type == TYPE_REAL)
        c.real = v->reals[index];
    else if (v->type == TYPE_GUID)
        c.guid = v->guids[index];
    else if (type_is_bytes(v->type))
        c.bytes = v->slices[index];
    else
        c.integer = v->integers[index];
    return c;
}

/* Numbers without nulls and conditions: most of what is asked. */
static void add_wholes(struct extreme_state *extremes, const uint32_t *groups,
                       const int64_t *wholes, uint32_t row_count, int sign)
{
    for (uint32_t row = 0; row < row_count; row++) {
        struct extreme_state *state = &extremes[groups[row]];
        int64_t n = wholes[row];
        if (state->is_set && (sign > 0 ? n <= state->integer : n >= state->integer))
            continue;
        state->integer = n;
        state->is_set = 1;
    }
}

static bool is_plain_wholes(const struct vector *v)
{
    return v->encoding == VECTOR_FLAT && v->nulls == NULL &&
           (v->type == TYPE_LONG || v->type == TYPE_INT || v->type == TYPE_DATETIME ||
            v->type == TYPE_TIMESPAN);
}

static enum status update_extreme(UPDATE_PARAMETERS, int sign)
{
    struct extreme_state *extremes = states;
    const struct vector *v = &args[0];
    const struct vector *condition = arg_count > 1 ? &args[1] : NULL;
    enum status status = STATUS_OK;

    if (condition == NULL && is_plain_wholes(v)) {
        add_wholes(extremes, groups, v->integers, row_count, sign);
        return STATUS_OK;
    }
    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        uint32_t index = vector_index(v, row);
        if ((v->nulls != NULL && v->nulls[index]) || !row_holds(condition, row))
            continue;
        if (v->type == TYPE_DYNAMIC && dynamic_is_null(v->slices[index]))
            continue;
        struct extreme_state candidate = candidate_at(v, index);
        status = take_extreme(context->arena, v->type, sign, &extremes[groups[row]], &candidate,
                              err);
    }
    return status;
}

static enum status update_min(UPDATE_PARAMETERS)
{
    return update_extreme(context, states, groups, args, arg_count, row_count, err, -1);
}

static enum status update_max(UPDATE_PARAMETERS)
{
    return update_extreme(context, states, groups, args, arg_count, row_count, err, 1);
}

static enum status merge_extreme(MERGE_PARAMETERS, int sign)
{
    const struct extreme_state *other = from;

    if (!other->is_set)
        return STATUS_OK;
    return take_extreme(context->arena, context->type, sign, into, other, err);
}

static enum status merge_min(MERGE_PARAMETERS)
{
    return merge_extreme(context, into, from, err, -1);
}

static enum status merge_max(MERGE_PARAMETERS)
{
    return merge_extreme(context, into, from, err, 1);
}

static enum status finish_extreme(FINISH_PARAMETERS)
{
    const struct extreme_state *extremes = states;
    enum type type = context->type;
    enum status status = vector_flat(arena, type, state_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        const struct extreme_state *state = &extremes[i];
        nulls[i] = !state->is_set;
        if (type == TYPE_BOOL)
            ((uint8_t *)data)[i] = state->is_set && state->integer != 0;
        else if (type == TYPE_REAL)
            ((double *)data)[i] = state->is_set ? state->real : 0;
        else if (type == TYPE_GUID)
            ((struct guid *)data)[i] = state->guid;
        else if (type_is_bytes(type)) {
            struct slice bytes = state->is_set ? state->bytes : SLICE("");
            ((struct slice *)data)[i] = arena_copy(arena, bytes, err);
            if (((struct slice *)data)[i].data == NULL)
                return err->status;
        } else
            ((int64_t *)data)[i] = state->is_set ? state->integer : 0;
    }
    if (status == STATUS_OK && type == TYPE_STRING)
        ret->nulls = NULL;
    return status;
}

#define AGGREGATE(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, STATE, KIND, MERGE, FINISH, BIND_FN)   \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = (MIN), .args_max = (MAX), .state_bytes = sizeof(STATE), .bind = (BIND_FN),        \
     .update = update_##KIND, .merge = merge_##MERGE, .finish = finish_##FINISH,           \
     .weights = WEIGHTS_OF_##MERGE}

/* By how they merge. */
#define WEIGHTS_OF_count WEIGHTS_USED
#define WEIGHTS_OF_sum WEIGHTS_NOT
#define WEIGHTS_OF_avg WEIGHTS_NOT
#define WEIGHTS_OF_min WEIGHTS_IGNORED
#define WEIGHTS_OF_max WEIGHTS_IGNORED

static const struct aggregate aggregates[] = {
    AGGREGATE("count", "count([value])", "the number of rows", "count() == 3", 0, 1, int64_t,
              rows, count, count, bind_rows),
    AGGREGATE("cnt", "cnt()", "the same as count()", "cnt() == 3", 0, 0, int64_t, rows, count,
              count, bind_rows),
    AGGREGATE("countif", "countif(condition)", "the number of rows where a condition holds",
              "countif(x > 1) == 2", 1, 1, int64_t, count, count, count, bind_count),
    AGGREGATE("sum", "sum(value)", "the sum of the values that are not null", "sum(x) == 6", 1, 1,
              struct sum_state, sum, sum, sum, bind_sum),
    AGGREGATE("sumif", "sumif(value, condition)", "the sum over the rows where a condition holds",
              "sumif(x, x > 1) == 5", 2, 2, struct sum_state, sum, sum, sum, bind_sum),
    AGGREGATE("avg", "avg(value)", "the mean of the values that are not null", "avg(x) == 2", 1, 1,
              struct sum_state, avg, avg, avg, bind_avg),
    AGGREGATE("avgif", "avgif(value, condition)", "the mean over the rows where a condition holds",
              "avgif(x, x > 1) == 2.5", 2, 2, struct sum_state, avg, avg, avg, bind_avg),
    AGGREGATE("min", "min(value)", "the smallest value", "min(x) == 1", 1, 1,
              struct extreme_state, min, min, extreme, bind_extreme),
    AGGREGATE("minif", "minif(value, condition)",
              "the smallest value of the rows where a condition holds", "minif(x, x > 1) == 2", 2,
              2, struct extreme_state, min, min, extreme, bind_extreme),
    AGGREGATE("max", "max(value)", "the greatest value", "max(x) == 3", 1, 1,
              struct extreme_state, max, max, extreme, bind_extreme),
    AGGREGATE("maxif", "maxif(value, condition)",
              "the greatest value of the rows where a condition holds", "maxif(x, x < 3) == 2", 2,
              2, struct extreme_state, max, max, extreme, bind_extreme),
    /* any will do: the greatest is one, and the same in every run */
    AGGREGATE("take_anyif", "take_anyif(value, condition)",
              "a value of the rows where a condition holds", "take_anyif(x, x < 2) == 1", 2, 2,
              struct extreme_state, max, max, extreme, bind_extreme),
    AGGREGATE("anyif", "anyif(value, condition)", "the same as take_anyif()",
              "anyif(x, x < 2) == 1", 2, 2, struct extreme_state, max, max, extreme,
              bind_extreme),
};

AGGREGATE_FAMILY(agg_basic, aggregates);
