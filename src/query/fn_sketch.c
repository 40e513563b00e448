/* SPDX-License-Identifier: Apache-2.0 */
/* fn_sketch.c - reading what hll() made; estimate_data_size(); assert(). */
#include "query/distinct_priv.h"
#include "query/items.h"

BIND(bind_count, "y", TYPE_LONG)
BIND(bind_merge, "y", TYPE_DYNAMIC)
BIND(bind_size, "a", TYPE_LONG)
BIND(bind_assert, "bs", TYPE_BOOL)

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

static enum status row_assert(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count;
    if (args[0].boolean)
        return give_bool(ret, true);
    return ERROR_SET(err, STATUS_INVALID, "assertion failed: %.*s", SLICE_FMT(args[1].bytes));
}
ROW_EVAL(row_assert, TYPE_BOOL)

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
    {.name = "estimate_data_size", .signature = "estimate_data_size(column, ...)",
     .summary = "about how many bytes the values take", .example = "estimate_data_size('abc') == 3",
     .args_min = 1, .args_max = 64, .flags = FUNCTION_LAZY_NULL, .bind = bind_size,
     .eval = eval_row_estimate_data_size},
    {.name = "assert", .signature = "assert(condition, message)",
     .summary = "true, or the query fails with the message", .example = "assert(1 < 2, 'order')",
     .args_min = 2, .args_max = 2, .bind = bind_assert, .eval = eval_row_assert},
};

FUNCTION_FAMILY(sketch, functions);
