/* SPDX-License-Identifier: Apache-2.0 */
/* vhash.h - a keyed fingerprint that costs less than reading the bytes twice.
 *
 * Built as VHASH is (Dai and Krovetz, "VHASH Security", 2007): NH of 64-bit words over
 * blocks of 2 KiB, a polynomial modulo 2^127 - 1 over the blocks, and a linear function
 * of the result modulo 2^61 - 1.  It is a universal hash: for any two different pairs of
 * number and message the fingerprints are equal for one key in 2^60, if they are shorter
 * than a mebibyte, so who does not know the key cannot choose two that are taken for each
 * other.  That holds while no fingerprint is seen outside; it is no signature.
 * About a quarter of the time of GMAC (gmac.h), a tenth of SHA-256.
 */
#ifndef CRYPT_VHASH_H
#define CRYPT_VHASH_H

#include "base/error.h"
#include "crypt/keyring.h"

#include <stddef.h>
#include <stdint.h>

#define VHASH_BLOCK_BYTES 2048u
#define VHASH_KEY_BYTES (VHASH_BLOCK_BYTES + 56)

struct vhash_key {
    uint64_t words[VHASH_BLOCK_BYTES / 8]; /* for the words of a block */
    uint64_t tail[2];                      /* for the number and the size */
    uint64_t poly[2];                      /* low, high */
    uint64_t linear[3];
};

/* From bytes that are uniform and secret. */
void vhash_key_init(struct vhash_key *key, const uint8_t bytes[VHASH_KEY_BYTES]);

/* From the key stream of AES-256-CTR that begins with a block of zeros; about a
 * microsecond. */
enum status vhash_key_derive(const struct key *from, struct vhash_key *ret,
                             struct error *err) MUST_USE;

/* Of a number and a message; below 2^61.  The bytes of the message are taken as
 * little-endian words. */
uint64_t vhash(const struct vhash_key *key, uint64_t number, const void *data, size_t size);

#endif
