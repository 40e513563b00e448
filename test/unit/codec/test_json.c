/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/json.h"

static struct json_tape tape;

static int set_up(void **state)
{
    (void)state;
    json_tape_init(&tape);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_tape_release(&tape);
    return 0;
}

static void the_tape_names_every_value(void **state)
{
    struct slice text = SLICE(" {\"a\" : [1, -2.5e+3, true],"
                              "\"b\":{\"c\":null,\"d\":\"x\\ny\"},\"e\":[]} ");

    (void)state;
    assert_int_equal(json_parse(text, 10, &tape), JSON_OK);
    assert_int_equal(tape.tokens[0].kind, JSON_OBJECT);
    assert_int_equal(tape.tokens[0].next, tape.count);
    uint32_t a = json_member(text, tape.tokens, 0, SLICE("a"));
    assert_int_equal(tape.tokens[a].kind, JSON_ARRAY);
    ASSERT_SLICE(json_text(text, &tape.tokens[a]), "[1, -2.5e+3, true]");
    ASSERT_SLICE(json_text(text, &tape.tokens[a + 2]), "-2.5e+3");
    uint32_t b = json_member(text, tape.tokens, 0, SLICE("b"));
    uint32_t d = json_member(text, tape.tokens, b, SLICE("d"));
    assert_int_equal(tape.tokens[d].escaped, 1);
    ASSERT_SLICE(json_text(text, &tape.tokens[d]), "x\\ny");
    assert_true(json_member(text, tape.tokens, 0, SLICE("c")) == UINT32_MAX);
    assert_true(json_member(text, tape.tokens, a, SLICE("c")) == UINT32_MAX);
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const texts[] = {
        "", " ", "{", "}", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "[1 2]", "01",
        "1.", ".5", "1e", "+1", "-", "NaN", "Infinity", "tru", "nul", "\"abc", "\"\\x\"",
        "\"\\u12g4\"", "\"a\tb\"", "'a'", "[1}", "{\"a\":1]", "\"\\", "[", "//x\n1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (json_parse(slice_of(texts[i]), 10, &tape) != JSON_BROKEN)
            fail_msg("accepted: %s", texts[i]);
    }
}

static void the_way_it_is_wrong_is_told(void **state)
{
    size_t end;

    (void)state;
    assert_int_equal(json_parse(SLICE("{} x"), 10, &tape), JSON_TRAILING);
    assert_int_equal(tape.error_offset, 3);
    assert_int_equal(json_parse(SLICE("[[[]]]"), 2, &tape), JSON_TOO_DEEP);
    assert_int_equal(json_parse(SLICE("[[]]"), 2, &tape), JSON_OK);
    assert_int_equal(json_parse(SLICE("\"\xFF\""), 2, &tape), JSON_NOT_UTF8);
    assert_int_equal(json_parse(SLICE("\xEF\xBB\xBF{}"), 2, &tape), JSON_OK);
    assert_int_equal(json_parse(SLICE("{}\xEF\xBB\xBF"), 2, &tape), JSON_TRAILING);
    assert_int_equal(json_parse_prefix(SLICE("{\"a\":1},{"), 2, &tape, &end), JSON_OK);
    assert_int_equal(end, 7);
    for (int i = JSON_OK; i <= JSON_NO_MEMORY; i++)
        assert_true(json_result_text((enum json_result)i)[0] != '\0');
}

static void long_strings_cross_every_block_boundary(void **state)
{
    char text[300];

    (void)state;
    for (size_t size = 0; size < 200; size++) {
        memset(text, 'a', sizeof(text));
        text[0] = text[size + 1] = '"';
        assert_int_equal(json_parse(slice_from(text, size + 2), 2, &tape), JSON_OK);
        assert_int_equal(tape.tokens[0].end - tape.tokens[0].start, size);
        if (size > 0) {
            text[size] = '\n';
            assert_int_equal(json_parse(slice_from(text, size + 2), 2, &tape), JSON_BROKEN);
        }
    }
}

static void blanks_outside_of_strings_are_told(void **state)
{
    static const struct {
        const char *text;
        bool has;
    } cases[] = {
        {"{\"a b\":[1,\"c d\",{}]}", false}, {"[ 1]", true},        {"[1 ]", true},
        {"[1,\n2]", true},                   {"{\"a\" :1}", true},   {"{\"a\":\t1}", true},
        {"[1]", false},                      {"[1]\r", true},        {" 1", true},
        {"{ }", true},                       {"\"\\\" \"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(json_parse(slice_of(cases[i].text), 8, &tape), JSON_OK);
        assert_int_equal(tape.has_blanks, cases[i].has);
    }
}

static void escapes_are_decoded(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    json_unescape(SLICE("\\\"\\\\\\/\\b\\f\\n\\r\\t"
                        "\\u0041\\u20ac\\ud83d\\ude00\\ud800x\\u0000"),
                  &buf);
    assert_int_equal(buf.size, 8 + 1 + 3 + 4 + 3 + 1 + 1);
    assert_memory_equal(buf.data, "\"\\/\b\f\n\r\tA\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBDx\0",
                        buf.size);
    buf_release(&buf);
}

static void a_text_without_escapes_is_itself(void **state)
{
    struct slice text = SLICE("2026-04-01T09:00:00+00:00");
    struct buf scratch;

    (void)state;
    buf_init(&scratch, 32);
    assert_ptr_equal(json_plain(text, &scratch).data, text.data);
    ASSERT_SLICE(json_plain(SLICE("09:00:00\\u002B00:00"), &scratch), "09:00:00+00:00");
    ASSERT_SLICE(json_plain(SLICE("\\u0041"), &scratch), "A"); /* what it had is gone */
    (void)json_plain(SLICE("\\u0041 longer than all that the scratch may have"), &scratch);
    assert_true(scratch.failed);
    buf_release(&scratch);
}

static void the_last_of_equal_keys_wins(void **state)
{
    struct slice text = SLICE("{\"k\":1,\"\\u006b\":2}");

    (void)state;
    assert_int_equal(json_parse(text, 2, &tape), JSON_OK);
    uint32_t k = json_member(text, tape.tokens, 0, SLICE("k"));
    ASSERT_SLICE(json_text(text, &tape.tokens[k]), "2");
}

static void a_line_has_no_line_ends(void **state)
{
    struct buf line;

    (void)state;
    buf_init(&line, 1024);
    json_add_line(&line, SLICE("{\"a\": [1,\r\n 2],\n\"b\":\"\\n\"}\n"));
    ASSERT_SLICE(buf_slice(&line), "{\"a\": [1, 2],\"b\":\"\\n\"}");
    buf_release(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tape_names_every_value),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(the_way_it_is_wrong_is_told),
        cmocka_unit_test(long_strings_cross_every_block_boundary),
        cmocka_unit_test(blanks_outside_of_strings_are_told),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(a_text_without_escapes_is_itself),
        cmocka_unit_test(a_line_has_no_line_ends),
        cmocka_unit_test(the_last_of_equal_keys_wins),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
