/* SPDX-License-Identifier: Apache-2.0 */
/* agg_percentile.c - percentile() and its relatives, exact by nearest rank.
 *
 * `percentiles` with several percents gives several columns: the planner makes
 * one percentile() of each; the table row takes the first percent.
 */
#include "query/agg_priv.h"
#include "table/dynamic.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

struct sample {
    union {
        int64_t integer;
        double real;
    };
    double weight;
};

struct samples {
    struct sample *data;
    uint64_t count, capacity;
    const double *percents; /* of the call: the states of a batch share them */
    uint64_t percent_count;
    enum type type; /* of the samples */
};

static bool is_orderable(enum type type)
{
    return type == TYPE_INT || type == TYPE_LONG || type == TYPE_REAL || type == TYPE_DATETIME ||
           type == TYPE_TIMESPAN;
}

static enum status bind_values(const struct argument *args, enum type *want, enum type *ret)
{
    if (!is_orderable(args[0].type))
        want[0] = TYPE_REAL;
    if (args[0].type == TYPE_INT)
        want[0] = TYPE_LONG;
    *ret = want[0];
    return STATUS_OK;
}

/* Percents are of the whole call, not of a row. */
static enum status bind_percents(const struct argument *args, uint32_t first, uint32_t arg_count,
                                 enum type *want, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = first; i < arg_count && status == STATUS_OK; i++) {
        want[i] = args[i].type == TYPE_DYNAMIC ? TYPE_DYNAMIC : TYPE_REAL;
        status = args[i].constant == NULL
                     ? argument_fail(err, &args[i], "the percent must be a constant")
                     : argument_between(&args[i], "percent", 0, 100, err);
    }
    return status;
}

static enum status bind_percentile(BIND_PARAMETERS)
{
    enum status status = bind_percents(args, 1, arg_count, want, err);

    return status != STATUS_OK ? status : bind_values(args, want, ret);
}

/* The same with a weight in second place. */
static enum status bind_weighted(BIND_PARAMETERS)
{
    enum status status = bind_percentile(args, 1, want, ret, err);

    want[1] = TYPE_REAL;
    return status != STATUS_OK ? status : bind_percents(args, 2, arg_count, want, err);
}

static enum status bind_weighted_array(BIND_PARAMETERS)
{
    enum status status = bind_weighted(args, arg_count, want, ret, err);

    *ret = TYPE_DYNAMIC;
    return status;
}

static enum status bind_percentiles_array(BIND_PARAMETERS)
{
    enum status status = bind_percentile(args, arg_count, want, ret, err);

    *ret = TYPE_DYNAMIC;
    return status;
}

static enum status add_sample(struct arena *arena, struct samples *samples, struct sample sample,
                              struct error *err)
{
    if (samples->count == samples->capacity) {
        uint64_t capacity = samples->capacity == 0 ? 16 : samples->capacity * 2;
        struct sample *data = ARENA_ARRAY(arena, struct sample, capacity, err);
        if (data == NULL)
            return err->status;
        if (samples->count > 0)
            memcpy(data, samples->data, samples->count * sizeof(*data));
        samples->data = data;
        samples->capacity = capacity;
    }
    samples->data[samples->count++] = sample;
    return STATUS_OK;
}

struct percents {
    double *data;
    uint64_t count;
};

/* The percents from argument `first` on, numbers or one array of numbers. */
static enum status read_percents(struct arena *arena, const struct vector *args,
                                 uint32_t arg_count, uint32_t first, struct percents *ret,
                                 struct error *err)
{
    uint64_t room = 1;

    for (uint32_t i = first; i < arg_count; i++)
        room += args[i].type == TYPE_DYNAMIC ? dynamic_count(row_value(&args[i], 0).bytes) : 1;
    ret->data = ARENA_ARRAY(arena, double, room, err);
    if (ret->data == NULL)
        return err->status;
    for (uint32_t i = first; i < arg_count; i++) {
        struct value value = row_value(&args[i], 0);
        if (value.is_null)
            continue;
        if (value.type == TYPE_REAL) {
            ret->data[ret->count++] = value.real;
            continue;
        }
        struct dynamic_iterator it = dynamic_iterate(value.bytes);
        double percent;
        while (dynamic_next(&it)) {
            if (text_parse_double(slice_trim(it.value), &percent))
                ret->data[ret->count++] = percent;
        }
    }
    return STATUS_OK;
}

