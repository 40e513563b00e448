/* SPDX-License-Identifier: Apache-2.0 */
/* agg_percentile.c - percentile() and its relatives, exact by nearest rank.
 *
 * `percentiles` with several percents gives several columns: the binder makes
 * one percentile() of each; the table row takes the first percent.  Calls that differ
 * in their percents share their samples (state_args), which the first finish() sorts.
 */
#include "query/agg_priv.h"
#include "query/sort_radix_priv.h"
#include "table/dynamic.h"
#include "base/text.h"

#include <math.h>

#define TOP_BIT (UINT64_C(1) << 63)

/* Values as keys, numbers in their order; with weights as entries. */
struct samples {
    union {
        uint64_t *keys;
        struct sort_entry *entries;
    };
    uint64_t count, capacity;
    enum type type; /* of the values */
    bool is_weighted;
    bool is_sorted; /* an entry's weight is the sum up to it then */
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

static uint64_t key_of(const struct value *value)
{
    uint64_t bits;

    memcpy(&bits, &value->integer, sizeof(bits)); /* of a real, too */
    return value->type != TYPE_REAL || bits < TOP_BIT ? bits ^ TOP_BIT : ~bits;
}

static struct value value_of(const struct samples *samples, uint64_t index)
{
    uint64_t key = samples->is_weighted ? samples->entries[index].key : samples->keys[index];
    struct value value = {.type = samples->type};

    key = samples->type != TYPE_REAL || key >= TOP_BIT ? key ^ TOP_BIT : ~key;
    memcpy(&value.integer, &key, sizeof(key));
    return value;
}

static size_t sample_bytes(const struct samples *samples)
{
    return samples->is_weighted ? sizeof(*samples->entries) : sizeof(*samples->keys);
}

/* Room for so many samples in all. */
static enum status reserve(struct arena *arena, struct samples *samples, uint64_t count,
                           struct error *err)
{
    uint64_t capacity = samples->capacity == 0 ? 4 : samples->capacity;
    size_t bytes = sample_bytes(samples);

    if (count <= samples->capacity)
        return STATUS_OK;
    if (count > UINT32_MAX) /* what sorting counts in */
        return ERROR_SET(err, STATUS_LIMIT, "more than %u values of a percentile", UINT32_MAX);
    while (capacity < count)
        capacity *= 2;
    void *data = arena_alloc_raw(arena, capacity * bytes, err);
    if (data == NULL)
        return err->status;
    if (samples->count > 0)
        memcpy(data, samples->keys, samples->count * bytes);
    samples->keys = data;
    samples->capacity = capacity;
    return STATUS_OK;
}

struct percents {
    double *data;
    uint64_t count;
};

/* The percents of the call, numbers or one array of numbers. */
static enum status read_percents(const struct aggregate_state_context *context, uint32_t first,
                                 struct arena *arena, struct percents *ret, struct error *err)
{
    uint64_t room = 1;

