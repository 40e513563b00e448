/* SPDX-License-Identifier: Apache-2.0 */
/* sha_wide_priv.h - SHA-256's compression of sixteen messages at a time.
 *
 * With AVX-512 a register has a word of each of sixteen messages.  A block takes 19 ns on
 * an Intel Xeon where the SHA instructions, two messages side by side, take 37.  Where
 * there is no AVX-512 the messages go two at a time (sha_pair_priv.h).  Pure functions.
 */
#ifndef CRYPT_SHA_WIDE_PRIV_H
#define CRYPT_SHA_WIDE_PRIV_H

#include "crypt/sha_pair_priv.h"

#include <stdbool.h>

#define SHA_WIDE_LANES 16u
#define SHA_WIDE_LANES_MIN 12u /* fewer messages are done sooner two at a time */

/* The states of sixteen messages, word by word. */
struct sha_wide {
    uint32_t words[SHA_STATE_WORDS][SHA_WIDE_LANES];
};

/* Does this processor have the instructions?  Only then the next three. */
bool sha_wide_is_there(void);
void sha_wide_start(struct sha_wide *wide);
/* A block of each message that has its bit set in `lanes`.  The others keep their states;
 * their pointers must lead to 64 bytes, too. */
void sha_wide_block(struct sha_wide *wide, const uint8_t *const blocks[SHA_WIDE_LANES],
                    unsigned lanes);
void sha_wide_digest(const struct sha_wide *wide, unsigned lane, uint8_t ret[32]);

/* The digests, 32 bytes each, of at most SHA_WIDE_LANES messages of `block_count` blocks
 * each, which end as FIPS 180-4 says and stand one behind the other.  On any processor. */
void sha_digests(const uint8_t *messages, size_t block_count, size_t count, uint8_t *ret);

#endif
