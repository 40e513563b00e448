/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog with a right checksum and any bytes before it. */
#include "base/hash.h"
#include "store/sealed_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct catalog catalog;
    struct error err;
    struct buf bytes;

    buf_init(&bytes, 16 * MIB);
    buf_add(&bytes, data, size);
    buf_put_u32(&bytes, hash_crc32c(0, data, size));
    if (!bytes.failed && catalog_decode(buf_slice(&bytes), &catalog, &err) == STATUS_OK)
        catalog_release(&catalog);
    buf_release(&bytes);
    return 0;
}
