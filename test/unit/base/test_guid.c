/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/guid.h"

static void text_and_bytes_agree(void **state)
{
    static const char text[] = "00112233-4455-6677-8899-aabbccddeeff";
    char again[GUID_TEXT_BYTES + 1];
    struct guid guid, other;

    (void)state;
    assert_true(guid_parse(slice_of(text), &guid));
    assert_int_equal(guid.bytes[0], 0);
    assert_int_equal(guid.bytes[15], 0xff);
    guid_format(&guid, again);
    assert_string_equal(again, text);
    assert_true(guid_parse(SLICE("{00112233-4455-6677-8899-AABBCCDDEEFF}"), &other));
    assert_true(guid_equal(&guid, &other));
    assert_true(guid_parse(SLICE("00112233445566778899aabbccddeeff"), &other));
    assert_true(guid_equal(&guid, &other));
    assert_true(guid_parse_lower(text, &other));
    assert_false(guid_parse_lower("00112233-4455-6677-8899-AABBCCDDEEFF", &other));
}

static void anything_else_is_refused(void **state)
{
    struct guid guid = {{1}};

    (void)state;
    assert_false(guid_parse(SLICE(""), &guid));
    assert_false(guid_parse(SLICE("00112233-4455-6677-8899-aabbccddeef"), &guid));
    assert_false(guid_parse(SLICE("00112233-4455-6677-8899-aabbccddeefg"), &guid));
    assert_false(guid_parse(SLICE("001122334-455-6677-8899-aabbccddeeff"), &guid));
    assert_int_equal(guid.bytes[0], 1);
}

/* Each character at each place: only a digit that guid_format() writes passes. */
static void the_stored_form_is_exact(void **state)
{
    static const char digits[] = "0123456789abcdef";
    const struct guid base = {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba,
                               0x98, 0x76, 0x54, 0x32, 0x10}};
    char text[GUID_TEXT_BYTES + 1], again[GUID_TEXT_BYTES + 1];
    struct guid guid;

    (void)state;
    guid_format(&base, text);
    assert_string_equal(text, "01234567-89ab-cdef-fedc-ba9876543210");
    for (size_t at = 0; at < GUID_TEXT_BYTES; at++) {
        bool is_hyphen = text[at] == '-';
        char kept = text[at];
        for (int c = -128; c < 128; c++) {
            text[at] = (char)c;
            bool good = is_hyphen ? c == '-' : c > 0 && strchr(digits, c) != NULL;
            guid = (struct guid){{0}};
            assert_int_equal(guid_parse_lower(text, &guid), good);
            assert_int_equal(guid_is_zero(&guid), !good);
            if (good) {
                guid_format(&guid, again);
                assert_string_equal(again, text);
            }
        }
        text[at] = kept;
    }
}

static void new_ones_differ(void **state)
{
    struct guid a = guid_new(), b = guid_new();

    (void)state;
    assert_false(guid_equal(&a, &b));
    assert_int_equal(a.bytes[6] >> 4, 4);
    assert_int_equal(a.bytes[8] >> 6, 2);
    assert_false(guid_is_zero(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_bytes_agree),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(the_stored_form_is_exact),
        cmocka_unit_test(new_ones_differ),
    };

    return RUN_TESTS(tests);
}
