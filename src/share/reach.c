/* SPDX-License-Identifier: Apache-2.0 */
/* reach.c - which tenants a request may read.  What it may not reach is told from what does not
 * exist by nothing. */
#include "share/share_priv.h"

/* The same words, and the same record, whether the tenant does not exist or is somebody else's. */
static enum status no_tenant(struct share *share, const struct http_request *request,
                             struct slice name, struct error *err)
{
    if (!guid_is_zero(&request->principal->tenant))
        share_denied(share, request, DENIED_FOREIGN);
    return ERROR_SET(err, STATUS_NOT_FOUND, "there is no tenant '%.*s'",
                     SLICE_FMT(slice_head(name, TENANT_NAME_BYTES_MAX)));
}

static enum status reach_tenants(struct share *share, const struct http_request *request,
                                 struct reach *ret, struct error *err)
{
    struct meta_tenant *tenants;
    uint32_t count;

    enum status status =
        meta_tenant_list(share->services.meta, request->arena, &tenants, &count, err);
    if (status != STATUS_OK)
        return status;
    ret->tenants = ARENA_ARRAY(request->arena, struct guid, count + 1, err);
    ret->names = ARENA_ARRAY(request->arena, struct slice, count + 1, err);
    if (ret->tenants == NULL || ret->names == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++) {
        ret->tenants[i] = tenants[i].id;
        ret->names[i] = tenants[i].name;
    }
    ret->count = count;
    return STATUS_OK;
}

static enum status reach_all(struct share *share, const struct http_request *request,
                             struct reach *ret, struct error *err)
{
    if (request->principal->role != ROLE_OPERATOR || !guid_is_zero(&request->principal->tenant))
        return ERROR_SET(err, STATUS_DENIED, "all tenants at once are for the role operator");
    return reach_tenants(share, request, ret, err);
}

enum status share_reach_logs(struct share *share, const struct http_request *request,
                             struct slice name, struct reach *ret, struct error *err)
{
    if (name.size > 0 || !guid_is_zero(&request->principal->tenant))
        return share_reach(share, request, name, false, ret, err);
    *ret = (struct reach){0};
    enum status status = reach_tenants(share, request, ret, err);
    if (status != STATUS_OK)
        return status;
    ret->names[ret->count++] = SLICE(INSTANCE_NAME); /* there is room; its id is zero */
    return STATUS_OK;
}

static enum status reach_instance(const struct http_request *request, struct reach *ret,
                                  struct error *err)
{
    ret->tenants = ARENA_NEW(request->arena, struct guid, err); /* zero */
    ret->names = ARENA_NEW(request->arena, struct slice, err);
    if (ret->tenants == NULL || ret->names == NULL)
        return err->status;
    ret->names[0] = SLICE(INSTANCE_NAME);
    ret->count = 1;
    return STATUS_OK;
}

enum status share_reach(struct share *share, const struct http_request *request,
                        struct slice name, bool all, struct reach *ret, struct error *err)
{
    const struct principal *who = request->principal;
    char own[GUID_TEXT_BYTES + 1];
    struct meta_tenant tenant;

    *ret = (struct reach){0};
    if (all)
        return reach_all(share, request, ret, err);
    guid_format(&who->tenant, own);
    if (name.size == 0 && guid_is_zero(&who->tenant))
        return ERROR_SET(err, STATUS_INVALID,
                         "name a tenant: this token reaches the whole instance");
    if (guid_is_zero(&who->tenant) && slice_is(name, INSTANCE_NAME))
        return reach_instance(request, ret, err);
    struct slice wanted = name.size == 0 ? slice_of(own) : name;
    enum status status =
        meta_tenant_find(share->services.meta, wanted, &tenant, request->arena, err);
    if (status == STATUS_NOT_FOUND)
        return no_tenant(share, request, wanted, err);
    if (status != STATUS_OK)
        return status;
    if (!guid_is_zero(&who->tenant) && !guid_equal(&tenant.id, &who->tenant))
        return no_tenant(share, request, wanted, err);
    ret->tenants = ARENA_NEW(request->arena, struct guid, err);
    ret->names = ARENA_NEW(request->arena, struct slice, err);
    if (ret->tenants == NULL || ret->names == NULL)
        return err->status;
    ret->tenants[0] = tenant.id;
    ret->names[0] = tenant.name;
    ret->count = 1;
    return STATUS_OK;
}
