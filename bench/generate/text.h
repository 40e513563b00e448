/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - a writer into a fixed buffer, and numbers made of other numbers.
 *
 * What does not fit is left out and remembered in `full`: the stream checks it
 * once a record.  The generator is deterministic: every value is mixed from the
 * seed and the place where it is used.
 */
#ifndef GENERATE_TEXT_H
#define GENERATE_TEXT_H

#include "base/random.h"
#include "base/slice.h"

struct text {
    char *at, *end;
    bool full;
};

static inline void text_put(struct text *text, const char *data, size_t size)
{
    if (size > (size_t)(text->end - text->at)) {
        text->full = true;
        return;
    }
    memcpy(text->at, data, size);
    text->at += size;
}

static inline void text_slice(struct text *text, struct slice s)
{
    text_put(text, s.data, s.size);
}

#define TEXT(text, literal) text_put(text, "" literal, sizeof(literal) - 1)

void text_number(struct text *text, uint64_t value);
void text_digits(struct text *text, uint64_t value, unsigned count); /* with leading zeros */
/* `count` characters of an alphabet of 64, 32 or 16, from seed. */
void text_base64(struct text *text, uint64_t seed, unsigned count);
void text_base32(struct text *text, uint64_t seed, unsigned count);
void text_hex(struct text *text, uint64_t seed, unsigned count);
void text_hex_upper(struct text *text, uint64_t seed, unsigned count);
void text_guid(struct text *text, uint64_t seed);

/* A well mixed number of two numbers. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    struct rng rng = {a ^ (b * 0xD6E8FEB86659FD93u)};

    (void)rng_next(&rng);
    return rng_next(&rng);
}

/* The same for names of things: mix_below(seed, WHAT, n). */
static inline uint32_t mix_below(uint64_t a, uint64_t b, uint32_t bound)
{
    return (uint32_t)(((mix(a, b) >> 32) * bound) >> 32);
}

/* In [0, 1). */
static inline double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

#endif