static enum status add_rows(UPDATE_PARAMETERS, bool weighted)
{
    struct percents percents = {0};
    enum status status = STATUS_OK;

    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        struct samples *samples = (struct samples *)states + groups[row];
        struct value value = row_value(&args[0], row);
        struct sample sample = {.weight = 1};
        if (samples->percents == NULL) {
            if (percents.data == NULL)
                status = read_percents(context->arena, args, arg_count, weighted ? 2 : 1,
                                       &percents, err);
            if (status != STATUS_OK)
                return status;
            samples->percents = percents.data;
            samples->percent_count = percents.count;
            samples->type = value.type;
        }
        if (value.is_null || (value.type == TYPE_REAL && isnan(value.real)))
            continue;
        if (weighted) {
            if (vector_is_null(&args[1], row))
                continue;
            sample.weight = args[1].reals[vector_index(&args[1], row)];
            if (!(sample.weight > 0))
                continue;
        }
        if (value.type == TYPE_REAL)
            sample.real = value.real;
        else
            sample.integer = value.integer;
        status = add_sample(context->arena, samples, sample, err);
    }
    return status;
}

static enum status update_plain(UPDATE_PARAMETERS)
{
    return add_rows(context, states, groups, args, arg_count, row_count, err, false);
}

static enum status update_weighted(UPDATE_PARAMETERS)
{
    return add_rows(context, states, groups, args, arg_count, row_count, err, true);
}

static enum status merge_samples(MERGE_PARAMETERS)
{
    const struct samples *other = from;
    struct samples *samples = into;
    enum status status = STATUS_OK;

    if (samples->percent_count == 0 && other->percent_count > 0) {
        double *percents = ARENA_ARRAY(context->arena, double, other->percent_count, err);
        if (percents == NULL)
            return err->status;
        memcpy(percents, other->percents, other->percent_count * sizeof(*percents));
        samples->percents = percents;
        samples->percent_count = other->percent_count;
        samples->type = other->type;
    }
    for (uint64_t i = 0; status == STATUS_OK && i < other->count; i++)
        status = add_sample(context->arena, samples, other->data[i], err);
    return status;
}

static int compare_reals(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->real;
    double y = ((const struct sample *)b)->real;

    return x < y ? -1 : x > y;
}

static int compare_integers(const void *a, const void *b)
{
    int64_t x = ((const struct sample *)a)->integer;
    int64_t y = ((const struct sample *)b)->integer;

    return x < y ? -1 : x > y;
}

static void sort_samples(const struct samples *samples)
{
    if (samples->count > 1)
        qsort(samples->data, samples->count, sizeof(*samples->data),
              samples->type == TYPE_REAL ? compare_reals : compare_integers);
}

/* The sample at which the share of the weight reaches the percent. */
static const struct sample *pick(const struct samples *samples, double percent)
{
    double total = 0;
    double sum = 0;

    if (samples->count == 0)
        return NULL;
    for (uint64_t i = 0; i < samples->count; i++)
        total += samples->data[i].weight;
    for (uint64_t i = 0; i < samples->count; i++) {
        sum += samples->data[i].weight;
        if (sum >= total * percent / 100 - total * 1e-12)
            return &samples->data[i];
    }
    return &samples->data[samples->count - 1];
}

static enum status finish_percentile(FINISH_PARAMETERS)
{
    bool real = context->type == TYPE_REAL;
    enum status status = vector_flat(arena, context->type, state_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        const struct samples *samples = (const struct samples *)states + i;
        sort_samples(samples);
        const struct sample *sample =
            samples->percent_count == 0 ? NULL : pick(samples, samples->percents[0]);
        nulls[i] = sample == NULL;
        if (sample != NULL && real)
            ((double *)data)[i] = sample->real;
        else if (sample != NULL)
            ((int64_t *)data)[i] = sample->integer;
    }
    return status;
}

