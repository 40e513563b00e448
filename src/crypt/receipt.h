/* SPDX-License-Identifier: Apache-2.0 */
/* receipt.h - the signed note a sender gets for a batch (docs/format/receipt.md).
 *
 * Pure functions; thread-safe.
 */
#ifndef CRYPT_RECEIPT_H
#define CRYPT_RECEIPT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "crypt/keyring.h"
#include "crypt/sign.h"

#define RECEIPT_MMD_SECONDS 60 /* the leaf is in the log by then */
#define RECEIPT_BYTES_MAX 2048
#define ORIGIN_BYTES_MAX 512 /* of a log's name, "<host>/tlog/<32 hex>" */

/* Appends the whole note, signed. */
enum status receipt_add(struct buf *ret, struct slice origin, const struct receipt_fields *fields,
                        const struct signer *signer,
                        const uint8_t public_key[PUBLIC_KEY_BYTES], struct error *err) MUST_USE;

/* Checks form and signature of one note.  *ret_origin is borrowed from it.
 * STATUS_CORRUPT says which of them is wrong. */
enum status receipt_verify(struct slice note, const uint8_t public_key[PUBLIC_KEY_BYTES],
                           struct receipt_fields *ret, struct slice *ret_origin,
                           struct error *err) MUST_USE;

#endif
