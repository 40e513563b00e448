/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.c - see decimal.h.  Digit by digit, as on paper: decimals are rare, and
 * this is easy to see right. */
#include "query/decimal.h"

#include "base/buf.h"

#include <stdio.h>

/* A result before it is rounded: two numbers side by side, or their product. */
#define WIDE_DIGITS (DECIMAL_DIGITS * 2 + 4)

struct wide {
    int32_t exponent;
    bool negative;
    bool sticky; /* something below the last digit is not zero */
    uint32_t count;
    uint8_t digits[WIDE_DIGITS];
};

static bool add_one(uint8_t *digits, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        if (digits[i] < 9) {
            digits[i]++;
            return false;
        }
        digits[i] = 0;
    }
    return true; /* 999 became 000 */
}

/* Rounds to the digits that a decimal has; false if the exponent is too large. */
static bool narrow(const struct wide *w, struct decimal *ret)
{
    uint32_t first = 0;
    int64_t exponent = w->exponent;

    while (first < w->count && w->digits[first] == 0)
        first++;
    const uint8_t *digits = w->digits + first;
    uint32_t count = w->count - first;
    uint32_t kept = count < DECIMAL_DIGITS ? count : DECIMAL_DIGITS;
    *ret = (struct decimal){.negative = w->negative, .count = (uint8_t)kept};
    memcpy(ret->digits, digits, kept);
    exponent += count - kept;
    if (count > kept) {
        bool rest = w->sticky;
        for (uint32_t i = kept + 1; i < count && !rest; i++)
            rest = digits[i] != 0;
        bool odd = (digits[kept - 1] & 1) != 0;
        if (digits[kept] > 5 || (digits[kept] == 5 && (rest || odd))) {
            if (add_one(ret->digits, kept)) {
                ret->digits[0] = 1;
                exponent++;
            }
        }
    }
    while (ret->count > 0 && ret->digits[ret->count - 1] == 0) {
        ret->count--;
        exponent++;
    }
    if (ret->count == 0 || exponent + ret->count < -DECIMAL_EXPONENT_MAX) {
        *ret = (struct decimal){0};
        return true;
    }
    ret->exponent = (int32_t)exponent;
    return exponent + ret->count <= DECIMAL_EXPONENT_MAX + 1;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool parse_exponent(struct slice text, size_t at, int64_t *ret)
{
    bool negative = at < text.size && text.data[at] == '-';
    int64_t exponent = 0;

    at += at < text.size && (text.data[at] == '-' || text.data[at] == '+');
    if (at == text.size)
        return false;
    for (; at < text.size; at++) {
        if (!is_digit(text.data[at]))
            return false;
        if (exponent < 1000000)
            exponent = exponent * 10 + (text.data[at] - '0');
    }
    *ret = negative ? -exponent : exponent;
    return true;
}

bool decimal_parse(struct slice text, struct decimal *ret)
{
    struct wide w = {0};
    bool point = false;
    bool any = false;
    int64_t exponent = 0;
    int64_t behind = 0;
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');

    w.negative = at > 0 && text.data[0] == '-';
    for (; at < text.size && (is_digit(text.data[at]) || (text.data[at] == '.' && !point)); at++) {
        if (text.data[at] == '.') {
            point = true;
            continue;
        }
        any = true;
        behind -= point;
        if (w.count == WIDE_DIGITS) {
            w.sticky = w.sticky || text.data[at] != '0';
            behind++;
        } else if (w.count > 0 || text.data[at] != '0') {
            w.digits[w.count++] = (uint8_t)(text.data[at] - '0');
        }
    }
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        if (!parse_exponent(text, at + 1, &exponent))
            return false;
        at = text.size;
    }
    exponent += behind;
    if (!any || at != text.size || exponent > INT32_MAX / 2 || exponent < INT32_MIN / 2)
        return false;
    w.exponent = (int32_t)exponent;
    return narrow(&w, ret);
}

size_t decimal_format(const struct decimal *value, char text[DECIMAL_TEXT_BYTES])
{
    size_t size = 0;
    int32_t whole = value->exponent + value->count; /* digits before the point */

    if (value->count == 0) {
        text[0] = '0';
        return 1;
    }
    if (value->negative)
        text[size++] = '-';
    if (whole > (int32_t)DECIMAL_DIGITS || value->exponent < -(int32_t)DECIMAL_DIGITS) {
        text[size++] = (char)('0' + value->digits[0]);
        if (value->count > 1)
            text[size++] = '.';
        for (uint32_t i = 1; i < value->count; i++)
            text[size++] = (char)('0' + value->digits[i]);
        return size + (size_t)snprintf(text + size, DECIMAL_TEXT_BYTES - size, "E%+d", whole - 1);
    }
    if (whole <= 0)
        text[size++] = '0';
    for (int32_t i = whole < 0 ? whole : 0; i < value->count || i < whole; i++) {
        if (i == (whole > 0 ? whole : whole < 0 ? whole : 0))
            text[size++] = '.';
        text[size++] = (char)('0' + (i >= 0 && i < value->count ? value->digits[i] : 0));
    }
    return size;
}

