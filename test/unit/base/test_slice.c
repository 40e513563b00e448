/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/slice.h"

#include <stdlib.h>

static void each_byte_counts_for_equality(void **state)
{
    char a[80], b[80];

    (void)state;
    for (size_t i = 0; i < sizeof(a); i++)
        a[i] = b[i] = (char)(i * 7);
    for (size_t size = 0; size < sizeof(a); size++) {
        assert_true(bytes_equal(a, b, size));
        for (size_t i = 0; i < sizeof(a); i++) {
            b[i] ^= 1;
            assert_int_equal(bytes_equal(a, b, size), i >= size);
            b[i] ^= 1;
        }
    }
}

static void comparison_is_by_bytes_then_length(void **state)
{
    (void)state;
    assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
    assert_int_equal(slice_compare(SLICE("ab"), SLICE("ab")), 0);
    assert_true(slice_compare((struct slice){NULL, 0}, SLICE("x")) < 0);
    assert_true(slice_equal((struct slice){NULL, 0}, SLICE("")));
    assert_true(slice_equal_nocase(SLICE("AbZ"), SLICE("aBz")));
    assert_false(slice_equal_nocase(SLICE("[@"), SLICE("{`")));
    assert_true(slice_starts_with(SLICE("abc"), SLICE("ab")));
    assert_false(slice_starts_with(SLICE("a"), SLICE("ab")));
    assert_true(slice_ends_with(SLICE("abc"), SLICE("bc")));
}

static void finding_stays_inside(void **state)
{
    (void)state;
    assert_int_equal(slice_find(SLICE("abcabc"), SLICE("ca"), 0), 2);
    assert_int_equal(slice_find(SLICE("abcabc"), SLICE("abc"), 1), 3);
    assert_true(slice_find(SLICE("abc"), SLICE("abcd"), 0) == SIZE_MAX);
    assert_int_equal(slice_find(SLICE("abc"), SLICE(""), 3), 3);
    assert_true(slice_find(SLICE("abc"), SLICE(""), 4) == SIZE_MAX);
    assert_int_equal(slice_find_byte(SLICE("abc"), 'c', 0), 2);
    assert_true(slice_find_byte(SLICE("abc"), 'a', 1) == SIZE_MAX);
    ASSERT_SLICE(slice_tail(SLICE("abc"), 9), "");
    ASSERT_SLICE(slice_head(SLICE("abc"), 9), "abc");
    ASSERT_SLICE(slice_trim(SLICE(" \t a b\r\n")), "a b");
}

static void parts_are_split_and_copied(void **state)
{
    struct slice rest = SLICE("a,,b,"), part;
    const char *wanted[] = {"a", "", "b", ""};
    int count = 0;

    (void)state;
    while (slice_next(&rest, ',', &part))
        assert_true(slice_is(part, wanted[count++]));
    assert_int_equal(count, 4);
    char *copy = slice_dup(SLICE("xy"));
    assert_string_equal(copy, "xy");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparison_is_by_bytes_then_length),
        cmocka_unit_test(each_byte_counts_for_equality),
        cmocka_unit_test(finding_stays_inside),
        cmocka_unit_test(parts_are_split_and_copied),
    };

    return RUN_TESTS(tests);
}
