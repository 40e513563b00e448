/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection behind a mutex.  The schema has a version in
 * user_version; a newer one than ours is refused. */
#include "meta/meta_priv.h"

#include "base/check.h"

#include <stdlib.h>

#define SCHEMA_VERSION 2

#define UNUSED_BYTES_MIN (256 * 1024) /* less is not given back */
#define SHRINK_BYTES_MAX (256 * 1024 * 1024) /* of what is left */

static const char schema_sql[] =
    "CREATE TABLE tenants(id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    " created_us INTEGER NOT NULL, retention_days INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE tokens(id BLOB PRIMARY KEY, secret_sha256 BLOB NOT NULL, tenant BLOB NOT NULL,"
    " role INTEGER NOT NULL, name TEXT NOT NULL, only_table TEXT NOT NULL,"
    " created_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, revoked_us INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";
/* What version 2 added. */
static const char documents_sql[] =
    "CREATE TABLE documents(tenant BLOB NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,"
    " items INTEGER NOT NULL, updated_us INTEGER NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY(tenant,kind,name));"
    "PRAGMA user_version = 2;";

enum status meta_fail(struct meta *meta, const char *what, struct error *err)
{
    int code = sqlite3_errcode(meta->db) & 0xff;
    const char *why = meta->vfs.last.text[0] != '\0' ? meta->vfs.last.text : "no more is known";

    if (code == SQLITE_FULL && meta->vfs.last.status == STATUS_FULL)
        return ERROR_SET(err, STATUS_FULL, "cannot %s: the disk is full", what);
    if (code == SQLITE_FULL) /* max_page_count */
        return ERROR_SET(err, STATUS_LIMIT,
                         "cannot %s: the control plane is full; remove watchlists or functions",
                         what);
    if (code == SQLITE_NOMEM)
        return ERROR_MEMORY(err);
    if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN)
        return ERROR_SET(err, STATUS_IO, "cannot %s: %s (%s)", what, sqlite3_errmsg(meta->db),
                         why);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return ERROR_SET(err, STATUS_CORRUPT, "cannot %s: %s", what, sqlite3_errmsg(meta->db));
    return ERROR_SET(err, STATUS_IO, "cannot %s: %s", what, sqlite3_errmsg(meta->db));
}

enum status meta_prepare(struct meta *meta, const char *sql, sqlite3_stmt **ret,
                         struct error *err)
{
    if (sqlite3_prepare_v2(meta->db, sql, -1, ret, NULL) != SQLITE_OK)
        return meta_fail(meta, "ask the control plane", err);
    return STATUS_OK;
}

enum status meta_prepare_kept(struct meta *meta, const char *sql, sqlite3_stmt **kept,
                              struct error *err)
{
    return *kept != NULL ? STATUS_OK : meta_prepare(meta, sql, kept, err);
}

void meta_give_back(sqlite3_stmt *kept)
{
    if (kept == NULL)
        return;
    (void)sqlite3_reset(kept); /* what went wrong has been told */
    (void)sqlite3_clear_bindings(kept);
}

