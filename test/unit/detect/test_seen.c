/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "detect/seen_priv.h"

#include <stdio.h>

static struct error err;

static struct slice key_of(unsigned number, char room[32])
{
    return slice_from(room, (size_t)snprintf(room, 32, "key %u", number));
}

static void keys_keep_their_values_while_the_set_grows(void **state)
{
    struct seen seen = {0};
    char room[32];
    bool is_new = false;

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        assert_false(seen_has(&seen, key_of(i, room)));
        int64_t *value = seen_put(&seen, key_of(i, room), &is_new, &err);
        assert_non_null(value);
        assert_true(is_new);
        assert_int_equal(*value, 0);
        *value = -(int64_t)i;
    }
    for (unsigned i = 0; i < 5000; i++) {
        assert_true(seen_has(&seen, key_of(i, room)));
        assert_int_equal(seen_value(&seen, key_of(i, room)), -(int64_t)i);
        assert_int_equal(*seen_put(&seen, key_of(i, room), &is_new, &err), -(int64_t)i);
        assert_false(is_new);
    }
    assert_int_equal(seen.count, 5000);
    seen_release(&seen);
    assert_false(seen_has(&seen, key_of(1, room)));
    assert_int_equal(seen_value(&seen, key_of(1, room)), 0);
}

/* Thousands of tenants have a set each: it takes what its keys need. */
static void a_set_takes_little(void **state)
{
    struct seen seen = {0};
    char room[32];
    bool is_new = false;

    (void)state;
    for (unsigned i = 0; i < 6; i++)
        assert_non_null(seen_put(&seen, key_of(i, room), &is_new, &err));
    assert_int_equal(seen.capacity, 8);
    for (unsigned i = 6; i < 1000; i++) {
        assert_non_null(seen_put(&seen, key_of(i, room), &is_new, &err));
        assert_true(seen.capacity * 3 >= seen.count * 4);
        assert_true(seen.capacity <= seen.count * 2 + 2);
    }
    seen_release(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_keep_their_values_while_the_set_grows),
        cmocka_unit_test(a_set_takes_little),
    };

    return RUN_TESTS(tests);
}
