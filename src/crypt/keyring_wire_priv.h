/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_wire_priv.h - the messages of docs/format/keeper.md. */
#ifndef CRYPT_KEYRING_WIRE_PRIV_H
#define CRYPT_KEYRING_WIRE_PRIV_H

#include "crypt/keyring.h"

#define WIRE_REQUEST_BYTES 96u
#define WIRE_ANSWER_HEADER_BYTES 16u
#define WIRE_BODY_BYTES_MAX 2048u
#define WIRE_KEYS_BYTES ((size_t)KEY_PURPOSE_COUNT_ * KEY_BYTES)
#define WIRE_ANSWER_BYTES_MAX (WIRE_ANSWER_HEADER_BYTES + WIRE_BODY_BYTES_MAX)

_Static_assert(KEYRING_TENANTS_MAX * sizeof(struct guid) <= WIRE_BODY_BYTES_MAX, "in one answer");

enum wire_operation {
    WIRE_CREATE_TENANT = 1,
    WIRE_TENANT_KEYS = 2, /* of all purposes: who needs one needs others soon */
    WIRE_LOG_IDENTITY = 3,
    WIRE_SIGN_RECEIPT = 4,
    WIRE_TENANTS = 5, /* fields.first_seq: the place of the first */
};

struct wire_request {
    uint32_t number;
    uint32_t operation; /* enum wire_operation */
    struct guid tenant;
    struct receipt_fields fields;
};

struct wire_answer {
    uint32_t number;
    enum status status;
    struct slice body; /* borrowed from the message */
};

void wire_request_encode(const struct wire_request *request, uint8_t ret[WIRE_REQUEST_BYTES]);
/* False for what no client of ours sends. */
bool wire_request_decode(struct slice message, struct wire_request *ret);

/* The body is cut to WIRE_BODY_BYTES_MAX.  Returns the size of the message. */
size_t wire_answer_encode(const struct wire_answer *answer, uint8_t ret[WIRE_ANSWER_BYTES_MAX]);
bool wire_answer_decode(struct slice message, struct wire_answer *ret);

#endif
