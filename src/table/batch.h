/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h - rows in columns, as operators and sources hand them on. */
#ifndef TABLE_BATCH_H
#define TABLE_BATCH_H

#include "table/vector.h"

/* Borrowed by the consumer for the call; vectors all have row_count rows. */
struct batch {
    uint32_t row_count; /* 0 .. BATCH_ROWS_MAX */
    uint32_t column_count;
    const struct vector *columns;
    /* from a source: */
    bool decided; /* every row satisfies every filter of the request */
    const uint32_t *weights; /* how many rows of the table each stands for; NULL: one */
};

#endif
