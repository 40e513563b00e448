/* SPDX-License-Identifier: Apache-2.0 */
#include "table/schema.h"

uint32_t schema_find(const struct schema *schema, struct slice name)
{
    for (uint32_t i = 0; i < schema->column_count; i++) {
        if (slice_equal(schema->columns[i].name, name))
            return i;
    }
    return UINT32_MAX;
}
