/* SPDX-License-Identifier: Apache-2.0 */
#include "store/words_priv.h"

#include "base/random.h"
#include "table/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void expect(const char *text, const char *const *want)
{
    struct words words = {.text = slice_of(text)};
    struct slice unit;
    unsigned count = 0;

    while (words_next(&words, &unit)) {
        if (want[count] == NULL || !slice_is(unit, want[count]))
            fail_msg("%s: unit %u is '%.*s'", text, count, SLICE_FMT(unit));
        count++;
    }
    if (want[count] != NULL)
        fail_msg("%s: '%s' is missing", text, want[count]);
}

static void test_units(void **state)
{
    (void)state;
    expect("Quarter report.docx", (const char *const[]){"Quarter", "report", "docx", NULL});
    expect("89d53fe6-7f50-4456-b931-21fd1dc9eebe", (const char *const[]){"21fd1dc9eebe", NULL});
    expect("2026-03-02T18:12:31Z", (const char *const[]){NULL});
    expect("10.20.30.40:443", (const char *const[]){"10.20.30.40", NULL});
    expect("1.2.3.4.5", (const char *const[]){"1.2.3.4", "2.3.4.5", NULL});
    expect("15.20.7500.28", (const char *const[]){NULL});
    expect("1.2..3.4", (const char *const[]){NULL});
    expect("1.2-3.4", (const char *const[]){NULL});
    expect("", (const char *const[]){NULL});
    expect("b\xC3\xAEte fee1 feed", (const char *const[]){"b\xC3\xAEte", "feed", NULL});
    expect("\xE2\x80\x9Cpassword\xE2\x80\x9D", (const char *const[]){"password", NULL});
    expect("from\xC2\xA0" "12\xE2\x80\x93" "34", (const char *const[]){"from", NULL});
    expect("\xE2\x80\x9C" "10.20.30.40\xE2\x80\x9D", (const char *const[]){"10.20.30.40", NULL});
    expect("\xE2\x80\x9C" "cut\xE2\x80", (const char *const[]){"cut\xE2\x80", NULL});
}

static void test_strength(void **state)
{
    (void)state;
    assert_true(word_is_strong(SLICE("report")));
    assert_true(word_is_strong(SLICE("VE1PR04")));
    assert_true(word_is_strong(SLICE("123456789012")));
    assert_false(word_is_strong(SLICE("12345678901")));
    assert_false(word_is_strong(SLICE("02T18")));
    assert_false(word_is_strong(SLICE("89D53FE6")));
    assert_true(words_any_strong(SLICE("1 2 three")));
    assert_false(words_any_strong(SLICE("10.20.30.40")));
    assert_false(words_any_strong(SLICE("")));
    assert_false(words_any_strong(SLICE("12\xE2\x80\x93" "34")));
}

/* Strong terms as search_next_term() cuts them; addresses are left out of both. */
static void test_terms_are_those_of_a_search(void **state)
{
    static const char letters[] = "0123456789abcdefABCtTzZgX.-:@ /\xC3\xA4\x80\xff_\"[`{";
    static const char *const wide[] = {"\xC3\xA4", "\xC2\xA0", "\xE2\x80\x9C", "\xE4\xB8\xAD",
                                       "\xF0\x9F\x98\x80", "\xF0\x90\x90\x80"};
    char text[300];

    (void)state;
    for (unsigned try = 0; try < 20000; try++) {
        size_t size = random_u64() % sizeof(text), from = 0;
        unsigned run = (unsigned)(random_u64() % 3); /* 0: many short terms; else long ones */
        for (size_t i = 0; i < size; i++)
            text[i] = run > 0 && random_u64() % (40 * run) != 0
                          ? letters[random_u64() % 16]
                          : letters[random_u64() % (sizeof(letters) - 1)];
        for (size_t i = random_u64() % 80; i + 4 < size; i += 1 + random_u64() % 80) {
            const char *character = wide[random_u64() % (sizeof(wide) / sizeof(wide[0]))];
            memcpy(text + i, character, strlen(character));
        }
        struct words words = {.text = slice_from(text, size)};
        struct slice unit, term;
        bool any = false;
        while (words_next(&words, &unit)) {
            if (slice_find_byte(unit, '.', 0) != SIZE_MAX)
                continue;
            bool found = false;
            while (!found && search_next_term(words.text, &from, &term))
                found = word_is_strong(term);
            assert_true(found);
            assert_true(slice_equal(unit, term));
            any = true;
        }
        while (search_next_term(words.text, &from, &term))
            assert_false(word_is_strong(term));
        assert_int_equal(words.any_strong, any);
        assert_int_equal(words_any_strong(words.text), any);
    }
}

/* Wherever windows begin and end, and whatever stands before. */
static void test_an_address_is_found_anywhere(void **state)
{
    static const char fillers[] = "a1. -.";
    char text[200];

    (void)state;
    for (size_t at = 0; at < 150; at++) {
        for (const char *filler = fillers; *filler != '\0'; filler++) {
            memset(text, *filler, at);
            size_t size = at + (size_t)snprintf(text + at, sizeof(text) - at, "-10.200.3.40-x");
            struct words words = {.text = slice_from(text, size)};
            struct slice unit;
            unsigned addresses = 0;
            while (words_next(&words, &unit)) {
                if (slice_equal(unit, SLICE("10.200.3.40")))
                    addresses++;
                else
                    assert_true(word_is_strong(unit));
            }
            assert_int_equal(addresses, 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_strength),
        cmocka_unit_test(test_terms_are_those_of_a_search),
        cmocka_unit_test(test_an_address_is_found_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
