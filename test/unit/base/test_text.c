/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
    assert_false(text_has_control(SLICE("a \xC3\xAA~")));
    assert_true(text_has_control(SLICE("a\0")));
    assert_true(text_has_control(SLICE("\x1f")));
    assert_true(text_has_control(SLICE("a\x7f")));
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
    assert_false(text_parse_double(SLICE(""), &d));
    assert_false(text_parse_double(SLICE("+-1"), &d));
    assert_false(text_parse_double(SLICE("1e+"), &d));
    assert_true(text_parse_double(SLICE("+1.5"), &d) && d == 1.5);
    assert_true(text_parse_double(SLICE("-Infinity"), &d) && d < 0 && isinf(d));
    assert_true(text_parse_double(SLICE("nan"), &d) && isnan(d));
    assert_true(text_parse_duration(SLICE("30d"), &i) && i == INT64_C(2592000000));
    assert_true(text_parse_duration(SLICE("250ms"), &i) && i == 250);
    assert_false(text_parse_duration(SLICE("30"), &i));
    assert_false(text_parse_duration(SLICE("-1s"), &i));
}

static double read_double(const char *before, size_t zeros, const char *after)
{
    double value = 0;
    struct buf text;

    buf_init(&text, SIZE_MAX);
    buf_add_text(&text, before);
    for (size_t i = 0; i < zeros; i++)
        buf_add_byte(&text, '0');
    buf_add_text(&text, after);
    assert_true(text_parse_double(buf_slice(&text), &value));
    buf_release(&text);
    return value;
}

static void doubles_have_any_number_of_digits(void **state)
{
    (void)state;
    assert_true(read_double("1e", 1000, "2") == 100);
    assert_true(read_double("0.", 1000, "5e1001") == 5);
    assert_true(read_double("1", 1000, "e-1000") == 1);
    assert_true(read_double("3.", 1000, "1") == 3);
    assert_true(read_double("-", 100000, "7") == -7);
}

static void doubles_out_of_range_are_at_its_end(void **state)
{
    (void)state;
    assert_true(read_double("1e400", 0, "") == HUGE_VAL);
    assert_true(read_double("-1", 400, "") == -HUGE_VAL);
    assert_true(read_double("1e-400", 0, "") == 0);
    assert_true(signbit(read_double("-1e-400", 0, "")) != 0);
    assert_true(read_double("0.", 1000, "1") == 0);
    assert_true(read_double("0.", 1000, "1e1400") == HUGE_VAL);
    assert_true(read_double("1", 1000, "e-1500") == 0);
    assert_true(read_double("1e", 3, "99999999999999999999") == HUGE_VAL);
    assert_true(read_double("1e-", 3, "99999999999999999999") == 0);
    assert_true(read_double("1e", 0, "309") == HUGE_VAL);
}

/* As reals were written at first, and are in answers that were kept. */
static void print_by_trying(double value, char text[40])
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, 40, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
}

static void check_double(double value)
{
    char wanted[40];
    double back;

    if (isnan(value) || isinf(value))
        return;
    buf_clear(&buf);
    print_by_trying(value, wanted);
    text_add_double(&buf, value);
    assert_true(slice_is(buf_slice(&buf), wanted));
    assert_true(text_parse_double(buf_slice(&buf), &back));
    assert_memory_equal(&back, &value, sizeof(back));
}

static void check_around(double value)
{
    check_double(value);
    check_double(-value);
    check_double(nextafter(value, INFINITY));
    check_double(nextafter(value, 0));
}

/* DAYBOOK_DOUBLES says of how many random ones. */
static void doubles_print_as_printf_does(void **state)
{
    const char *given = getenv("DAYBOOK_DOUBLES");
    uint64_t count = 50000;
    uint64_t bits = 88172645463325252u;

    (void)state;
    if (given != NULL)
        assert_true(text_parse_u64(slice_of(given), &count));
    for (int power = -1074; power < 1024; power++)
        check_around(ldexp(1, power));
    for (int power = -324; power < 309; power++) {
        char text[8];
        (void)snprintf(text, sizeof(text), "1e%d", power);
        check_around(strtod(text, NULL));
    }
    check_around(0);
    for (uint64_t i = 0; i < count; i++) {
        double value;
        bits ^= bits << 13; /* xorshift */
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&value, &bits, sizeof(value));
        check_double(value);
        uint64_t small = bits & (UINT64_MAX >> (12 + i % 52)); /* below the normal ones */
        memcpy(&value, &small, sizeof(value));
        check_double(value);
        check_double((double)(int64_t)bits);
        check_double((double)(bits % 100000000) / 1000);
        check_double(ldexp((double)(bits % 100000), (int)(bits % 130) - 65));
    }
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
    text_add_json_string(&buf, SLICE("q\"\\\n\x01\x7F\xFF")); /* DEL may stand as it is */
    ASSERT_SLICE(buf_slice(&buf), "\"q\\\"\\\\\\n\\u0001\x7F\xEF\xBF\xBD\"");
}

