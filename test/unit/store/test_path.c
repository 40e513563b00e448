/* SPDX-License-Identifier: Apache-2.0 */
#include "store/path_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void keys_come_back_from_a_path(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"", "a.b", "[x]", "\\e", "e", "\xC3\xBC", ""};
    struct buf path, key;
    buf_init(&path, 1000);
    buf_init(&key, 1000);
    for (size_t i = 0; i < 7; i++)
        path_add_key(&path, slice_of(KEYS[i]));
    struct slice rest = buf_slice(&path);
    for (size_t i = 0; i < 7; i++) {
        assert_true(path_next_key(&rest, &key));
        assert_true(slice_is(buf_slice(&key), KEYS[i]));
    }
    assert_false(path_next_key(&rest, &key));
    buf_release(&path);
    buf_release(&key);
}

static void only_bare_keys_are_top_level(void **state)
{
    (void)state;
    assert_true(path_is_top_level(SLICE("a")));
    assert_true(path_is_top_level(SLICE("a\\.b\\[]")));
    assert_false(path_is_top_level(SLICE("a.b")));
    assert_false(path_is_top_level(SLICE("a[]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_back_from_a_path),
        cmocka_unit_test(only_bare_keys_are_top_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
