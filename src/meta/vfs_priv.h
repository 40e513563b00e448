/* SPDX-License-Identifier: Apache-2.0 */
/* vfs_priv.h - SQLite's files behind base/io.h.
 *
 * Only what one connection needs that has the directory to itself: a database and its
 * rollback journal.  Locks are granted, there is no shared memory (so no journal_mode=WAL)
 * and there are no temporary files (temp_store=MEMORY).
 *
 * After a write or sync that failed, but for want of space, nobody knows what is on the
 * disk: from then on nothing is written any more, and the next opening rolls back. */
#ifndef META_VFS_PRIV_H
#define META_VFS_PRIV_H

#include "meta/sum_priv.h"

#include <sqlite3.h>

#define META_WRITTEN_MAX 1024u

/* The pages of the database that were written since the last seal; they may
 * be there twice. */
struct meta_written {
    uint32_t count;
    bool is_all; /* more than are kept, or it became shorter */
    uint64_t pages[META_WRITTEN_MAX];
};

struct meta_vfs {
    sqlite3_vfs base; /* first */
    struct io *io;
    char name[40];     /* for sqlite3_open_v2() */
    bool is_failed;    /* nothing is written any more */
    struct error last; /* of the last call that failed; text "" = none did */
    struct meta_written written;
};

enum status meta_vfs_open(struct meta_vfs *vfs, struct io *io, struct error *err) MUST_USE;
/* No database may be open on it any more. */
void meta_vfs_close(struct meta_vfs *vfs);
/* The directory that the file `name` is in. */
enum status meta_sync_directory(struct io *io, const char *name, struct error *err) MUST_USE;

#endif
