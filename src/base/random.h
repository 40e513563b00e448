/* SPDX-License-Identifier: Apache-2.0 */
/* random.h - unpredictable bytes from the kernel, and a seeded generator.
 *
 * random_bytes() is for keys, nonces and identifiers; it cannot fail (the
 * process stops if the kernel has none).  struct rng is for tests, generators
 * and jitter only.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *ret, size_t size);
uint64_t random_u64(void);

struct rng {
    uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = (rng->state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 .. bound-1, bound > 0 (multiply-shift; the bias is below 2^-32). */
static inline uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)(((rng_next(rng) >> 32) * bound) >> 32);
}

#endif
