/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/text.h"

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char lower_digits[] = "0123456789abcdef";
static const char upper_digits[] = "0123456789ABCDEF";

void text_number(struct text *text, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    text_put(text, digits + at, sizeof(digits) - at);
}

void text_digits(struct text *text, uint64_t value, unsigned count)
{
    char digits[20];

    for (unsigned i = count; i-- > 0; value /= 10)
        digits[i] = (char)('0' + value % 10);
    text_put(text, digits, count);
}

/* `bits` of the mixed seed make a digit. */
static void alphabet(struct text *text, uint64_t seed, unsigned count, const char *digits,
                     unsigned bits)
{
    struct rng rng = {seed};
    uint64_t left = 0;

    if (count > (size_t)(text->end - text->at)) {
        text->full = true;
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        if (i % (60 / bits) == 0)
            left = rng_next(&rng);
        *text->at++ = digits[left & ((1u << bits) - 1)];
        left >>= bits;
    }
}

void text_base64(struct text *text, uint64_t seed, unsigned count)
{
    alphabet(text, seed, count, base64_digits, 6);
}

void text_base32(struct text *text, uint64_t seed, unsigned count)
{
    alphabet(text, seed, count, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5);
}

void text_hex(struct text *text, uint64_t seed, unsigned count)
{
    alphabet(text, seed, count, lower_digits, 4);
}

void text_hex_upper(struct text *text, uint64_t seed, unsigned count)
{
    alphabet(text, seed, count, upper_digits, 4);
}

void text_guid(struct text *text, uint64_t seed)
{
    struct rng rng = {seed};
    uint64_t words[2] = {rng_next(&rng), rng_next(&rng)};
    char guid[36];
    unsigned at = 0;

    for (unsigned i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            guid[at++] = '-';
        guid[at++] = lower_digits[(words[i / 16] >> (4 * (i % 16))) & 15];
    }
    guid[14] = '4';
    guid[19] = "89ab"[words[1] >> 62];
    text_put(text, guid, sizeof(guid));
}
