/* SPDX-License-Identifier: Apache-2.0 */
/* Damage that would look like nothing at all is told at the start. */
#include "place.h"

static struct error err;

/* Its records would be left out of the replay, and the log be cut. */
static void a_keyring_that_lacks_a_tenant_is_damage(void **state)
{
    struct daybook_options options = {.thread_count = 1};
    char kek[DATA_PATH_BYTES];
    struct place place;
    struct buf before;

    (void)state;
    place_make(&place);
    place_open(&place);
    buf_init(&before, MIB);
    ASSERT_OK(io_read_all(place.io, KEYRING_PATH, &before, &err));
    assert_int_equal(
        place_ask(&place, place.admin, HTTP_POST, "/v1/tenants", "{\"name\":\"contoso\"}"), 200);
    ASSERT_OK(io_replace(place.io, KEYRING_PATH, buf_slice(&before), &err));
    ASSERT_OK(io_replace(place.io, KEYRING_PATH ".copy", buf_slice(&before), &err));
    buf_release(&before);
    place_close(&place, true);

    ASSERT_OK(data_dir_open(place.root, &place.dir, &err));
    ASSERT_OK(io_linux_new(place.root, &place.io, &err));
    ASSERT_OK(data_dir_kek(&place.dir, kek, &err));
    ASSERT_OK(keyring_local_open(place.io, kek, &place.keyring, &err));
    options.dir = &place.dir;
    options.keyring = place.keyring;
    assert_int_equal(daybook_open(&options, &place.daybook, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "'contoso'"));
    place_close(&place, false);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_keyring_that_lacks_a_tenant_is_damage),
    };

    return RUN_TESTS(tests);
}