/* ---- whole numbers as arrays of digits of one length ---- */

static int compare_digits(const uint8_t *a, const uint8_t *b, uint32_t count)
{
    return memcmp(a, b, count);
}

static void subtract_digits(uint8_t *a, const uint8_t *b, uint32_t count)
{
    int borrow = 0;

    for (uint32_t i = count; i-- > 0;) {
        int digit = a[i] - b[i] - borrow;
        borrow = digit < 0;
        a[i] = (uint8_t)(digit < 0 ? digit + 10 : digit);
    }
}

/* |a| against |b| */
static int order_sizes(const struct decimal *a, const struct decimal *b)
{
    uint8_t x[DECIMAL_DIGITS] = {0};
    uint8_t y[DECIMAL_DIGITS] = {0};

    if (a->count == 0 || b->count == 0)
        return (a->count > 0) - (b->count > 0);
    if (a->exponent + a->count != b->exponent + b->count)
        return a->exponent + a->count < b->exponent + b->count ? -1 : 1;
    memcpy(x, a->digits, a->count);
    memcpy(y, b->digits, b->count);
    return compare_digits(x, y, DECIMAL_DIGITS);
}

int decimal_order(const struct decimal *a, const struct decimal *b)
{
    bool a_below = a->negative && a->count > 0;
    bool b_below = b->negative && b->count > 0;

    if (a_below != b_below)
        return a_below ? -1 : 1;
    int order = order_sizes(a, b);
    return a_below ? -order : order;
}

/* a + b; the greater one's digits are laid at the left of the wide number. */
static bool sum(const struct decimal *a, const struct decimal *b, struct decimal *ret)
{
    struct wide w = {0};
    uint8_t other[WIDE_DIGITS] = {0};

    if (order_sizes(a, b) < 0) {
        const struct decimal *swap = a;
        a = b;
        b = swap;
    }
    if (b->count == 0) {
        *ret = *a;
        return true;
    }
    int64_t shift = (int64_t)a->exponent + a->count - b->exponent - b->count;
    if (shift > (int64_t)DECIMAL_DIGITS + 1) { /* below the rounding of a */
        *ret = *a;
        return true;
    }
    w.count = WIDE_DIGITS;
    w.negative = a->negative;
    w.exponent = a->exponent + a->count + 1 - (int32_t)WIDE_DIGITS;
    memcpy(w.digits + 1, a->digits, a->count);
    memcpy(other + 1 + shift, b->digits, b->count);
    if (a->negative == b->negative) {
        uint32_t carry = 0;
        for (uint32_t i = WIDE_DIGITS; i-- > 0;) {
            uint32_t digit = (uint32_t)w.digits[i] + other[i] + carry;
            carry = digit / 10;
            w.digits[i] = (uint8_t)(digit % 10);
        }
    } else {
        subtract_digits(w.digits, other, WIDE_DIGITS);
    }
    return narrow(&w, ret);
}

static bool product(const struct decimal *a, const struct decimal *b, struct decimal *ret)
{
    struct wide w = {.negative = a->negative != b->negative, .exponent = a->exponent + b->exponent,
                     .count = (uint32_t)a->count + b->count};
    uint32_t sums[WIDE_DIGITS] = {0};

    for (uint32_t i = 0; i < a->count; i++) {
        for (uint32_t j = 0; j < b->count; j++)
            sums[i + j + 1] += (uint32_t)a->digits[i] * b->digits[j];
    }
    for (uint32_t i = w.count; i-- > 0;) {
        w.digits[i] = (uint8_t)(sums[i] % 10);
        if (i > 0)
            sums[i - 1] += sums[i] / 10;
    }
    return narrow(&w, ret);
}

/* Brings the next digit into a remainder below the divisor; the quotient's digit. */
static uint8_t next_digit(uint8_t *rest, const uint8_t *divisor, uint32_t count, uint8_t digit)
{
    uint8_t quotient = 0;

    memmove(rest, rest + 1, count - 1);
    rest[count - 1] = digit;
    while (compare_digits(rest, divisor, count) >= 0) {
        subtract_digits(rest, divisor, count);
        quotient++;
    }
    return quotient;
}

#define REST_DIGITS (DECIMAL_DIGITS + 1)

