/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the bytes: an answer within the arena's budget. */
#include "codec/yaml.h"

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(16 * MIB);
    struct yaml_node **documents;
    struct error err;
    uint32_t count;

    if (arena != NULL &&
        yaml_parse(slice_from((const char *)data, size), arena, &documents, &count, &err) ==
            STATUS_OK &&
        count > 0)
        (void)yaml_get(documents[0], "a");
    arena_free(arena);
    return 0;
}
