/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h - fast hashes that are not cryptographic.
 *
 * XXH64 is Kusto's hash(); XXH3 keys tables.  Tables that hold foreign keys
 * are seeded per process with hash_seed() against chosen collisions.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

uint64_t hash_xxh64(const void *data, size_t size, uint64_t seed);
uint64_t hash_xxh3(const void *data, size_t size, uint64_t seed);
uint64_t hash_seed(void); /* random, drawn once a process */

uint32_t hash_crc32c(uint32_t crc, const void *data, size_t size); /* start with 0 */

static inline uint64_t hash_slice(struct slice s)
{
    return hash_xxh3(s.data, s.size, hash_seed());
}

__extension__ typedef unsigned __int128 hash_product;

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    hash_product product = (hash_product)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_word(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

/* Of short texts in tables of this process: without a call, and both factors are secret where
 * the seed is, so nobody can choose texts for which one is 0.
 *
 * Source: wyhash, Wang Yi (final version 4), without its other ways for long texts. */
static inline uint64_t hash_short(struct slice s, uint64_t seed)
{
    const uint64_t secret = seed ^ 0xa0761d6478bd642fu, other = seed ^ 0xe7037ed1a0b428dbu;
    const char *at = s.data;
    uint64_t a = 0, b = 0, state = other;

    if (s.size > 16) {
        for (size_t left = s.size; left > 16; left -= 16, at += 16)
            state = hash_mix(hash_word(at) ^ secret, hash_word(at + 8) ^ state);
        a = hash_word(s.data + s.size - 16);
        b = hash_word(s.data + s.size - 8);
    } else if (s.size >= 8) {
        a = hash_word(at);
        b = hash_word(at + s.size - 8);
    } else if (s.size >= 4) {
        uint32_t first, last;
        memcpy(&first, at, sizeof(first));
        memcpy(&last, at + s.size - sizeof(last), sizeof(last));
        a = (uint64_t)first << 32 | last;
    } else if (s.size > 0) {
        a = (uint64_t)(unsigned char)at[0] << 16 | (uint64_t)(unsigned char)at[s.size / 2] << 8 |
            (unsigned char)at[s.size - 1];
    }
    return hash_mix(hash_mix(a ^ secret, b ^ state) ^ other, s.size ^ secret);
}

/* Finaliser of MurmurHash3: spreads an integer key. */
static inline uint64_t hash_u64(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

#endif
