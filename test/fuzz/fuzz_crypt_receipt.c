/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt that verifies has exactly one spelling. */
#include "base/check.h"
#include "crypt/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The public key of the seed 00 01 .. 1f, which signed the valid seed inputs. */
    static const uint8_t public_key[PUBLIC_KEY_BYTES] = {
        0x03, 0xa1, 0x07, 0xbf, 0xf3, 0xce, 0x10, 0xbe, 0x1d, 0x70, 0xdd, 0x18, 0xe7, 0x4b, 0xc0,
        0x99, 0x67, 0xe4, 0xd6, 0x30, 0x9b, 0xa5, 0x0d, 0x5f, 0x1d, 0xdc, 0x86, 0x64, 0x12, 0x55,
        0x31, 0xb8};
    struct receipt_fields fields;
    struct slice origin;
    struct error err;
    enum status status = receipt_verify(slice_from((const char *)data, size), public_key, &fields,
                                        &origin, &err);

    CHECK(status == STATUS_OK || status == STATUS_CORRUPT);
    return 0;
}
