/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - what a query sees: tables, views, functions and watchlists of the tenants in reach. */
#include "share/share_priv.h"

/* ---- tables and views ---- */

static enum status find_table(void *context, struct slice name, struct table_source **ret,
                              struct error *err)
{
    struct query_view *view = context;

    return store_snapshot_source(view->snapshot, name, view->reach.tenants, view->reach.count, ret,
                                 err);
}

static void watch(void *context, enum status (*check)(void *query, struct error *err),
                  void *query)
{
    store_snapshot_watch(((struct query_view *)context)->snapshot, check, query);
}

static struct slice find_view(void *context, struct slice name)
{
    const struct share_services *services = &((struct query_view *)context)->share->services;

    return services->view == NULL ? (struct slice){"", 0}
                                  : services->view(services->context, name);
}

static void each_name(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    struct query_view *view = context;
    const struct share_services *services = &view->share->services;

    store_snapshot_tables(view->snapshot, view->reach.tenants, view->reach.count, false, each,
                          arg);
    if (services->views != NULL)
        services->views(services->context, each, arg);
}

static void each_stored(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    struct query_view *view = context;

    store_snapshot_tables(view->snapshot, view->reach.tenants, view->reach.count, true, each, arg);
}

/* ---- documents ---- */

static const struct guid instance; /* its functions are for all tenants */

/* Watchlists belong to a tenant: a query of several sees none. */
static const struct guid *only_tenant(const struct query_view *view)
{
    return view->reach.count == 1 ? &view->reach.tenants[0] : NULL;
}

static struct slice read_function(struct query_view *view, const struct guid *tenant,
                                  struct slice name)
{
    const struct share_services *services = &view->share->services;
    const struct documents documents = {services->meta, services->keyring};
    struct meta_document document;
    struct error ignored;

    if (document_get(&documents, tenant, META_FUNCTION, name, view->request->arena, &document,
                     &ignored) != STATUS_OK)
        return (struct slice){"", 0};
    return document.body;
}

static bool is_listed(const struct meta_document *list, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(list[i].name, name))
            return true;
    }
    return false;
}

/* Names are asked for once in a query: each name of a query comes by here. */
static void load_names(struct query_view *view)
{
    struct meta *meta = view->share->services.meta;
    struct error ignored;

    if (view->functions_known)
        return;
    view->functions_known = true;
    if (only_tenant(view) != NULL &&
        meta_document_list(meta, only_tenant(view), META_FUNCTION, view->request->arena, &view->own,
                           &view->own_count, &ignored) != STATUS_OK)
        view->own_count = 0;
    if (meta_document_list(meta, &instance, META_FUNCTION, view->request->arena, &view->common,
                           &view->common_count, &ignored) != STATUS_OK)
        view->common_count = 0;
}

enum status share_check_no_table(struct share *share, struct store_snapshot *snapshot,
                                 const struct reach *reach, struct slice name, struct error *err)
{
    const struct share_services *services = &share->services;
    struct table_source *source = NULL;
    enum status status = STATUS_OK;

    if (services->view == NULL || services->view(services->context, name).size == 0)
        status = store_snapshot_source(snapshot, name, reach->tenants, reach->count, &source, err);
    if (status == STATUS_NOT_FOUND) {
        *err = (struct error){0};
        return STATUS_OK;
    }
    return status == STATUS_OK
               ? ERROR_SET(err, STATUS_CONFLICT, "'%.*s' is a table", SLICE_FMT(name))
               : status;
}

/* Views and tables that are declared are what their names say, whatever is stored: else it could
 * hide records.  Other tables are not, or who may only store records could take a function away. */
static bool is_hidden(struct query_view *view, struct slice name)
{
    const struct reach nobody = {0};
    struct error ignored;

    return share_check_no_table(view->share, view->snapshot, &nobody, name, &ignored) != STATUS_OK;
}

/* The tenant's, the instance's, what ships: in this order. */
static struct slice find_function(void *context, struct slice name)
{
    struct query_view *view = context;
    const struct share_services *services = &view->share->services;

    load_names(view);
    bool is_own = is_listed(view->own, view->own_count, name);
    bool is_common = is_listed(view->common, view->common_count, name);
    if ((is_own || is_common) && !is_hidden(view, name))
        return read_function(view, is_own ? only_tenant(view) : &instance, name);
    return services->function == NULL ? (struct slice){"", 0}
                                      : services->function(services->context, name);
}

static void each_function(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    struct query_view *view = context;
    const struct share_services *services = &view->share->services;

    load_names(view);
    for (uint32_t i = 0; i < view->own_count; i++)
        each(arg, view->own[i].name);
    for (uint32_t i = 0; i < view->common_count; i++)
        each(arg, view->common[i].name);
    if (services->functions != NULL)
        services->functions(services->context, each, arg);
}

static enum status find_watchlist(void *context, struct slice alias, struct arena *arena,
                                  struct slice *ret, struct error *err)
{
    struct query_view *view = context;
    const struct share_services *services = &view->share->services;
    const struct documents documents = {services->meta, services->keyring};
    struct meta_document document;

    if (only_tenant(view) == NULL)
        return ERROR_SET(err, STATUS_INVALID, "a query of several tenants has no watchlists");
    enum status status = document_get(&documents, only_tenant(view), META_WATCHLIST, alias, arena,
                                      &document, err);
    if (status == STATUS_OK)
        *ret = document.body;
    return status;
}

static void each_watchlist(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    struct query_view *view = context;
    struct meta_document *list;
    struct error ignored;
    uint32_t count = 0;

    if (only_tenant(view) == NULL ||
        meta_document_list(view->share->services.meta, only_tenant(view), META_WATCHLIST,
                           view->request->arena, &list, &count, &ignored) != STATUS_OK)
        return;
    for (uint32_t i = 0; i < count; i++)
        each(arg, list[i].name);
}

static enum status fetch(void *context, struct slice url, struct arena *arena, struct slice *ret,
                         struct error *err)
{
    struct query_view *view = context;

    return external_fetch(&view->share->services.external, url, view->request->cancelled, arena,
                          ret, err);
}

/* ---- opening ---- */

enum status share_view_open(struct share *share, const struct http_request *request,
                            const struct reach *reach, struct query_view *ret,
                            struct error *err)
{
    *ret = (struct query_view){
        .share = share,
        .request = request,
        .reach = *reach,
    };
    ret->env = (struct query_env){
        .context = ret,
        .table = find_table,
        .watch = watch,
        .view = find_view,
        .names = each_name,
        .stored = each_stored,
        .function = find_function,
        .functions = each_function,
        .watchlist = find_watchlist,
        .watchlists = each_watchlist,
        .fetch = fetch,
        .places = share->services.places,
    };
    enum status status = share_enter(&share->gate, request, reach, err);
    if (status != STATUS_OK)
        return status;
    status = store_snapshot_of(share->services.store, only_tenant(ret), &ret->snapshot, err);
    if (status != STATUS_OK)
        share_leave(&share->gate, request, reach);
    return status;
}

void share_view_close(struct query_view *view)
{
    store_snapshot_free(view->snapshot);
    share_leave(&view->share->gate, view->request, &view->reach);
}
