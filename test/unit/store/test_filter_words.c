/* SPDX-License-Identifier: Apache-2.0 */
/* Which words can be looked for in leaves and literals.  (Marks themselves:
 * test_scan_filter.c.) */
#include "store/filter_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_findable(enum filter_kind kind, const char *word)
{
    struct value value = {.type = TYPE_STRING, .bytes = slice_of(word)};
    struct filter filter = {.kind = kind, .values = &value, .value_count = 1};

    return filter_is_findable(&filter);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_findable)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
