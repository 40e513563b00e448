/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kql_layout.c - any text is laid out or refused with a reason; a layout is
 * laid out as itself. */
#include "query/query.h"

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once, twice;
    struct error err = {0};

    buf_init(&once, 16 * MIB);
    buf_init(&twice, 16 * MIB);
    if (query_format(slice_from((const char *)data, size), &once, &err) != STATUS_OK) {
        if (err.text[0] == '\0' || once.size > 0)
            __builtin_trap();
    } else if (query_format(buf_slice(&once), &twice, &err) != STATUS_OK ||
               !slice_equal(buf_slice(&once), buf_slice(&twice))) {
        __builtin_trap();
    }
    buf_release(&once);
    buf_release(&twice);
    return 0;
}
