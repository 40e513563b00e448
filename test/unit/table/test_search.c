/* SPDX-License-Identifier: Apache-2.0 */
#include "table/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool has(const char *text, const char *term)
{
    return search_has(slice_of(text), slice_of(term), false, false, false);
}

static void test_has_wants_whole_terms(void **state)
{
    (void)state;
    assert_true(has("a Report.docx", "report"));
    assert_false(has("a Reports.docx", "report"));
    assert_false(has("xreport", "report"));
    assert_true(has("Reports, report", "report")); /* the second place */
    assert_true(has("anna@x.example", "@x"));
    assert_true(has("anna@x.example", "anna@x.example"));
    assert_false(has("bo\xC3\xAEte", "bo")); /* a letter beyond ASCII goes on */
    assert_true(has("bo\xC3\xAEte", "BO\xC3\xAETE"));
    assert_true(has("he said \xE2\x80\x9Cpassword\xE2\x80\x9D", "password"));
    assert_true(has("\xEF\xBC\x88" "Password\xEF\xBC\x89", "password")); /* fullwidth ( ) */
    assert_true(has("a\xE2\x80\x93" "b", "a\xE2\x80\x93" "B"));
    assert_true(has("a\xE2\x80\x93" "b", "\xE2\x80\x93" "b")); /* an end without a term */
    assert_false(has("a\xE2\x80\x93" "bc", "\xE2\x80\x93" "b"));
    assert_true(has("\xC3\x84\xC2\xA0\xC3\x96", "\xC3\xA4"));
    assert_false(has("\xC3\x84\xCC\x81", "\xC3\xA4")); /* an accent on it */
    assert_false(has("\x9Cpassword", "password"));     /* no character */
    assert_true(has("anything", ""));
    assert_false(has("", "a"));
}

static void test_open_ends(void **state)
{
    (void)state;
    assert_true(search_has(SLICE("reports"), SLICE("report"), false, false, true));
    assert_false(search_has(SLICE("reports"), SLICE("eports"), false, false, true));
    assert_true(search_has(SLICE("reports"), SLICE("eports"), false, true, false));
    assert_false(search_has(SLICE("Reports"), SLICE("reports"), true, false, false));
}

static void test_contains(void **state)
{
    (void)state;
    assert_true(search_contains(SLICE("xREPORTx"), SLICE("report"), false));
    assert_false(search_contains(SLICE("xREPORTx"), SLICE("report"), true));
    assert_false(search_contains(SLICE("rep"), SLICE("report"), false));
    assert_true(search_contains(SLICE("rep"), SLICE(""), false));
}

static void test_case_of_the_first_letter(void **state)
{
    (void)state;
    assert_true(has("aXb A-x aB", "Ab"));
    assert_true(has("Ac ac AB", "ab"));
    assert_true(has("@x @Y", "@y"));
    assert_false(has("aaaaaaaaaaaaaaaa", "ab"));
    assert_true(search_contains(SLICE("zzzzzzzzzzzzzzzzzzZZab"), SLICE("zzAB"), false));
    assert_false(search_contains(SLICE("[a"), SLICE("{a"), false)); /* differ in the case bit */
}

