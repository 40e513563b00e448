/* SPDX-License-Identifier: Apache-2.0 */
/* bits.h - numbers of few bits, one behind the other, the lowest bit first.
 *
 *     unary(n)    n zeros, a one
 *     rice(n, k)  unary(n >> k), the k low bits
 *     gamma(n)    n from 1: unary of the bits below the highest, then those bits
 *
 * A writer appends to a buf, whose errors are sticky; a reader never reads behind its
 * end, gives zeros there and says so in `failed`.  Inline: a probe of an index reads
 * hundreds of such numbers. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include "base/buf.h"

#include <endian.h>
#ifdef __BMI2__
#include <immintrin.h>
#endif

/* The bits under the mask, as the lowest ones; and the reverse. */
static inline uint64_t bits_gather(uint64_t word, uint64_t mask)
{
#ifdef __BMI2__
    return _pext_u64(word, mask);
#else
    uint64_t ret = 0;
    for (unsigned n = 0; mask != 0; mask &= mask - 1, n++)
        ret |= (word >> __builtin_ctzll(mask) & 1) << n;
    return ret;
#endif
}

static inline uint64_t bits_scatter(uint64_t bits, uint64_t mask)
{
#ifdef __BMI2__
    return _pdep_u64(bits, mask);
#else
    uint64_t ret = 0;
    for (; mask != 0; mask &= mask - 1, bits >>= 1)
        ret |= (bits & 1) << __builtin_ctzll(mask);
    return ret;
#endif
}

#define BITS_AT_ONCE 56u /* that bits_put() and bits_get() take */

struct bit_writer {
    struct buf *buf;
    uint64_t bits;
    unsigned count;
};

/* value < 2^count, count <= BITS_AT_ONCE */
static inline void bits_put(struct bit_writer *w, uint64_t value, unsigned count)
{
    uint64_t bytes;
    unsigned whole;

    w->bits |= value << w->count;
    w->count += count;
    whole = w->count / 8;
    if (w->buf->capacity - w->buf->size >= sizeof(bytes)) { /* all at once, and some behind */
        bytes = htole64(w->bits);
        memcpy(w->buf->data + w->buf->size, &bytes, sizeof(bytes));
        w->buf->size += whole;
        w->bits >>= whole * 8;
        w->count -= whole * 8;
        return;
    }
    for (; w->count >= 8; w->count -= 8, w->bits >>= 8)
        buf_put_u8(w->buf, (uint8_t)w->bits);
}

/* The last byte, filled with zeros. */
static inline void bits_end(struct bit_writer *w)
{
    if (w->count > 0)
        buf_put_u8(w->buf, (uint8_t)w->bits);
    *w = (struct bit_writer){w->buf, 0, 0};
}

static inline void bits_put_unary(struct bit_writer *w, uint64_t zeros)
{
    for (; zeros >= 32; zeros -= 32)
        bits_put(w, 0, 32);
    bits_put(w, UINT64_C(1) << zeros, (unsigned)zeros + 1);
}

/* k < 64 */
static inline void bits_put_rice(struct bit_writer *w, uint64_t value, unsigned k)
{
    uint64_t low = value & ((UINT64_C(1) << k) - 1);

    bits_put_unary(w, value >> k);
    if (k > 32) {
        bits_put(w, low & UINT32_MAX, 32);
        low >>= 32;
        k -= 32;
    }
    bits_put(w, low, k);
}

static inline void bits_put_gamma(struct bit_writer *w, uint64_t value)
{
    unsigned bits = 63u - (unsigned)__builtin_clzll(value);

    bits_put_unary(w, bits);
    bits_put(w, value & ((UINT64_C(1) << bits) - 1), bits);
}

struct bit_reader {
    struct slice bytes;
    uint64_t at, end; /* bits */
    bool failed;
};

static inline struct bit_reader bit_reader_from(struct slice bytes)
{
    return (struct bit_reader){bytes, 0, (uint64_t)bytes.size * 8, false};
}

/* The next bits, the first one lowest; zeros behind the end. */
static inline uint64_t bits_ahead(const struct bit_reader *r)
{
    size_t from = r->at >> 3, left = r->bytes.size - from;
    uint64_t value = 0;

    memcpy(&value, r->bytes.data + from, left >= sizeof(value) ? sizeof(value) : left);
    return le64toh(value) >> (r->at & 7);
}

/* count <= BITS_AT_ONCE */
static inline uint64_t bits_get(struct bit_reader *r, unsigned count)
{
    if (r->failed || r->end - r->at < count) {
        r->failed = true;
        return 0;
    }
    if (count == 0)
        return 0;
    uint64_t value = bits_ahead(r) & ((UINT64_C(1) << count) - 1);
    r->at += count;
    return value;
}

static inline uint64_t bits_get_unary(struct bit_reader *r)
{
    const uint64_t most = BITS_AT_ONCE + 1; /* whichever bit of a byte is the next */
    uint64_t n = 0;

    while (!r->failed && r->at < r->end) {
        uint64_t left = r->end - r->at, take = left < most ? left : most;
        uint64_t bits = bits_ahead(r) & ((UINT64_C(1) << take) - 1);
        if (bits != 0) {
            unsigned zeros = (unsigned)__builtin_ctzll(bits);
            r->at += zeros + 1;
            return n + zeros;
        }
        n += take;
        r->at += take;
    }
    r->failed = true;
    return 0;
}

/* k < 64 */
static inline uint64_t bits_get_rice(struct bit_reader *r, unsigned k)
{
    uint64_t high = bits_get_unary(r), low = 0;

    if (k <= 32)
        return high << k | bits_get(r, k);
    low = bits_get(r, 32);
    return high << k | bits_get(r, k - 32) << 32 | low;
}

/* Of values below 2^(bits_max + 1). */
static inline uint64_t bits_get_gamma(struct bit_reader *r, unsigned bits_max)
{
    uint64_t bits = bits_get_unary(r);

    if (bits > bits_max)
        r->failed = true;
    return r->failed ? 1 : UINT64_C(1) << bits | bits_get(r, (unsigned)bits);
}

#endif
