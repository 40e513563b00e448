/* SPDX-License-Identifier: Apache-2.0 */
#include "table/batch.h"

enum status batch_take(struct arena *arena, const struct batch *batch, const uint32_t *rows,
                       uint32_t row_count, struct batch *ret, struct error *err)
{
    struct vector *columns = ARENA_ARRAY(arena, struct vector, batch->column_count + 1, err);

    if (columns == NULL)
        return err->status;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        enum status status =
            vector_take(arena, &batch->columns[i], rows, row_count, &columns[i], err);
        if (status != STATUS_OK)
            return status;
    }
    *ret = (struct batch){row_count, batch->column_count, columns, false, NULL};
    return STATUS_OK;
}
