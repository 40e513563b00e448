/* SPDX-License-Identifier: Apache-2.0 */
/* aead.c - see aead.h; C2SP XAES-256-GCM over AES-256 and GCM of libcrypto. */
#include "crypt/aead_priv.h"

#include "base/random.h"
#include "crypt/cipher_priv.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define GCM_NONCE_BYTES 12
#define AES_BLOCK_BYTES 16

_Static_assert(AEAD_PLAIN_BYTES_MAX <= INT_MAX, "libcrypto counts with int");

/* struct gcm is never complete: it names a cipher context of libcrypto. */
static EVP_CIPHER_CTX *context(struct gcm *gcm)
{
    return (EVP_CIPHER_CTX *)gcm;
}

static enum status library_failed(struct error *err)
{
    return ERROR_SET(err, STATUS_LIMIT, "libcrypto refused a cipher operation");
}

struct gcm *gcm_new(const struct key *key, bool seal, struct error *err)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (ctx == NULL ||
        EVP_CipherInit_ex(ctx, cipher_gcm(), NULL, key->bytes, NULL, seal ? 1 : 0) != 1) {
        (void)library_failed(err);
        EVP_CIPHER_CTX_free(ctx);
        return NULL;
    }
    return (struct gcm *)ctx;
}

void gcm_free(struct gcm *gcm)
{
    EVP_CIPHER_CTX_free(context(gcm)); /* wipes the key schedule */
}

static bool gcm_run(EVP_CIPHER_CTX *ctx, const uint8_t nonce[GCM_NONCE_BYTES],
                    struct slice additional, struct slice in, uint8_t *ret)
{
    int size = 0;

    if (in.size > AEAD_PLAIN_BYTES_MAX || additional.size > AEAD_PLAIN_BYTES_MAX ||
        EVP_CipherInit_ex(ctx, NULL, NULL, NULL, nonce, -1) != 1)
        return false;
    if (additional.size > 0 && EVP_CipherUpdate(ctx, NULL, &size, (const uint8_t *)additional.data,
                                                (int)additional.size) != 1)
        return false;
    return in.size == 0 ||
           EVP_CipherUpdate(ctx, ret, &size, (const uint8_t *)in.data, (int)in.size) == 1;
}

enum status gcm_seal(struct gcm *gcm, const uint8_t nonce[GCM_NONCE_BYTES],
                     struct slice additional, struct slice plain, uint8_t *ret, struct error *err)
{
    EVP_CIPHER_CTX *ctx = context(gcm);
    uint8_t *tag = ret + plain.size;
    int size = 0;

    if (!gcm_run(ctx, nonce, additional, plain, ret) || EVP_CipherFinal_ex(ctx, tag, &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, AEAD_TAG_BYTES, tag) != 1)
        return library_failed(err);
    return STATUS_OK;
}

enum status gcm_open(struct gcm *gcm, const uint8_t nonce[GCM_NONCE_BYTES],
                     struct slice additional, struct slice sealed, uint8_t *ret, struct error *err)
{
    EVP_CIPHER_CTX *ctx = context(gcm);
    uint8_t tag[AEAD_TAG_BYTES], none[AES_BLOCK_BYTES];
    int size = 0;

    if (sealed.size < AEAD_TAG_BYTES)
        return ERROR_SET(err, STATUS_CORRUPT, "sealed data of %zu bytes is too short",
                         sealed.size);
    struct slice cipher = slice_head(sealed, sealed.size - AEAD_TAG_BYTES);
    memcpy(tag, sealed.data + cipher.size, AEAD_TAG_BYTES);
    if (!gcm_run(ctx, nonce, additional, cipher, ret) ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, AEAD_TAG_BYTES, tag) != 1)
        return library_failed(err);
    if (EVP_CipherFinal_ex(ctx, none, &size) != 1) {
        OPENSSL_cleanse(ret, cipher.size); /* unauthenticated bytes reach nobody */
        return ERROR_SET(err, STATUS_CORRUPT, "sealed data fails its authentication");
    }
    return STATUS_OK;
}

