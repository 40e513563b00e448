/* SPDX-License-Identifier: Apache-2.0 */
/* sha_pair.c - see sha_pair_priv.h; FIPS 180-4, section 6.2.  The order of the
 * words in the two registers is that of the instructions: A B E F and C D G H. */
#include "crypt/sha_pair_priv.h"

#include "base/check.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

const uint32_t sha_start[SHA_STATE_WORDS] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

const uint32_t sha_constants[SHA_ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

void sha_put_state(const uint32_t state[SHA_STATE_WORDS], uint8_t ret[32])
{
    for (int i = 0; i < SHA_STATE_WORDS; i++) {
        ret[4 * i] = (uint8_t)(state[i] >> 24);
        ret[4 * i + 1] = (uint8_t)(state[i] >> 16);
        ret[4 * i + 2] = (uint8_t)(state[i] >> 8);
        ret[4 * i + 3] = (uint8_t)state[i];
    }
}

/* Whole blocks only: libcrypto keeps nothing back. */
void sha_blocks(uint32_t state[SHA_STATE_WORDS], const uint8_t *blocks, size_t count)
{
    SHA256_CTX context = {.md_len = SHA256_DIGEST_LENGTH};

    memcpy(context.h, state, sizeof(context.h));
    int ok = SHA256_Update(&context, blocks, count * SHA_BLOCK_BYTES);
    CHECK(ok == 1);
    memcpy(state, context.h, sizeof(context.h));
}

static void blocks_apart(struct sha_lane a, struct sha_lane b, size_t count)
{
    sha_blocks(a.state, a.blocks, count);
    sha_blocks(b.state, b.blocks, count);
}

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define SHA_TARGET __attribute__((target("sha,sse4.1")))
#define GROUPS 16 /* of four rounds */
#define CPUID_SHA (1u << 29)

static bool has_instructions;
static pthread_once_t asked = PTHREAD_ONCE_INIT;

static void ask_processor(void)
{
    unsigned a = 0, b = 0, c = 0, d = 0;

    has_instructions = __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 && (b & CPUID_SHA) != 0;
}

struct registers {
    __m128i abef, cdgh;
    __m128i words[4]; /* the last sixteen of the message schedule */
};

SHA_TARGET static inline __m128i load(const void *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

SHA_TARGET static inline void load_state(const uint32_t *state, struct registers *r)
{
    __m128i cdab = _mm_shuffle_epi32(load(state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1B);

    r->abef = _mm_alignr_epi8(cdab, efgh, 8);
    r->cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
}

SHA_TARGET static inline void store_state(const struct registers *r, uint32_t *state)
{
    __m128i feba = _mm_shuffle_epi32(r->abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(r->cdgh, 0xB1);

    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Four rounds; the words of the first four groups are the block itself. */
SHA_TARGET static inline void group(struct registers *r, unsigned g, const uint8_t *block)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i *w = r->words;

    if (g < 4) {
        w[g] = _mm_shuffle_epi8(load(block + 16 * g), big_endian);
    } else {
        __m128i next = _mm_sha256msg1_epu32(w[g & 3], w[(g + 1) & 3]);
        next = _mm_add_epi32(next, _mm_alignr_epi8(w[(g + 3) & 3], w[(g + 2) & 3], 4));
        w[g & 3] = _mm_sha256msg2_epu32(next, w[(g + 3) & 3]);
    }
    __m128i sum = _mm_add_epi32(w[g & 3], load(sha_constants + (size_t)4 * g));
    r->cdgh = _mm_sha256rnds2_epu32(r->cdgh, r->abef, sum);
    r->abef = _mm_sha256rnds2_epu32(r->abef, r->cdgh, _mm_shuffle_epi32(sum, 0x0E));
}

SHA_TARGET static void blocks_together(struct sha_lane a, struct sha_lane b, size_t count)
{
    struct registers x, y;

    load_state(a.state, &x);
    load_state(b.state, &y);
    for (; count > 0; count--) {
        const struct registers x0 = {.abef = x.abef, .cdgh = x.cdgh};
        const struct registers y0 = {.abef = y.abef, .cdgh = y.cdgh};
#pragma GCC unroll 16
        for (unsigned g = 0; g < GROUPS; g++) {
            group(&x, g, a.blocks);
            group(&y, g, b.blocks);
        }
        x.abef = _mm_add_epi32(x.abef, x0.abef);
        x.cdgh = _mm_add_epi32(x.cdgh, x0.cdgh);
        y.abef = _mm_add_epi32(y.abef, y0.abef);
        y.cdgh = _mm_add_epi32(y.cdgh, y0.cdgh);
        a.blocks += SHA_BLOCK_BYTES;
        b.blocks += SHA_BLOCK_BYTES;
    }
    store_state(&x, a.state);
    store_state(&y, b.state);
}

void sha_blocks_pair(struct sha_lane a, struct sha_lane b, size_t count)
{
    (void)pthread_once(&asked, ask_processor);
    if (has_instructions)
        blocks_together(a, b, count);
    else
        blocks_apart(a, b, count);
}

#else

void sha_blocks_pair(struct sha_lane a, struct sha_lane b, size_t count)
{
    blocks_apart(a, b, count);
}

#endif
