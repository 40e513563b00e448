/* SPDX-License-Identifier: Apache-2.0 */
/* hash.c - see hash.h.  meson.build sets OPENSSL_API_COMPAT so that the direct
 * SHA256_* calls are declared: the EVP way costs a lookup and two allocations
 * a hash, several times the work of a 64-byte message. */
#include "crypt/hash.h"

#include "base/check.h"

#include <openssl/crypto.h>

#define BLOCK_BYTES 64
#define BLOCK512_BYTES 128

static void put_be32(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 24);
    at[1] = (uint8_t)(v >> 16);
    at[2] = (uint8_t)(v >> 8);
    at[3] = (uint8_t)v;
}

static void put_digest(const SHA256_CTX *state, uint8_t ret[SHA256_BYTES])
{
    for (int i = 0; i < 8; i++)
        put_be32(ret + 4 * i, (uint32_t)state->h[i]);
}

/* The low-level calls report success always; they have no way to fail. */
static void start(SHA256_CTX *state)
{
    int ok = SHA256_Init(state);
    CHECK(ok == 1);
}

void sha256_init(struct sha256 *hash)
{
    start(&hash->state);
}

void sha256_add(struct sha256 *hash, const void *data, size_t size)
{
    if (size == 0)
        return;
    int ok = SHA256_Update(&hash->state, data, size);
    CHECK(ok == 1);
}

void sha256_end(struct sha256 *hash, uint8_t ret[SHA256_BYTES])
{
    int ok = SHA256_Final(ret, &hash->state);
    CHECK(ok == 1);
    explicit_bzero(&hash->state, sizeof(hash->state));
}

void sha256(const void *data, size_t size, uint8_t ret[SHA256_BYTES])
{
    struct sha256 hash;

    sha256_init(&hash);
    sha256_add(&hash, data, size);
    int ok = SHA256_Final(ret, &hash.state);
    CHECK(ok == 1);
}

void sha256_prefixed_pair(uint8_t prefix, const uint8_t a[SHA256_BYTES],
                          const uint8_t b[SHA256_BYTES], uint8_t ret[SHA256_BYTES])
{
    uint8_t blocks[2 * BLOCK_BYTES] = {prefix};
    SHA256_CTX state;

    memcpy(blocks + 1, a, SHA256_BYTES);
    memcpy(blocks + 33, b, SHA256_BYTES);
    blocks[65] = 0x80;
    put_be32(blocks + 124, 65 * 8);
    start(&state);
    SHA256_Transform(&state, blocks);
    SHA256_Transform(&state, blocks + BLOCK_BYTES);
    put_digest(&state, ret);
}

/* state = the start value after one key block; the count is set so that
 * SHA256_Update and SHA256_Final continue from there. */
static void start_keyed(SHA256_CTX *state, const uint8_t block[BLOCK_BYTES])
{
    start(state);
    SHA256_Transform(state, block);
    state->Nl = BLOCK_BYTES * 8;
}

void hmac256_init(struct hmac256 *mac, const void *key, size_t key_size)
{
    uint8_t block[BLOCK_BYTES] = {0};

    if (key_size > BLOCK_BYTES)
        sha256(key, key_size, block);
    else if (key_size > 0)
        memcpy(block, key, key_size);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        block[i] ^= 0x36;
    start_keyed(&mac->inner.state, block);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        block[i] ^= 0x36 ^ 0x5c;
    start_keyed(&mac->outer, block);
    explicit_bzero(block, sizeof(block));
}

void hmac256_add(struct hmac256 *mac, const void *data, size_t size)
{
    sha256_add(&mac->inner, data, size);
}

/* block: the inner digest in front, zeros behind. */
static void end_outer(SHA256_CTX *outer, uint8_t block[BLOCK_BYTES], uint8_t ret[SHA256_BYTES])
{
    block[32] = 0x80;
    put_be32(block + 60, (BLOCK_BYTES + SHA256_BYTES) * 8);
    SHA256_Transform(outer, block);
    put_digest(outer, ret);
}

void hmac256_end(struct hmac256 *mac, uint8_t ret[SHA256_BYTES])
{
    uint8_t block[BLOCK_BYTES] = {0};
    int ok = SHA256_Final(block, &mac->inner.state);

    CHECK(ok == 1);
    end_outer(&mac->outer, block, ret);
    explicit_bzero(mac, sizeof(*mac));
}

