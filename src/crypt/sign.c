/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c - see sign.h; a struct signer names a key object of libcrypto. */
#include "crypt/sign.h"

#include <openssl/evp.h>

static EVP_PKEY *pkey(const struct signer *signer)
{
    return (EVP_PKEY *)(uintptr_t)signer;
}

struct signer *signer_new(const uint8_t seed[SIGN_SEED_BYTES], struct error *err)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SIGN_SEED_BYTES);

    if (key == NULL)
        (void)ERROR_MEMORY(err);
    return (struct signer *)key;
}

void signer_free(struct signer *signer)
{
    EVP_PKEY_free(pkey(signer));
}

enum status signer_public(const struct signer *signer, uint8_t ret[PUBLIC_KEY_BYTES],
                          struct error *err)
{
    size_t size = PUBLIC_KEY_BYTES;

    if (EVP_PKEY_get_raw_public_key(pkey(signer), ret, &size) != 1 || size != PUBLIC_KEY_BYTES)
        return ERROR_SET(err, STATUS_LIMIT, "libcrypto gives no public key");
    return STATUS_OK;
}

enum status signer_sign(const struct signer *signer, struct slice message,
                        uint8_t ret[SIGNATURE_BYTES], struct error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = SIGNATURE_BYTES;
    enum status status = STATUS_OK;

    if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey(signer)) != 1 ||
        EVP_DigestSign(ctx, ret, &size, (const uint8_t *)message.data, message.size) != 1 ||
        size != SIGNATURE_BYTES)
        status = ERROR_SET(err, STATUS_LIMIT, "libcrypto refused to sign");
    EVP_MD_CTX_free(ctx);
    return status;
}

bool signature_is_valid(const uint8_t public_key[PUBLIC_KEY_BYTES], struct slice message,
                        const uint8_t signature[SIGNATURE_BYTES])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, PUBLIC_KEY_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool valid = key != NULL && ctx != NULL &&
                 EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                 EVP_DigestVerify(ctx, signature, SIGNATURE_BYTES,
                                  (const uint8_t *)message.data, message.size) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return valid;
}
