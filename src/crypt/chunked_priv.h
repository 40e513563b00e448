/* SPDX-License-Identifier: Apache-2.0 */
/* chunked_priv.h - sealing with a given salt, for test vectors. */
#ifndef CRYPT_CHUNKED_PRIV_H
#define CRYPT_CHUNKED_PRIV_H

#include "crypt/chunked.h"

#define CHUNKED_SALT_BYTES 24

enum status chunked_seal_salt(const struct key *file_key, const uint8_t salt[CHUNKED_SALT_BYTES],
                              struct slice context, struct slice plain, struct buf *ret,
                              struct error *err) MUST_USE;

#endif
