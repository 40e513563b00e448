/* SPDX-License-Identifier: Apache-2.0 */
/* sha_wide.c - see sha_wide_priv.h; FIPS 180-4, section 6.2. */
#include "crypt/sha_wide_priv.h"

#include "base/check.h"

#include <string.h>

#ifdef __x86_64__

#include <immintrin.h>

/* Some versions of GCC give locals that AddressSanitizer watches no 64-byte alignment where it
 * keeps them off the stack (bug 110027), so it watches none of these functions. */
#define WIDE_TARGET __attribute__((target("avx512f,avx512bw"), no_sanitize("address")))
#define WORDS 16 /* of a block, and of the message schedule that are kept */

/* The truth tables of three operands. */
#define XOR_3 0x96
#define CHOICE 0xCA
#define MAJORITY 0xE8

#define ROTATED(x, a, b, c)                                                                 \
    _mm512_ternarylogic_epi32(_mm512_ror_epi32((x), (a)), _mm512_ror_epi32((x), (b)),       \
                              _mm512_ror_epi32((x), (c)), XOR_3)
#define SHIFTED(x, a, b, c)                                                                 \
    _mm512_ternarylogic_epi32(_mm512_ror_epi32((x), (a)), _mm512_ror_epi32((x), (b)),       \
                              _mm512_srli_epi32((x), (c)), XOR_3)

bool sha_wide_is_there(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

/* Word i of all blocks into words[i]. */
WIDE_TARGET static inline void load_words(const uint8_t *const blocks[SHA_WIDE_LANES],
                                          __m512i words[WORDS])
{
    const __m512i big_endian =
        _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    __m512i in[WORDS], two[WORDS], four[WORDS];

#pragma GCC unroll 16
    for (int i = 0; i < WORDS; i++)
        in[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(blocks[i]), big_endian);
#pragma GCC unroll 8
    for (int i = 0; i < WORDS; i += 2) {
        two[i] = _mm512_unpacklo_epi32(in[i], in[i + 1]);
        two[i + 1] = _mm512_unpackhi_epi32(in[i], in[i + 1]);
    }
    /* Of four blocks: quarter q of four[i + k] has their words 4q + k. */
#pragma GCC unroll 4
    for (int i = 0; i < WORDS; i += 4) {
        four[i] = _mm512_unpacklo_epi64(two[i], two[i + 2]);
        four[i + 1] = _mm512_unpackhi_epi64(two[i], two[i + 2]);
        four[i + 2] = _mm512_unpacklo_epi64(two[i + 1], two[i + 3]);
        four[i + 3] = _mm512_unpackhi_epi64(two[i + 1], two[i + 3]);
    }
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
        __m512i a = _mm512_shuffle_i32x4(four[k], four[4 + k], 0x44);
        __m512i b = _mm512_shuffle_i32x4(four[k], four[4 + k], 0xEE);
        __m512i c = _mm512_shuffle_i32x4(four[8 + k], four[12 + k], 0x44);
        __m512i d = _mm512_shuffle_i32x4(four[8 + k], four[12 + k], 0xEE);
        words[k] = _mm512_shuffle_i32x4(a, c, 0x88);
        words[4 + k] = _mm512_shuffle_i32x4(a, c, 0xDD);
        words[8 + k] = _mm512_shuffle_i32x4(b, d, 0x88);
        words[12 + k] = _mm512_shuffle_i32x4(b, d, 0xDD);
    }
}

WIDE_TARGET static inline __m512i add(__m512i a, __m512i b)
{
    return _mm512_add_epi32(a, b);
}

/* The states are not moved from round to round: v[0] of the text is v[-round]. */
WIDE_TARGET static inline void round_of(__m512i v[SHA_STATE_WORDS], unsigned round,
                                        __m512i word, uint32_t constant)
{
    __m512i a = v[(8 - round) % 8], b = v[(9 - round) % 8], c = v[(10 - round) % 8];
    __m512i e = v[(12 - round) % 8], f = v[(13 - round) % 8], g = v[(14 - round) % 8];
    __m512i *d = &v[(11 - round) % 8], *h = &v[(15 - round) % 8];
    __m512i sum = add(add(*h, add(word, _mm512_set1_epi32((int)constant))),
                      add(ROTATED(e, 6, 11, 25), _mm512_ternarylogic_epi32(e, f, g, CHOICE)));

    *d = add(*d, sum);
    *h = add(sum, add(ROTATED(a, 2, 13, 22), _mm512_ternarylogic_epi32(a, b, c, MAJORITY)));
}

