/* SPDX-License-Identifier: Apache-2.0 */
/* aead_priv.h - the pieces under aead.h and chunked.h. */
#ifndef CRYPT_AEAD_PRIV_H
#define CRYPT_AEAD_PRIV_H

#include "crypt/aead.h"

/* XAES-256-GCM with a given nonce, for the published test vectors. */
enum status aead_seal_nonce(const struct key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
                            struct slice additional, struct slice plain, uint8_t *ret,
                            struct error *err) MUST_USE;

/* AES-256-GCM under one key for many nonces; one owner thread. */
struct gcm;

struct gcm *gcm_new(const struct key *key, bool seal, struct error *err);
void gcm_free(struct gcm *gcm); /* NULL allowed */
/* size + AEAD_TAG_BYTES bytes into ret. */
enum status gcm_seal(struct gcm *gcm, const uint8_t nonce[12], struct slice additional,
                     struct slice plain, uint8_t *ret, struct error *err) MUST_USE;
/* STATUS_CORRUPT when the tag is wrong; ret is wiped then. */
enum status gcm_open(struct gcm *gcm, const uint8_t nonce[12], struct slice additional,
                     struct slice sealed, uint8_t *ret, struct error *err) MUST_USE;

#endif
