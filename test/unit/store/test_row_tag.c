/* SPDX-License-Identifier: Apache-2.0 */
/* A tag is of the number and of every byte. */
#include "store/row_tag_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void it_is_of_the_number_and_the_bytes(void **state)
{
    (void)state;
    char text[] = "{\"Id\":\"a record that has more than one pair of words\"}";
    struct slice raw = slice_from(text, sizeof(text) - 1);
    uint64_t tag = row_tag(7, raw);
    assert_int_equal(row_tag(7, raw), tag);
    assert_int_not_equal(row_tag(8, raw), tag);
    assert_int_not_equal(row_tag(7, slice_head(raw, raw.size - 1)), tag);
    for (size_t i = 0; i < raw.size; i++) {
        text[i] ^= 0x40;
        assert_int_not_equal(row_tag(7, raw), tag);
        text[i] ^= 0x40;
    }
    assert_int_equal(row_tag(7, raw), tag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_of_the_number_and_the_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
