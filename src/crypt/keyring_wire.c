/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_wire.c - see keyring_wire_priv.h. */
#include "crypt/keyring_wire_priv.h"

#include "base/check.h"

static uint8_t *put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++, value >>= 8)
        *at++ = (uint8_t)value;
    return at;
}

void wire_request_encode(const struct wire_request *request, uint8_t ret[WIRE_REQUEST_BYTES])
{
    const struct receipt_fields *fields = &request->fields;
    uint8_t *at = ret;

    memcpy(at, "KRQ1", 4);
    at = put(at + 4, request->number, 4);
    at = put(at, request->operation, 4);
    at = put(at, 0, 4);
    memcpy(at, request->tenant.bytes, 16);
    at = put(at + 16, fields->leaf_index, 8);
    at = put(at, fields->first_seq, 8);
    at = put(at, fields->count, 4);
    at = put(at, 0, 4);
    at = put(at, (uint64_t)fields->time_us, 8);
    memcpy(at, fields->leaf_hash, 32);
    CHECK(at + 32 == ret + WIRE_REQUEST_BYTES);
}

/* Fields that an operation does not use are zero. */
static bool unused_is_zero(const struct wire_request *request)
{
    const struct receipt_fields *fields = &request->fields;
    static const uint8_t none[32];

    if (request->operation == WIRE_TENANTS &&
        memcmp(request->tenant.bytes, none, sizeof(request->tenant)) != 0)
        return false;
    return request->operation == WIRE_SIGN_RECEIPT ||
           (fields->leaf_index == 0 && fields->count == 0 && fields->time_us == 0 &&
            (fields->first_seq == 0 || request->operation == WIRE_TENANTS) &&
            memcmp(fields->leaf_hash, none, sizeof(none)) == 0);
}

bool wire_request_decode(struct slice message, struct wire_request *ret)
{
    struct reader r = reader_from(message.data, message.size);

    if (message.size != WIRE_REQUEST_BYTES || !slice_starts_with(message, SLICE("KRQ1")))
        return false;
    (void)reader_u32(&r);
    *ret = (struct wire_request){.number = reader_u32(&r)};
    ret->operation = reader_u32(&r);
    uint32_t zero = reader_u32(&r);
    memcpy(ret->tenant.bytes, reader_bytes(&r, 16).data, 16);
    ret->fields.leaf_index = reader_u64(&r);
    ret->fields.first_seq = reader_u64(&r);
    ret->fields.count = reader_u32(&r);
    zero |= reader_u32(&r);
    ret->fields.time_us = (int64_t)reader_u64(&r);
    memcpy(ret->fields.leaf_hash, reader_bytes(&r, 32).data, 32);
    return !r.failed && zero == 0 && ret->operation >= WIRE_CREATE_TENANT &&
           ret->operation <= WIRE_TENANTS && unused_is_zero(ret);
}

size_t wire_answer_encode(const struct wire_answer *answer, uint8_t ret[WIRE_ANSWER_BYTES_MAX])
{
    struct slice body = slice_head(answer->body, WIRE_BODY_BYTES_MAX);
    uint8_t *at = ret;

    memcpy(at, "KRA1", 4);
    at = put(at + 4, answer->number, 4);
    at = put(at, (uint32_t)answer->status, 4);
    at = put(at, body.size, 4);
    if (body.size > 0)
        memcpy(at, body.data, body.size);
    return WIRE_ANSWER_HEADER_BYTES + body.size;
}

bool wire_answer_decode(struct slice message, struct wire_answer *ret)
{
    struct reader r = reader_from(message.data, message.size);
    struct slice magic = reader_bytes(&r, 4);

    ret->number = reader_u32(&r);
    uint32_t status = reader_u32(&r), size = reader_u32(&r);
    if (r.failed || !slice_equal(magic, SLICE("KRA1")) || status >= STATUS_COUNT_ ||
        size > WIRE_BODY_BYTES_MAX || reader_left(&r) != size)
        return false;
    ret->status = (enum status)status;
    ret->body = reader_bytes(&r, size);
    return true;
}
