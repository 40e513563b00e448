/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "main/proc_keeper.h"

#include "base/io.h"
#include "base/limits.h"
#include "crypt/keyring_local.h"
#include "crypt/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char root[64], kek[96];
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    struct io *io = NULL;
    struct error err;

    assert_non_null(place);
    (void)snprintf(place->root, sizeof(place->root), "/tmp/daybook-process-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    (void)snprintf(place->kek, sizeof(place->kek), "%s/kek", place->root);
    assert_int_equal(io_linux_new(place->root, &io, &err), STATUS_OK);
    assert_int_equal(keyring_local_create(io, place->kek, SLICE("keeper.example"), &err),
                     STATUS_OK);
    io_free(io);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    (void)tree_remove(place->root);
    free(place);
    return 0;
}

static void a_sandboxed_keeper_makes_keys_and_signs(void **state)
{
    const struct place *place = *state;
    const struct keeper_options options = {place->root, place->kek, 4};
    const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    struct receipt_fields fields = {1, 2, 3, 4, {5}}, back;
    uint8_t public_key[PUBLIC_KEY_BYTES];
    struct guid tenant = guid_new();
    struct keyring *keyring = NULL;
    struct slice origin_back;
    struct buf origin, note;
    struct key key[2];
    struct error err;
    pid_t pid = -1;
    int result = -1;

    buf_init(&origin, 1000);
    buf_init(&note, 5000);
    for (int start = 0; start < 2; start++) {
        assert_int_equal(keeper_start(&options, &keyring, &pid, &err), STATUS_OK);
        if (start == 0)
            assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
        assert_int_equal(keyring_tenant_key(keyring, &tenant, KEY_PURPOSE_SEG, &key[start], &err),
                         STATUS_OK);
        assert_int_equal(keyring_log_identity(keyring, &tenant, &origin, public_key, &err),
                         STATUS_OK);
        buf_clear(&note);
        assert_int_equal(keyring_sign_receipt(keyring, &tenant, &fields, &note, &err), STATUS_OK);
        assert_int_equal(receipt_verify(buf_slice(&note), public_key, &back, &origin_back, &err),
                         STATUS_OK);
        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
            assert_int_equal(kill(pid, signals[i]), 0); /* does not end it */
        assert_int_equal(keyring_sign_receipt(keyring, &tenant, &fields, &note, &err), STATUS_OK);
        keyring_free(keyring);
        assert_int_equal(waitpid(pid, &result, 0), pid);
        assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    }
    assert_memory_equal(&key[0], &key[1], sizeof(key[0]));
    buf_release(&origin);
    buf_release(&note);
}

static void a_killed_keeper_is_busy(void **state)
{
    const struct place *place = *state;
    const struct keeper_options options = {place->root, place->kek, 2};
    struct guid tenant = guid_new();
    struct keyring *keyring = NULL;
    struct error err;
    struct key key;
    pid_t pid = -1;

    assert_int_equal(keeper_start(&options, &keyring, &pid, &err), STATUS_OK);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (int i = 0; i < 4; i++)
        assert_int_equal(keyring_tenant_key(keyring, &tenant, KEY_PURPOSE_WAL, &key, &err),
                         STATUS_BUSY);
    keyring_free(keyring);
}

static void what_the_keeper_cannot_open_is_told(void **state)
{
    const struct place *place = *state;
    const struct keeper_options options = {place->root, "/nonexistent/kek", 1};
    struct keyring *keyring = NULL;
    struct error err;
    pid_t pid = -1;

    assert_int_equal(keeper_start(&options, &keyring, &pid, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonexistent/kek"));
    assert_null(keyring);
}

static void a_keeper_that_dies_at_its_start_is_told(void **state)
{
    int ready[2], landlock = 0;
    struct error err;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(close(ready[1]), 0);
    assert_int_equal(keeper_wait(ready[0], &landlock, &err), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sandboxed_keeper_makes_keys_and_signs, setup, teardown),
        cmocka_unit_test_setup_teardown(a_killed_keeper_is_busy, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_keeper_cannot_open_is_told, setup, teardown),
        cmocka_unit_test(a_keeper_that_dies_at_its_start_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