/* The key for AES-256-GCM: CMAC of two blocks in counter mode (C2SP). */
static enum status derive_key(const struct key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
                              struct key *ret, struct error *err)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t mask[AES_BLOCK_BYTES] = {0}, blocks[2 * AES_BLOCK_BYTES];
    enum status status = STATUS_OK;
    int size = 0;

    if (ctx == NULL || EVP_EncryptInit_ex(ctx, cipher_ecb(), NULL, key->bytes, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
        EVP_EncryptUpdate(ctx, mask, &size, mask, sizeof(mask)) != 1) {
        status = library_failed(err);
        goto out;
    }
    uint8_t carry = (uint8_t)(-(mask[0] >> 7) & 0x87); /* without a branch on the key */
    for (size_t i = 0; i < AES_BLOCK_BYTES; i++)
        mask[i] = (uint8_t)(mask[i] << 1 | (i + 1 < AES_BLOCK_BYTES ? mask[i + 1] >> 7 : 0));
    mask[AES_BLOCK_BYTES - 1] ^= carry;
    for (uint8_t half = 0; half < 2; half++) {
        uint8_t *block = blocks + AES_BLOCK_BYTES * half;
        block[0] = 0x00;
        block[1] = (uint8_t)(half + 1);
        block[2] = 'X';
        block[3] = 0x00;
        memcpy(block + 4, nonce, GCM_NONCE_BYTES);
        for (size_t i = 0; i < AES_BLOCK_BYTES; i++)
            block[i] ^= mask[i];
    }
    if (EVP_EncryptUpdate(ctx, ret->bytes, &size, blocks, sizeof(blocks)) != 1)
        status = library_failed(err);
out:
    OPENSSL_cleanse(mask, sizeof(mask));
    EVP_CIPHER_CTX_free(ctx);
    return status;
}

enum status aead_seal_nonce(const struct key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
                            struct slice additional, struct slice plain, uint8_t *ret,
                            struct error *err)
{
    struct gcm *gcm = NULL;
    struct key derived;
    enum status status = derive_key(key, nonce, &derived, err);

    if (status != STATUS_OK)
        return status;
    memcpy(ret, nonce, AEAD_NONCE_BYTES);
    gcm = gcm_new(&derived, true, err);
    status = gcm == NULL ? err->status
                         : gcm_seal(gcm, nonce + GCM_NONCE_BYTES, additional, plain,
                                    ret + AEAD_NONCE_BYTES, err);
    OPENSSL_cleanse(&derived, sizeof(derived));
    gcm_free(gcm);
    return status;
}

enum status aead_seal_to(const struct key *key, struct slice additional, struct slice plain,
                         uint8_t *ret, struct error *err)
{
    uint8_t nonce[AEAD_NONCE_BYTES];

    random_bytes(nonce, sizeof(nonce));
    return aead_seal_nonce(key, nonce, additional, plain, ret, err);
}

enum status aead_open_to(const struct key *key, struct slice additional, struct slice sealed,
                         uint8_t *ret, struct error *err)
{
    struct gcm *gcm = NULL;
    struct key derived;

    if (sealed.size < AEAD_OVERHEAD_BYTES)
        return ERROR_SET(err, STATUS_CORRUPT, "sealed data of %zu bytes is too short",
                         sealed.size);
    const uint8_t *nonce = (const uint8_t *)sealed.data;
    enum status status = derive_key(key, nonce, &derived, err);
    if (status != STATUS_OK)
        return status;
    gcm = gcm_new(&derived, false, err);
    status = gcm == NULL ? err->status
                         : gcm_open(gcm, nonce + GCM_NONCE_BYTES, additional,
                                    slice_tail(sealed, AEAD_NONCE_BYTES), ret, err);
    OPENSSL_cleanse(&derived, sizeof(derived));
    gcm_free(gcm);
    return status;
}

enum status aead_seal(const struct key *key, struct slice additional, struct slice plain,
                      struct buf *ret, struct error *err)
{
    if (plain.size > AEAD_PLAIN_BYTES_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "%zu bytes are too many to seal at once", plain.size);
    uint8_t *room = buf_extend(ret, plain.size + AEAD_OVERHEAD_BYTES);
    if (room == NULL)
        return buf_check(ret, err);
    return aead_seal_to(key, additional, plain, room, err);
}

enum status aead_open(const struct key *key, struct slice additional, struct slice sealed,
                      struct buf *ret, struct error *err)
{
    uint8_t none[1];

    if (sealed.size <= AEAD_OVERHEAD_BYTES)
        return aead_open_to(key, additional, sealed, none, err);
    size_t size = sealed.size - AEAD_OVERHEAD_BYTES;
    uint8_t *room = buf_extend(ret, size);
    if (room == NULL)
        return buf_check(ret, err);
    enum status status = aead_open_to(key, additional, sealed, room, err);
    if (status != STATUS_OK)
        ret->size -= size;
    return status;
}
