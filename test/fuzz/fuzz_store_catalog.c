/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog of any bytes, with the right checksums: a snapshot as long as the first two say,
 * and changes of the rest, as long as the two before each say. */
#include "base/hash.h"
#include "store/sealed_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    struct catalog catalog;
    struct error err;
    struct buf bytes;

    buf_init(&bytes, 16 * MIB);
    while (reader_left(&r) >= 2) {
        size_t wanted = reader_u16(&r);
        struct slice part =
            reader_bytes(&r, wanted < reader_left(&r) ? wanted : reader_left(&r));
        if (bytes.size > 0)
            buf_put_u32(&bytes, (uint32_t)part.size);
        buf_add_slice(&bytes, part);
        buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    }
    if (!bytes.failed && catalog_decode(buf_slice(&bytes), &catalog, &err) == STATUS_OK)
        catalog_release(&catalog);
    buf_release(&bytes);
    return 0;
}
