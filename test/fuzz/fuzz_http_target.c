/* SPDX-License-Identifier: Apache-2.0 */
/* The request target: whatever it is, the parts lie in what was sent. */
#include "base/check.h"
#include "base/limits.h"
#include "wire/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1 * MIB);
    struct http_request request = {0};
    struct error err = {0};

    if (size > 64 * KIB || arena == NULL) {
        arena_free(arena);
        return 0;
    }
    if (http_parse_target(slice_from((const char *)data, size), arena, &request, &err) ==
        STATUS_OK) {
        size_t total = request.path.size;
        for (uint32_t i = 0; i < request.query_count; i++)
            total += request.query[i].name.size + request.query[i].value.size;
        CHECK(total <= size);
        CHECK(slice_find_byte(request.path, '\0', 0) == SIZE_MAX);
    }
    arena_free(arena);
    return 0;
}
