/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_base_text.c - any bytes as UTF-8, as a number, as hex and base64, and as text that is
 * printed: what is read is written again as it was, two readers agree, and nothing unsafe is
 * printed. */
#include "base/text.h"

#include "base/check.h"
#include "base/limits.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_utf8(struct slice text)
{
    bool is_ascii = true;
    size_t count = 0;
    struct buf again;

    buf_init(&again, MIB);
    for (size_t at = 0; at < text.size; count++) {
        size_t before = at;
        text_add_rune(&again, text_next_rune(text, &at));
        CHECK(at > before && at <= before + 4 && at <= text.size);
    }
    for (size_t i = 0; i < text.size; i++)
        is_ascii = is_ascii && (unsigned char)text.data[i] < 0x80;
    CHECK(count == text_rune_count(text));
    CHECK(text_is_utf8(text) == slice_equal(text, buf_slice(&again)));
    CHECK(text_is_utf8(buf_slice(&again)));
    CHECK(text_is_ascii(text) == is_ascii);
    buf_release(&again);
}

/* Digits without leading zeros; "" if the text is none. */
static struct slice significant(struct slice digits)
{
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return SLICE("");
    }
    while (digits.size > 1 && digits.data[0] == '0')
        digits = slice_tail(digits, 1);
    return digits;
}

static bool is_at_most(struct slice digits, struct slice most)
{
    return digits.size > 0 && (digits.size < most.size ||
                               (digits.size == most.size && slice_compare(digits, most) <= 0));
}

static void check_unsigned(struct slice text)
{
    struct slice digits = significant(text);
    uint64_t value = 0;
    struct buf again;

    buf_init(&again, KIB);
    bool is_number = text_parse_u64(text, &value);
    CHECK(is_number == is_at_most(digits, SLICE("18446744073709551615")));
    if (is_number) {
        buf_add_u64(&again, value);
        CHECK(slice_equal(buf_slice(&again), digits));
    }
    buf_release(&again);
}

static void check_signed(struct slice text)
{
    bool has_sign = slice_starts_with(text, SLICE("-")) || slice_starts_with(text, SLICE("+"));
    bool is_negative = slice_starts_with(text, SLICE("-"));
    struct slice digits = significant(slice_tail(text, has_sign));
    int64_t value = 0, ms;
    struct buf again;

    buf_init(&again, KIB);
    bool is_number = text_parse_i64(text, &value);
    CHECK(is_number == is_at_most(digits, is_negative ? SLICE("9223372036854775808")
                                                      : SLICE("9223372036854775807")));
    if (is_number) {
        buf_add_i64(&again, value);
        struct slice back = buf_slice(&again);
        CHECK(slice_equal(slice_tail(back, value < 0), digits) && (is_negative || value >= 0));
    }
    if (text_parse_duration(text, &ms))
        CHECK(ms >= 0 && !is_number);
    buf_release(&again);
}

static bool is_same(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof(a)) == 0;
}

static void check_real(double value)
{
    struct buf again;
    double back;

    buf_init(&again, KIB);
    text_add_double(&again, value);
    CHECK(!again.failed && again.size <= 25);
    CHECK(text_parse_double(buf_slice(&again), &back) && is_same(value, back));
    buf_release(&again);
}

static void check_reals(struct slice text)
{
    double value;

    if (text_parse_double(text, &value)) {
        char *copy = slice_dup(text);
        CHECK(copy != NULL && is_same(value, strtod(copy, NULL)));
        free(copy);
        check_real(value);
    }
    for (; text.size >= sizeof(value); text = slice_tail(text, sizeof(value))) {
        memcpy(&value, text.data, sizeof(value));
        check_real(value);
    }
}

static void check_digits(struct slice text)
{
    uint8_t *bytes = malloc(text.size / 2 + 1);
    struct buf plain, again, twice;

    CHECK(bytes != NULL);
    buf_init(&plain, MIB);
    buf_init(&again, MIB);
    buf_init(&twice, MIB);
    if (text_parse_hex(text, bytes, text.size / 2)) {
        text_add_hex(&again, bytes, text.size / 2);
        CHECK(slice_equal_nocase(text, buf_slice(&again)));
    }
    buf_clear(&again);
    text_add_base64(&again, text.data, text.size);
    CHECK(text_parse_base64(buf_slice(&again), &plain));
    CHECK(slice_equal(text, buf_slice(&plain)));
    buf_clear(&plain);
    if (text_parse_base64(text, &plain)) {
        buf_clear(&again);
        text_add_base64(&again, plain.data, plain.size);
        CHECK(again.size == text.size);
        CHECK(text_parse_base64(buf_slice(&again), &twice));
        CHECK(slice_equal(buf_slice(&plain), buf_slice(&twice)));
    }
    buf_release(&plain);
    buf_release(&again);
    buf_release(&twice);
    free(bytes);
}

/* A cell read again is the text, perhaps behind the ' that keeps it from being run. */
static void check_cell(struct slice text)
{
    struct buf cell, again;

    buf_init(&cell, MIB);
    buf_init(&again, MIB);
    text_add_csv_cell(&cell, text);
    struct slice left = buf_slice(&cell);
    bool is_quoted = slice_starts_with(left, SLICE("\"")) && !slice_equal(left, text);
    if (is_quoted) {
        CHECK(left.size >= 2 && left.data[left.size - 1] == '"');
        left = slice_from(left.data + 1, left.size - 2);
    }
    for (size_t i = 0; i < left.size; i++) {
        CHECK(is_quoted || strchr("\",\r\n", left.data[i]) == NULL || left.data[i] == '\0');
        if (is_quoted && left.data[i] == '"')
            CHECK(++i < left.size && left.data[i] == '"');
        buf_add_byte(&again, left.data[i]);
    }
    struct slice back = buf_slice(&again);
    CHECK(back.size == 0 || strchr("=+-@\t\r\n", back.data[0]) == NULL);
    CHECK(slice_equal(back, text) || (slice_starts_with(back, SLICE("'")) &&
                                      slice_equal(slice_tail(back, 1), text)));
    buf_release(&cell);
    buf_release(&again);
}

static void check_printed(struct slice text)
{
    struct buf once, twice;

    buf_init(&once, MIB);
    buf_init(&twice, MIB);
    text_add_printable(&once, text);
    text_add_printable(&twice, buf_slice(&once));
    CHECK(slice_equal(buf_slice(&once), buf_slice(&twice)));
    for (size_t i = 0; i < once.size; i++)
        CHECK((unsigned char)once.data[i] >= ' ' && once.data[i] != 0x7F);
    buf_clear(&once);
    text_add_json_string(&once, text);
    CHECK(text_is_utf8(buf_slice(&once)) && once.size >= 2);
    for (size_t i = 0; i < once.size; i++)
        CHECK((unsigned char)once.data[i] >= ' ');
    buf_release(&once);
    buf_release(&twice);
}

static void check_distance(struct slice text)
{
    struct slice a = slice_head(text, text.size / 2), b = slice_tail(text, text.size / 2);
    size_t distance = text_distance(a, b);

    CHECK(distance == text_distance(b, a));
    if (b.size > 64) {
        CHECK(distance == SIZE_MAX);
        return;
    }
    CHECK(distance <= b.size && distance >= b.size - a.size);
    CHECK(text_distance(a, a) == 0);
    CHECK(!slice_equal_nocase(a, b) || distance == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size);

    if (size > 8 * KIB)
        return 0;
    check_utf8(text);
    check_unsigned(text);
    check_signed(text);
    check_reals(text);
    check_digits(text);
    check_cell(text);
    check_printed(text);
    check_distance(text);
    return 0;
}
