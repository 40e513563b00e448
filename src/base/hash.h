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
