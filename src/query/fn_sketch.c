/* SPDX-License-Identifier: Apache-2.0 */
/* fn_sketch.c - reading what hll() made, and what such sketches share;
 * estimate_data_size(); assert(). */
#include "query/distinct_priv.h"
#include "query/items.h"

BIND(bind_count, "y", TYPE_LONG)
BIND(bind_merge, "y", TYPE_DYNAMIC)
BIND(bind_size, "a", TYPE_LONG)

static enum status row_dcount_hll(ROW_PARAMETERS)
{
    struct distinct sketch;

    (void)arg_count;
    err->status = STATUS_OK;
    if (!distinct_from_json(eval->arena, args[0].bytes, &sketch, err))
        return err->status;
    return give_long(ret, distinct_count(&sketch));
}
ROW_EVAL(row_dcount_hll, TYPE_LONG)

static enum status row_hll_merge(ROW_PARAMETERS)
{
    struct distinct all = {0};
    struct buf buf;

    for (uint32_t i = 0; i < arg_count; i++) {
        struct distinct sketch;
        err->status = STATUS_OK;
        if (args[i].is_null)
            continue;
        if (!distinct_from_json(eval->arena, args[i].bytes, &sketch, err))
            return err->status;
        enum status status = distinct_merge(eval->arena, &all, &sketch, false, err);
        if (status != STATUS_OK)
            return status;
    }
    if (all.count == 0 && all.registers == NULL)
        return STATUS_OK;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    distinct_add_json(&all, &buf);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_hll_merge, TYPE_DYNAMIC)

/* ---- hll_intersect() ---- */

struct sets {
    struct distinct set[SKETCHES_SHARED_MAX];
    uint32_t count;
    int64_t shared[SKETCHES_SHARED_MAX]; /* by the first one, two, ... sets */
};

/* Each hash of the first set counts for as many sets as have it. */
static enum status shared_hashes(struct eval *eval, struct sets *s, struct error *err)
{
    const struct distinct *first = &s->set[0];

    for (uint32_t i = 0; i < first->slot_count; i++) {
        uint32_t n = 0;
        enum status status = eval_spend(eval, s->count, err);
        if (status != STATUS_OK)
            return status;
        while (first->slots[i] != 0 && n < s->count && distinct_has(&s->set[n], first->slots[i]))
            s->shared[n++]++;
    }
    return STATUS_OK;
}

/* By inclusion and exclusion over the unions of all subsets, counted in binary: the union
 * of a subset is that of it without its lowest set, which was the last one to be left at
 * its own lowest set, and the lowest set.  A subset counts from its highest set on. */
static enum status shared_estimates(struct eval *eval, struct sets *s, struct error *err)
{
    int64_t sums[SKETCHES_SHARED_MAX] = {0}, sum = 0;
    uint8_t *unions = arena_alloc(eval->arena, (size_t)s->count * DISTINCT_REGISTERS, err);

    if (unions == NULL)
        return err->status;
    for (uint32_t subset = 1; subset < 1u << s->count; subset++) {
        uint32_t low = (uint32_t)__builtin_ctz(subset), rest = subset & (subset - 1);
        uint32_t high = 31 - (uint32_t)__builtin_clz(subset);
        struct distinct all = {.registers = unions + (size_t)low * DISTINCT_REGISTERS};
        const uint8_t *other = s->set[low].registers;
        if (rest != 0)
            other = unions + (size_t)__builtin_ctz(rest) * DISTINCT_REGISTERS;
        enum status status = eval_spend(eval, DISTINCT_REGISTERS, err);
        if (status != STATUS_OK)
            return status;
        distinct_union(s->set[low].registers, other, all.registers);
        sums[high] += __builtin_popcount(subset) % 2 == 1 ? distinct_count(&all)
                                                         : -distinct_count(&all);
    }
    for (uint32_t n = 0; n < s->count; n++) {
        sum += sums[n];
        s->shared[n] = sum < 0 ? 0 : sum;
        if (n > 0 && s->shared[n] > s->shared[n - 1])
            s->shared[n] = s->shared[n - 1];
    }
    return STATUS_OK;
}

static enum status row_hll_intersect(ROW_PARAMETERS)
{
    struct sets s = {.count = arg_count};
    bool exact = true;
    struct buf buf;

