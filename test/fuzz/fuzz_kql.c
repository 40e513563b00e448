/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kql.c - any text: parsed, bound and, within small limits, run. */
#include "query/query.h"

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    struct buf buf;

    (void)sink;
    buf_init(&buf, MIB);
    for (uint32_t c = 0; c < batch->column_count; c++) {
        for (uint32_t r = 0; r < batch->row_count && r < 16; r++) {
            struct value v = vector_value(&batch->columns[c], r);
            query_add_json(&buf, &v);
        }
    }
    buf_release(&buf);
    (void)err;
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct query_sink sink = {.rows = rows};
    struct query_request request = {.text = slice_from((const char *)data, size),
                                    .memory_bytes = 16 * MIB,
                                    .time_ms = 1000,
                                    .rows_max = 10000,
                                    .now = TICKS_UNIX_EPOCH};
    struct query_stats stats;
    struct error err = {0};

    if (query_run(&request, &sink, &stats, &err) != STATUS_OK && err.text[0] == '\0')
        __builtin_trap(); /* a failure says why */
    return 0;
}