void hmac256_short(const struct hmac256 *keyed, const void *data, size_t size,
                   uint8_t ret[SHA256_BYTES])
{
    uint8_t block[BLOCK_BYTES] = {0};
    SHA256_CTX inner = keyed->inner.state, outer = keyed->outer;

    CHECK(size <= BLOCK_BYTES - 9);
    if (size > 0)
        memcpy(block, data, size);
    block[size] = 0x80;
    put_be32(block + 60, (BLOCK_BYTES + (uint32_t)size) * 8);
    SHA256_Transform(&inner, block);
    memset(block, 0, sizeof(block));
    put_digest(&inner, block);
    end_outer(&outer, block, ret);
}

void hmac256(const void *key, size_t key_size, struct slice data, uint8_t ret[SHA256_BYTES])
{
    struct hmac256 mac;

    hmac256_init(&mac, key, key_size);
    hmac256_add(&mac, data.data, data.size);
    hmac256_end(&mac, ret);
}

void hkdf_expand_sha256(const uint8_t prk[32], struct slice info, void *ret, size_t size)
{
    uint8_t *at = ret;
    uint8_t block[SHA256_BYTES];
    uint8_t counter = 1;

    CHECK(size <= 255 * SHA256_BYTES && info.size <= HKDF_INFO_BYTES_MAX);
    for (size_t done = 0; done < size; counter++) {
        struct hmac256 mac;
        size_t take = size - done < sizeof(block) ? size - done : sizeof(block);

        hmac256_init(&mac, prk, 32);
        if (done > 0)
            hmac256_add(&mac, block, sizeof(block));
        hmac256_add(&mac, info.data, info.size);
        hmac256_add(&mac, &counter, 1);
        hmac256_end(&mac, block);
        memcpy(at + done, block, take);
        done += take;
    }
    explicit_bzero(block, sizeof(block));
}

static void hmac512(const uint8_t key[32], const void *data, size_t size,
                    uint8_t ret[SHA512_BYTES])
{
    uint8_t block[BLOCK512_BYTES] = {0};
    uint8_t digest[SHA512_BYTES];
    SHA512_CTX state;
    int ok = 1;

    memcpy(block, key, 32);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36;
    ok &= SHA512_Init(&state);
    ok &= SHA512_Update(&state, block, sizeof(block));
    ok &= SHA512_Update(&state, data, size);
    ok &= SHA512_Final(digest, &state);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36 ^ 0x5c;
    ok &= SHA512_Init(&state);
    ok &= SHA512_Update(&state, block, sizeof(block));
    ok &= SHA512_Update(&state, digest, sizeof(digest));
    ok &= SHA512_Final(ret, &state);
    CHECK(ok == 1);
    explicit_bzero(block, sizeof(block));
    explicit_bzero(digest, sizeof(digest));
    explicit_bzero(&state, sizeof(state));
}

void hkdf_expand_sha512(const uint8_t prk[32], struct slice info, void *ret, size_t size)
{
    uint8_t message[SHA512_BYTES + HKDF_INFO_BYTES_MAX + 1];
    uint8_t block[SHA512_BYTES];
    uint8_t *at = ret;
    uint8_t counter = 1;

    CHECK(size <= 255 * SHA512_BYTES && info.size <= HKDF_INFO_BYTES_MAX);
    for (size_t done = 0; done < size; counter++) {
        size_t take = size - done < sizeof(block) ? size - done : sizeof(block);
        size_t used = 0;

        if (done > 0) {
            memcpy(message, block, sizeof(block));
            used = sizeof(block);
        }
        if (info.size > 0)
            memcpy(message + used, info.data, info.size);
        used += info.size;
        message[used++] = counter;
        hmac512(prk, message, used, block);
        memcpy(at + done, block, take);
        done += take;
    }
    explicit_bzero(block, sizeof(block));
    explicit_bzero(message, sizeof(message));
}

bool secret_equal(const void *a, const void *b, size_t size)
{
    return size == 0 || CRYPTO_memcmp(a, b, size) == 0;
}
