/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of arrays: read, compared, found, written. */
#include "test.h"

#include "query/items.h"

static void elements_are_read_as_they_are_written(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct eval eval = {.arena = arena, .query_arena = arena};
    struct error err;
    struct items items;

    (void)state;
    ASSERT_OK(items_of(&eval, SLICE("[1,\"a\",[2],{\"b\":3},null]"), &items, &err));
    assert_int_equal(items.count, 5);
    ASSERT_SLICE(items.data[0], "1");
    ASSERT_SLICE(items.data[1], "\"a\"");
    ASSERT_SLICE(items.data[2], "[2]");
    ASSERT_SLICE(items.data[3], "{\"b\":3}");
    ASSERT_SLICE(items.data[4], "null");
    ASSERT_OK(items_of(&eval, SLICE("[]"), &items, &err));
    assert_int_equal(items.count, 0);
    ASSERT_OK(items_of(&eval, SLICE("{\"a\":1}"), &items, &err));
    assert_int_equal(items.count, 0);
    arena_free(arena);
}

static void only_arrays_are_arrays(void **state)
{
    struct value array = {.type = TYPE_DYNAMIC, .bytes = SLICE("[1]")};
    struct value bag = {.type = TYPE_DYNAMIC, .bytes = SLICE("{}")};
    struct value text = {.type = TYPE_STRING, .bytes = SLICE("[1]")};
    struct value null = {.type = TYPE_DYNAMIC, .is_null = true};

    (void)state;
    assert_true(items_is_array(&array));
    assert_false(items_is_array(&bag));
    assert_false(items_is_array(&text));
    assert_false(items_is_array(&null));
}

static void elements_have_an_order(void **state)
{
    (void)state;
    assert_true(item_compare(SLICE("2"), SLICE("10")) < 0); /* by value */
    assert_int_equal(item_compare(SLICE("1"), SLICE("1.0")), 0);
    assert_true(item_compare(SLICE("\"b\""), SLICE("\"a\"")) > 0);
    assert_int_equal(item_compare(SLICE("\"\\u0061\""), SLICE("\"a\"")), 0);
    assert_true(item_compare(SLICE("9"), SLICE("\"1\"")) < 0); /* numbers before texts */
    assert_true(item_compare(SLICE("null"), SLICE("\"z\"")) > 0); /* nulls last */
    assert_true(item_equal(SLICE("\"a\""), SLICE("\"a\"")));
    assert_false(item_equal(SLICE("\"a\""), SLICE("\"A\"")));
    assert_false(item_equal(SLICE("1"), SLICE("\"1\"")));
}

static int sign_of(int order)
{
    return (order > 0) - (order < 0);
}

/* Each with each: as they are compared, so are the bytes of their order. */
static void bytes_have_the_order_of_elements(void **state)
{
    static const char *const elements[] = {
        "-1e300", "-10", "-9.5", "-0.0", "0", "1", "1.0", "1.5", "2", "10",
        "9007199254740992", "9007199254740993", "1e300", "1e999", "\"\"", "\"a\\u0001b\"",
        "\"a\\tb\"", "\"a\\nb\"", "\"a\\rb\"", "\"a b\"", "\"a\"", "\"a!\"", "\"a\\\"\"", "\"aZ\"",
        "\"a\\\\\"", "\"a\\\\n\"", "\"a\\\\\\n\"", "\"a\\\\\\\\n\"",
        "\"aa\"", "\"aA\"", "\"a\\u0041\"",
        "\"a\\u0061\"", "\"a\\u00e9\"", "\"a\\u00E9\"", "\"a\xC3\xA9\"", "\"a\xC3\xA8\"",
        "\"a\\ud83d\\ude00\"", "\"a\xF0\x9F\x98\x80\"", "\"a\\ud83d\\ude01\"", "false", "true",
        "[1]", "[2]", "{\"a\":1}", "null",
        "\"0123456789012345678901234567890123456789012345678901234567890123456789 a\"",
        "\"0123456789012345678901234567890123456789012345678901234567890123456789\\nb\"",
        "\"0123456789012345678901234567890123456789012345678901234567890123456789\"",
    };
    struct buf left, right;

    (void)state;
    buf_init(&left, MIB);
    buf_init(&right, MIB);
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        for (size_t k = 0; k < sizeof(elements) / sizeof(elements[0]); k++) {
            struct slice a = slice_of(elements[i]), b = slice_of(elements[k]);
            buf_clear(&left);
            buf_clear(&right);
            item_add_order(&left, a);
            item_add_order(&right, b);
            int order = sign_of(slice_compare(buf_slice(&left), buf_slice(&right)));
            if (sign_of(item_compare(a, b)) != order)
                fail_msg("%s and %s", elements[i], elements[k]);
        }
    }
    buf_release(&left);
    buf_release(&right);
}

static void elements_are_found_by_value(void **state)
{
    static const struct slice data[] = {{"1", 1}, {"\"a\"", 3}, {"2.0", 3}};
    struct items items = {data, 3};
    struct items none = {NULL, 0};

    (void)state;
    assert_int_equal(items_find(&items, SLICE("\"a\"")), 1);
    assert_int_equal(items_find(&items, SLICE("2")), 2);
    assert_int_equal(items_find(&items, SLICE("3")), UINT32_MAX);
    assert_int_equal(items_find(&none, SLICE("1")), UINT32_MAX);
}

static void arrays_and_bags_are_written(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct eval eval = {.arena = arena, .query_arena = arena};
    struct value value = {.type = TYPE_DYNAMIC};
    struct error err;
    struct buf buf;

    (void)state;
    list_start(&buf);
    list_add(&buf, SLICE("1"));
    list_add(&buf, SLICE(""));
    ASSERT_OK(list_give(&eval, &buf, &value, &err));
    ASSERT_SLICE(value.bytes, "[1,null]");
    list_start(&buf);
    ASSERT_OK(list_give(&eval, &buf, &value, &err));
    ASSERT_SLICE(value.bytes, "[]");
    bag_start(&buf);
    bag_add(&buf, SLICE("a"), SLICE("[2]"));
    bag_add_text(&buf, "q", SLICE("x\n"));
    ASSERT_OK(bag_give(&eval, &buf, &value, &err));
    ASSERT_SLICE(value.bytes, "{\"a\":[2],\"q\":\"x\\n\"}");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_read_as_they_are_written),
        cmocka_unit_test(only_arrays_are_arrays),
        cmocka_unit_test(elements_have_an_order),
        cmocka_unit_test(bytes_have_the_order_of_elements),
        cmocka_unit_test(elements_are_found_by_value),
        cmocka_unit_test(arrays_and_bags_are_written),
    };

    return RUN_TESTS(tests);
}
