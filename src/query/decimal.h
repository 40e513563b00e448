/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.h - decimal numbers of 34 digits (IEEE 754 decimal128's precision),
 * rounded half to even.  Columns carry them as text; this is their arithmetic.
 *
 * A value is 0 (count == 0) or digits[0 .. count) as a whole number times
 * 10^exponent, without leading and trailing zeros.
 */
#ifndef QUERY_DECIMAL_H
#define QUERY_DECIMAL_H

#include "base/arena.h"
#include "table/type.h"

#define DECIMAL_DIGITS 34u
#define DECIMAL_EXPONENT_MAX 6144
#define DECIMAL_TEXT_BYTES 64u /* enough for decimal_format() */

struct decimal {
    int32_t exponent;
    bool negative;
    uint8_t count;
    uint8_t digits[DECIMAL_DIGITS]; /* 0 to 9, the greatest first */
};

/* [sign] digits [. digits] [e [sign] digits]; false for all else, and for what
 * is too large. */
bool decimal_parse(struct slice text, struct decimal *ret);
/* Plain digits up to 10^34 and down to 10^-34, then 1.5E+40; how many bytes. */
size_t decimal_format(const struct decimal *value, char text[DECIMAL_TEXT_BYTES]);
int decimal_order(const struct decimal *a, const struct decimal *b);

/* op: + - * / %.  False if there is no result: division by zero, too large.
 * The rest of a division is never negative. */
bool decimal_compute(char op, const struct decimal *a, const struct decimal *b,
                     struct decimal *ret);
/* Rounds to so many digits behind the point (negative: before it); halves go
 * away from zero. */
void decimal_round(struct decimal *value, int64_t digits);
/* The next whole number not below. */
void decimal_ceiling(struct decimal *value);

/* The same on values of type decimal, neither null. */
int decimal_compare(const struct value *a, const struct value *b);
enum status decimal_value(struct arena *arena, const struct decimal *number, struct value *ret,
                          struct error *err) MUST_USE;
enum status decimal_arithmetic(struct arena *arena, char op, const struct value *a,
                               const struct value *b, struct value *ret,
                               struct error *err) MUST_USE;

#endif
