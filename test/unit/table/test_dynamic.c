/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "table/dynamic.h"

static struct error err;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 * MIB);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void members_and_elements_are_found(void **state)
{
    struct slice json =
        SLICE("{\"a\": {\"b\": [10, {\"c\": \"x,]}\"}, null]}, \"k\\u0065y\": true}");

    (void)state;
    ASSERT_SLICE(dynamic_path(json, SLICE("a.b[0]")), "10");
    ASSERT_SLICE(dynamic_path(json, SLICE("$.a.b[1].c")), "\"x,]}\"");
    ASSERT_SLICE(dynamic_path(json, SLICE("a['b'][-1]")), "null");
    ASSERT_SLICE(dynamic_member(json, SLICE("key")), "true");
    assert_int_equal(dynamic_path(json, SLICE("a.x.y")).size, 0);
    assert_int_equal(dynamic_path(json, SLICE("a.b[3]")).size, 0);
    assert_int_equal(dynamic_path(json, SLICE("a.b[")).size, 0);
    assert_int_equal(dynamic_count(dynamic_path(json, SLICE("a.b"))), 3);
    assert_int_equal(dynamic_count(SLICE("{}")), 0);
    assert_int_equal(dynamic_count(SLICE("[[],{},\"\"]")), 3);
    assert_int_equal(dynamic_kind(SLICE(" [")), JSON_ARRAY);
    assert_true(dynamic_is_null(SLICE("")));
}

static void broken_text_is_walked_without_harm(void **state)
{
    static const char *const texts[] = {"{", "{\"a", "{\"a\"", "{\"a\":", "[", "[\"\\", "{,", "]"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct slice json = slice_of(texts[i]);
        struct dynamic_iterator it = dynamic_iterate(json);
        for (int steps = 0; dynamic_next(&it); steps++)
            assert_true(steps < 10);
        (void)dynamic_member(json, SLICE("a"));
    }
}

static void to_string_decodes_and_compacts(void **state)
{
    struct slice text;

    (void)state;
    ASSERT_OK(dynamic_to_string(arena, SLICE("\"a\\nb\""), &text, &err));
    ASSERT_SLICE(text, "a\nb");
    ASSERT_OK(dynamic_to_string(arena, SLICE("{ \"a\" : [ 1 , \" \" ] }"), &text, &err));
    ASSERT_SLICE(text, "{\"a\":[1,\" \"]}");
    ASSERT_OK(dynamic_to_string(arena, SLICE("null"), &text, &err));
    ASSERT_SLICE(text, "");
}

/* A word in a bag is found as it is, however it was sent. */
static void to_string_has_needed_escapes_only(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"{\"a\":\"R\\u0026D \\u201cx\\u201d\"}", "{\"a\":\"R&D \xE2\x80\x9Cx\xE2\x80\x9D\"}"},
        {"[\"\\/\\u00e4\",{\"k\\u00e4\":1}]", "[\"/\xC3\xA4\",{\"k\xC3\xA4\":1}]"},
        {"[\"\\\"\\\\u0041\\n\\r\\t\"]", "[\"\\\"\\\\u0041\\n\\r\\t\"]"},
        {"[\"\\u0022\\u005c\\u000a\"]", "[\"\\\"\\\\\\n\"]"},
        {"[\"\\b\\b\\b\\u0008\\u0000\"]", "[\"\\u0008\\u0008\\u0008\\u0008\\u0000\"]"},
        {"[\"\\ud83d\\ude00\",\"\\ud83d\"]", "[\"\xF0\x9F\x98\x80\",\"\xEF\xBF\xBD\"]"},
        {"{\"a\" : \"\\u0041\"}", "{\"a\":\"A\"}"},
    };
    struct slice text;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ASSERT_OK(dynamic_to_string(arena, slice_of(cases[i].json), &text, &err));
        if (!slice_is(text, cases[i].text))
            fail_msg("%s gives %.*s", cases[i].json, SLICE_FMT(text));
    }
}

static void scalars_come_out_typed(void **state)
{
    struct value value;

    (void)state;
    ASSERT_OK(dynamic_to_value(arena, SLICE("9007199254740993"), &value, &err));
    assert_int_equal(value.type, TYPE_LONG);
    assert_true(value.integer == INT64_C(9007199254740993));
    ASSERT_OK(dynamic_to_value(arena, SLICE("1.5"), &value, &err));
    assert_int_equal(value.type, TYPE_REAL);
    ASSERT_OK(dynamic_to_value(arena, SLICE("false"), &value, &err));
    assert_int_equal(value.type, TYPE_BOOL);
    assert_false(value.boolean);
    ASSERT_OK(dynamic_to_value(arena, SLICE("[1]"), &value, &err));
    assert_true(value.is_null);
}

