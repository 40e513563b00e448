/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of a tenant by kind and name: watchlists, stored functions.  What is in
 * them is the caller's matter: it may be sealed. */
#include "meta/meta_priv.h"

static void bind_key(sqlite3_stmt *statement, const struct guid *tenant,
                     enum meta_document_kind kind, struct slice name)
{
    meta_bind_guid(statement, 1, tenant);
    (void)sqlite3_bind_int(statement, 2, (int)kind);
    meta_bind_text(statement, 3, name);
}

/* ---- how many, and how large ---- */

struct usage {
    int64_t count; /* of the kind */
    int64_t bytes; /* of all of the tenant */
    int64_t more;  /* that will be there */
    int64_t room;  /* of the whole control plane */
    bool is_there; /* one takes the place of another */
};

static enum status check_room(const struct usage *usage, struct error *err)
{
    if (!usage->is_there && usage->count >= META_DOCUMENTS_MAX)
        return ERROR_SET(err, STATUS_LIMIT,
                         "there are %lld of them, the most; remove one before another comes",
                         (long long)usage->count);
    if (usage->more <= 0)
        return STATUS_OK;
    if (usage->bytes + usage->more > (int64_t)TENANT_DOCUMENT_BYTES_MAX)
        return ERROR_SET(err, STATUS_LIMIT,
                         "watchlists and functions would have %lld bytes together, the most is "
                         "%zu; remove some",
                         (long long)(usage->bytes + usage->more), TENANT_DOCUMENT_BYTES_MAX);
    if (usage->room - usage->more < (int64_t)CONTROL_RESERVE_BYTES)
        return ERROR_SET(err, STATUS_LIMIT,
                         "the control plane is nearly full; remove watchlists or functions");
    return STATUS_OK;
}

static enum status check_quota(struct meta *meta, const struct guid *tenant,
                               enum meta_document_kind kind, const struct meta_document *document,
                               struct error *err)
{
    sqlite3_stmt *statement = NULL;
    struct usage usage = {.more = (int64_t)document->body.size};
    enum status status = meta_prepare(
        meta,
        "SELECT count(*) FILTER (WHERE kind=?2), coalesce(sum(length(body)),0),"
        " max(length(body)) FILTER (WHERE kind=?2 AND name=?3),"
        " (SELECT (max_page_count-page_count+freelist_count)*page_size FROM pragma_max_page_count,"
        " pragma_page_count, pragma_freelist_count, pragma_page_size)"
        " FROM documents WHERE tenant=?1",
        &statement, err);

    if (status != STATUS_OK)
        return status;
    bind_key(statement, tenant, kind, document->name);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        usage.count = sqlite3_column_int64(statement, 0);
        usage.bytes = sqlite3_column_int64(statement, 1);
        usage.is_there = sqlite3_column_type(statement, 2) != SQLITE_NULL;
        usage.more -= sqlite3_column_int64(statement, 2);
        usage.room = sqlite3_column_int64(statement, 3);
        if (check_room(&usage, err) != STATUS_OK)
            status = error_code(err, META_DOCUMENT_QUOTA);
    } else {
        status = meta_fail(meta, "count documents", err);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* ---- documents ---- */

enum status meta_document_put(struct meta *meta, const struct guid *tenant,
                              enum meta_document_kind kind, const struct meta_document *document,
                              struct error *err)
{
    sqlite3_stmt *statement = NULL;

    meta_lock(meta);
    enum status status = check_quota(meta, tenant, kind, document, err);
    if (status == STATUS_OK)
        status = meta_prepare(
            meta,
            "INSERT INTO documents VALUES(?,?,?,?,?,?) ON CONFLICT(tenant,kind,name) DO UPDATE SET"
            " items=excluded.items,updated_us=excluded.updated_us,body=excluded.body",
            &statement, err);
    if (status == STATUS_OK) {
        bind_key(statement, tenant, kind, document->name);
        (void)sqlite3_bind_int64(statement, 4, (int64_t)document->items);
        (void)sqlite3_bind_int64(statement, 5, clock_unix_us(meta->clock));
        (void)sqlite3_bind_blob64(statement, 6, document->body.data, document->body.size,
                                  SQLITE_STATIC);
        if (sqlite3_step(statement) != SQLITE_DONE)
            status = meta_fail(meta, "store a document", err);
    }
    (void)sqlite3_finalize(statement);
    meta_unlock(meta);
    return status;
}

static enum status read_row(sqlite3_stmt *statement, bool with_body, struct arena *arena,
                            struct meta_document *ret, struct error *err)
{
    ret->name = meta_column_text(statement, 0, arena, err);
    ret->items = (uint64_t)sqlite3_column_int64(statement, 1);
    ret->updated_us = sqlite3_column_int64(statement, 2);
    ret->body = (struct slice){"", 0};
    if (with_body)
        ret->body = arena_copy(arena,
                               slice_from(sqlite3_column_blob(statement, 3),
                                          (size_t)sqlite3_column_bytes(statement, 3)),
                               err);
    return ret->name.data == NULL || ret->body.data == NULL ? err->status : STATUS_OK;
}

enum status meta_document_get(struct meta *meta, const struct guid *tenant,
                              enum meta_document_kind kind, struct slice name,
                              struct arena *arena, struct meta_document *ret, struct error *err)
{
    sqlite3_stmt *statement = NULL;

    meta_lock(meta);
    enum status status = meta_prepare(meta,
                                      "SELECT name,items,updated_us,body FROM documents"
                                      " WHERE tenant=? AND kind=? AND name=?",
                                      &statement, err);
    if (status == STATUS_OK) {
        bind_key(statement, tenant, kind, name);
        int step = sqlite3_step(statement);
        if (step == SQLITE_ROW)
            status = read_row(statement, true, arena, ret, err);
        else if (step == SQLITE_DONE)
            status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no '%.*s'",
                               SLICE_FMT(slice_head(name, 128)));
        else
            status = meta_fail(meta, "read a document", err);
    }
    (void)sqlite3_finalize(statement);
    meta_unlock(meta);
    return status;
}

