/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes as a leaf encodes to the same bytes. */
#include "base/check.h"
#include "crypt/leaf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t leaf[LEAF_BYTES] = {0}, again[LEAF_BYTES];
    struct leaf_fields fields;
    struct error err;

    if (size > 0)
        memcpy(leaf, data, size < LEAF_BYTES ? size : LEAF_BYTES);
    enum status status = leaf_decode(leaf, &fields, &err);
    CHECK(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status == STATUS_OK) {
        leaf_encode(&fields, again);
        CHECK(memcmp(leaf, again, LEAF_BYTES) == 0);
    }
    return 0;
}