/* The weights up to each sample: for many percents, that none goes through all samples. */
struct sums {
    double *data;
    uint64_t capacity;
};

static enum status sum_up(const struct samples *samples, struct arena *arena, struct sums *sums,
                          struct error *err)
{
    double sum = 0;

    if (samples->count > sums->capacity) {
        sums->data = ARENA_ARRAY(arena, double, samples->count, err);
        sums->capacity = samples->count;
        if (sums->data == NULL)
            return err->status;
    }
    for (uint64_t i = 0; i < samples->count; i++) {
        sum += samples->data[i].weight;
        sums->data[i] = sum;
    }
    return STATUS_OK;
}

/* As pick(). */
static struct value pick_by_sums(const struct samples *samples, const struct sums *sums,
                                 double percent)
{
    double total = sums->data[samples->count - 1];
    double wanted = total * percent / 100 - total * 1e-12;
    uint64_t low = 0, high = samples->count - 1;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (sums->data[middle] >= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    if (samples->type == TYPE_REAL)
        return (struct value){.type = TYPE_REAL, .real = samples->data[low].real};
    return (struct value){.type = samples->type, .integer = samples->data[low].integer};
}

static enum status finish_array(FINISH_PARAMETERS)
{
    struct buf buf;
    struct sums sums = {0};
    enum status status = vector_flat(arena, TYPE_DYNAMIC, state_count, false, ret, err);
    void *data = vector_data(ret);

    (void)context;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        const struct samples *samples = (const struct samples *)states + i;
        buf_clear(&buf);
        sort_samples(samples);
        status = sum_up(samples, arena, &sums, err);
        buf_add_byte(&buf, '[');
        for (uint64_t p = 0;
             p < samples->percent_count && samples->count > 0 && status == STATUS_OK; p++) {
            struct value value = pick_by_sums(samples, &sums, samples->percents[p]);
            if (p > 0)
                buf_add_byte(&buf, ',');
            dynamic_add_value(&buf, &value);
        }
        buf_add_byte(&buf, ']');
        status = status != STATUS_OK ? status : buf_check(&buf, err);
        if (status != STATUS_OK)
            break;
        struct slice copy =
            samples->count == 0 ? SLICE("") : arena_copy(arena, buf_slice(&buf), err);
        ((struct slice *)data)[i] = copy;
        status = copy.data == NULL ? err->status : STATUS_OK;
    }
    buf_release(&buf);
    return status;
}

#define PERCENTILE(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, UPDATE, BIND_FN, FINISH)              \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = (MIN), .args_max = (MAX), .state_bytes = sizeof(struct samples),                  \
     .bind = (BIND_FN), .update = update_##UPDATE, .merge = merge_samples,           \
     .finish = finish_##FINISH}

static const struct aggregate aggregates[] = {
    PERCENTILE("percentile", "percentile(value, percent)",
               "the value that so many percent do not exceed", "percentile(x, 50) == 2", 2, 2,
               plain, bind_percentile, percentile),
    PERCENTILE("percentiles", "percentiles(value, percent, ...)",
               "percentile() for several percents, a column each", "percentiles(x, 50) == 2", 2,
               64, plain, bind_percentile, percentile),
    PERCENTILE("percentilew", "percentilew(value, weight, percent)",
               "percentile() of values that count several times", "percentilew(x, x, 50) == 2", 3,
               3, weighted, bind_weighted, percentile),
    PERCENTILE("percentilesw", "percentilesw(value, weight, percent, ...)",
               "percentilew() for several percents, a column each",
               "percentilesw(x, x, 50) == 2", 3, 64, weighted, bind_weighted, percentile),
    PERCENTILE("percentiles_array", "percentiles_array(value, percents)",
               "percentile() for several percents as an array",
               "percentiles_array(x, 50)[0] == 2", 2, 64, plain, bind_percentiles_array, array),
    PERCENTILE("percentilesw_array", "percentilesw_array(value, weight, percents)",
               "percentilew() for several percents as an array",
               "percentilesw_array(x, x, 50)[0] == 2", 3, 64, weighted, bind_weighted_array,
               array),
};

AGGREGATE_FAMILY(agg_percentile, aggregates);
