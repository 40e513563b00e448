/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h - SHA-256, HMAC-SHA-256 and the expansion step of HKDF.
 *
 * Small inputs are what this program hashes most, so the calls go to the
 * compression function of libcrypto without a context on the heap.  Pure
 * functions over caller memory; a struct sha256 has one owner thread.
 *
 *     struct sha256 h;
 *     sha256_init(&h);
 *     sha256_add(&h, data, size);
 *     sha256_end(&h, digest);
 */
#ifndef CRYPT_HASH_H
#define CRYPT_HASH_H

#include "base/slice.h"

#include <openssl/sha.h>

#define SHA256_BYTES 32
#define SHA512_BYTES 64
#define HKDF_INFO_BYTES_MAX 512 /* of hkdf_expand_*(); longer is our bug */

struct sha256 {
    SHA256_CTX state;
};

void sha256_init(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t size);
void sha256_end(struct sha256 *hash, uint8_t ret[SHA256_BYTES]); /* wipes the state */
void sha256(const void *data, size_t size, uint8_t ret[SHA256_BYTES]);

/* SHA-256 of prefix || a || b, 1 + 64 bytes (trees of hashes). */
void sha256_prefixed_pair(uint8_t prefix, const uint8_t a[SHA256_BYTES],
                          const uint8_t b[SHA256_BYTES], uint8_t ret[SHA256_BYTES]);

/* HMAC with a key of any size; streaming as above. */
struct hmac256 {
    struct sha256 inner;
    SHA256_CTX outer; /* after the outer key block */
};

void hmac256_init(struct hmac256 *mac, const void *key, size_t key_size);
void hmac256_add(struct hmac256 *mac, const void *data, size_t size);
void hmac256_end(struct hmac256 *mac, uint8_t ret[SHA256_BYTES]); /* wipes the state */
/* The HMAC of a message of at most 55 bytes under a key that `keyed` has and
 * nothing else. */
void hmac256_short(const struct hmac256 *keyed, const void *data, size_t size,
                   uint8_t ret[SHA256_BYTES]);
void hmac256(const void *key, size_t key_size, struct slice data, uint8_t ret[SHA256_BYTES]);

/* RFC 5869 section 2.3.  prk is uniformly random; size is at most 255 digests,
 * info at most HKDF_INFO_BYTES_MAX. */
void hkdf_expand_sha256(const uint8_t prk[32], struct slice info, void *ret, size_t size);
void hkdf_expand_sha512(const uint8_t prk[32], struct slice info, void *ret, size_t size);

/* Compares in constant time. */
bool secret_equal(const void *a, const void *b, size_t size);

#endif
