/* SPDX-License-Identifier: Apache-2.0 */
/* aead.h - authenticated encryption with random nonces: XAES-256-GCM (C2SP).
 *
 * The 192-bit nonce is drawn anew for each message, so a key may seal any
 * number of messages, also after a machine is restored from a snapshot.  What
 * is sealed is
 *
 *     nonce[24] || ciphertext[size of the plain text] || tag[16]
 *
 * The additional data binds the message to its place; it is not stored.
 * Thread-safe.
 */
#ifndef CRYPT_AEAD_H
#define CRYPT_AEAD_H

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "crypt/keyring.h"

#define AEAD_NONCE_BYTES 24
#define AEAD_TAG_BYTES 16
#define AEAD_OVERHEAD_BYTES (AEAD_NONCE_BYTES + AEAD_TAG_BYTES)
#define AEAD_PLAIN_BYTES_MAX ((size_t)1 << 30)

/* Appends the sealed message to *ret.  STATUS_LIMIT if it does not fit. */
enum status aead_seal(const struct key *key, struct slice additional, struct slice plain,
                      struct buf *ret, struct error *err) MUST_USE;
/* Appends the plain text to *ret; STATUS_CORRUPT (and *ret as it was) when key,
 * additional data or message do not belong together. */
enum status aead_open(const struct key *key, struct slice additional, struct slice sealed,
                      struct buf *ret, struct error *err) MUST_USE;

/* The same over caller memory: ret has plain.size + AEAD_OVERHEAD_BYTES, or
 * sealed.size - AEAD_OVERHEAD_BYTES bytes.  Input and output must not overlap. */
enum status aead_seal_to(const struct key *key, struct slice additional, struct slice plain,
                         uint8_t *ret, struct error *err) MUST_USE;
enum status aead_open_to(const struct key *key, struct slice additional, struct slice sealed,
                         uint8_t *ret, struct error *err) MUST_USE;

#endif
