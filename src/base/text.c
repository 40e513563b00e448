/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/real_shim_priv.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define REAL_DIGITS_KEPT 15 /* so many decimal digits come back from a normal double */

/* Length of the well-formed sequence at s (RFC 3629 table), 0 if there is none. */
static size_t sequence_size(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    size_t size = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (left < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return size;
}

bool text_is_ascii(struct slice s)
{
    size_t i = 0;

    for (; i + 8 <= s.size; i += 8) {
        uint64_t word;
        memcpy(&word, s.data + i, 8);
        if ((word & 0x8080808080808080u) != 0)
            return false;
    }
    for (; i < s.size; i++) {
        if ((unsigned char)s.data[i] >= 0x80)
            return false;
    }
    return true;
}

bool text_has_control(struct slice s)
{
    for (size_t i = 0; i < s.size; i++) {
        if ((unsigned char)s.data[i] < ' ' || s.data[i] == 0x7f)
            return true;
    }
    return false;
}

struct slice text_without_mark(struct slice s)
{
    return slice_starts_with(s, SLICE("\xef\xbb\xbf")) ? slice_tail(s, 3) : s;
}

bool text_is_utf8(struct slice s)
{
    const unsigned char *bytes = (const unsigned char *)s.data;

    for (size_t i = 0; i < s.size;) {
        uint64_t word;
        if (i + 8 <= s.size) {
            memcpy(&word, bytes + i, 8);
            if ((word & 0x8080808080808080u) == 0) {
                i += 8;
                continue;
            }
        }
        size_t size = sequence_size(bytes + i, s.size - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}

uint32_t text_next_rune(struct slice s, size_t *at)
{
    const unsigned char *b = (const unsigned char *)s.data + *at;
    size_t size = sequence_size(b, s.size - *at);

    *at += size == 0 ? 1 : size;
    switch (size) {
    case 1:
        return b[0];
    case 2:
        return (uint32_t)(b[0] & 0x1F) << 6 | (b[1] & 0x3F);
    case 3:
        return (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
    case 4:
        return (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3F) << 12 |
               (uint32_t)(b[2] & 0x3F) << 6 | (b[3] & 0x3F);
    default:
        return 0xFFFD;
    }
}

void text_add_rune(struct buf *buf, uint32_t rune)
{
    if (rune >= 0xD800 && rune <= 0xDFFF)
        rune = 0xFFFD;
    if (rune < 0x80) {
        buf_add_byte(buf, (char)rune);
    } else if (rune < 0x800) {
        char bytes[2] = {(char)(0xC0 | rune >> 6), (char)(0x80 | (rune & 0x3F))};
        buf_add(buf, bytes, sizeof(bytes));
    } else if (rune < 0x10000) {
        char bytes[3] = {(char)(0xE0 | rune >> 12), (char)(0x80 | (rune >> 6 & 0x3F)),
                         (char)(0x80 | (rune & 0x3F))};
        buf_add(buf, bytes, sizeof(bytes));
    } else {
        char bytes[4] = {(char)(0xF0 | (rune >> 18 & 7)), (char)(0x80 | (rune >> 12 & 0x3F)),
                         (char)(0x80 | (rune >> 6 & 0x3F)), (char)(0x80 | (rune & 0x3F))};
        buf_add(buf, bytes, sizeof(bytes));
    }
}

size_t text_rune_count(struct slice s)
{
    size_t count = 0;

    for (size_t at = 0; at < s.size; count++)
        (void)text_next_rune(s, &at);
    return count;
}

bool text_parse_u64(struct slice s, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.size == 0)
        return false;
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.data[i] - '0'), &value))
            return false;
    }
    *ret = value;
    return true;
}

