/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/cipher_priv.h"

#include <pthread.h>

static struct {
    pthread_once_t once;
    const EVP_CIPHER *gcm, *ctr, *ecb;
} ciphers = {.once = PTHREAD_ONCE_INIT};

/* For the rest of the process.  Where nothing is found, what is looked up by each use fails
 * with an error that its caller reports. */
static const EVP_CIPHER *fetch(const char *name, const EVP_CIPHER *looked_up)
{
    const EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);

    return cipher != NULL ? cipher : looked_up;
}

static void fetch_all(void)
{
    ciphers.gcm = fetch("AES-256-GCM", EVP_aes_256_gcm());
    ciphers.ctr = fetch("AES-256-CTR", EVP_aes_256_ctr());
    ciphers.ecb = fetch("AES-256-ECB", EVP_aes_256_ecb());
}

const EVP_CIPHER *cipher_gcm(void)
{
    (void)pthread_once(&ciphers.once, fetch_all);
    return ciphers.gcm;
}

const EVP_CIPHER *cipher_ctr(void)
{
    (void)pthread_once(&ciphers.once, fetch_all);
    return ciphers.ctr;
}

const EVP_CIPHER *cipher_ecb(void)
{
    (void)pthread_once(&ciphers.once, fetch_all);
    return ciphers.ecb;
}