static bool quotient(const struct decimal *a, const struct decimal *b, struct decimal *ret)
{
    struct wide w = {.negative = a->negative != b->negative};
    uint8_t rest[REST_DIGITS] = {0};
    uint8_t divisor[REST_DIGITS] = {0};

    memcpy(divisor + REST_DIGITS - b->count, b->digits, b->count);
    w.count = WIDE_DIGITS;
    w.exponent = a->exponent - b->exponent + a->count - (int32_t)WIDE_DIGITS;
    for (uint32_t i = 0; i < WIDE_DIGITS; i++)
        w.digits[i] = next_digit(rest, divisor, REST_DIGITS, i < a->count ? a->digits[i] : 0);
    for (uint32_t i = 0; i < REST_DIGITS; i++)
        w.sticky = w.sticky || rest[i] != 0;
    return narrow(&w, ret);
}

/* a - b * floor(a / b): as far as whole units of b's last digit go, by long division. */
static bool remainder_of(const struct decimal *a, const struct decimal *b, struct decimal *ret)
{
    struct decimal size = *b;
    struct wide w = {0};
    uint8_t divisor[WIDE_DIGITS] = {0};
    int32_t exponent = a->exponent < b->exponent ? a->exponent : b->exponent;
    uint32_t wide = (uint32_t)(b->exponent - exponent) + b->count;

    size.negative = false;
    if (order_sizes(a, b) < 0) {
        *ret = *a;
        return !a->negative || a->count == 0 || sum(a, &size, ret);
    }
    if (wide + 1 > WIDE_DIGITS)
        return false;
    memcpy(divisor + WIDE_DIGITS - wide, b->digits, b->count);
    w.exponent = exponent;
    w.count = WIDE_DIGITS;
    w.negative = a->negative;
    for (int64_t i = 0; i < (int64_t)a->exponent - exponent + a->count; i++)
        (void)next_digit(w.digits, divisor, WIDE_DIGITS, i < a->count ? a->digits[i] : 0);
    if (!narrow(&w, ret))
        return false;
    return !ret->negative || ret->count == 0 || sum(ret, &size, ret);
}

bool decimal_compute(char op, const struct decimal *a, const struct decimal *b,
                     struct decimal *ret)
{
    struct decimal other = *b;
    struct decimal result;
    bool ok;

    if ((op == '/' || op == '%') && b->count == 0)
        return false;
    other.negative = op == '-' ? !b->negative : b->negative;
    ok = op == '*'   ? product(a, b, &result)
         : op == '/' ? quotient(a, b, &result)
         : op == '%' ? remainder_of(a, b, &result)
                     : sum(a, &other, &result);
    if (ok)
        *ret = result;
    return ok;
}

void decimal_round(struct decimal *value, int64_t digits)
{
    const int64_t most = INT64_C(2) * DECIMAL_EXPONENT_MAX; /* beyond both ends of any number */

    digits = digits < -most ? -most : digits > most ? most : digits;
    int64_t drop = -digits - value->exponent; /* digits at the end */
    if (drop <= 0 || value->count == 0)
        return;
    if (drop > value->count) {
        *value = (struct decimal){0};
        return;
    }
    uint32_t kept = value->count - (uint32_t)drop;
    bool up = value->digits[kept] >= 5;
    struct wide w = {.negative = value->negative, .count = kept + 1};
    memcpy(w.digits + 1, value->digits, kept);
    if (up)
        (void)add_one(w.digits, w.count);
    w.exponent = value->exponent + (int32_t)drop;
    (void)narrow(&w, value);
}

void decimal_ceiling(struct decimal *value)
{
    static const struct decimal one = {.count = 1, .digits = {1}};
    struct decimal rest;

    if (value->exponent >= 0 || !decimal_compute('%', value, &one, &rest) || rest.count == 0)
        return;
    struct decimal floor;
    if (decimal_compute('-', value, &rest, &floor))
        (void)decimal_compute('+', &floor, &one, value);
}

/* ---- values ---- */

static struct decimal number(const struct value *value)
{
    struct decimal ret;

    return decimal_parse(slice_trim(value->bytes), &ret) ? ret : (struct decimal){0};
}

int decimal_compare(const struct value *a, const struct value *b)
{
    struct decimal x = number(a);
    struct decimal y = number(b);

    return decimal_order(&x, &y);
}

enum status decimal_value(struct arena *arena, const struct decimal *number, struct value *ret,
                          struct error *err)
{
    char text[DECIMAL_TEXT_BYTES];
    size_t size = decimal_format(number, text);

    *ret = (struct value){.type = TYPE_DECIMAL};
    ret->bytes = arena_copy(arena, slice_from(text, size), err);
    ret->is_null = ret->bytes.data == NULL;
    return ret->is_null ? err->status : STATUS_OK;
}

enum status decimal_arithmetic(struct arena *arena, char op, const struct value *a,
                               const struct value *b, struct value *ret, struct error *err)
{
    struct decimal x = number(a);
    struct decimal y = number(b);
    struct decimal z;

    *ret = (struct value){.type = TYPE_DECIMAL, .is_null = true};
    return decimal_compute(op, &x, &y, &z) ? decimal_value(arena, &z, ret, err) : STATUS_OK;
}