    *ret = (struct percents){0};
    for (uint32_t i = first; i < context->arg_count; i++) {
        const struct value *value = context->constants[i];
        room += value->type == TYPE_DYNAMIC ? dynamic_count(value->bytes) : 1;
    }
    ret->data = ARENA_ARRAY(arena, double, room, err);
    if (ret->data == NULL)
        return err->status;
    for (uint32_t i = first; i < context->arg_count; i++) {
        const struct value *value = context->constants[i];
        if (value->is_null)
            continue;
        if (value->type == TYPE_REAL) {
            ret->data[ret->count++] = value->real;
            continue;
        }
        struct dynamic_iterator it = dynamic_iterate(value->bytes);
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
    enum status status = STATUS_OK;

    (void)arg_count;
    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        struct samples *samples = (struct samples *)states + groups[row];
        struct value value = row_value(&args[0], row);
        double weight = 1;
        if (value.is_null || (value.type == TYPE_REAL && isnan(value.real)))
            continue;
        if (weighted) {
            if (vector_is_null(&args[1], row))
                continue;
            weight = args[1].reals[vector_index(&args[1], row)];
            if (!(weight > 0))
                continue;
        }
        samples->type = value.type;
        samples->is_weighted = weighted;
        status = reserve(context->arena, samples, samples->count + 1, err);
        if (status != STATUS_OK)
            break;
        if (weighted)
            samples->entries[samples->count++] =
                (struct sort_entry){.key = key_of(&value), .weight = weight};
        else
            samples->keys[samples->count++] = key_of(&value);
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

    if (other->count == 0)
        return STATUS_OK;
    if (samples->count == 0) {
        *samples = *other; /* which nobody reads any more, and lives as long */
        return STATUS_OK;
    }
    enum status status = reserve(context->arena, samples, samples->count + other->count, err);
    if (status != STATUS_OK)
        return status;
    size_t bytes = sample_bytes(samples);
    memcpy((char *)samples->keys + samples->count * bytes, other->keys, other->count * bytes);
    samples->count += other->count;
    return STATUS_OK;
}

/* The bits in which keys differ, as a number of the lowest. */
static uint32_t different_bits(const struct samples *samples)
{
    uint64_t all = UINT64_MAX, any = 0;

    for (uint64_t i = 0; i < samples->count; i++) {
        uint64_t key = samples->is_weighted ? samples->entries[i].key : samples->keys[i];
        all &= key;
        any |= key;
    }
    return all == any ? 0 : 64 - (uint32_t)__builtin_clzll(all ^ any);
}

/* Not qsort(), which does not look at the time, and has its own memory. */
static enum status sort_samples(struct aggregate_state_context *context, struct samples *samples,
                                void *spare, struct error *err)
{
    uint32_t bits = different_bits(samples);
    enum status status = STATUS_OK;

    if (samples->is_weighted) {
        struct sort_entry *list = samples->entries, *other = spare;
        double sum = 0;
        status = sort_entries(context->run, &list, &other, samples->count, bits, err);
        for (uint64_t i = 0; i < samples->count && status == STATUS_OK; i++) {
            sum += list[i].weight;
            samples->entries[i] = (struct sort_entry){.key = list[i].key, .weight = sum};
        }
    } else {
        uint64_t *list = samples->keys, *other = spare;
        status = sort_words(context->run, &list, &other, samples->count, 0, bits, err);
        if (status == STATUS_OK && list != samples->keys)
            memcpy(samples->keys, list, samples->count * sizeof(*list));
    }
    samples->is_sorted = status == STATUS_OK;
    return status;
}

/* The states are the call's own to read, and those of calls that share them: which of them is
 * the first to sort makes no difference. */
static enum status sort_all(struct aggregate_state_context *context, const void *states,
                            uint32_t state_count, struct arena *arena, struct error *err)
{
    struct samples *all = (struct samples *)(uintptr_t)states;
    size_t most = 0;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < state_count; i++) {
        size_t bytes = all[i].is_sorted ? 0 : all[i].count * sample_bytes(&all[i]);
        most = bytes > most ? bytes : most;
    }
    if (most == 0)
        return STATUS_OK;
    void *spare = arena_alloc_raw(arena, most, err);
    if (spare == NULL)
        return err->status;
    for (uint32_t i = 0; i < state_count && status == STATUS_OK; i++) {
        if (!all[i].is_sorted && all[i].count > 0)
            status = sort_samples(context, &all[i], spare, err);
    }
    return status;
}

/* The sample at which the share of the weight reaches the percent; there is one. */
static struct value pick(const struct samples *samples, double percent)
{
    uint64_t low = 0, high = samples->count - 1;
    double total = samples->is_weighted ? samples->entries[high].weight : (double)samples->count;
    double wanted = total * percent / 100 - total * 1e-12;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        double sum = samples->is_weighted ? samples->entries[middle].weight : (double)(middle + 1);
        if (sum >= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return value_of(samples, low);
}

static enum status finish_one(FINISH_PARAMETERS, uint32_t first)
{
    struct percents percents;
    enum status status = vector_flat(arena, context->type, state_count, true, ret, err);
    uint8_t *nulls = vector_nulls(ret);

