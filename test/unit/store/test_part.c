/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a part. */
#include "store/part_maker.h"
#include "store/values_priv.h"

static void a_part_lives_while_it_is_referenced(void **state)
{
    (void)state;
    struct batch_maker m;
    const struct path_values *values;
    struct error err;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"a\":\"\\u0041\"}"), 1);
    struct part *part = build_part(&m);
    size_t bytes = part_memory_bytes(part);
    assert_true(bytes > 0);
    uint32_t path = part_find_path(part, SLICE("a"), PATH_VALUE);
    assert_int_equal(path_values_get(part, path, TYPE_STRING, &values, &err), STATUS_OK);
    assert_true(part_memory_bytes(part) > bytes);
    assert_ptr_equal(part_ref(part), part);
    part_unref(part);
    check_part(part, &m, 1);
    part_unref(part);
    part_unref(NULL);
    batch_maker_release(&m);
}

static void paths_are_found_by_text_and_class(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"a\":1}"), 1);
    batch_maker_add(&m, SLICE("{\"a\":[1]}"), 1);
    batch_maker_add(&m, SLICE("{\"a\":{}}"), 1);
    struct part *part = build_part(&m);
    uint32_t value = part_find_path(part, SLICE("a"), PATH_VALUE);
    uint32_t array = part_find_path(part, SLICE("a"), PATH_ARRAY);
    uint32_t object = part_find_path(part, SLICE("a"), PATH_OBJECT);
    assert_true(value < part->path_count && array < part->path_count);
    assert_true(object < part->path_count && value != array && array != object);
    assert_int_equal(part_find_path(part, SLICE("b"), PATH_VALUE), UINT32_MAX);
    uint32_t found[PATH_CLASS_COUNT];
    part_find_paths(part, SLICE("a"), found);
    assert_int_equal(found[PATH_VALUE], value);
    assert_int_equal(found[PATH_ARRAY], array);
    assert_int_equal(found[PATH_OBJECT], object);
    part_find_paths(part, SLICE("b"), found);
    for (unsigned c = 0; c < PATH_CLASS_COUNT; c++)
        assert_int_equal(found[c], UINT32_MAX);
    part_find_paths(part, SLICE(""), found);
    assert_int_equal(found[PATH_OBJECT], 0); /* the record */
    for (uint32_t row = 0; row < 3; row++)
        assert_int_equal(part_root_shape(part, row), row);
    part_unref(part);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_lives_while_it_is_referenced),
        cmocka_unit_test(paths_are_found_by_text_and_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
