/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter says of single values. */
#include "store/filter_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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
    assert_false(filter_matches_slice(&filter, SLICE("B\xC3\x84"))); /* only ASCII folds */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