    for (uint32_t i = 0; i < arg_count; i++) {
        err->status = STATUS_OK;
        if (!distinct_from_json(eval->arena, args[i].bytes, &s.set[i], err))
            return err->status;
        exact = exact && s.set[i].registers == NULL;
    }
    enum status status = exact ? shared_hashes(eval, &s, err) : STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && !exact && i < arg_count; i++)
        status = distinct_to_registers(eval->arena, &s.set[i], err);
    if (status == STATUS_OK && !exact)
        status = shared_estimates(eval, &s, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    buf_add_byte(&buf, '[');
    for (uint32_t i = 0; i < arg_count; i++) {
        buf_add_text(&buf, i > 0 ? "," : "");
        buf_add_i64(&buf, s.shared[i]);
    }
    buf_add_byte(&buf, ']');
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_hll_intersect, TYPE_DYNAMIC)

static enum status row_estimate_data_size(ROW_PARAMETERS)
{
    int64_t size = 0;

    (void)eval, (void)err;
    for (uint32_t i = 0; i < arg_count; i++) {
        if (!args[i].is_null || args[i].type == TYPE_STRING)
            size += type_is_bytes(args[i].type) ? (int64_t)args[i].bytes.size
                    : args[i].type == TYPE_BOOL ? 1
                    : args[i].type == TYPE_INT  ? 4
                    : args[i].type == TYPE_GUID ? 16
                                                : 8;
    }
    return give_long(ret, size);
}
ROW_EVAL_LAZY(row_estimate_data_size, TYPE_LONG)

/* Both are constants, so that it holds or fails before the query runs, whatever its rows are. */
static enum status bind_assert(BIND_PARAMETERS)
{
    *ret = TYPE_BOOL;
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i].constant == NULL)
            return argument_fail(err, &args[i], "the %s of assert() is a constant, not of a row",
                                 i == 0 ? "condition" : "message");
    }
    return bind_letters(args, arg_count, "bs", want, err);
}

static enum status row_assert(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count;
    if (!args[0].is_null && args[0].boolean) /* what is not known does not hold */
        return give_bool(ret, true);
    return ERROR_SET(err, STATUS_INVALID, "assert() has failed with message: '%.*s'",
                     SLICE_FMT(args[1].bytes));
}
ROW_EVAL_LAZY(row_assert, TYPE_BOOL)

static const struct function functions[] = {
    {.name = "dcount_hll", .signature = "dcount_hll(sketch)",
     .summary = "the number of distinct values that hll() saw",
     .example = "isnull(dcount_hll(dynamic([])))", .args_min = 1, .args_max = 1,
     .bind = bind_count, .eval = eval_row_dcount_hll},
    {.name = "hll_merge", .signature = "hll_merge(sketch, sketch [, ...])",
     .summary = "sketches of hll() joined into one",
     .example = "isnull(hll_merge(dynamic(null), dynamic(null)))", .args_min = 2,
     .args_max = 64, .flags = FUNCTION_LAZY_NULL, .bind = bind_merge,
     .eval = eval_row_hll_merge},
    {.name = "hll_intersect", .signature = "hll_intersect(sketch, sketch [, ...])",
     .summary = "how many values the first one, two, ... sketches of hll() share",
     .example = "isnull(hll_intersect(dynamic([]), dynamic([])))", .args_min = 2,
     .args_max = SKETCHES_SHARED_MAX, .bind = bind_merge, .eval = eval_row_hll_intersect},
    {.name = "estimate_data_size", .signature = "estimate_data_size(column, ...)",
     .summary = "about how many bytes the values take", .example = "estimate_data_size('abc') == 3",
     .args_min = 1, .args_max = 64, .flags = FUNCTION_LAZY_NULL, .bind = bind_size,
     .eval = eval_row_estimate_data_size},
    {.name = "assert", .signature = "assert(condition, message)",
     .summary = "true, or the query fails with the message; both are constants",
     .example = "assert(1 < 2, 'order')",
     .args_min = 2, .args_max = 2, .flags = FUNCTION_LAZY_NULL, .bind = bind_assert,
     .eval = eval_row_assert},
};

FUNCTION_FAMILY(sketch, functions);
