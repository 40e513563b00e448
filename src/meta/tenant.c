/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants by name (case-insensitive) or GUID. */
#include "meta/meta_priv.h"

#include "base/limits.h"
#include "base/text.h"

#define DEFAULT_RETENTION_DAYS 180

enum status meta_tenant_check_name(struct slice name, struct error *err)
{
    struct guid guid;

    if (name.size == 0 || name.size > TENANT_NAME_BYTES_MAX || !text_is_utf8(name))
        return ERROR_SET(err, STATUS_INVALID,
                         "a tenant name has 1 to %d bytes of UTF-8 text", TENANT_NAME_BYTES_MAX);
    if (text_has_control(name))
        return ERROR_SET(err, STATUS_INVALID, "a tenant name has no control characters");
    if (slice_equal_nocase(name, SLICE("instance")))
        return ERROR_SET(err, STATUS_INVALID, "'instance' is the name of the instance's own log");
    if (guid_parse(name, &guid))
        return ERROR_SET(err, STATUS_INVALID, "a tenant name may not look like a GUID");
    return STATUS_OK;
}

static enum status insert(struct meta *meta, const struct meta_tenant *tenant, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    enum status status =
        meta_prepare(meta, "INSERT INTO tenants VALUES(?,?,?,?)", &statement, err);

    if (status != STATUS_OK)
        return status;
    meta_bind_guid(statement, 1, &tenant->id);
    meta_bind_text(statement, 2, tenant->name);
    (void)sqlite3_bind_int64(statement, 3, tenant->created_us);
    (void)sqlite3_bind_int(statement, 4, (int)tenant->retention_days);
    int step = sqlite3_step(statement);
    if (step == SQLITE_CONSTRAINT)
        status = ERROR_SET(err, STATUS_CONFLICT, "a tenant '%.*s' or its id exists already",
                           SLICE_FMT(tenant->name));
    else if (step != SQLITE_DONE)
        status = meta_fail(meta, "add a tenant", err);
    (void)sqlite3_finalize(statement);
    return status;
}

enum status meta_tenant_add(struct meta *meta, struct slice name, const struct guid *id,
                            struct meta_tenant *ret, struct arena *arena, struct error *err)
{
    enum status status = meta_tenant_check_name(name, err);

    if (status != STATUS_OK)
        return status;
    struct meta_tenant tenant = {
        .id = id == NULL || guid_is_zero(id) ? guid_new() : *id,
        .name = arena_copy(arena, name, err),
        .created_us = clock_unix_us(meta->clock),
        .retention_days = DEFAULT_RETENTION_DAYS,
    };
    if (tenant.name.data == NULL)
        return err->status;
    meta_lock(meta);
    status = insert(meta, &tenant, err);
    meta_unlock(meta);
    if (status == STATUS_OK)
        *ret = tenant;
    return status;
}

static enum status read_row(sqlite3_stmt *statement, struct arena *arena, void *ret_tenant,
                            struct error *err)
{
    struct meta_tenant *ret = ret_tenant;

    ret->id = meta_column_guid(statement, 0);
    ret->name = meta_column_text(statement, 1, arena, err);
    ret->created_us = sqlite3_column_int64(statement, 2);
    ret->retention_days = (uint32_t)sqlite3_column_int(statement, 3);
    return ret->name.data == NULL ? err->status : STATUS_OK;
}

enum status meta_tenant_find(struct meta *meta, struct slice name_or_id, struct meta_tenant *ret,
                             struct arena *arena, struct error *err)
{
    struct guid id;
    bool by_id = guid_parse(name_or_id, &id);
    sqlite3_stmt **kept = by_id ? &meta->find_tenant_by_id : &meta->find_tenant_by_name;

    if (name_or_id.size > TENANT_NAME_BYTES_MAX)
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is no such tenant");
    meta_lock(meta);
    enum status status = meta_prepare_kept(
        meta,
        by_id ? "SELECT id,name,created_us,retention_days FROM tenants WHERE id=?"
              : "SELECT id,name,created_us,retention_days FROM tenants WHERE name=?",
        kept, err);
    if (status == STATUS_OK) {
        if (by_id)
            meta_bind_guid(*kept, 1, &id);
        else
            meta_bind_text(*kept, 1, name_or_id);
        int step = sqlite3_step(*kept);
        if (step == SQLITE_ROW)
            status = read_row(*kept, arena, ret, err);
        else if (step == SQLITE_DONE)
            status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no tenant '%.*s'",
                               SLICE_FMT(name_or_id));
        else
            status = meta_fail(meta, "find a tenant", err);
    }
    meta_give_back(*kept);
    meta_unlock(meta);
    return status;
}

enum status meta_tenant_list(struct meta *meta, struct arena *arena, struct meta_tenant **ret,
                             uint32_t *ret_count, struct error *err)
{
    static const struct meta_list list = {
        .sql = "SELECT id,name,created_us,retention_days,"
               " (SELECT count(*) FROM tenants) FROM tenants ORDER BY name",
        .what = "list the tenants",
        .row_bytes = sizeof(**ret),
        .read_row = read_row,
    };
    void *rows;
    enum status status = meta_read_list(meta, &list, arena, &rows, ret_count, err);

    *ret = rows;
    return status;
}
