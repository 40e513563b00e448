/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes as a request or an answer encodes to the same bytes. */
#include "base/check.h"
#include "crypt/keyring_wire_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice message = {(const char *)data, size};
    uint8_t again[WIRE_ANSWER_BYTES_MAX];
    struct wire_request request;
    struct wire_answer answer;

    if (wire_request_decode(message, &request)) {
        wire_request_encode(&request, again);
        CHECK(memcmp(again, data, size) == 0);
    }
    if (wire_answer_decode(message, &answer)) {
        CHECK(wire_answer_encode(&answer, again) == size);
        CHECK(memcmp(again, data, size) == 0);
    }
    return 0;
}