static void values_become_json(void **state)
{
    const struct value values[] = {
        {.type = TYPE_LONG, .integer = -5},
        {.type = TYPE_REAL, .real = 2},
        {.type = TYPE_BOOL, .boolean = true},
        {.type = TYPE_STRING, .bytes = SLICE("q\"")},
        {.type = TYPE_DATETIME, .integer = 0},
        {.type = TYPE_TIMESPAN, .integer = TICKS_PER_MINUTE},
        {.type = TYPE_LONG, .is_null = true},
        {.type = TYPE_DYNAMIC, .bytes = SLICE("[1]")},
    };
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        dynamic_add_value(&buf, &values[i]);
        buf_add_byte(&buf, ' ');
    }
    ASSERT_SLICE(buf_slice(&buf), "-5 2.0 true \"q\\\"\" \"0001-01-01T00:00:00.0000000Z\""
                                  " \"00:01:00\" null [1] ");
    buf_release(&buf);
}

/* Texts of all lengths up to three blocks of 64 bytes; a blank at each place, in a string or
 * not, with and without an escape before it. */
static void a_blank_is_seen_at_every_place(void **state)
{
    char text[200];

    (void)state;
    for (size_t size = 4; size < sizeof(text); size++) {
        for (size_t at = 1; at + 1 < size; at++) {
            for (int kind = 0; kind < 4; kind++) {
                bool escape = kind % 2 == 1 && at > 4, in_string = kind >= 2;
                memset(text, in_string ? 'a' : '1', size);
                text[0] = in_string ? '"' : '[';
                text[size - 1] = in_string ? '"' : ']';
                text[at] = "\n \t\r"[at % 4];
                if (in_string)
                    text[at] = ' ';
                if (escape && at > 6)
                    memcpy(text + 1, in_string ? "\\\"b" : "\"\\\"\",", in_string ? 3 : 5);
                struct slice json;
                ASSERT_OK(dynamic_to_string(arena, slice_from(text, size), &json, &err));
                if (in_string)
                    assert_int_equal(json.size, size - 2 - (escape && at > 6));
                else
                    assert_int_equal(json.size, size - 1);
                struct buf list;
                buf_init(&list, 1000);
                buf_add_byte(&list, '[');
                buf_add(&list, text, size);
                buf_add_byte(&list, ']');
                ASSERT_OK(dynamic_to_string(arena, buf_slice(&list), &json, &err));
                assert_int_equal(json.size, size + 2 - !in_string);
                buf_release(&list);
            }
        }
        arena_clear(arena);
    }
}

/* An escape at each place of up to three blocks, behind up to five others: one that is needed
 * leaves the text as it is, one that is not goes, and a blank behind either is seen. */
static void an_escape_is_seen_at_every_place(void **state)
{
    static const char *const escapes[] = {"\\\"", "\\\\", "\\n"};
    struct buf json;

    (void)state;
    buf_init(&json, MIB);
    for (size_t i = 0; i < 200 * 6 * 3; i++) {
        size_t at = i % 200, before = i / 200 % 6;
        struct slice text;
        buf_clear(&json);
        buf_add_text(&json, "[\"");
        for (size_t k = 0; k < at; k++)
            buf_add_byte(&json, 'a');
        for (size_t k = 0; k < before; k++)
            buf_add_text(&json, escapes[i / 1200]);
        size_t size = json.size;
        buf_add_text(&json, "\"]");
        ASSERT_OK(dynamic_to_string(arena, buf_slice(&json), &text, &err));
        assert_ptr_equal(text.data, json.data);
        json.size = size;
        buf_add_text(&json, "\\/\",1]");
        ASSERT_OK(dynamic_to_string(arena, buf_slice(&json), &text, &err));
        assert_int_equal(text.size, json.size - 1);
        assert_memory_equal(text.data + size, "/\",1]", 5);
        json.size = size;
        buf_add_text(&json, "\", 1]");
        ASSERT_OK(dynamic_to_string(arena, buf_slice(&json), &text, &err));
        assert_int_equal(text.size, json.size - 1);
        arena_clear(arena);
    }
    buf_release(&json);
}

