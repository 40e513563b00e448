/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/hash.h"

#include "base/random.h"

#include <pthread.h>

static uint64_t process_seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

uint64_t hash_xxh64(const void *data, size_t size, uint64_t seed)
{
    return XXH64(data, size, seed);
}

uint64_t hash_xxh3(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

static void draw_seed(void)
{
    process_seed = random_u64();
}

uint64_t hash_seed(void)
{
    (void)pthread_once(&seed_once, draw_seed);
    return process_seed;
}

/* Reflected polynomial 0x82F63B78, a byte a step with a table of nibbles: the
 * SSE4.2 instruction where the build targets it. */
#ifdef __SSE4_2__
#include <nmmintrin.h>

uint32_t hash_crc32c(uint32_t crc, const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t value = ~crc;

    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        value = _mm_crc32_u64(value, word);
    }
    for (; size > 0; size--, at++)
        value = _mm_crc32_u8((uint32_t)value, *at);
    return ~(uint32_t)value;
}
#else
uint32_t hash_crc32c(uint32_t crc, const void *data, size_t size)
{
    const unsigned char *at = data;

    crc = ~crc;
    for (; size > 0; size--, at++) {
        crc ^= *at;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
    }
    return ~crc;
}
#endif
