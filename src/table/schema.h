/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h - the columns of a table. */
#ifndef TABLE_SCHEMA_H
#define TABLE_SCHEMA_H

#include "table/type.h"

struct column {
    struct slice name;
    enum type type;
};

struct schema {
    const struct column *columns;
    uint32_t column_count;
};

/* Index of the column, or UINT32_MAX.  Names are case-sensitive. */
uint32_t schema_find(const struct schema *schema, struct slice name);

#endif
