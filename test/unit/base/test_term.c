/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/fold.h"
#include "base/term.h"
#include "base/text.h"

#define RUNES 0x110000u

static void letters_marks_and_numbers_belong(void **state)
{
    static const uint32_t in[] = {
        0xAA, 0xB2, 0xB5, 0xBD, 0xC0, 0xE9, 0xFF, 0x2BC,    /* ordinals, numbers, Latin */
        0x300, 0x301, 0x345, 0x36F, 0x903, 0x20D0,          /* marks */
        0x3B1, 0x416, 0x5D0, 0x627, 0x661, 0x915, 0xE01,    /* other scripts, other digits */
        0x3005, 0x3007, 0x3042, 0x30A2, 0x30FC, 0x4E00, 0x9FFF, 0xAC00, 0xD7A3,
        0xFF10, 0xFF21, 0xFF71, 0x10400, 0x1D400, 0x20000, 0x3134A};
    static const uint32_t out[] = {
        0x80, 0x85, 0x9F, 0xA0, 0xAB, 0xAD, 0xB4, 0xB7, 0xD7, 0xF7, /* C1, spaces, signs */
        0x1680, 0x2000, 0x200A, 0x2028, 0x202F, 0x205F, 0x3000,     /* spaces */
        0x2010, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201E, 0x2026, 0x203F, 0x2039,
        0x20AC, 0x2192, 0x2122, 0x2603, 0x24B6, 0x1F600, 0x1F3FB,   /* symbols */
        0x3001, 0x3002, 0x300C, 0x30FB, 0xFF01, 0xFF08, 0xFF0C, 0xFF3F, 0xFF5E,
        0x200B, 0x200C, 0x200D, 0x200E, 0x202E, 0x2060, 0xFEFF, 0xE0041, /* formats */
        0xFE0F, 0xFE0E, 0x180B, 0xE0100, 0x20E3,    /* marks of symbols */
        0xE000, 0xF0B7, 0x378, 0x3134B, 0x10FFFF};  /* private, not assigned */

    (void)state;
    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
        if (!term_has_rune(in[i]))
            fail_msg("U+%04X belongs to no term", in[i]);
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
        if (term_has_rune(out[i]))
            fail_msg("U+%04X belongs to a term", out[i]);
}

/* So a term is one whatever the case of its letters. */
static void both_cases_of_a_letter_belong(void **state)
{
    (void)state;
    for (uint32_t rune = 0x80; rune < RUNES; rune++)
        assert_int_equal(term_has_rune(rune), term_has_rune(fold_upper(rune)));
}

static void expect(struct slice text, const char *want)
{
    assert_int_equal(text.size, strlen(want));
    for (size_t i = 0; i < text.size; i++)
        if (term_has(text, i) != (want[i] == 't'))
            fail_msg("byte %zu of '%.*s'", i, SLICE_FMT(text));
}

static void each_byte_is_of_its_character(void **state)
{
    size_t end = 0;

    (void)state;
    expect(SLICE("aZ09_-."), "tttt---");
    expect(SLICE("\xE2\x80\x9C" "pw\xE2\x80\x9D"), "---tt---");
    expect(SLICE("a\xC2\xA0\xC3\xA4\xE4\xB8\xAD\xE3\x80\x82"), "t--ttttt---");
    expect(SLICE("\xF0\x9F\x98\x80x\xF0\x90\x90\x80"), "----ttttt");
    assert_false(term_has_wide(SLICE("\xE2\x80\x9Cx"), 1, &end));
    assert_int_equal(end, 3);
}

static void bytes_that_are_no_text_belong(void **state)
{
    size_t end = 0;

    (void)state;
    expect(SLICE("\x80"), "t");
    expect(SLICE("-\x9C\x9C-"), "-tt-");
    expect(SLICE("\xE2\x80"), "tt");           /* cut */
    expect(SLICE("\xE2\x80."), "tt-");
    expect(SLICE("\xE2\xE2\x80\x9C"), "t---");
    expect(SLICE("\xE2\x80\x9C\x9C"), "---t"); /* one too many */
    expect(SLICE("\xC0\xA0\xED\xA0\x80\xFF"), "tttttt");
    expect(SLICE("\xF0\x9F\x98\x80\x80\x80\x80\x80"), "----tttt");
    assert_true(term_has_wide(SLICE("\xE2\x80."), 0, &end));
    assert_int_equal(end, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_marks_and_numbers_belong),
        cmocka_unit_test(both_cases_of_a_letter_belong),
        cmocka_unit_test(each_byte_is_of_its_character),
        cmocka_unit_test(bytes_that_are_no_text_belong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
