/* SPDX-License-Identifier: Apache-2.0 */
/* fn_pack.c - bags of columns: what pack_all(true) leaves out, and pack_record(). */
#include "query/items.h"
#include "table/dynamic.h"

static enum status row_without_empty(ROW_PARAMETERS)
{
    struct dynamic_iterator it = dynamic_iterate(args[0].bytes);
    struct buf buf;

    (void)arg_count;
    bag_start(&buf);
    while (dynamic_next(&it)) {
        if (!dynamic_is_null(it.value) && !slice_is(it.value, "\"\""))
            bag_add(&buf, it.key, it.value);
    }
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_without_empty, TYPE_DYNAMIC)

BIND(bind_without_empty, "y", TYPE_DYNAMIC)

const struct function function_without_empty = {.name = "pack_all",
                                                .signature = "pack_all",
                                                .summary = "a bag without empty members",
                                                .example = "true",
                                                .args_min = 1,
                                                .args_max = 1,
                                                .bind = bind_without_empty,
                                                .eval = eval_row_without_empty};

static enum status eval_record(EVAL_PARAMETERS)
{
    UNUSED_EVAL;
    *ret = args[0];
    return STATUS_OK;
}

const struct function function_record = {.name = "pack_record", .eval = eval_record};

/* A value as a member of a bag without empty members. */
static enum status row_packed(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    if (args[0].is_null || (type_is_bytes(args[0].type) && args[0].bytes.size == 0))
        return STATUS_OK;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    dynamic_add_value(&buf, &args[0]);
    enum status status = buf_check(&buf, err);
    struct slice json = status == STATUS_OK ? arena_copy(eval->arena, buf_slice(&buf), err)
                                            : SLICE("");
    buf_release(&buf);
    if (status != STATUS_OK || json.data == NULL)
        return err->status;
    ret->is_null = dynamic_is_null(json) || slice_is(json, "\"\"");
    ret->bytes = json;
    return STATUS_OK;
}
ROW_EVAL(row_packed, TYPE_DYNAMIC)

const struct function operator_packed = {.name = "pack_record", .eval = eval_row_packed};
