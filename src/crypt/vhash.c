/* SPDX-License-Identifier: Apache-2.0 */
/* vhash.c - see vhash.h.
 *
 * A message is cut into blocks of 2 KiB; the last one, also an empty one, is filled with
 * zeros to whole pairs of words and takes the number and the size of the message as one
 * more pair.  Of two messages with as many blocks some block differs in a word, and its
 * NH differs but for one key in 2^62; with NHs that differ, or another number of them,
 * the polynomials differ, and then the linear function does but for one key in 2^61. */
#include "crypt/vhash.h"

#include "crypt/cipher_priv.h"

#include <openssl/evp.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

#define PAIR_BYTES 16
#define MASK_61 ((UINT64_C(1) << 61) - 1)
#define MASK_126 (((wide)1 << 126) - 1)
#define MASK_127 (((wide)1 << 127) - 1)
#define POLY_MASK UINT64_C(0x1fffffffffffffff)
#define PIECE_BITS 43
#define PIECE_MASK ((UINT64_C(1) << PIECE_BITS) - 1)

static uint64_t load(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

void vhash_key_init(struct vhash_key *key, const uint8_t bytes[VHASH_KEY_BYTES])
{
    for (size_t i = 0; i < VHASH_BLOCK_BYTES / 8; i++)
        key->words[i] = load(bytes + 8 * i);
    bytes += VHASH_BLOCK_BYTES;
    for (size_t i = 0; i < 2; i++) {
        key->tail[i] = load(bytes + 8 * i);
        key->poly[i] = load(bytes + 16 + 8 * i) & POLY_MASK;
    }
    for (size_t i = 0; i < 3; i++)
        key->linear[i] = load(bytes + 32 + 8 * i) % MASK_61;
}

enum status vhash_key_derive(const struct key *from, struct vhash_key *ret, struct error *err)
{
    const uint8_t counter[PAIR_BYTES] = {0}, zeros[VHASH_KEY_BYTES] = {0};
    uint8_t bytes[VHASH_KEY_BYTES];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int size = 0;
    bool is_good =
        ctx != NULL &&
        EVP_EncryptInit_ex(ctx, cipher_ctr(), NULL, from->bytes, counter) == 1 &&
        EVP_EncryptUpdate(ctx, bytes, &size, zeros, sizeof(zeros)) == 1;

    if (is_good)
        vhash_key_init(ret, bytes);
    EVP_CIPHER_CTX_free(ctx);
    explicit_bzero(bytes, sizeof(bytes));
    return is_good ? STATUS_OK
                   : ERROR_SET(err, STATUS_LIMIT, "libcrypto refused a cipher operation");
}

static wide product(uint64_t a, uint64_t b)
{
    return (wide)a * b;
}

/* Whole pairs of words.  Two sums, so that one carry need not wait for the other. */
static wide hash_pairs(const uint64_t *key, const uint8_t *at, size_t size)
{
    wide even = 0, odd = 0;

    for (; size >= 2 * PAIR_BYTES; size -= 2 * PAIR_BYTES, at += 2 * PAIR_BYTES, key += 4) {
        even += product(load(at) + key[0], load(at + 8) + key[1]);
        odd += product(load(at + 16) + key[2], load(at + 24) + key[3]);
    }
    if (size >= PAIR_BYTES)
        even += product(load(at) + key[0], load(at + 8) + key[1]);
    return even + odd;
}

/* At most a block. */
static wide hash_block(const struct vhash_key *key, const uint8_t *at, size_t size)
{
    size_t whole = size & ~(size_t)(PAIR_BYTES - 1);
    uint8_t rest[PAIR_BYTES] = {0};
    wide sum = hash_pairs(key->words, at, whole);

    if (size > whole) {
        memcpy(rest, at + whole, size - whole);
        sum += hash_pairs(key->words + whole / 8, rest, PAIR_BYTES);
    }
    return sum;
}

static wide fold(wide x)
{
    return (x & MASK_127) + (x >> 127);
}

/* sum * key + next modulo 2^127 - 1, not the least of its class; sum at most 2^127,
 * next below 2^126. */
static wide step(const struct vhash_key *key, wide sum, wide next)
{
    uint64_t low = (uint64_t)sum, high = (uint64_t)(sum >> 64);
    wide middle = product(low, key->poly[1]) + product(high, key->poly[0]);
    wide top = product(high, key->poly[1]) + (middle >> 64); /* times 2^128, which is 2 */
    wide ret = fold(product(low, key->poly[0]) + fold(middle << 64));

    return fold(fold(ret + 2 * top) + next);
}

static uint64_t reduce_61(wide x)
{
    uint64_t once = (uint64_t)(x & MASK_61) + (uint64_t)(x >> 61);

    once = (once & MASK_61) + (once >> 61);
    return once >= MASK_61 ? once - MASK_61 : once;
}

static uint64_t finish(const struct vhash_key *key, wide sum)
{
    sum = fold(sum);
    if (sum == MASK_127)
        sum = 0;
    return reduce_61(product(key->linear[0], (uint64_t)sum & PIECE_MASK) +
                     product(key->linear[1], (uint64_t)(sum >> PIECE_BITS) & PIECE_MASK) +
                     product(key->linear[2], (uint64_t)(sum >> (2 * PIECE_BITS))));
}

uint64_t vhash(const struct vhash_key *key, uint64_t number, const void *data, size_t size)
{
    const uint8_t *at = data;
    size_t left = size;
    wide sum = 1;

    for (; left > VHASH_BLOCK_BYTES; left -= VHASH_BLOCK_BYTES, at += VHASH_BLOCK_BYTES)
        sum = step(key, sum, hash_block(key, at, VHASH_BLOCK_BYTES) & MASK_126);
    wide last = hash_block(key, at, left) + product(number + key->tail[0], size + key->tail[1]);
    return finish(key, step(key, sum, last & MASK_126));
}
