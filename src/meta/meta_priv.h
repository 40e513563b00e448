/* SPDX-License-Identifier: Apache-2.0 */
/* meta_priv.h - what the files of meta share. */
#ifndef META_META_PRIV_H
#define META_META_PRIV_H

#include "meta/meta.h"

#include "base/limits.h"
#include "meta/vfs_priv.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

#define TOKEN_CACHE_SLOTS 256u

struct token_cache_entry {
    uint8_t text_sha256[32]; /* of the whole token text */
    struct guid id, tenant;
    uint32_t role;
    int64_t expires_us;
    uint64_t checked_us; /* monotonic; older than a second is asked again */
    char name[TOKEN_NAME_BYTES_MAX + 1], table[TABLE_NAME_BYTES_MAX + 1];
};

#define META_PATH_BYTES 128

struct meta {
    pthread_mutex_t lock; /* everything below */
    struct meta_options options;
    char path[META_PATH_BYTES];
    bool is_restored, was_fatal, is_unsealed;
    struct meta_vfs vfs;
    struct meta_pages pages; /* of the database and of its copy, but for vfs.written */
    sqlite3 *db;
    /* What each request asks; NULL before the first. */
    sqlite3_stmt *list_documents, *find_tenant_by_id, *find_tenant_by_name;
    const struct clock *clock;
    struct token_cache_entry cache[TOKEN_CACHE_SLOTS];
};

/* ---- seal.c ---- */
#define META_SUM ".sum"
#define META_COPY ".copy"

/* The database against the sum beside it. */
enum status meta_check_sum(struct meta *meta, struct error *err) MUST_USE;
/* Makes copy and sum good, unless they are; without space for them there are none. */
enum status meta_seal(struct meta *meta, struct error *err) MUST_USE;
/* While the database is closed: its copy, if it has the sum, takes its place.
 * STATUS_NOT_FOUND if it does not count. */
enum status meta_restore(struct meta *meta, struct error *err) MUST_USE;
void meta_lock(struct meta *meta);
/* Seals again what was changed under the lock. */
void meta_unlock(struct meta *meta);

/* The error for a failed SQLite call, "cannot `what`: ...". */
enum status meta_fail(struct meta *meta, const char *what, struct error *err);
enum status meta_prepare(struct meta *meta, const char *sql, sqlite3_stmt **ret,
                         struct error *err) MUST_USE;
/* The statement in *kept, made at the first use; it goes back with meta_give_back(). */
enum status meta_prepare_kept(struct meta *meta, const char *sql, sqlite3_stmt **kept,
                              struct error *err) MUST_USE;
/* A kept statement, or NULL: it holds no lock on the database and no value any more. */
void meta_give_back(sqlite3_stmt *kept);
/* What is bound stays where it is until the statement is finalized or given back. */
void meta_bind_guid(sqlite3_stmt *statement, int index, const struct guid *guid);
void meta_bind_text(sqlite3_stmt *statement, int index, struct slice text);
struct guid meta_column_guid(sqlite3_stmt *statement, int index);
struct slice meta_column_text(sqlite3_stmt *statement, int index, struct arena *arena,
                              struct error *err);

struct meta_list {
    const char *sql;          /* the last column is how many rows there are */
    const struct guid *bound; /* its first parameter; NULL: it has none */
    const char *what;         /* for meta_fail() */
    size_t row_bytes;         /* of what read_row() fills */
    enum status (*read_row)(sqlite3_stmt *statement, struct arena *arena, void *ret,
                            struct error *err);
};

/* All rows, in the arena; NULL and 0 if there are none, or on failure. */
enum status meta_read_list(struct meta *meta, const struct meta_list *list, struct arena *arena,
                           void **ret, uint32_t *ret_count, struct error *err) MUST_USE;

#endif