/* Letters beyond ASCII: a-umlaut, o-umlaut; a letter whose capital is a byte longer. */
static void test_letters_beyond_ascii(void **state)
{
    struct slice upper = SLICE("\xC3\x84" "B \xC3\x96x"), lower = SLICE("\xC3\xA4" "b");
    struct slice turned = SLICE("x\xC9\x90"), capital = SLICE("\xE2\xB1\xAF");

    (void)state;
    assert_true(search_equal(SLICE("\xC3\x84" "B"), lower, false));
    assert_false(search_equal(SLICE("\xC3\x84" "B"), lower, true));
    assert_false(search_equal(upper, lower, false));
    assert_false(search_equal(SLICE("\xC3\x84"), lower, false));
    assert_false(search_equal(SLICE("ab"), lower, false));
    assert_true(search_equal(SLICE("\xC9\x90"), capital, false)); /* two bytes, three bytes */
    assert_true(search_starts(upper, lower, false));
    assert_false(search_starts(upper, SLICE("\xC3\xB6"), false));
    assert_true(search_ends(turned, capital, false));
    assert_true(search_ends(SLICE("\xC3\xA4\xC3\xA4"), SLICE("\xC3\x84"), false));
    assert_false(search_ends(SLICE("\xC3\xA4" "b"), SLICE("\xC3\x84"), false));
    assert_true(search_contains(upper, SLICE("b \xC3\xB6"), false));
    assert_false(search_contains(upper, SLICE("b \xC3\xB6"), true));
    assert_false(search_contains(upper, SLICE("\xC3\xB6y"), false));
    assert_false(search_contains(SLICE(""), SLICE("\xC3\xB6"), false));
    assert_true(has("a \xC3\x84 b", "\xC3\xA4"));
    assert_false(has("a\xC3\x84 b", "\xC3\xA4")); /* a term goes on before it */
    assert_false(has("a \xC3\x84" "b", "\xC3\xA4"));
    assert_true(has("x\xC3\x84 \xC3\x84", "\xC3\xA4")); /* the second place */
    assert_true(search_has(SLICE("x\xC3\x84"), SLICE("\xC3\xA4"), false, true, false));
    assert_true(search_has(SLICE("\xC3\x84x"), SLICE("\xC3\xA4"), false, false, true));
    assert_false(search_equal(SLICE("\xFF"), SLICE("\xFE"), false)); /* no text, each itself */
    assert_true(search_equal(SLICE("A\xFF"), SLICE("a\xFF"), false));
    assert_false(search_equal(SLICE("\xC5\xBF"), SLICE("s"), false)); /* long s is no s */
}

/* `count` times the unit, then the end. */
static struct slice many(char *to, const char *unit, size_t count, const char *end)
{
    size_t size = strlen(unit);

    for (size_t i = 0; i < count; i++)
        memcpy(to + i * size, unit, size);
    memcpy(to + count * size, end, strlen(end) + 1);
    return slice_from(to, count * size + strlen(end));
}

/* Each part is nearly everywhere: letter by letter it would take hours. */
static void test_texts_that_repeat_themselves(void **state)
{
    enum { UNITS = 1000000 };
    char *text = malloc(UNITS * 4);
    char *part = malloc(UNITS * 4);

    (void)state;
    assert_true(text != NULL && part != NULL);
    struct slice a = many(text, "a", UNITS, "");
    assert_false(search_contains(a, many(part, "A", UNITS / 2, "b"), false));
    assert_true(search_contains(a, many(part, "A", UNITS / 2, ""), false));
    a = many(text, "a", UNITS, "b a");
    assert_true(search_contains(a, many(part, "A", UNITS / 2, "B"), false));
    assert_true(search_has(a, many(part, "A", UNITS / 2, "B"), false, true, false));
    assert_false(search_has(a, many(part, "A", UNITS / 2, "B"), false, false, false));
    a = many(text, "-aa", UNITS, "");
    assert_false(search_has(a, many(part, "-aa", UNITS / 3, "-a"), false, false, false));
    assert_false(search_has(a, many(part, "-aa", UNITS / 3, "-a"), true, false, false));
    assert_true(search_has(a, many(part, "-AA", UNITS / 3, "-A"), false, false, true));
    a = many(text, "\xC3\xA4", UNITS, "\xC3\xB6");
    assert_false(search_contains(a, many(part, "\xC3\x84", UNITS / 2, "b"), false));
    assert_true(search_contains(a, many(part, "\xC3\x84", UNITS / 2, "\xC3\x96"), false));
    assert_true(search_ends(a, many(part, "\xC3\x84", UNITS / 2, "\xC3\x96"), false));
    assert_false(search_ends(a, many(part, "\xC3\x84", UNITS / 2, ""), false));
    free(text);
    free(part);
}

static void test_terms(void **state)
{
    struct slice text = SLICE("<A1b@c-\xC3\xAE..9\xE2\x80\x9D\xC3\xAE>"), term;
    const char *want[] = {"A1b", "c", "\xC3\xAE", "9", "\xC3\xAE"};
    size_t at = 0, count = 0;

    (void)state;
    while (search_next_term(text, &at, &term))
        assert_true(slice_is(term, want[count++]));
    assert_int_equal(count, 5);
    at = 0;
    assert_false(search_next_term(SLICE("--"), &at, &term));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_has_wants_whole_terms),
        cmocka_unit_test(test_open_ends),
        cmocka_unit_test(test_contains),
        cmocka_unit_test(test_case_of_the_first_letter),
        cmocka_unit_test(test_letters_beyond_ascii),
        cmocka_unit_test(test_texts_that_repeat_themselves),
        cmocka_unit_test(test_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
