/* SPDX-License-Identifier: Apache-2.0 */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"

#include <stdio.h>
#include <stdlib.h>

#define GATE_WAIT_MS 500u
#define QUERIES_PER_PROCESSOR 4u
#define ROLE_BIT(role) (1u << (role))
#define ANYBODY ROLE_BIT(ROLE_NONE)
#define WRITERS (ROLE_BIT(ROLE_INGEST) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_OPERATOR))
#define READERS                                                                                    \
    (ROLE_BIT(ROLE_READER) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) |                       \
     ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_OPERATOR))
#define ANALYSTS (ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_OPERATOR))
#define ADMINS (ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_OPERATOR))

/* Queries stream, and want the deeper stack of the thread that streaming gives. */
static const struct http_route routes[] = {
    {HTTP_POST, "/v1/ingest", WRITERS, share_ingest, HTTP_AT_ONCE, 0},
    {HTTP_POST, "/v1/query", READERS, share_query, HTTP_STREAMS, QUERY_BODY_BYTES_MAX},
    {HTTP_POST, "/v1/query/batch", READERS, share_query_batch, HTTP_STREAMS, QUERY_BODY_BYTES_MAX},
    {HTTP_POST, "/v1/query/complete", READERS, share_query_complete, HTTP_STREAMS,
     QUERY_BODY_BYTES_MAX},
    {HTTP_POST, "/v1/query/explain", READERS, share_query_explain, HTTP_STREAMS,
     QUERY_BODY_BYTES_MAX},
    {HTTP_POST, "/v1/query/format", READERS, share_query_format, HTTP_STREAMS,
     QUERY_BODY_BYTES_MAX},
    {HTTP_GET, "/v1/raw", READERS, share_raw, HTTP_OPEN_ENDED, 0},
    {HTTP_POST, "/v1/scope", READERS, share_scope, HTTP_STREAMS, SCOPE_BODY_BYTES_MAX},
    {HTTP_GET, "/v1/tenants", ADMINS, share_tenant_list, HTTP_AT_ONCE, 0},
    {HTTP_POST, "/v1/tenants", ADMINS, share_tenant_add, HTTP_AT_ONCE, ORDER_BODY_BYTES_MAX},
    {HTTP_GET, "/v1/tokens", ADMINS, share_token_list, HTTP_AT_ONCE, 0},
    {HTTP_POST, "/v1/tokens", ADMINS, share_token_add, HTTP_AT_ONCE, ORDER_BODY_BYTES_MAX},
    {HTTP_DELETE, "/v1/tokens/*", ADMINS, share_token_revoke, HTTP_AT_ONCE, 0},
    {HTTP_GET, "/v1/settings/webhook", ADMINS, share_webhook_get, HTTP_AT_ONCE, 0},
    {HTTP_PUT, "/v1/settings/webhook", ADMINS, share_webhook_put, HTTP_AT_ONCE,
     ORDER_BODY_BYTES_MAX},
    {HTTP_GET, "/v1/watchlists", READERS, share_document_list, HTTP_AT_ONCE, 0},
    {HTTP_GET, "/v1/watchlists/*", READERS, share_document_get, HTTP_AT_ONCE, 0},
    {HTTP_PUT, "/v1/watchlists/*", ANALYSTS, share_document_put, HTTP_STREAMS, WATCHLIST_BYTES_MAX},
    {HTTP_DELETE, "/v1/watchlists/*", ANALYSTS, share_document_remove, HTTP_AT_ONCE, 0},
    {HTTP_GET, "/v1/functions", READERS, share_document_list, HTTP_AT_ONCE, 0},
    {HTTP_GET, "/v1/functions/*", READERS, share_document_get, HTTP_AT_ONCE, 0},
    {HTTP_PUT, "/v1/functions/*", ANALYSTS, share_document_put, HTTP_STREAMS, QUERY_TEXT_BYTES_MAX},
    {HTTP_DELETE, "/v1/functions/*", ANALYSTS, share_document_remove, HTTP_AT_ONCE, 0},
    {HTTP_GET, "/v1/losses", READERS, share_loss_list, HTTP_AT_ONCE, 0},
    {HTTP_POST, "/v1/losses", ADMINS, share_loss_accept, HTTP_AT_ONCE, ORDER_BODY_BYTES_MAX},
    {HTTP_GET, "/v1/verify", READERS, share_verify, HTTP_OPEN_ENDED, 0},
    {HTTP_POST, "/v1/verify", READERS, share_verify_receipts, HTTP_OPEN_ENDED, 0},
    {HTTP_POST, "/v1/compact", ADMINS, share_compact, HTTP_STREAMS, ORDER_BODY_BYTES_MAX},
    {HTTP_GET, "/v1/status", READERS, share_status, HTTP_AT_ONCE, 0},
    {HTTP_GET, "/livez", ANYBODY, share_live, HTTP_AT_ONCE, 0},
    {HTTP_GET, "/readyz", ANYBODY, share_ready, HTTP_AT_ONCE, 0},
    {HTTP_GET, "/metrics", READERS, share_metrics, HTTP_AT_ONCE, 0},
};