    if (status == STATUS_OK)
        status = read_percents(context, first, arena, &percents, err);
    if (status == STATUS_OK)
        status = sort_all(context, states, state_count, arena, err);
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        const struct samples *samples = (const struct samples *)states + i;
        nulls[i] = percents.count == 0 || samples->count == 0;
        if (nulls[i] != 0)
            continue;
        struct value value = pick(samples, percents.data[0]);
        vector_set(ret, i, &value);
    }
    return status;
}

static enum status give_array(const struct samples *samples, const struct percents *percents,
                              struct buf *buf, struct arena *arena, struct slice *ret,
                              struct error *err)
{
    *ret = SLICE("");
    if (samples->count == 0)
        return STATUS_OK;
    buf_clear(buf);
    buf_add_byte(buf, '[');
    for (uint64_t p = 0; p < percents->count; p++) {
        struct value value = pick(samples, percents->data[p]);
        if (p > 0)
            buf_add_byte(buf, ',');
        dynamic_add_value(buf, &value);
    }
    buf_add_byte(buf, ']');
    enum status status = buf_check(buf, err);
    if (status != STATUS_OK)
        return status;
    *ret = arena_copy(arena, buf_slice(buf), err);
    return ret->data == NULL ? err->status : STATUS_OK;
}

static enum status finish_list(FINISH_PARAMETERS, uint32_t first)
{
    struct percents percents;
    struct buf buf;
    enum status status = vector_flat(arena, TYPE_DYNAMIC, state_count, false, ret, err);
    void *data = vector_data(ret);

    if (status == STATUS_OK)
        status = read_percents(context, first, arena, &percents, err);
    if (status == STATUS_OK)
        status = sort_all(context, states, state_count, arena, err);
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++)
        status = give_array((const struct samples *)states + i, &percents, &buf, arena,
                            &((struct slice *)data)[i], err);
    buf_release(&buf);
    return status;
}

/* What is behind the values, and their weights, are percents. */
enum { PLAIN_ARGS = 1, WEIGHTED_ARGS = 2 };

#define FINISH(NAME, KIND, ARGS)                                                                   \
    static enum status finish_##NAME(FINISH_PARAMETERS)                                            \
    {                                                                                              \
        return finish_##KIND(context, states, state_count, arena, ret, err, ARGS);                 \
    }
FINISH(plain, one, PLAIN_ARGS)
FINISH(weighted, one, WEIGHTED_ARGS)
FINISH(plain_array, list, PLAIN_ARGS)
FINISH(weighted_array, list, WEIGHTED_ARGS)

#define PERCENTILE(NAME, SIGNATURE, TEXT, EXAMPLE, MAX, BIND_FN, ARGS, UPDATE, FINISH)             \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = (ARGS) + 1, .args_max = (MAX), .state_bytes = sizeof(struct samples),             \
     .state_args = (ARGS), .bind = (BIND_FN), .update = update_##UPDATE, .merge = merge_samples,   \
     .finish = finish_##FINISH}

static const struct aggregate aggregates[] = {
    PERCENTILE("percentile", "percentile(value, percent)",
               "the value that so many percent do not exceed", "percentile(x, 50) == 2", 2,
               bind_percentile, PLAIN_ARGS, plain, plain),
    PERCENTILE("percentiles", "percentiles(value, percent, ...)",
               "percentile() for several percents, a column each", "percentiles(x, 50) == 2", 64,
               bind_percentile, PLAIN_ARGS, plain, plain),
    PERCENTILE("percentilew", "percentilew(value, weight, percent)",
               "percentile() of values that count several times", "percentilew(x, x, 50) == 2", 3,
               bind_weighted, WEIGHTED_ARGS, weighted, weighted),
    PERCENTILE("percentilesw", "percentilesw(value, weight, percent, ...)",
               "percentilew() for several percents, a column each",
               "percentilesw(x, x, 50) == 2", 64, bind_weighted, WEIGHTED_ARGS, weighted,
               weighted),
    PERCENTILE("percentiles_array", "percentiles_array(value, percents)",
               "percentile() for several percents as an array",
               "percentiles_array(x, 50)[0] == 2", 64, bind_percentiles_array, PLAIN_ARGS, plain,
               plain_array),
    PERCENTILE("percentilesw_array", "percentilesw_array(value, weight, percents)",
               "percentilew() for several percents as an array",
               "percentilesw_array(x, x, 50)[0] == 2", 64, bind_weighted_array, WEIGHTED_ARGS,
               weighted, weighted_array),
};

AGGREGATE_FAMILY(agg_percentile, aggregates);
