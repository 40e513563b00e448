/* SPDX-License-Identifier: Apache-2.0 */
/* sha_pair_priv.h - SHA-256's compression of two messages at a time.
 *
 * The processor's SHA instructions wait for each other within a message; two
 * messages side by side take 1.1 times the time of one.  Where there are no such
 * instructions both go through libcrypto, one after the other.  Pure functions.
 */
#ifndef CRYPT_SHA_PAIR_PRIV_H
#define CRYPT_SHA_PAIR_PRIV_H

#include <stddef.h>
#include <stdint.h>

#define SHA_BLOCK_BYTES 64
#define SHA_STATE_WORDS 8

#define SHA_ROUNDS 64

extern const uint32_t sha_constants[SHA_ROUNDS];
extern const uint32_t sha_start[SHA_STATE_WORDS]; /* of every message */

/* `count` blocks of 64 bytes. */
void sha_blocks(uint32_t state[SHA_STATE_WORDS], const uint8_t *blocks, size_t count);
/* `count` blocks of each. */
struct sha_lane {
    uint32_t *state;
    const uint8_t *blocks;
};
void sha_blocks_pair(struct sha_lane a, struct sha_lane b, size_t count);

/* The digest is the state, big-endian. */
void sha_put_state(const uint32_t state[SHA_STATE_WORDS], uint8_t ret[32]);

#endif