static enum status make_schema(struct meta *meta, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    enum status status = meta_prepare(meta, "PRAGMA user_version", &statement, err);

    if (status != STATUS_OK)
        return status;
    bool is_read = sqlite3_step(statement) == SQLITE_ROW;
    int version = is_read ? sqlite3_column_int(statement, 0) : 0;
    if (!is_read)
        status = meta_fail(meta, "read the version of the control plane", err);
    (void)sqlite3_finalize(statement);
    if (status != STATUS_OK || version == SCHEMA_VERSION)
        return status;
    if (version != 0 && version != 1)
        return ERROR_SET(err, STATUS_CORRUPT,
                         "the control plane has schema version %d, this program knows %d", version,
                         SCHEMA_VERSION);
    char sql[sizeof(schema_sql) + sizeof(documents_sql) + 32];
    (void)snprintf(sql, sizeof(sql), "BEGIN;%s%sCOMMIT;", version == 0 ? schema_sql : "",
                   documents_sql);
    if (sqlite3_exec(meta->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return meta_fail(meta, "make the control plane", err);
    return STATUS_OK;
}

/* There was no space or no memory for what can be left out. */
static bool is_as_before(const struct meta *meta, int code)
{
    return (code == SQLITE_FULL || code == SQLITE_NOMEM) && !meta->vfs.is_failed;
}

/* Older databases have none: with it one token more does not cost a look at all there are, as its
 * tenant's have to be counted. */
static enum status index_tokens(struct meta *meta, struct error *err)
{
    int code = sqlite3_exec(meta->db,
                            "CREATE INDEX IF NOT EXISTS tokens_of_tenant"
                            " ON tokens(tenant,revoked_us,expires_us,created_us)",
                            NULL, NULL, NULL);

    return code == SQLITE_OK || is_as_before(meta, code)
               ? STATUS_OK
               : meta_fail(meta, "index the tokens", err);
}

/* Gives back the room of what was removed, where most of the file is that and it is worth it.
 * SQLite makes the database anew in memory, hence the bound, and puts it in place in one
 * transaction.  Where that finds no space or no memory the file stays as large as it is. */
static enum status shrink(struct meta *meta, struct error *err)
{
    static const char sql[] = "SELECT freelist_count, page_count, page_size"
                              " FROM pragma_freelist_count, pragma_page_count, pragma_page_size";
    sqlite3_stmt *statement = NULL;
    enum status status = meta_prepare(meta, sql, &statement, err);

    if (status != STATUS_OK)
        return status;
    if (sqlite3_step(statement) != SQLITE_ROW)
        status = meta_fail(meta, "measure the control plane", err);
    int64_t unused = sqlite3_column_int64(statement, 0);
    int64_t used = sqlite3_column_int64(statement, 1) - unused;
    used *= sqlite3_column_int64(statement, 2);
    unused *= sqlite3_column_int64(statement, 2);
    (void)sqlite3_finalize(statement);
    if (status != STATUS_OK || unused < UNUSED_BYTES_MIN || unused < used ||
        used > SHRINK_BYTES_MAX)
        return status;
    int code = sqlite3_exec(meta->db, "VACUUM", NULL, NULL, NULL);
    return code == SQLITE_OK || is_as_before(meta, code)
               ? STATUS_OK
               : meta_fail(meta, "shrink the control plane", err);
}

/* Damage that SQLite itself sees; it also rolls back what a crash cut short. */
static enum status check_structure(struct meta *meta, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    enum status status = meta_prepare(meta, "PRAGMA integrity_check(1)", &statement, err);

    if (status != STATUS_OK)
        return status;
    int step = sqlite3_step(statement);
    const char *text = step == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (step != SQLITE_ROW)
        status = meta_fail(meta, "check the control plane", err);
    else if (text == NULL)
        status = ERROR_MEMORY(err);
    else if (strcmp(text, "ok") != 0)
        status = ERROR_SET(err, STATUS_CORRUPT, "its structure is damaged: %s", text);
    (void)sqlite3_finalize(statement);
    return status;
}

/* One that has lost even its header looks like a new one. */
static enum status check_there(struct meta *meta, struct error *err)
{
    struct io_file *file = NULL;
    uint64_t size = 0;
    enum status status = io_open(meta->options.io, meta->path, IO_READ, &file, err);

    if (status == STATUS_OK)
        status = io_size(file, &size, err);
    io_close(file);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && size == 0))
        return ERROR_SET(err, STATUS_CORRUPT, "it is %s", size == 0 ? "missing" : "empty");
    return status;
}

static enum status connect(struct meta *meta, struct error *err)
{
    char bound[48]; /* of what a sum can be made */