static enum status authenticate(void *context, struct slice token, struct slice remote,
                                struct principal *ret, struct error *err)
{
    struct share *share = context;
    struct arena *arena = arena_new(MIB);
    struct meta_token found;
    enum status status;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    status = meta_token_check(share->services.meta, token, &found, arena, err);
    if (status == STATUS_OK && guid_is_zero(&found.tenant) && found.role != ROLE_ADMIN &&
        found.role != ROLE_OPERATOR) /* of a release that made such */
        status = ERROR_SET(err, STATUS_DENIED, "a token of this role has a tenant");
    if (status == STATUS_DENIED &&
        !guess_allowed(&share->guess, remote, clock_monotonic_us(share->services.clock)))
        status = ERROR_SET(err, STATUS_BUSY, "too many wrong tokens; try again later");
    if (status == STATUS_OK) {
        *ret = (struct principal){
            .role = (enum role)found.role,
            .id = found.id,
            .tenant = found.tenant,
        };
        (void)snprintf(ret->name, sizeof(ret->name), "%.*s", SLICE_FMT(found.name));
        (void)snprintf(ret->table, sizeof(ret->table), "%.*s", SLICE_FMT(found.table));
    }
    arena_free(arena);
    return status;
}

/* Those of the command line have none. */
static bool is_valid(void *context, const struct principal *who)
{
    struct share *share = context;

    return guid_is_zero(&who->id) || !meta_token_has_ended(share->services.meta, &who->id);
}

void share_log_failed(const struct http_request *request, const struct error *err)
{
    char what[128];

    (void)snprintf(what, sizeof(what), "%s %.*s", http_method_name(request->method),
                   SLICE_FMT(slice_head(request->path, 100)));
    log_failure(what, err);
}

static void log_failed(void *context, const struct http_request *request,
                       const struct error *err)
{
    (void)context;
    share_log_failed(request, err);
}

/* Each query may use QUERY_MEMORY_BYTES, so their number bounds the memory of the
 * server: a quarter of it, four queries a processor. */
static uint64_t query_places(void)
{
    uint64_t most = (uint64_t)QUERIES_PER_PROCESSOR * machine_processors();
    uint64_t places = machine_memory_bytes() / 4 / QUERY_MEMORY_BYTES;

    return places > most ? most : places;
}

enum status share_new(const struct share_services *services, struct share **ret,
                      struct error *err)
{
    struct share *share = calloc(1, sizeof(*share));

    if (share == NULL)
        return ERROR_MEMORY(err);
    share->services = *services;
    share->started_us = clock_unix_us(services->clock);
    gate_init(&share->gate, query_places());
    gate_init(&share->exports, query_places());
    guess_init(&share->guess);
    (void)pthread_mutex_init(&share->webhook, NULL);
    share->router = (struct http_router){
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
        .context = share,
        .authenticate = authenticate,
        .is_valid = is_valid,
        .failed = log_failed,
    };
    /* The instance's own log. */
    enum status status = keyring_create_tenant(services->keyring, &(struct guid){{0}}, err);
    if (status == STATUS_OK || status == STATUS_CONFLICT)
        status = self_audit_new(services->ingest, services->clock, &share->audit, err);
    if (status != STATUS_OK) {
        gate_release(&share->gate);
        gate_release(&share->exports);
        guess_release(&share->guess);
        (void)pthread_mutex_destroy(&share->webhook);
        free(share);
        return status;
    }
    *ret = share;
    return STATUS_OK;
}

const struct http_router *share_router(const struct share *share)
{
    return &share->router;
}

void share_free(struct share *share)
{
    if (share == NULL)
        return;
    self_audit_free(share->audit);
    gate_release(&share->gate);
    gate_release(&share->exports);
    guess_release(&share->guess);
    (void)pthread_mutex_destroy(&share->webhook);
    free(share);
}

/* The same words whether the tenant does not exist or is somebody else's. */
static enum status no_tenant(struct slice name, struct error *err)
{
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

enum status share_record(struct share *share, const struct http_request *request,
                         const char *operation, struct slice what, const struct guid *tenant,
                         struct error *err)
{
    struct audit_action action = {operation, what, request, tenant, 1, {"", 0}};

    return self_audit_put(share->audit, &action, err);
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
        return no_tenant(wanted, err);
    if (status != STATUS_OK)
        return status;
    if (!guid_is_zero(&who->tenant) && !guid_equal(&tenant.id, &who->tenant))
        return no_tenant(wanted, err);
    ret->tenants = ARENA_NEW(request->arena, struct guid, err);
    ret->names = ARENA_NEW(request->arena, struct slice, err);
    if (ret->tenants == NULL || ret->names == NULL)
        return err->status;
    ret->tenants[0] = tenant.id;
    ret->names[0] = tenant.name;
    ret->count = 1;
    return STATUS_OK;
}

/* ---- what a query sees ---- */

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

static const struct guid instance;

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

/* Whose place it is: the tenant's, or nobody's for several. */
static const struct guid *place_of(const struct reach *reach)
{
    return reach->count == 1 ? &reach->tenants[0] : &instance;
}

enum status share_enter(struct gate *gate, const struct http_request *request,
                        const struct reach *reach, struct error *err)
{
    return gate_enter(gate, place_of(reach), &request->principal->id, GATE_WAIT_MS,
                      request->cancelled, err);
}

void share_leave(struct gate *gate, const struct http_request *request, const struct reach *reach)
{
    gate_leave(gate, place_of(reach), &request->principal->id);
}

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
