/* SPDX-License-Identifier: Apache-2.0 */
/* data_dir.h - the data directory: its layout, its lock, its first keys.
 *
 *   FORMAT         "daybook 1\n"; a newer one is refused
 *   LOCK           locked by whoever works here; holds the pid
 *   control/       db: tenants, tokens, settings (SQLite, with its journal)
 *   keys/          the keyring; kek, unless it was put elsewhere
 *   tls/           cert.pem, key.pem of the self-signed certificate
 *   wal/ ingest/   write-ahead log; duplicates and idempotency
 *   seg/           segments; catalog: which of them count
 *   t/             evidence, a directory a tenant
 *
 * Only control/ and the directories after tls/ are the server's to write; keys/ is
 * the keeper's alone.
 */
#ifndef MAIN_DATA_DIR_H
#define MAIN_DATA_DIR_H

#include "base/arena.h"

#include <sys/types.h>

#define DATA_PATH_BYTES 4096

struct data_dir {
    char path[DATA_PATH_BYTES - 256];
    int lock_fd; /* -1 = not locked */
};

/* STATUS_NOT_FOUND (no such directory, or not initialised: what to do), STATUS_BUSY
 * with the holder's pid (processes that a killed holder left behind are waited
 * for, up to 5 s), STATUS_CORRUPT for a format this program does not know,
 * STATUS_DENIED for root where the directory belongs to another user. */
enum status data_dir_open(const char *path, struct data_dir *ret, struct error *err) MUST_USE;
void data_dir_close(struct data_dir *dir);
/* The directories that the server writes; NULL ends it.  They exist in an open one. */
extern const char *const data_dir_served[];
/* A path below the directory. */
void data_dir_path(const struct data_dir *dir, const char *name, char ret[DATA_PATH_BYTES]);

struct data_init {
    const char *host;     /* for the certificate and the log origins */
    const char *kek_path; /* NULL = keys/kek inside */
    char admin_token[96]; /* out */
};
/* Makes the directory and everything in it.  STATUS_CONFLICT if it is one already, or has
 * keys or records of one. */
enum status data_dir_init(const char *path, struct data_init *init, struct error *err) MUST_USE;
/* Renews the certificate that init made (wire/tls_cert.h), also while a server runs.
 * STATUS_INVALID for any other, STATUS_DENIED for root as data_dir_open(). */
enum status data_dir_renew(const char *path, int64_t *ret_end_unix_s, struct error *err) MUST_USE;
/* Root made FORMAT in a directory that was `ret_user`'s: a server of that user cannot read it. */
bool data_dir_is_of_another(const char *path, uid_t *ret_user, gid_t *ret_group);

/* Where the key-encryption key is (the file keys/kek.path, else keys/kek). */
enum status data_dir_kek(const struct data_dir *dir, char ret[DATA_PATH_BYTES],
                         struct error *err) MUST_USE;

#endif
