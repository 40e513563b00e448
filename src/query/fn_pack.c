/* SPDX-License-Identifier: Apache-2.0 */
/* fn_pack.c - what pack_all(true) leaves out of a bag. */
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
