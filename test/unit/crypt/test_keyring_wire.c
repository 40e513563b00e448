/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/keyring_wire_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static struct wire_request sample(void)
{
    struct wire_request request = {.number = 77, .operation = WIRE_SIGN_RECEIPT,
                                   .fields = {1, 2, 3, -4, {5}}};

    memset(request.tenant.bytes, 0xab, 16);
    return request;
}

static struct slice bytes_of(const uint8_t *message, size_t size)
{
    return slice_from((const char *)message, size);
}

static void requests_come_back_as_they_were(void **state)
{
    struct wire_request request = sample(), back;
    uint8_t message[WIRE_REQUEST_BYTES];

    (void)state;
    wire_request_encode(&request, message);
    assert_true(wire_request_decode(bytes_of(message, sizeof(message)), &back));
    assert_memory_equal(&back, &request, sizeof(back));
}

static void requests_out_of_range_are_refused(void **state)
{
    struct wire_request request = sample(), back;
    uint8_t message[WIRE_REQUEST_BYTES + 1] = {0};
    static const struct {
        size_t at;
        uint8_t value;
    } faults[] = {{0, 'X'}, {8, 0}, {8, 6}, {9, 1}, {12, 1}, {52, 1}, {8, WIRE_TENANT_KEYS},
                {8, WIRE_TENANTS}};

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        wire_request_encode(&request, message);
        message[faults[i].at] = faults[i].value;
        assert_false(wire_request_decode(bytes_of(message, WIRE_REQUEST_BYTES), &back));
    }
    wire_request_encode(&request, message);
    for (size_t size = 0; size < WIRE_REQUEST_BYTES; size++)
        assert_false(wire_request_decode(bytes_of(message, size), &back));
    assert_false(wire_request_decode(bytes_of(message, WIRE_REQUEST_BYTES + 1), &back));
    request = (struct wire_request){.operation = WIRE_TENANTS, .fields = {.first_seq = 7}};
    wire_request_encode(&request, message);
    assert_true(wire_request_decode(bytes_of(message, WIRE_REQUEST_BYTES), &back));
    assert_int_equal(back.fields.first_seq, 7);
    message[16] = 1; /* a tenant */
    assert_false(wire_request_decode(bytes_of(message, WIRE_REQUEST_BYTES), &back));
}

static void answers_come_back_and_are_bounded(void **state)
{
    uint8_t message[WIRE_ANSWER_BYTES_MAX], text[WIRE_BODY_BYTES_MAX + 10] = {7};
    struct wire_answer answer = {9, STATUS_CONFLICT, SLICE("it exists")}, back;

    (void)state;
    size_t size = wire_answer_encode(&answer, message);
    assert_true(wire_answer_decode(bytes_of(message, size), &back));
    assert_int_equal(back.number, 9);
    assert_int_equal(back.status, STATUS_CONFLICT);
    assert_true(slice_is(back.body, "it exists"));
    for (size_t cut = 0; cut < size; cut++)
        assert_false(wire_answer_decode(bytes_of(message, cut), &back));
    message[8] = STATUS_COUNT_;
    assert_false(wire_answer_decode(bytes_of(message, size), &back));
    answer.body = bytes_of(text, sizeof(text));
    assert_int_equal(wire_answer_encode(&answer, message), WIRE_ANSWER_BYTES_MAX);
    assert_true(wire_answer_decode(bytes_of(message, sizeof(message)), &back));
    assert_int_equal(back.body.size, WIRE_BODY_BYTES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_come_back_as_they_were),
        cmocka_unit_test(requests_out_of_range_are_refused),
        cmocka_unit_test(answers_come_back_and_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
