/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_local.h - the keyring that holds its keys in this process.
 *
 * The file keys/keyring has one record a tenant, wrapped under the key-
 * encryption key, which is a file of its own (docs/format/keyring.md).  It is
 * kept twice (base/twin.h): damage to one of the two is made good when it is opened.
 */
#ifndef CRYPT_KEYRING_LOCAL_H
#define CRYPT_KEYRING_LOCAL_H

#include "base/io.h"
#include "crypt/keyring.h"

#define KEYRING_PATH "keys/keyring"

/* Makes the key file `kek_path` (mode 0400), or puts the one that exists on the disk, and an empty
 * keyring.  host names this server in the origins of its logs: 1 .. 255 of
 * a-z 0-9 . - : only.  STATUS_CONFLICT if there is a keyring. */
enum status keyring_local_create(struct io *io, const char *kek_path, struct slice host,
                                 struct error *err) MUST_USE;

/* STATUS_DENIED if others may read the key file, STATUS_CORRUPT (naming the
 * offset) for a damaged keyring or another key-encryption key.  io is borrowed
 * until keyring_free(). */
enum status keyring_local_open(struct io *io, const char *kek_path, struct keyring **ret,
                               struct error *err) MUST_USE;

#endif