/* Each byte, wherever it stands in a word: alone it is written as it is among others. */
static void every_byte_is_quoted_in_every_place(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[24], alone[16];
        const char one = (char)byte;
        buf_clear(&buf);
        text_add_json_string(&buf, slice_from(&one, 1));
        assert_true(buf.size >= 3 && buf.size < sizeof(alone));
        size_t size = buf.size - 2;
        memcpy(alone, buf.data + 1, size);
        for (size_t place = 0; place < sizeof(text); place++) {
            memset(text, 'a', sizeof(text));
            text[place] = one;
            text[(place + 3) % sizeof(text)] = one;
            buf_clear(&buf);
            text_add_json_string(&buf, slice_from(text, sizeof(text)));
            assert_int_equal(buf.size, sizeof(text) + 2 * size);
            size_t first = place + 3 < sizeof(text) ? place : (place + 3) % sizeof(text);
            assert_memory_equal(buf.data + 1 + first, alone, size);
            for (size_t i = 0; i < first; i++)
                assert_int_equal(buf.data[1 + i], 'a');
        }
    }
}

static void json_shows_what_a_terminal_would_obey(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"{\"a\":\"b\",\n\"c\":[1]}", "{\"a\":\"b\",\n\"c\":[1]}"},
        {"\"\x7f\"", "\"\\u007f\""},
        {"\"\xC2\x9B" "1m\"", "\"\\u009b1m\""},
        {"\"\xC2\xA0\xC3\xA4\"", "\"\xC2\xA0\xC3\xA4\""},
        {"\"\xD8\x9C\xD8\xA7\"", "\"\\u061c\xD8\xA7\""},
        {"\"\xE2\x80\xAE\xE2\x82\xAC\"", "\"\\u202e\xE2\x82\xAC\""},
        {"\"\xEF\xBB\xBF\xEF\xBC\x9D\"", "\"\\ufeff\xEF\xBC\x9D\""},
        {"\"\xE2\x81\xA6\"", "\"\\u2066\""},
        {"\"\xF0\x9F\x98\x80\"", "\"\xF0\x9F\x98\x80\""},
        {"\xE2", "\xE2"}, /* cut: it is left as it is */
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_clear(&buf);
        text_add_json_safe(&buf, slice_of(cases[i].in));
        assert_true(slice_is(buf_slice(&buf), cases[i].out));
        for (size_t blanks = 0; blanks < 18; blanks++) { /* words of eight begin anywhere */
            char in[64], out[64];
            (void)snprintf(in, sizeof(in), "%*s%s%9s", (int)blanks, "", cases[i].in, "");
            (void)snprintf(out, sizeof(out), "%*s%s%9s", (int)blanks, "", cases[i].out, "");
            buf_clear(&buf);
            text_add_json_safe(&buf, slice_of(in));
            assert_true(slice_is(buf_slice(&buf), out));
        }
    }
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

static void a_name_is_known_or_the_nearest_is_told(void **state)
{
    static const struct {
        const char *name, *names, *says;
    } cases[] = {
        {"tabel", "tenant table format", "there is no parameter 'tabel' here; did you mean "
                                         "'table'?"},
        {"tabl", "table", "there is no parameter 'tabl' here; did you mean 'table'?"},
        {"xyz", "table", "there is no parameter 'xyz' here"},
        {"Table", "table", "there is no parameter 'Table' here; did you mean 'table'?"},
        {"x", "", "there is no parameter 'x' here"},
        {"", "", "there is no parameter '' here"},
        {"", "a", "there is no parameter '' here"},
        {"tenant table", "tenant table", "there is no parameter 'tenant table' here"},
    };
    struct error err;

    (void)state;
    assert_int_equal(text_check_name(SLICE("table"), "tenant table format", "parameter", &err),
                     STATUS_OK);
    assert_int_equal(text_check_name(SLICE("tenant"), "tenant", "parameter", &err), STATUS_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(text_check_name(slice_of(cases[i].name), cases[i].names, "parameter",
                                         &err),
                         STATUS_INVALID);
        assert_string_equal(err.text, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_well_formed_utf8_passes),
        cmocka_unit_test(numbers_must_be_whole),
        cmocka_unit_test(doubles_have_any_number_of_digits),
        cmocka_unit_test(doubles_out_of_range_are_at_its_end),
        cmocka_unit_test(doubles_print_as_printf_does),
        cmocka_unit_test(doubles_print_shortest_and_read_back),
        cmocka_unit_test(base64_and_hex_go_both_ways),
        cmocka_unit_test(hostile_text_is_made_harmless),
        cmocka_unit_test(every_byte_is_quoted_in_every_place),
        cmocka_unit_test(json_shows_what_a_terminal_would_obey),
        cmocka_unit_test(a_spreadsheet_runs_no_cell),
        cmocka_unit_test(the_distance_counts_edits),
        cmocka_unit_test(a_name_is_known_or_the_nearest_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
