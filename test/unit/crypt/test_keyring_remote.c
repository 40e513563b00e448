/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/keyring_remote.h"

#include "crypt/keeper_fixture.h"

#include "base/clock.h"
#include "crypt/keyring_wire_priv.h"
#include "crypt/receipt.h"

static void every_operation_gives_what_the_local_keyring_gives(void **state)
{
    struct keeper_fixture *fixture = *state;
    struct keyring *remote = keeper_remote(fixture);
    struct receipt_fields fields = {7, 100, 257, 1795410000000000, {1, 2, 3}};
    struct guid tenant = guid_new(), unknown = guid_new();
    uint8_t public_key[2][PUBLIC_KEY_BYTES];
    struct buf one, other;
    struct error err;
    struct key key[2];

    buf_init(&one, 5000);
    buf_init(&other, 5000);
    assert_int_equal(keyring_create_tenant(remote, &tenant, &err), STATUS_OK);
    assert_int_equal(keyring_create_tenant(remote, &tenant, &err), STATUS_CONFLICT);
    assert_non_null(strstr(err.text, "has keys already"));
    for (int p = 0; p < 2 * KEY_PURPOSE_COUNT_; p++) { /* the second round from the cache */
        enum key_purpose purpose = (enum key_purpose)(p % KEY_PURPOSE_COUNT_);
        assert_int_equal(keyring_tenant_key(remote, &tenant, purpose, &key[0], &err), STATUS_OK);
        assert_int_equal(keyring_tenant_key(fixture->local, &tenant, purpose, &key[1], &err),
                         STATUS_OK);
        assert_memory_equal(&key[0], &key[1], sizeof(key[0]));
    }
    assert_int_equal(keyring_tenant_key(remote, &unknown, KEY_PURPOSE_WAL, &key[0], &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(keyring_log_identity(remote, &tenant, &one, public_key[0], &err), STATUS_OK);
    assert_int_equal(keyring_log_identity(fixture->local, &tenant, &other, public_key[1], &err),
                     STATUS_OK);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&other)));
    assert_memory_equal(public_key[0], public_key[1], PUBLIC_KEY_BYTES);
    assert_int_equal(keyring_log_identity(remote, &unknown, &one, public_key[0], &err),
                     STATUS_NOT_FOUND);
    buf_clear(&one);
    buf_clear(&other);
    assert_int_equal(keyring_sign_receipt(remote, &tenant, &fields, &one, &err), STATUS_OK);
    assert_int_equal(keyring_sign_receipt(fixture->local, &tenant, &fields, &other, &err),
                     STATUS_OK);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&other)));
    assert_int_equal(keyring_sign_receipt(remote, &unknown, &fields, &one, &err),
                     STATUS_NOT_FOUND);
    buf_release(&one);
    buf_release(&other);
}

static void all_tenants_are_listed(void **state)
{
    struct keeper_fixture *fixture = *state;
    struct keyring *remote = keeper_remote(fixture);
    struct guid tenants[KEYRING_TENANTS_MAX + 2], got[KEYRING_TENANTS_MAX];
    uint32_t count = 1;
    struct error err;

    assert_int_equal(keyring_tenants(remote, 0, got, &count, &err), STATUS_OK);
    assert_int_equal(count, 0);
    for (uint32_t i = 0; i < KEYRING_TENANTS_MAX + 2; i++) {
        tenants[i] = guid_new();
        assert_int_equal(keyring_create_tenant(fixture->local, &tenants[i], &err), STATUS_OK);
    }
    for (uint32_t place = 0; place < KEYRING_TENANTS_MAX + 2; place += count) {
        assert_int_equal(keyring_tenants(remote, place, got, &count, &err), STATUS_OK);
        assert_int_equal(count, place == 0 ? KEYRING_TENANTS_MAX : 2);
        assert_memory_equal(got, &tenants[place], count * sizeof(*got));
    }
    assert_int_equal(keyring_tenants(remote, UINT64_MAX, got, &count, &err), STATUS_OK);
    assert_int_equal(count, 0);
}

struct caller {
    struct keyring *keyring;
    struct guid tenant;
    uint8_t public_key[PUBLIC_KEY_BYTES];
    uint64_t first;
    int wrong;
};

