/* SPDX-License-Identifier: Apache-2.0 */
/* sign.h - Ed25519 (RFC 8032).
 *
 * A signer is immutable after signer_new() and may sign from several threads.
 */
#ifndef CRYPT_SIGN_H
#define CRYPT_SIGN_H

#include "base/error.h"
#include "base/slice.h"
#include "crypt/keyring.h"

#define SIGN_SEED_BYTES 32

struct signer;

struct signer *signer_new(const uint8_t seed[SIGN_SEED_BYTES], struct error *err);
void signer_free(struct signer *signer); /* wipes; NULL allowed */
enum status signer_public(const struct signer *signer, uint8_t ret[PUBLIC_KEY_BYTES],
                          struct error *err) MUST_USE;
enum status signer_sign(const struct signer *signer, struct slice message,
                        uint8_t ret[SIGNATURE_BYTES], struct error *err) MUST_USE;

bool signature_is_valid(const uint8_t public_key[PUBLIC_KEY_BYTES], struct slice message,
                        const uint8_t signature[SIGNATURE_BYTES]);

#endif
