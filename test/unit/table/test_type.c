/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "table/type.h"

static void every_type_has_a_name_that_finds_it(void **state)
{
    enum type type;

    (void)state;
    for (int i = 0; i < TYPE_COUNT_; i++) {
        assert_true(type_from_name(slice_of(type_name((enum type)i)), &type));
        assert_int_equal(type, i);
    }
    assert_string_equal(type_phrase(TYPE_INT), "an int");
    assert_string_equal(type_phrase(TYPE_DYNAMIC), "a dynamic");
    assert_true(type_from_name(SLICE("date"), &type) && type == TYPE_DATETIME);
    assert_true(type_from_name(SLICE("double"), &type) && type == TYPE_REAL);
    assert_false(type_from_name(SLICE("varchar"), &type));
    assert_true(type_is_number(TYPE_DECIMAL));
    assert_false(type_is_number(TYPE_DATETIME));
    assert_true(type_is_bytes(TYPE_DYNAMIC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_type_has_a_name_that_finds_it)};

    return RUN_TESTS(tests);
}