void sha_wide_start(struct sha_wide *wide)
{
    for (unsigned i = 0; i < SHA_STATE_WORDS; i++)
        for (unsigned lane = 0; lane < SHA_WIDE_LANES; lane++)
            wide->words[i][lane] = sha_start[i];
}

WIDE_TARGET void sha_wide_block(struct sha_wide *wide,
                                const uint8_t *const blocks[SHA_WIDE_LANES], unsigned lanes)
{
    __m512i v[SHA_STATE_WORDS], w[WORDS];

    load_words(blocks, w);
#pragma GCC unroll 8
    for (int i = 0; i < SHA_STATE_WORDS; i++)
        v[i] = _mm512_loadu_si512(wide->words[i]);
    for (unsigned from = 0; from < SHA_ROUNDS; from += WORDS) {
#pragma GCC unroll 16
        for (unsigned i = 0; i < WORDS; i++) {
            round_of(v, i % 8, w[i], sha_constants[from + i]);
            if (from + WORDS < SHA_ROUNDS) /* the word of sixteen rounds later */
                w[i] = add(add(w[i], SHIFTED(w[(i + 1) % WORDS], 7, 18, 3)),
                           add(w[(i + 9) % WORDS], SHIFTED(w[(i + 14) % WORDS], 17, 19, 10)));
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < SHA_STATE_WORDS; i++) {
        __m512i before = _mm512_loadu_si512(wide->words[i]);
        _mm512_storeu_si512(wide->words[i],
                            _mm512_mask_add_epi32(before, (__mmask16)lanes, before, v[i]));
    }
}

#else

bool sha_wide_is_there(void)
{
    return false;
}

void sha_wide_start(struct sha_wide *wide)
{
    (void)wide;
    CHECK(false);
}

void sha_wide_block(struct sha_wide *wide, const uint8_t *const blocks[SHA_WIDE_LANES],
                    unsigned lanes)
{
    (void)wide, (void)blocks, (void)lanes;
    CHECK(false);
}

#endif

void sha_wide_digest(const struct sha_wide *wide, unsigned lane, uint8_t ret[32])
{
    uint32_t state[SHA_STATE_WORDS];

    for (unsigned i = 0; i < SHA_STATE_WORDS; i++)
        state[i] = wide->words[i][lane];
    sha_put_state(state, ret);
}

static void digests_wide(const uint8_t *messages, size_t block_count, size_t count, uint8_t *ret)
{
    const uint8_t *blocks[SHA_WIDE_LANES];
    struct sha_wide wide;

    sha_wide_start(&wide);
    for (size_t i = 0; i < SHA_WIDE_LANES; i++)
        blocks[i] = messages + (i < count ? i : 0) * block_count * SHA_BLOCK_BYTES;
    for (size_t b = 0; b < block_count; b++) {
        sha_wide_block(&wide, blocks, UINT16_MAX);
        for (size_t i = 0; i < SHA_WIDE_LANES && b + 1 < block_count; i++)
            blocks[i] += SHA_BLOCK_BYTES;
    }
    for (unsigned i = 0; i < count; i++)
        sha_wide_digest(&wide, i, ret + (size_t)i * 32);
    explicit_bzero(&wide, sizeof(wide));
}

void sha_digests(const uint8_t *messages, size_t block_count, size_t count, uint8_t *ret)
{
    const size_t size = block_count * SHA_BLOCK_BYTES;
    size_t i = 0;

    CHECK(count <= SHA_WIDE_LANES);
    if (count >= SHA_WIDE_LANES_MIN && sha_wide_is_there()) {
        digests_wide(messages, block_count, count, ret);
        return;
    }
    for (; i < count; i += 2) {
        uint32_t states[2][SHA_STATE_WORDS];
        memcpy(states[0], sha_start, sizeof(states[0]));
        memcpy(states[1], sha_start, sizeof(states[1]));
        if (i + 1 == count) {
            sha_blocks(states[0], messages + i * size, block_count);
        } else {
            sha_blocks_pair((struct sha_lane){states[0], messages + i * size},
                            (struct sha_lane){states[1], messages + (i + 1) * size},
                            block_count);
            sha_put_state(states[1], ret + (i + 1) * 32);
        }
        sha_put_state(states[0], ret + i * 32);
        explicit_bzero(states, sizeof(states));
    }
}
