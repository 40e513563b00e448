/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/keyring_serve.h"

#include "crypt/keeper_fixture.h"

#include "base/random.h"
#include "crypt/keyring_wire_priv.h"

static void a_malformed_request_ends_its_connection_only(void **state)
{
    struct keeper_fixture *fixture = *state;
    uint8_t junk[200], message[WIRE_ANSWER_BYTES_MAX], bytes[WIRE_REQUEST_BYTES];
    struct wire_request request = {.number = 5, .operation = WIRE_TENANT_KEYS};
    struct wire_answer answer;

    random_bytes(junk, sizeof(junk));
    assert_int_equal(send(fixture->clients[0], junk, sizeof(junk), MSG_NOSIGNAL), sizeof(junk));
    assert_int_equal(recv(fixture->clients[0], message, sizeof(message), 0), 0);
    wire_request_encode(&request, bytes);
    assert_int_equal(send(fixture->clients[1], bytes, sizeof(bytes), MSG_NOSIGNAL),
                     sizeof(bytes));
    ssize_t size = recv(fixture->clients[1], message, sizeof(message), 0);
    assert_true(size > 0);
    assert_true(wire_answer_decode(slice_from((const char *)message, (size_t)size), &answer));
    assert_int_equal(answer.number, 5);
    assert_int_equal(answer.status, STATUS_NOT_FOUND);
    assert_int_equal(fixture->served[0].status, STATUS_INVALID); /* set before the close */
}

static void the_end_of_the_client_ends_the_service(void **state)
{
    struct keeper_fixture *fixture = *state;

    for (int i = 0; i < CHANNELS; i++)
        assert_int_equal(shutdown(fixture->clients[i], SHUT_WR), 0);
    for (int i = 0; i < CHANNELS; i++) {
        char byte;
        assert_int_equal(recv(fixture->clients[i], &byte, 1, 0), 0); /* it has closed */
        assert_int_equal(fixture->served[i].status, STATUS_OK);
    }
}

static void what_is_no_socket_is_an_error(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(keyring_serve(NULL, -1, &err), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_malformed_request_ends_its_connection_only, keeper_setup,
                                        keeper_teardown),
        cmocka_unit_test_setup_teardown(the_end_of_the_client_ends_the_service, keeper_setup,
                                        keeper_teardown),
        cmocka_unit_test(what_is_no_socket_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
