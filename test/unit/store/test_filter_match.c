/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter says of single values. */
#include "store/filter_priv.h"

#include "store/part_maker.h"

static struct value text_value(const char *text)
{
    return (struct value){.type = TYPE_STRING, .bytes = slice_of(text)};
}

static void test_types(void **state)
{
    struct value text = text_value("a"), number = {.type = TYPE_LONG, .integer = 1};
    struct filter equal = {.kind = FILTER_EQUAL, .values = &text, .value_count = 1};
    struct filter has = {.kind = FILTER_HAS, .values = &text, .value_count = 1};
    struct filter range = {.kind = FILTER_RANGE, .low = 1, .high = 2};

    (void)state;
    assert_int_equal(filter_type(&equal, TYPE_STRING), TYPE_STRING);
    assert_int_equal(filter_type(&equal, TYPE_DYNAMIC), TYPE_STRING);
    assert_int_equal(filter_type(&equal, TYPE_LONG), TYPE_COUNT_);
    assert_int_equal(filter_type(&has, TYPE_LONG), TYPE_COUNT_);
    assert_int_equal(filter_type(&range, TYPE_DATETIME), TYPE_DATETIME);
    assert_int_equal(filter_type(&range, TYPE_STRING), TYPE_COUNT_);
    equal.values = &number;
    assert_int_equal(filter_type(&equal, TYPE_INT), TYPE_INT);
    assert_int_equal(filter_type(&equal, TYPE_STRING), TYPE_COUNT_);
}

static void test_texts(void **state)
{
    struct value texts[] = {text_value("Report"), text_value("b\xC3\xA4")};
    struct filter filter = {.kind = FILTER_EQUAL, .values = texts, .value_count = 2};

    (void)state;
    assert_true(filter_matches_slice(&filter, SLICE("Report")));
    assert_false(filter_matches_slice(&filter, SLICE("report")));
    filter.kind = FILTER_EQUAL_NOCASE;
    assert_true(filter_matches_slice(&filter, SLICE("rEPORT")));
    assert_true(filter_matches_slice(&filter, SLICE("B\xC3\xA4")));
    assert_true(filter_matches_slice(&filter, SLICE("B\xC3\x84")));
    filter.kind = FILTER_HAS;
    filter.value_count = 1;
    assert_true(filter_matches_slice(&filter, SLICE("a-report.docx")));
    assert_false(filter_matches_slice(&filter, SLICE("reports")));
    assert_true(filter_is_within(&filter, SLICE("reports")));
    filter.kind = FILTER_RANGE;
    assert_false(filter_matches_slice(&filter, SLICE("Report")));
}

static void test_missing(void **state)
{
    struct value texts[] = {text_value("a"), text_value("")};
    struct filter filter = {.kind = FILTER_EQUAL, .values = texts, .value_count = 1};

    (void)state;
    assert_false(filter_matches_missing(&filter));
    filter.value_count = 2;
    assert_true(filter_matches_missing(&filter));
    filter.kind = FILTER_RANGE;
    assert_false(filter_matches_missing(&filter));
}

/* A dictionary searched as one text says what its values say one by one. */
static void words_of_a_dictionary(void **state)
{
    static const char *const pieces[] = {"report", "Report", "REPORTS", "x", "-", " ", "rt", "a",
                                         "re", "port", "b\xC3\xA4", "", "reportreport", "."};
    static const char *const words[] = {"report", "x", "rt", "reports", "b\xC3\xA4", "no"};
    struct part_scan scan = {.arena = arena_new(64 * MIB)};
    struct batch_maker m;
    uint64_t seed = 7;

    (void)state;
    batch_maker_init(&m, "T", 1);
    for (uint32_t i = 0; i < 2000; i++) {
        char text[256] = "{\"a\":\"", *end = text + strlen(text);
        for (uint32_t k = 0; k < i % 9; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            end = stpcpy(end, pieces[(seed >> 33) % (sizeof(pieces) / sizeof(pieces[0]))]);
        }
        (void)stpcpy(end, "\"}");
        batch_maker_add(&m, slice_of(text), 1);
    }
    scan.part = build_part(&m);
    uint32_t path = part_find_path(scan.part, SLICE("a"), PATH_VALUE);
    const struct path_column *column = &scan.part->paths[path];
    assert_true(column->dict_count > 500);
    for (uint32_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
        struct value value = text_value(words[w]);
        struct filter filter = {.kind = FILTER_HAS, .values = &value, .value_count = 1};
        uint8_t *found = NULL;
        uint32_t count = 0;
        struct error err;
        assert_int_equal(filter_match_path(&scan, &filter, path, TYPE_STRING, &found, &err),
                         STATUS_OK);
        for (uint32_t i = 0; i < column->dict_count; i++) {
            bool wanted = filter_matches_slice(&filter, column->dict[i]);
            assert_int_equal(found != NULL && found[i] != 0, wanted);
            count += wanted;
        }
        assert_int_equal(count > 0, w < 5);
    }
    part_unref(scan.part);
    batch_maker_release(&m);
    arena_free(scan.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(words_of_a_dictionary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