static void *caller_body(void *arg)
{
    struct caller *caller = arg;
    struct buf note;

    buf_init(&note, 5000);
    for (uint64_t i = 0; i < 200; i++) {
        struct receipt_fields fields = {caller->first + i, i + 1, 1, 5, {9}}, back;
        struct slice origin;
        struct error err;
        buf_clear(&note);
        if (keyring_sign_receipt(caller->keyring, &caller->tenant, &fields, &note, &err) !=
                STATUS_OK ||
            receipt_verify(buf_slice(&note), caller->public_key, &back, &origin, &err) !=
                STATUS_OK ||
            back.leaf_index != fields.leaf_index)
            caller->wrong++;
    }
    buf_release(&note);
    return NULL;
}

static void many_threads_get_their_own_answers(void **state)
{
    struct keeper_fixture *fixture = *state;
    struct keyring *remote = keeper_remote(fixture);
    struct caller callers[8];
    pthread_t threads[8];
    struct error err;
    struct buf origin;

    buf_init(&origin, 5000);
    for (int i = 0; i < 8; i++) {
        callers[i] = (struct caller){remote, guid_new(), {0}, 1000u * (uint64_t)i, 0};
        assert_int_equal(keyring_create_tenant(remote, &callers[i].tenant, &err), STATUS_OK);
        assert_int_equal(keyring_log_identity(remote, &callers[i].tenant, &origin,
                                              callers[i].public_key, &err),
                         STATUS_OK);
        assert_int_equal(pthread_create(&threads[i], NULL, caller_body, &callers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(callers[i].wrong, 0);
    }
    buf_release(&origin);
}

/* ---- keepers that misbehave: the test plays them on the other end ---- */

static struct keyring *lonely(int *ret_socket, uint32_t timeout_ms)
{
    struct keyring *remote = NULL;
    struct error err;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    assert_int_equal(keyring_remote_new(pair, 1, timeout_ms, &remote, &err), STATUS_OK);
    *ret_socket = pair[1];
    return remote;
}

static void a_dead_keeper_is_busy_at_once(void **state)
{
    struct guid tenant = guid_new();
    int socket = -1;
    struct error err;
    struct key key;

    (void)state;
    struct keyring *remote = lonely(&socket, 60000);
    assert_int_equal(close(socket), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(keyring_tenant_key(remote, &tenant, KEY_PURPOSE_WAL, &key, &err),
                         STATUS_BUSY);
    keyring_free(remote);
}

static void a_silent_keeper_is_busy_after_the_timeout(void **state)
{
    struct guid tenant = guid_new();
    int socket = -1;
    struct error err;
    struct key key;

    (void)state;
    struct keyring *remote = lonely(&socket, 100);
    uint64_t start = clock_monotonic_us(clock_system());
    assert_int_equal(keyring_tenant_key(remote, &tenant, KEY_PURPOSE_WAL, &key, &err),
                     STATUS_BUSY);
    assert_in_range(clock_monotonic_us(clock_system()) - start, 90000, 5000000);
    assert_int_equal(close(socket), 0);
    keyring_free(remote);
}

static void late_answers_are_dropped(void **state)
{
    uint8_t request[WIRE_REQUEST_BYTES], message[WIRE_ANSWER_BYTES_MAX], bytes[WIRE_KEYS_BYTES];
    struct guid tenant = guid_new();
    struct wire_answer answer = {1, STATUS_OK, slice_from((const char *)bytes, sizeof(bytes))};
    int socket = -1;
    struct error err;
    struct key key;

    (void)state;
    struct keyring *remote = lonely(&socket, 100);
    assert_int_equal(keyring_tenant_key(remote, &tenant, KEY_PURPOSE_WAL, &key, &err),
                     STATUS_BUSY);
    assert_int_equal(recv(socket, request, sizeof(request), 0), sizeof(request));
    for (uint32_t number = 1; number <= 2; number++) { /* late, then the one for the next */
        memset(bytes, (int)number, sizeof(bytes));
        answer.number = number;
        size_t size = wire_answer_encode(&answer, message);
        assert_int_equal(send(socket, message, size, 0), (ssize_t)size);
    }
    assert_int_equal(keyring_tenant_key(remote, &tenant, KEY_PURPOSE_WAL, &key, &err), STATUS_OK);
    assert_int_equal(key.bytes[0], 2);
    assert_int_equal(close(socket), 0);
    keyring_free(remote);
}

static void malformed_answers_are_refused(void **state)
{
    uint8_t message[WIRE_ANSWER_BYTES_MAX] = {0}, public_key[PUBLIC_KEY_BYTES];
    struct guid tenant = guid_new();
    struct wire_answer answer = {1, STATUS_OK, SLICE("short")};
    struct guid tenants[KEYRING_TENANTS_MAX];
    uint32_t count = 0;
    struct buf origin;
    int socket = -1;
    struct error err;
    struct key key;

    (void)state;
    buf_init(&origin, 100);
    struct keyring *remote = lonely(&socket, 1000);
    assert_int_equal(send(socket, message, 20, 0), 20);
    assert_int_equal(keyring_tenant_key(remote, &tenant, KEY_PURPOSE_WAL, &key, &err),
                     STATUS_BUSY);
    answer.number = 2;
    size_t size = wire_answer_encode(&answer, message);
    assert_int_equal(send(socket, message, size, 0), (ssize_t)size);
    assert_int_equal(keyring_tenant_key(remote, &tenant, KEY_PURPOSE_WAL, &key, &err),
                     STATUS_BUSY);
    answer.number = 3;
    size = wire_answer_encode(&answer, message);
    assert_int_equal(send(socket, message, size, 0), (ssize_t)size);
    assert_int_equal(keyring_log_identity(remote, &tenant, &origin, public_key, &err),
                     STATUS_BUSY);
    answer.number = 4; /* part of a tenant */
    size = wire_answer_encode(&answer, message);
    assert_int_equal(send(socket, message, size, 0), (ssize_t)size);
    assert_int_equal(keyring_tenants(remote, 0, tenants, &count, &err), STATUS_BUSY);
    assert_int_equal(close(socket), 0);
    keyring_free(remote);
    buf_release(&origin);
}

/* Keys of many tenants, asked for in turn: how many the keeper was asked for. */
static uint32_t ask_for_all(struct keyring *remote, int socket, uint32_t *number)
{
    enum { TENANTS = 9000 };
    static const enum key_purpose PURPOSES[] = {KEY_PURPOSE_WAL, KEY_PURPOSE_SEG,
                                                KEY_PURPOSE_INDEX};
    uint8_t request[WIRE_REQUEST_BYTES], message[WIRE_ANSWER_BYTES_MAX];
    uint8_t bytes[WIRE_KEYS_BYTES];
    struct wire_answer answer = {0, STATUS_OK, slice_from((const char *)bytes, sizeof(bytes))};
    struct guid tenant = {{0}};
    struct error err;
    struct key key;
    uint32_t asked = 0;
    bool is_ready = false; /* the next answer waits already */

    memset(bytes, 9, sizeof(bytes));
    for (uint32_t i = 0; i < 3 * TENANTS; i++) {
        tenant.bytes[0] = (uint8_t)(i / 3);
        tenant.bytes[15] = (uint8_t)(i / 3 >> 8);
        answer.number = *number;
        size_t size = wire_answer_encode(&answer, message);
        if (!is_ready)
            assert_int_equal(send(socket, message, size, 0), (ssize_t)size);
        assert_int_equal(keyring_tenant_key(remote, &tenant, PURPOSES[i % 3], &key, &err),
                         STATUS_OK);
        assert_int_equal(key.bytes[31], 9);
        is_ready = recv(socket, request, sizeof(request), MSG_DONTWAIT) < 0;
        asked += is_ready ? 0 : 1;
        *number += is_ready ? 0 : 1;
    }
    return asked;
}

static void the_keys_of_ten_thousand_tenants_are_asked_for_once(void **state)
{
    int socket = -1;
    uint32_t number = 1;

    (void)state;
    struct keyring *remote = lonely(&socket, 1000);
    assert_int_equal(ask_for_all(remote, socket, &number), 9000);
    assert_in_range(ask_for_all(remote, socket, &number), 0, 90);
    assert_int_equal(close(socket), 0);
    keyring_free(remote);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_operation_gives_what_the_local_keyring_gives,
                                        keeper_setup, keeper_teardown),
        cmocka_unit_test_setup_teardown(all_tenants_are_listed, keeper_setup, keeper_teardown),
        cmocka_unit_test_setup_teardown(many_threads_get_their_own_answers, keeper_setup,
                                        keeper_teardown),
        cmocka_unit_test(a_dead_keeper_is_busy_at_once),
        cmocka_unit_test(a_silent_keeper_is_busy_after_the_timeout),
        cmocka_unit_test(late_answers_are_dropped),
        cmocka_unit_test(malformed_answers_are_refused),
        cmocka_unit_test(the_keys_of_ten_thousand_tenants_are_asked_for_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
