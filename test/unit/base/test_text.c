/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/text.h"

#include <math.h>

static struct buf buf;

static int set_up(void **state)
{
    (void)state;
    buf_init(&buf, 100000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&buf);
    return 0;
}

static void only_well_formed_utf8_passes(void **state)
{
    (void)state;
    assert_true(text_is_utf8(SLICE("plain ascii text")));
    assert_true(text_is_utf8(SLICE("p\xC3\xAAle \xE2\x82\xAC \xF0\x9F\x98\x80 and more text")));
    assert_false(text_is_utf8(SLICE("\xC0\xAF")));         /* overlong */
    assert_false(text_is_utf8(SLICE("\xED\xA0\x80")));     /* surrogate */
    assert_false(text_is_utf8(SLICE("\xF4\x90\x80\x80"))); /* above U+10FFFF */
    assert_false(text_is_utf8(SLICE("abcdefgh\xE2\x82")));
    assert_false(text_is_utf8(SLICE("\x80")));
    assert_int_equal(text_rune_count(SLICE("a\xE2\x82\xAC\xFF")), 3);
    assert_true(text_is_ascii(SLICE("abcdefghij")));
    assert_false(text_is_ascii(SLICE("abcdefghi\xC3")));
}

static void numbers_must_be_whole(void **state)
{
    int64_t i;
    uint64_t u;
    double d;

    (void)state;
    assert_true(text_parse_i64(SLICE("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_false(text_parse_i64(SLICE("9223372036854775808"), &i));
    assert_false(text_parse_i64(SLICE("12 "), &i));
    assert_false(text_parse_i64(SLICE(""), &i));
    assert_false(text_parse_i64(SLICE("-"), &i));
    assert_true(text_parse_u64(SLICE("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(text_parse_u64(SLICE("18446744073709551616"), &u));
    assert_true(text_parse_double(SLICE("1e3"), &d) && d == 1000.0);
    assert_false(text_parse_double(SLICE("0x10"), &d));
    assert_false(text_parse_double(SLICE(" 1"), &d));
    assert_true(text_parse_size(SLICE("64k"), &u) && u == 65536);
    assert_true(text_parse_size(SLICE("3"), &u) && u == 3);
    assert_false(text_parse_size(SLICE("99999999999G"), &u));
    assert_true(text_parse_duration(SLICE("30d"), &i) && i == INT64_C(2592000000));
    assert_true(text_parse_duration(SLICE("250ms"), &i) && i == 250);
    assert_false(text_parse_duration(SLICE("30"), &i));
    assert_false(text_parse_duration(SLICE("-1s"), &i));
}

static void doubles_print_shortest_and_read_back(void **state)
{
    (void)state;
    buf_clear(&buf);
    text_add_double(&buf, 0.1);
    buf_add_byte(&buf, ' ');
    text_add_double(&buf, 1.0 / 3);
    buf_add_byte(&buf, ' ');
    text_add_double(&buf, NAN);
    buf_add_byte(&buf, ' ');
    text_add_double(&buf, -INFINITY);
    ASSERT_SLICE(buf_slice(&buf), "0.1 0.3333333333333333 NaN -Infinity");
}

static void base64_and_hex_go_both_ways(void **state)
{
    static const char *const texts[] = {"", "f", "fo", "foo", "foob"};
    static const char *const coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="};
    char bytes[4];

    (void)state;
    for (int i = 0; i < 5; i++) { /* RFC 4648 section 10 */
        buf_clear(&buf);
        text_add_base64(&buf, texts[i], strlen(texts[i]));
        assert_true(slice_is(buf_slice(&buf), coded[i]));
        buf_clear(&buf);
        assert_true(text_parse_base64(slice_of(coded[i]), &buf));
        assert_true(slice_is(buf_slice(&buf), texts[i]));
    }
    assert_false(text_parse_base64(SLICE("Zg="), &buf));
    assert_false(text_parse_base64(SLICE("Z*=="), &buf));
    assert_true(text_parse_hex(SLICE("00fFaB10"), bytes, 4));
    buf_clear(&buf);
    text_add_hex(&buf, bytes, 4);
    ASSERT_SLICE(buf_slice(&buf), "00ffab10");
    assert_false(text_parse_hex(SLICE("0"), bytes, 1));
    assert_false(text_parse_hex(SLICE("0g"), bytes, 1));
}

static void hostile_text_is_made_harmless(void **state)
{
    (void)state;
    buf_clear(&buf);
    text_add_printable(&buf, SLICE("a\x1b[2J\r\n\xE2\x80\xAEgpj \xC2\x9B"));
    ASSERT_SLICE(buf_slice(&buf), "a\\u{1b}[2J\\r\\n\\u{202e}gpj \\u{9b}");
    buf_clear(&buf);
    text_add_json_string(&buf, SLICE("q\"\\\n\x01\xFF"));
    ASSERT_SLICE(buf_slice(&buf), "\"q\\\"\\\\\\n\\u0001\xEF\xBF\xBD\"");
}

static void a_spreadsheet_runs_no_cell(void **state)
{
    static const struct {
        const char *in, *out;
    } cells[] = {
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"=1+1", "\"'=1+1\""},
        {"+1", "\"'+1\""},
        {"-1", "\"'-1\""},
        {"@x", "\"'@x\""},
        {"\tx", "\"'\tx\""},
        {"\xEF\xBC\x9D" "1", "\"'\xEF\xBC\x9D" "1\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        buf_clear(&buf);
        text_add_csv_cell(&buf, slice_of(cells[i].in));
        assert_true(slice_is(buf_slice(&buf), cells[i].out));
    }
}

static void the_distance_counts_edits(void **state)
{
    (void)state;
    assert_int_equal(text_distance(SLICE("kitten"), SLICE("sitting")), 3);
    assert_int_equal(text_distance(SLICE("Where"), SLICE("where")), 0);
    assert_int_equal(text_distance(SLICE(""), SLICE("abc")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_well_formed_utf8_passes),
        cmocka_unit_test(numbers_must_be_whole),
        cmocka_unit_test(doubles_print_shortest_and_read_back),
        cmocka_unit_test(base64_and_hex_go_both_ways),
        cmocka_unit_test(hostile_text_is_made_harmless),
        cmocka_unit_test(a_spreadsheet_runs_no_cell),
        cmocka_unit_test(the_distance_counts_edits),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
