/* SPDX-License-Identifier: Apache-2.0 */
/* gmac.c - see gmac.h; GCM of libcrypto with additional data alone. */
#include "crypt/gmac.h"

#include "base/check.h"
#include "crypt/cipher_priv.h"

#include <openssl/evp.h>

#define NONCE_BYTES 12
#define ADD_BYTES_MAX ((size_t)1 << 30) /* libcrypto counts with int */

/* struct gmac is never complete: it names a cipher context of libcrypto. */
static EVP_CIPHER_CTX *context(struct gmac *gmac)
{
    return (EVP_CIPHER_CTX *)gmac;
}

enum status gmac_new(const struct key *key, struct gmac **ret, struct error *err)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (ctx == NULL || EVP_EncryptInit_ex(ctx, cipher_gcm(), NULL, key->bytes, NULL) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        return ERROR_SET(err, STATUS_LIMIT, "libcrypto refused a cipher operation");
    }
    *ret = (struct gmac *)ctx;
    return STATUS_OK;
}

void gmac_free(struct gmac *gmac)
{
    EVP_CIPHER_CTX_free(context(gmac));
}

/* Once it has its key a context allocates nothing: the calls below do not fail. */

void gmac_begin(struct gmac *gmac, enum gmac_purpose purpose)
{
    const uint8_t nonce[NONCE_BYTES] = {(uint8_t)purpose};
    int ok = EVP_EncryptInit_ex(context(gmac), NULL, NULL, NULL, nonce);

    CHECK(ok == 1);
}

void gmac_add(struct gmac *gmac, const void *data, size_t size)
{
    const uint8_t *at = data;
    int ok = 1, used;

    while (size > 0 && ok == 1) {
        size_t take = size < ADD_BYTES_MAX ? size : ADD_BYTES_MAX;
        ok = EVP_EncryptUpdate(context(gmac), NULL, &used, at, (int)take);
        at += take;
        size -= take;
    }
    CHECK(ok == 1);
}

void gmac_end(struct gmac *gmac, uint8_t ret[GMAC_BYTES])
{
    uint8_t none[NONCE_BYTES];
    int size = 0;
    int ok = EVP_EncryptFinal_ex(context(gmac), none, &size);

    if (ok == 1)
        ok = EVP_CIPHER_CTX_ctrl(context(gmac), EVP_CTRL_GCM_GET_TAG, GMAC_BYTES, ret);
    CHECK(ok == 1);
}