    (void)snprintf(bound, sizeof(bound), "PRAGMA max_page_count=%llu;",
                   (unsigned long long)(meta->options.bytes_max / META_PAGE_BYTES));
    if (sqlite3_open_v2(meta->path, &meta->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        meta->vfs.name) != SQLITE_OK ||
        sqlite3_exec(meta->db,
                     "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA;"
                     "PRAGMA temp_store=MEMORY;"
                     "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(meta->db, bound, NULL, NULL, NULL) != SQLITE_OK)
        return meta_fail(meta, "open the control plane", err);
    return STATUS_OK;
}

static enum status open_checked(struct meta *meta, struct error *err)
{
    enum status status = meta->options.create ? STATUS_OK : check_there(meta, err);

    if (status == STATUS_OK)
        status = connect(meta, err);
    if (status == STATUS_OK)
        status = check_structure(meta, err);
    if (status == STATUS_OK)
        status = meta_check_sum(meta, err);
    /* A header that SQLite cannot make sense of, of a file that is read without an error. */
    if (status == STATUS_IO && meta->db != NULL && sqlite3_errcode(meta->db) == SQLITE_ERROR)
        err->status = status = STATUS_CORRUPT;
    return status;
}

/* What is damaged is put back from the copy. */
static enum status open_mended(struct meta *meta, struct error *err)
{
    struct error damage;
    enum status status = open_checked(meta, err);

    if (status != STATUS_CORRUPT)
        return status;
    if (meta->vfs.last.text[0] != '\0') /* SQLite calls damage what it could not read */
        return ERROR_SET(err, STATUS_IO, "cannot open the control plane: %s",
                         meta->vfs.last.text);
    damage = *err;
    (void)sqlite3_close(meta->db);
    meta->db = NULL;
    status = meta_restore(meta, err);
    if (status == STATUS_NOT_FOUND)
        return ERROR_SET(err, STATUS_CORRUPT,
                         "the control plane '%s' is damaged (%s), and its copy '%s" META_COPY
                         "' does not count; put '%s' back from a backup, without '%s" META_SUM
                         "', and revoke again what was revoked since",
                         meta->path, damage.text, meta->path, meta->path, meta->path);
    if (status == STATUS_OK)
        status = open_checked(meta, err);
    meta->is_restored = status == STATUS_OK;
    return status;
}

enum status meta_open(const struct meta_options *options, struct meta **ret, struct error *err)
{
    struct meta *meta = calloc(1, sizeof(*meta));

    if (meta == NULL)
        return ERROR_MEMORY(err);
    meta->options = *options;
    if (options->bytes_max == 0)
        meta->options.bytes_max = META_DATABASE_BYTES_MAX;
    meta->pages.size_max = meta->options.bytes_max;
    meta->clock = options->clock;
    (void)pthread_mutex_init(&meta->lock, NULL);
    CHECK(strlen(options->path) < META_PATH_BYTES - 32);
    (void)snprintf(meta->path, sizeof(meta->path), "%s", options->path);
    enum status status = meta_vfs_open(&meta->vfs, options->io, err);
    if (status != STATUS_OK) {
        free(meta);
        return status;
    }
    status = open_mended(meta, err);
    if (status == STATUS_OK)
        status = make_schema(meta, err);
    if (status == STATUS_OK)
        status = index_tokens(meta, err);
    if (status == STATUS_OK)
        status = shrink(meta, err);
    if (status == STATUS_OK)
        status = meta_seal(meta, err); /* nobody else has it yet */
    if (status != STATUS_OK) {
        meta_close(meta);
        return status;
    }
    *ret = meta;
    return STATUS_OK;
}

bool meta_is_restored(const struct meta *meta)
{
    return meta->is_restored;
}

void meta_close(struct meta *meta)
{
    if (meta == NULL)
        return;
    (void)sqlite3_finalize(meta->list_documents);
    (void)sqlite3_finalize(meta->find_tenant_by_id);
    (void)sqlite3_finalize(meta->find_tenant_by_name);
    (void)sqlite3_close(meta->db);
    meta_vfs_close(&meta->vfs);
    meta_pages_release(&meta->pages);
    (void)pthread_mutex_destroy(&meta->lock);
    free(meta);
}

void meta_bind_guid(sqlite3_stmt *statement, int index, const struct guid *guid)
{
    (void)sqlite3_bind_blob(statement, index, guid->bytes, sizeof(guid->bytes), SQLITE_STATIC);
}

void meta_bind_text(sqlite3_stmt *statement, int index, struct slice text)
{
    CHECK(text.size < INT32_MAX);
    (void)sqlite3_bind_text(statement, index, text.size == 0 ? "" : text.data, (int)text.size,
                            SQLITE_STATIC);
}

struct guid meta_column_guid(sqlite3_stmt *statement, int index)
{
    struct guid guid = {{0}};

    if (sqlite3_column_bytes(statement, index) == (int)sizeof(guid.bytes))
        memcpy(guid.bytes, sqlite3_column_blob(statement, index), sizeof(guid.bytes));
    return guid;
}

struct slice meta_column_text(sqlite3_stmt *statement, int index, struct arena *arena,
                              struct error *err)
{
    const char *text = (const char *)sqlite3_column_text(statement, index);

    if (text == NULL && sqlite3_column_type(statement, index) != SQLITE_NULL) {
        (void)ERROR_MEMORY(err);
        return slice_from(NULL, 0);
    }
    return arena_copy(arena, slice_from(text, (size_t)sqlite3_column_bytes(statement, index)),
                      err);
}

static enum status read_rows(struct meta *meta, const struct meta_list *list,
                             sqlite3_stmt *statement, struct arena *arena, void **ret,
                             uint32_t *ret_count, struct error *err)
{
    enum status status = STATUS_OK;
    int step = sqlite3_step(statement);

    if (step == SQLITE_ROW) {
        int last = sqlite3_column_count(statement) - 1;
        *ret = arena_alloc_array(arena, (size_t)sqlite3_column_int64(statement, last),
                                 list->row_bytes, err);
        status = *ret == NULL ? err->status : STATUS_OK;
    }
    for (; status == STATUS_OK && step == SQLITE_ROW; step = sqlite3_step(statement))
        status = list->read_row(statement, arena,
                                (char *)*ret + list->row_bytes * (*ret_count)++, err);
    if (status == STATUS_OK && step != SQLITE_DONE)
        status = meta_fail(meta, list->what, err);
    return status;
}

enum status meta_read_list(struct meta *meta, const struct meta_list *list, struct arena *arena,
                           void **ret, uint32_t *ret_count, struct error *err)
{
    sqlite3_stmt *statement = NULL;

    *ret = NULL;
    *ret_count = 0;
    meta_lock(meta);
    enum status status = meta_prepare(meta, list->sql, &statement, err);
    if (status == STATUS_OK && list->bound != NULL)
        meta_bind_guid(statement, 1, list->bound);
    if (status == STATUS_OK)
        status = read_rows(meta, list, statement, arena, ret, ret_count, err);
    (void)sqlite3_finalize(statement);
    meta_unlock(meta);
    if (status != STATUS_OK) {
        *ret = NULL;
        *ret_count = 0;
    }
    return status;
}

enum status meta_settings_set(struct meta *meta, const struct meta_setting *settings,
                              uint32_t count, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    struct buf sql;

    CHECK(count > 0 && count <= META_SETTINGS_MAX);
    buf_init(&sql, KIB);
    buf_add_text(&sql, "INSERT INTO settings VALUES");
    for (uint32_t i = 0; i < count; i++)
        buf_add_text(&sql, i > 0 ? ",(?,?)" : "(?,?)");
    buf_add_text(&sql, " ON CONFLICT(name) DO UPDATE SET value=excluded.value");
    buf_add_byte(&sql, '\0');
    meta_lock(meta);
    enum status status = buf_check(&sql, err);
    if (status == STATUS_OK)
        status = meta_prepare(meta, sql.data, &statement, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        meta_bind_text(statement, (int)(2 * i + 1), settings[i].name);
        meta_bind_text(statement, (int)(2 * i + 2), settings[i].value);
    }
    if (status == STATUS_OK && sqlite3_step(statement) != SQLITE_DONE)
        status = meta_fail(meta, "store settings", err);
    (void)sqlite3_finalize(statement);
    meta_unlock(meta);
    buf_release(&sql);
    return status;
}

enum status meta_setting_get(struct meta *meta, struct slice name, struct arena *arena,
                             struct slice *ret, struct error *err)
{
    sqlite3_stmt *statement = NULL;

    *ret = (struct slice){"", 0};
    meta_lock(meta);
    enum status status =
        meta_prepare(meta, "SELECT value FROM settings WHERE name=?", &statement, err);
    if (status == STATUS_OK) {
        meta_bind_text(statement, 1, name);
        int step = sqlite3_step(statement);
        if (step == SQLITE_ROW) {
            *ret = meta_column_text(statement, 0, arena, err);
            status = ret->data == NULL ? err->status : STATUS_OK;
        } else if (step != SQLITE_DONE) {
            status = meta_fail(meta, "read a setting", err);
        }
    }
    (void)sqlite3_finalize(statement);
    meta_unlock(meta);
    return status;
}
