/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_base_ip.c - any text as an address: what is written in one way stays in it, and is
 * the same address; what is no address is given back. */
#include "base/check.h"
#include "base/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size);
    struct slice bare = ip_bare(text);
    char room[IP_TEXT_BYTES], again_room[IP_TEXT_BYTES];
    uint8_t ip[IP_BYTES], again[IP_BYTES];

    CHECK(bare.data >= text.data && bare.data + bare.size <= text.data + text.size);
    struct slice one = ip_canonical(text, room);
    if (!ip_parse(text, ip)) {
        CHECK(slice_equal(one, text));
        return 0;
    }
    CHECK(ip_parse(one, again) && memcmp(ip, again, sizeof(ip)) == 0);
    CHECK(slice_equal(ip_canonical(one, again_room), one));
    CHECK(ip_is_four(ip) == (slice_find_byte(one, ':', 0) == SIZE_MAX));
    return 0;
}