/* What stands before the tail stays, and so does what is compact. */
static void the_tail_of_a_buffer_becomes_compact(void **state)
{
    struct buf text, scratch;

    (void)state;
    buf_init(&text, 1000);
    buf_init(&scratch, 1000);
    buf_add_text(&text, "[1, 2]{\"\\u0061\" : \"\\u0008\\b\"}");
    dynamic_compact_tail(&text, 6, &scratch);
    ASSERT_SLICE(buf_slice(&text), "[1, 2]{\"a\":\"\\u0008\\u0008\"}");
    dynamic_compact_tail(&text, 6, &scratch);
    dynamic_compact_tail(&text, text.size, &scratch);
    ASSERT_SLICE(buf_slice(&text), "[1, 2]{\"a\":\"\\u0008\\u0008\"}");
    assert_false(text.failed);
    buf_release(&text);
    buf_release(&scratch);
    buf_init(&text, 30);
    buf_init(&scratch, 10); /* there is no room for the work */
    buf_add_text(&text, "[ 1,2,3,4,5,6,7,8,9,10 ]");
    dynamic_compact_tail(&text, 0, &scratch);
    assert_true(text.failed);
    buf_release(&text);
    buf_release(&scratch);
}

static void arrays_and_objects_are_found_in_texts(void **state)
{
    struct slice json;

    (void)state;
    ASSERT_OK(dynamic_in_text(SLICE(" [1, 2]\r\n"), &json, &err));
    ASSERT_SLICE(json, "[1, 2]");
    ASSERT_OK(dynamic_in_text(SLICE("{}"), &json, &err));
    ASSERT_SLICE(json, "{}");
    static const char *const others[] = {"", " ", "[1", "[1]x", "[EXTERNAL] hi", "12", "\"a\"",
                                         "true", "null", "{a:1}"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ASSERT_OK(dynamic_in_text(slice_of(others[i]), &json, &err));
        assert_int_equal(json.size, 0);
    }
}

static void parsing_never_fails_on_text(void **state)
{
    struct slice json;

    (void)state;
    ASSERT_OK(dynamic_parse(arena, SLICE(" [1, 2] "), &json, &err));
    ASSERT_SLICE(json, "[1,2]");
    ASSERT_OK(dynamic_parse(arena, SLICE("{\"a b\": \"c d\"}"), &json, &err));
    ASSERT_SLICE(json, "{\"a b\":\"c d\"}");
    ASSERT_OK(dynamic_parse(arena, SLICE("{\"a b\":[\"\\\" \",{}]}"), &json, &err));
    ASSERT_SLICE(json, "{\"a b\":[\"\\\" \",{}]}");
    ASSERT_OK(dynamic_parse(arena, SLICE("{\"\\u0061\":\"R\\u0026D\"}"), &json, &err));
    ASSERT_SLICE(json, "{\"a\":\"R&D\"}");
    ASSERT_OK(dynamic_parse(arena, SLICE("\xEF\xBB\xBF [1, 2]"), &json, &err));
    ASSERT_SLICE(json, "[1,2]");
    ASSERT_OK(dynamic_parse(arena, SLICE(" \xEF\xBB\xBF[1,2]"), &json, &err));
    ASSERT_SLICE(json, "[1,2]");
    ASSERT_OK(dynamic_parse(arena, SLICE("\xEF\xBB\xBF\xEF\xBB\xBF[]"), &json, &err));
    ASSERT_SLICE(json, "\"\xEF\xBB\xBF\xEF\xBB\xBF[]\"");
    ASSERT_OK(dynamic_parse(arena, SLICE("not json"), &json, &err));
    ASSERT_SLICE(json, "\"not json\"");
    ASSERT_OK(dynamic_parse(arena, SLICE("  "), &json, &err));
    assert_true(dynamic_is_null(json));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_elements_are_found),
        cmocka_unit_test(broken_text_is_walked_without_harm),
        cmocka_unit_test(to_string_decodes_and_compacts),
        cmocka_unit_test(to_string_has_needed_escapes_only),
        cmocka_unit_test(a_blank_is_seen_at_every_place),
        cmocka_unit_test(an_escape_is_seen_at_every_place),
        cmocka_unit_test(the_tail_of_a_buffer_becomes_compact),
        cmocka_unit_test(scalars_come_out_typed),
        cmocka_unit_test(values_become_json),
        cmocka_unit_test(arrays_and_objects_are_found_in_texts),
        cmocka_unit_test(parsing_never_fails_on_text),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
