/* SPDX-License-Identifier: Apache-2.0 */
/* Where words can be.  (Marks: test_scan_filter.c; whole answers: main/test_answers.c.) */
#include "test.h"

#include "store/scan_maker.h"

#include "store/filter_priv.h"

static bool is_findable(enum filter_kind kind, const char *word)
{
    struct value value = text_value(word);
    struct filter filter = {.kind = kind, .values = &value, .value_count = 1};

    return filter_is_findable(&filter);
}

static bool is_number(const char *word)
{
    struct value value = text_value(word);
    struct filter filter = {.kind = FILTER_ANY_HAS, .values = &value, .value_count = 1};

    return filter_is_number(&filter);
}

static bool is_piece(const char *word)
{
    struct value value = text_value(word);
    struct filter filter = {.kind = FILTER_ANY_HAS, .values = &value, .value_count = 1};

    return filter_is_guid_piece(&filter);
}

static void test_findable(void **state)
{
    (void)state;
    assert_true(is_findable(FILTER_HAS, "report"));
    assert_true(is_findable(FILTER_HAS, "2024"));
    assert_true(is_findable(FILTER_HAS, "<a@b>"));
    assert_false(is_findable(FILTER_EQUAL, "report"));
    /* may lie across the border of a leaf */
    assert_false(is_findable(FILTER_HAS, "a\":1"));
    assert_false(is_findable(FILTER_HAS, "two words"));
    assert_false(is_findable(FILTER_HAS, "a,b"));
    assert_false(is_findable(FILTER_HAS, ":a"));
    assert_false(is_findable(FILTER_HAS, ""));
    /* a null in an array reads so, one that is a value of its own does not */
    assert_false(is_findable(FILTER_HAS, "null"));
    assert_false(is_findable(FILTER_ANY_HAS, "NULL"));
    assert_true(is_findable(FILTER_HAS, "nullable"));
    /* may be what a number or a time is printed as */
    assert_false(is_findable(FILTER_ANY_HAS, "2024"));
    assert_false(is_findable(FILTER_ANY_HAS, "2024-02-17T17:12:03Z"));
    assert_true(is_findable(FILTER_ANY_HAS, "10.20.30.40"));
}

static void test_numbers(void **state)
{
    (void)state;
    assert_true(is_number("443"));
    assert_true(is_number("7"));
    assert_true(is_number("50126"));
    assert_true(is_number("123456789012345678901234567890"));
    assert_false(is_number("50")); /* a month, a minute, a second */
    assert_false(is_number("2024"));
    assert_false(is_number("44.3"));
    assert_false(is_number("-443"));
    assert_false(is_number("01T10"));
    assert_false(is_number(""));
}

static void test_pieces_of_guids(void **state)
{
    (void)state;
    assert_true(is_piece("89abcdef"));
    assert_true(is_piece("89AB"));
    assert_true(is_piece("0123456789ab"));
    assert_false(is_piece("89abcde"));
    assert_false(is_piece("0123456789abcdef"));
    assert_false(is_piece("89ab-cdef"));
    assert_false(is_piece("8gab"));
}

static void test_guids_have_pieces(void **state)
{
    struct guid guids[3];
    struct path_column path = {.guids = guids, .dict_count = 3};
    struct error err;

    (void)state;
    assert_true(guid_parse(SLICE("89abcdef-0123-4567-89ab-cdef01234567"), &guids[0]));
    assert_true(guid_parse(SLICE("01234567-4567-89ab-cdef-0123456789ab"), &guids[1]));
    assert_true(guid_parse(SLICE("ffffffff-ffff-ffff-ffff-ffffffffffff"), &guids[2]));
    static const struct {
        const char *word;
        uint8_t want[3];
    } cases[] = {
        {"89ABCDEF", {1, 0, 0}}, {"01234567", {0, 1, 0}}, {"4567", {1, 1, 0}},
        {"89ab", {1, 1, 0}},     {"cdef", {0, 1, 0}},     {"cdef01234567", {1, 0, 0}},
        {"ffff", {0, 0, 1}},     {"0123", {1, 0, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct value value = text_value(cases[i].word);
        struct filter filter = {.kind = FILTER_ANY_HAS, .values = &value, .value_count = 1};
        struct part_scan scan = {.arena = arena_new(MIB)};
        uint8_t *got;
        ASSERT_OK(filter_match_guids(&scan, &filter, &path, &got, &err));
        if (got == NULL || memcmp(got, cases[i].want, 3) != 0)
            fail_msg("%s", cases[i].word);
        arena_free(scan.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_findable),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_pieces_of_guids),
        cmocka_unit_test(test_guids_have_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
