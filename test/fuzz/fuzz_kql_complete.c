/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kql_complete.c - any text with the cursor anywhere (the first two bytes) has a
 * completion, whose range is in the text. */
#include "query/query.h"

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct query_request request = {.text = slice_from((const char *)data + 2, size - 2),
                                    .now = TICKS_UNIX_EPOCH};
    uint32_t at = (uint32_t)(data[0] | data[1] << 8) % (uint32_t)(size - 1);
    struct arena *arena = arena_new(64 * MIB);
    struct query_completion c;
    struct error err;

    if (arena == NULL)
        return 0;
    if (query_complete(&request, at, arena, &c, &err) != STATUS_OK) {
        if (err.text[0] == '\0')
            __builtin_trap();
    } else if (c.from > at || c.to < at || c.to > size - 2 || c.count > QUERY_ITEMS_MAX) {
        __builtin_trap();
    }
    arena_free(arena);
    return 0;
}
