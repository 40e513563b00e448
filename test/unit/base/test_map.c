/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/map.h"

#include <stdio.h>

static void ten_thousand_keys_are_found_in_insertion_order(void **state)
{
    struct error err;
    struct map map;
    char key[32];
    bool is_new;

    (void)state;
    map_init(&map);
    for (uint64_t i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof(key), "key-%llu", (unsigned long long)i);
        struct map_entry *entry = map_put(&map, slice_of(key), &is_new, &err);
        assert_non_null(entry);
        assert_true(is_new);
        entry->value = i;
    }
    assert_int_equal(map.count, 10000);
    for (uint64_t i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof(key), "key-%llu", (unsigned long long)i);
        assert_int_equal(map_find(&map, slice_of(key))->value, i);
        assert_int_equal(map.entries[i].value, i);
    }
    assert_null(map_find(&map, SLICE("absent")));
    assert_int_equal(map_put(&map, SLICE("key-7"), &is_new, &err)->value, 7);
    assert_false(is_new);
    map_clear(&map);
    assert_null(map_find(&map, SLICE("key-7")));
    assert_int_equal(map.count, 0);
    map_release(&map);
}

static void keys_are_copied_and_may_hold_any_byte(void **state)
{
    struct error err;
    struct map map;
    char key[3] = {'a', '\0', 'b'};
    static char large[9000];

    (void)state;
    map_init(&map);
    assert_null(map_find(&map, SLICE("")));
    map_put(&map, slice_from(key, 3), NULL, &err)->value = 1;
    map_put(&map, SLICE(""), NULL, &err)->value = 2;
    map_put(&map, slice_from(large, sizeof(large)), NULL, &err)->value = 3;
    key[2] = 'c';
    assert_null(map_find(&map, slice_from(key, 3)));
    key[2] = 'b';
    assert_int_equal(map_find(&map, slice_from(key, 3))->value, 1);
    assert_int_equal(map_find(&map, SLICE(""))->value, 2);
    assert_int_equal(map_find(&map, slice_from(large, sizeof(large)))->value, 3);
    assert_null(map_pointer(&map, SLICE("x")));
    map_release(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_keys_are_found_in_insertion_order),
        cmocka_unit_test(keys_are_copied_and_may_hold_any_byte),
    };

    return RUN_TESTS(tests);
}