bool text_parse_i64(struct slice s, int64_t *ret)
{
    uint64_t value;
    bool negative = s.size > 0 && s.data[0] == '-';

    if (s.size > 0 && (s.data[0] == '-' || s.data[0] == '+'))
        s = slice_tail(s, 1);
    if (!text_parse_u64(s, &value) || value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* Where the first digit that counts stands: 1 for 1.5, 3 for 150, -2 for 0.0015; with the
 * exponent.  The text is a number, not 0. */
static int64_t decimal_place(struct slice number)
{
    int64_t place = 0, exponent = 0;
    bool point = false, counted = false;

    for (size_t i = 0; i < number.size; i++) {
        char c = number.data[i];
        if ((c | 0x20) == 'e') {
            bool negative = number.data[i + 1] == '-';
            i += negative || number.data[i + 1] == '+' ? 1 : 0;
            for (i++; i < number.size && exponent < INT32_MAX; i++)
                exponent = exponent * 10 + (number.data[i] - '0');
            return place + (negative ? -exponent : exponent);
        }
        point |= c == '.';
        if (c < '0' || c > '9')
            continue;
        if (!counted && point && c == '0')
            place--;
        counted |= c != '0';
        if (counted && !point)
            place++;
    }
    return place;
}

bool text_parse_double(struct slice s, double *ret)
{
    if (s.size > 1 && s.data[0] == '+' && s.data[1] != '-')
        s = slice_tail(s, 1);
    switch (real_shim_parse(s.data, s.size, ret)) {
    case REAL_SHIM_OK:
        return true;
    case REAL_SHIM_NONE:
        return false;
    case REAL_SHIM_BEYOND:
        break;
    }
    double value = decimal_place(s) > 0 ? HUGE_VAL : 0.0;
    *ret = s.data[0] == '-' ? -value : value;
    return true;
}

bool text_parse_hex(struct slice s, void *ret, size_t size)
{
    unsigned char *out = ret;

    if (s.size != size * 2)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = text_hex_digit(s.data[2 * i]), low = text_hex_digit(s.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool text_parse_duration(struct slice s, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct slice unit = slice_of(units[i].unit);
        int64_t value;
        if (slice_ends_with(s, unit) &&
            text_parse_i64(slice_head(s, s.size - unit.size), &value) && value >= 0)
            return !__builtin_mul_overflow(value, units[i].ms, ret_ms);
    }
    return false;
}

void text_add_hex(struct buf *buf, const void *data, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        buf_add_byte(buf, hex[bytes[i] >> 4]);
        buf_add_byte(buf, hex[bytes[i] & 15]);
    }
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void text_add_base64(struct buf *buf, const void *data, size_t size)
{
    const unsigned char *b = data;

    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)b[i] << 16 | (i + 1 < size ? (uint32_t)b[i + 1] << 8 : 0) |
                        (i + 2 < size ? b[i + 2] : 0);
        char digits[4] = {base64_digits[bits >> 18], base64_digits[bits >> 12 & 63],
                          i + 1 < size ? base64_digits[bits >> 6 & 63] : '=',
                          i + 2 < size ? base64_digits[bits & 63] : '='};
        buf_add(buf, digits, sizeof(digits));
    }
}

static int base64_value(char c)
{
    const char *at = c == '\0' ? NULL : strchr(base64_digits, c);
    return at == NULL ? -1 : (int)(at - base64_digits);
}

bool text_parse_base64(struct slice s, struct buf *ret)
{
    if (s.size % 4 != 0)
        return false;
    for (size_t i = 0; i < s.size; i += 4) {
        bool last = i + 4 == s.size;
        int pad = last && s.data[i + 3] == '=' ? (s.data[i + 2] == '=' ? 2 : 1) : 0;
        uint32_t bits = 0;
        for (int k = 0; k < 4; k++) {
            int value = k >= 4 - pad ? 0 : base64_value(s.data[i + (size_t)k]);
            if (value < 0)
                return false;
            bits = bits << 6 | (uint32_t)value;
        }
        char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        buf_add(ret, bytes, (size_t)(3 - pad));
    }
    return !ret->failed;
}

/* The least of 15, 16 and 17 digits that read back, as printf writes them: what the rules
 * of add_shortest() do not cover. */
static void add_by_trying(struct buf *buf, double value)
{
    char text[40];

    for (int digits = REAL_DIGITS_KEPT; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_add_text(buf, text);
}

/* What add_by_trying() writes, from the fewest digits that read back.  A normal double keeps
 * 15 digits, so 15 or fewer are what printf rounds to; of 16 or 17 the closest to the value are
 * taken by both, but for a power of two, which has more room above than below. */
static void add_shortest(struct buf *buf, double value)
{
    char digits[REAL_SHIM_BYTES];
    size_t size = real_shim_shortest(value, digits);
    const char *first = digits + (digits[0] == '-' ? 1 : 0);
    const char *e = memchr(first, 'e', (size_t)(digits + size - first));
    uint32_t count = (uint32_t)(e - first) - (first[1] == '.' ? 1 : 0);
    int exponent = 0;
    int power;

    if (count > REAL_DIGITS_KEPT && fabs(frexp(value, &power)) == 0.5) {
        add_by_trying(buf, value);
        return;
    }
    for (const char *at = e + 2; at < digits + size; at++)
        exponent = exponent * 10 + (*at - '0');
    exponent = e[1] == '-' ? -exponent : exponent;
    int precision = count > REAL_DIGITS_KEPT ? (int)count : REAL_DIGITS_KEPT;
    if (exponent < -4 || exponent >= precision) {
        buf_add(buf, digits, size);
        return;
    }
    buf_add(buf, digits, (size_t)(first - digits)); /* the sign */
    if (exponent < 0)
        buf_add(buf, "0.000", (size_t)(1 - exponent));
    for (int i = 0; i < (int)count || i <= exponent; i++) {
        if (i > 0 && i == exponent + 1)
            buf_add_byte(buf, '.');
        buf_add_byte(buf, i >= (int)count ? '0' : i == 0 ? first[0] : first[i + 1]);
    }
}

void text_add_double(struct buf *buf, double value)
{
    if (isnan(value))
        buf_add_text(buf, "NaN");
    else if (isinf(value))
        buf_add_text(buf, value < 0 ? "-Infinity" : "Infinity");
    else if (value == 0)
        buf_add_text(buf, signbit(value) ? "-0" : "0");
    else if (isnormal(value))
        add_shortest(buf, value);
    else
        add_by_trying(buf, value);
}

static bool plain_json_byte(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Of eight bytes: the lowest that is flagged is not plain; a borrow only flags bytes above one
 * that is. */
static uint64_t flags_of(const char *text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    word = le64toh(word);
    uint64_t quotes = word ^ '"' * ones, slashes = word ^ '\\' * ones;
    uint64_t flags = word | (word - 0x20 * ones) | (quotes - ones) | (slashes - ones);
    return flags & 0x80 * ones;
}

/* How many bytes at the beginning are plain. */
static size_t plain_json_run(const char *text, size_t size)
{
    size_t at = 0;

    for (; size - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t flags = flags_of(text + at);
        if (flags != 0)
            return at + (unsigned)__builtin_ctzll(flags) / 8;
    }
    if (at > 0 && flags_of(text + size - sizeof(uint64_t)) == 0) /* the rest, with some before */
        return size;
    while (at < size && plain_json_byte((unsigned char)text[at]))
        at++;
    return at;
}

static void add_json_rune(struct buf *buf, uint32_t rune)
{
    switch (rune) {
    case '"':
        buf_add_text(buf, "\\\"");
        return;
    case '\\':
        buf_add_text(buf, "\\\\");
        return;
    case '\n':
        buf_add_text(buf, "\\n");
        return;
    case '\r':
        buf_add_text(buf, "\\r");
        return;
    case '\t':
        buf_add_text(buf, "\\t");
        return;
    default:
        break;
    }
    if (rune < 0x20)
        buf_add_format(buf, "\\u%04x", rune);
    else
        text_add_rune(buf, rune);
}

void text_add_json_string(struct buf *buf, struct slice s)
{
    size_t run = plain_json_run(s.data, s.size);
    if (run == s.size && buf_reserve(buf, s.size + 2)) { /* most are plain */
        char *to = buf->data + buf->size;
        to[0] = '"';
        if (s.size > 0)
            memcpy(to + 1, s.data, s.size);
        to[s.size + 1] = '"';
        buf->size += s.size + 2;
        return;
    }
    buf_add_byte(buf, '"');
    for (size_t at = 0; at < s.size;) {
        run = plain_json_run(s.data + at, s.size - at);
        buf_add(buf, s.data + at, run);
        at += run;
        if (at < s.size)
            add_json_rune(buf, text_next_rune(s, &at));
    }
    buf_add_byte(buf, '"');
}

/* Control, C1, bidi and invisible format characters (Trojan Source, 2021). */
static bool is_unsafe_rune(uint32_t r)
{
    return r < 0x20 || (r >= 0x7F && r < 0xA0) || r == 0x061C || r == 0x200E || r == 0x200F ||
           (r >= 0x2028 && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069) || r == 0xFEFF;
}

void text_add_printable(struct buf *buf, struct slice s)
{
    for (size_t at = 0; at < s.size;) {
        uint32_t rune = text_next_rune(s, &at);
        if (rune == '\n')
            buf_add_text(buf, "\\n");
        else if (rune == '\r')
            buf_add_text(buf, "\\r");
        else if (rune == '\t')
            buf_add_text(buf, "\\t");
        else if (is_unsafe_rune(rune))
            buf_add_format(buf, "\\u{%x}", rune);
        else
            text_add_rune(buf, rune);
    }
}

/* The first bytes of U+7F, U+80 to 9F, U+061C, U+2000 to 2FFF and U+FEFF. */
static bool may_be_unsafe(char byte)
{
    unsigned char b = (unsigned char)byte;

    return b == 0x7F || b == 0xC2 || b == 0xD8 || b == 0xE2 || b == 0xEF;
}

void text_add_json_safe(struct buf *buf, struct slice json)
{
    size_t kept = 0, at = 0;

    while (at < json.size) {
        const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
        size_t before = at;
        uint64_t word;
        if (json.size - at >= sizeof(word)) { /* 0x7f and what is above it alone set a high bit */
            memcpy(&word, json.data + at, sizeof(word));
            if (((word | (word + ones)) & highs) == 0) {
                at += sizeof(word);
                continue;
            }
        }
        if (!may_be_unsafe(json.data[at])) {
            at++;
            continue;
        }
        uint32_t rune = text_next_rune(json, &at);
        if (!is_unsafe_rune(rune))
            continue;
        buf_add(buf, json.data + kept, before - kept);
        buf_add_format(buf, "\\u%04x", rune);
        kept = at;
    }
    buf_add(buf, json.data + kept, json.size - kept);
}

static bool starts_formula(struct slice s)
{
    size_t at = 0;

    if (s.size == 0)
        return false;
    uint32_t rune = text_next_rune(s, &at);
    return rune == '=' || rune == '+' || rune == '-' || rune == '@' || rune == '\t' ||
           rune == '\r' || rune == '\0' || rune == '\n' || rune == 0xFF1D || rune == 0xFF0B ||
           rune == 0xFF0D || rune == 0xFF20;
}

void text_add_csv_cell(struct buf *buf, struct slice s)
{
    bool formula = starts_formula(s);
    bool quote = formula;

    for (size_t i = 0; i < s.size && !quote; i++)
        quote = s.data[i] == '"' || s.data[i] == ',' || s.data[i] == '\n' || s.data[i] == '\r';
    if (!quote) {
        buf_add_slice(buf, s);
        return;
    }
    buf_add_byte(buf, '"');
    if (formula)
        buf_add_byte(buf, '\'');
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] == '"')
            buf_add_byte(buf, '"');
        buf_add_byte(buf, s.data[i]);
    }
    buf_add_byte(buf, '"');
}

size_t text_distance(struct slice a, struct slice b)
{
    size_t row[65];

    if (a.size > 64 || b.size > 64)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            size_t above = row[j];
            bool same = (a.data[i - 1] | 0x20) == (b.data[j - 1] | 0x20);
            size_t best = diagonal + (same ? 0 : 1);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b.size];
}

size_t text_typo_limit(struct slice word)
{
    return word.size / 2 + 1 < 4 ? word.size / 2 + 1 : 4;
}

enum status text_check_name(struct slice name, const char *names, const char *kind,
                            struct error *err)
{
    struct slice rest = slice_of(names), known, nearest = {"", 0};
    size_t best = text_typo_limit(name);

    while (slice_next(&rest, ' ', &known)) {
        size_t distance = text_distance(name, known);
        if (slice_equal(name, known) && known.size > 0)
            return STATUS_OK;
        if (distance < best) {
            best = distance;
            nearest = known;
        }
    }
    return ERROR_SET(err, STATUS_INVALID, "there is no %s '%.*s' here%s%.*s%s", kind,
                     SLICE_FMT(slice_head(name, 64)), nearest.size > 0 ? "; did you mean '" : "",
                     SLICE_FMT(nearest), nearest.size > 0 ? "'?" : "");
}
