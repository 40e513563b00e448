/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/fold.h"
#include "base/text.h"

#define RUNES 0x110000u

static void letters_have_their_other_case(void **state)
{
    static const uint32_t pairs[][2] = {
        {'a', 'A'},       {'z', 'Z'},       {0xE4, 0xC4},     {0xFF, 0x178},   {0xB5, 0x39C},
        {0x101, 0x100},   {0x13A, 0x139},   {0x17E, 0x17D},   {0x3C9, 0x3A9},  {0x3C2, 0x3A3},
        {0x451, 0x401},   {0x44F, 0x42F},   {0x561, 0x531},   {0x1E9B, 0x1E60}, {0x1F80, 0x1F88},
        {0x1FB3, 0x1FBC}, {0x250, 0x2C6F},  {0x2170, 0x2160}, {0x24D0, 0x24B6}, {0xAB70, 0x13A0},
        {0xFF41, 0xFF21}, {0x10428, 0x10400}, {0x1E943, 0x1E921}};
    static const uint32_t alone[] = {'1', '[', '`', '{', '@', 0xDF, 0xD7, 0xF7, 0x130, 0x131,
                                     0x149, 0x17F, 0x1F0, 0x390, 0x1FB2, 0x4E00, 0xD800, 0xFB01,
                                     0x1F600, 0x10FFFF};

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_int_equal(fold_upper(pairs[i][0]), pairs[i][1]);
        assert_int_equal(fold_upper(pairs[i][1]), pairs[i][1]);
    }
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
        assert_int_equal(fold_upper(alone[i]), alone[i]);
    assert_int_equal(fold_lower(0xC4), 0xE4);
    assert_int_equal(fold_lower(0x1E9E), 0xDF);
    assert_int_equal(fold_lower(0x3A3), 0x3C3);
    assert_int_equal(fold_lower(0x130), 0x130);
    assert_int_equal(fold_lower('Z'), 'z');
    assert_int_equal(fold_lower('['), '[');
}

/* What searches and the index of the store rely on. */
static void no_letter_leaves_its_kind(void **state)
{
    (void)state;
    for (uint32_t rune = 0; rune < RUNES; rune++) {
        uint32_t upper = fold_upper(rune);
        assert_true(upper < RUNES && fold_lower(rune) < RUNES);
        assert_int_equal(fold_upper(upper), upper); /* folding twice changes nothing */
        assert_int_equal(rune < 0x80, upper < 0x80);
        if (upper != rune) /* so that a letter others fold to is known to have a case */
            assert_int_not_equal(fold_lower(upper), upper);
    }
}

static void bytes_that_are_no_text_stand_for_themselves(void **state)
{
    struct slice s = SLICE("\xC3\xA4\xFF\x80" "b\xC3");
    size_t at = 0;

    (void)state;
    assert_int_equal(fold_next(s, &at), 0xC4);
    assert_int_equal(at, 2);
    assert_int_equal(fold_next(s, &at), RUNES + 0xFF);
    assert_int_equal(fold_next(s, &at), RUNES + 0x80);
    assert_int_equal(fold_next(s, &at), 'B');
    assert_int_equal(fold_next(s, &at), RUNES + 0xC3);
    assert_int_equal(at, s.size);
    at = 0;
    assert_int_equal(fold_next(SLICE("\xEF\xBF\xBD"), &at), 0xFFFD);
    assert_int_equal(at, 3);
}

static void text_beyond_ascii_is_known(void **state)
{
    (void)state;
    assert_true(fold_is_ascii(SLICE("")));
    assert_true(fold_is_ascii(SLICE("0123456789abcdefg")));
    assert_false(fold_is_ascii(SLICE("0123456\xC3\xA4 abcdefg")));
    assert_false(fold_is_ascii(SLICE("12345678\xFF")));
    assert_false(fold_has_case(SLICE("ABC \xE4\xBA\xAC \xFF \xC3\x97"))); /* no case: CJK, x */
    assert_true(fold_has_case(SLICE("abc\xC3\xA4")));
    assert_true(fold_has_case(SLICE("\xC3\x84")));
    assert_false(fold_has_case(SLICE("\xC4\xB1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_have_their_other_case),
        cmocka_unit_test(no_letter_leaves_its_kind),
        cmocka_unit_test(bytes_that_are_no_text_stand_for_themselves),
        cmocka_unit_test(text_beyond_ascii_is_known),
    };

    return RUN_TESTS(tests);
}
