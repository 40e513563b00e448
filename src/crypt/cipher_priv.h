/* SPDX-License-Identifier: Apache-2.0 */
/* cipher_priv.h - the ciphers of libcrypto, looked up once.
 *
 * EVP_aes_256_gcm() and its like only name a cipher: each use of one looks for who provides it,
 * under locks, which takes as long as to seal a few hundred bytes.  Thread-safe; never NULL.
 */
#ifndef CRYPT_CIPHER_PRIV_H
#define CRYPT_CIPHER_PRIV_H

#include <openssl/evp.h>

/* AES-256 each. */
const EVP_CIPHER *cipher_gcm(void);
const EVP_CIPHER *cipher_ctr(void);
const EVP_CIPHER *cipher_ecb(void);

#endif