static enum status read_rows(struct meta *meta, sqlite3_stmt *statement, struct arena *arena,
                             struct meta_document *list, uint32_t room, uint32_t *ret_count,
                             struct error *err)
{
    int step;

    for (step = sqlite3_step(statement); step == SQLITE_ROW && *ret_count < room;
         step = sqlite3_step(statement)) {
        enum status status = read_row(statement, false, arena, &list[(*ret_count)++], err);
        if (status != STATUS_OK)
            return status;
    }
    return step == SQLITE_DONE || step == SQLITE_ROW ? STATUS_OK
                                                     : meta_fail(meta, "list documents", err);
}

enum status meta_document_list(struct meta *meta, const struct guid *tenant,
                               enum meta_document_kind kind, struct arena *arena,
                               struct meta_document **ret, uint32_t *ret_count,
                               struct error *err)
{
    enum status status = STATUS_OK;

    *ret_count = 0;
    *ret = ARENA_ARRAY(arena, struct meta_document, META_DOCUMENTS_MAX, err);
    if (*ret == NULL)
        return err->status;
    meta_lock(meta);
    status = meta_prepare_kept(meta,
                               "SELECT name,items,updated_us FROM documents"
                               " WHERE tenant=? AND kind=? ORDER BY name",
                               &meta->list_documents, err);
    if (status == STATUS_OK) {
        meta_bind_guid(meta->list_documents, 1, tenant);
        (void)sqlite3_bind_int(meta->list_documents, 2, (int)kind);
        status = read_rows(meta, meta->list_documents, arena, *ret, META_DOCUMENTS_MAX, ret_count,
                           err);
    }
    meta_give_back(meta->list_documents);
    meta_unlock(meta);
    return status;
}

enum status meta_document_remove(struct meta *meta, const struct guid *tenant,
                                 enum meta_document_kind kind, struct slice name,
                                 struct error *err)
{
    sqlite3_stmt *statement = NULL;

    meta_lock(meta);
    enum status status = meta_prepare(
        meta, "DELETE FROM documents WHERE tenant=? AND kind=? AND name=?", &statement, err);
    if (status == STATUS_OK) {
        bind_key(statement, tenant, kind, name);
        if (sqlite3_step(statement) != SQLITE_DONE)
            status = meta_fail(meta, "remove a document", err);
        else if (sqlite3_changes(meta->db) == 0)
            status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no '%.*s'",
                               SLICE_FMT(slice_head(name, 128)));
    }
    (void)sqlite3_finalize(statement);
    meta_unlock(meta);
    return status;
}
