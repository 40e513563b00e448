/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "table/vector.h"

static struct error err;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(16 * MIB);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void a_constant_stands_for_every_row(void **state)
{
    struct value value = {.type = TYPE_STRING, .bytes = SLICE("abc")};
    struct vector v, taken, flat;
    const uint32_t rows[] = {3, 1};

    (void)state;
    ASSERT_OK(vector_const(arena, &value, 5, &v, &err));
    ASSERT_SLICE(vector_value(&v, 4).bytes, "abc");
    assert_int_equal(vector_element_count(&v), 1);
    ASSERT_OK(vector_take(arena, &v, rows, 2, &taken, &err));
    assert_int_equal(taken.encoding, VECTOR_CONST);
    assert_int_equal(taken.row_count, 2);
    ASSERT_OK(vector_flatten(arena, &v, &flat, &err));
    assert_int_equal(flat.encoding, VECTOR_FLAT);
    ASSERT_SLICE(flat.slices[4], "abc");
    value = (struct value){.type = TYPE_LONG, .is_null = true};
    ASSERT_OK(vector_const(arena, &value, 2, &v, &err));
    assert_true(vector_is_null(&v, 1));
}

static void a_dictionary_keeps_its_codes(void **state)
{
    static const struct slice words[] = {{"x", 1}, {"y", 1}, {"", 0}};
    static const uint32_t codes[] = {2, 0, 1, 0};
    const uint8_t nulls[] = {0, 0, 1};
    const uint32_t rows[] = {1, 2, 0};
    struct vector v = {.type = TYPE_DYNAMIC, .encoding = VECTOR_DICT, .row_count = 4,
                       .slices = words, .codes = codes, .dict_size = 3, .nulls = nulls,
                       .dict_id = 9};
    struct vector taken, flat;

    (void)state;
    ASSERT_SLICE(vector_value(&v, 2).bytes, "y");
    assert_true(vector_is_null(&v, 0));
    ASSERT_OK(vector_take(arena, &v, rows, 3, &taken, &err));
    assert_int_equal(taken.dict_id, 9);
    ASSERT_SLICE(vector_value(&taken, 0).bytes, "x");
    assert_true(vector_is_null(&taken, 2));
    ASSERT_OK(vector_flatten(arena, &taken, &flat, &err));
    ASSERT_SLICE(vector_value(&flat, 1).bytes, "y");
    assert_true(vector_is_null(&flat, 2));
}

static void a_vector_may_replace_itself(void **state)
{
    struct value value = {.type = TYPE_LONG, .integer = 7};
    const uint32_t rows[] = {1, 0};
    struct vector v;

    (void)state;
    ASSERT_OK(vector_const(arena, &value, 2, &v, &err));
    ASSERT_OK(vector_flatten(arena, &v, &v, &err));
    assert_int_equal(v.integers[1], 7);
    ASSERT_OK(vector_take(arena, &v, rows, 2, &v, &err));
    assert_int_equal(v.integers[0], 7);
}

static void flat_values_of_every_type_are_taken(void **state)
{
    const uint32_t rows[] = {1};
    struct vector v, taken;

    (void)state;
    for (int t = 0; t < TYPE_COUNT_; t++) {
        size_t size = vector_element_bytes((enum type)t);
        ASSERT_OK(vector_flat(arena, (enum type)t, 2, true, &v, &err));
        void *data = vector_data(&v);
        if (type_is_bytes((enum type)t))
            ((struct slice *)data)[1] = SLICE("v");
        else
            ((unsigned char *)data)[size] = 1;
        ASSERT_OK(vector_take(arena, &v, rows, 1, &taken, &err));
        assert_memory_equal(taken.data, (const unsigned char *)data + size, size);
        assert_false(vector_is_null(&taken, 0));
    }
}

static void flat_values_are_copied(void **state)
{
    struct vector v, copy;

    (void)state;
    for (int with_nulls = 0; with_nulls < 2; with_nulls++) {
        ASSERT_OK(vector_flat(arena, TYPE_LONG, 3, with_nulls != 0, &v, &err));
        ((int64_t *)vector_data(&v))[2] = 7;
        if (with_nulls != 0)
            vector_nulls(&v)[1] = 1;
        ASSERT_OK(vector_flatten(arena, &v, &copy, &err));
        assert_ptr_not_equal(copy.data, v.data);
        assert_int_equal(copy.row_count, 3);
        assert_int_equal(vector_value(&copy, 0).integer, 0);
        assert_int_equal(vector_is_null(&copy, 1), with_nulls);
        assert_int_equal(vector_value(&copy, 2).integer, 7);
        ASSERT_OK(vector_flatten(arena, &v, &v, &err)); /* in place */
        assert_int_equal(vector_value(&v, 2).integer, 7);
    }
    ASSERT_OK(vector_flat(arena, TYPE_BOOL, 0, false, &v, &err));
    ASSERT_OK(vector_flatten(arena, &v, &copy, &err));
    assert_int_equal(copy.row_count, 0);
}

static void each_dictionary_has_its_own_number(void **state)
{
    enum { COUNT = 1000 };
    uint64_t ids[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        ids[i] = vector_new_dict_id();
        assert_true(ids[i] != 0);
        for (int k = 0; k < i; k++)
            assert_true(ids[k] != ids[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_stands_for_every_row),
        cmocka_unit_test(a_dictionary_keeps_its_codes),
        cmocka_unit_test(a_vector_may_replace_itself),
        cmocka_unit_test(flat_values_of_every_type_are_taken),
        cmocka_unit_test(flat_values_are_copied),
        cmocka_unit_test(each_dictionary_has_its_own_number),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
