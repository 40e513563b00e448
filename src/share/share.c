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
    {HTTP_POST, "/v1/ingest", WRITERS, share_ingest, HTTP_AT_ONCE, 0, "format table tenant"},
    {HTTP_POST, "/v1/query", READERS, share_query, HTTP_STREAMS, QUERY_BODY_BYTES_MAX, NULL},
    {HTTP_POST, "/v1/query/batch", READERS, share_query_batch, HTTP_STREAMS, QUERY_BODY_BYTES_MAX,
     "all-tenants check now tenant watermark"},
    {HTTP_POST, "/v1/query/complete", READERS, share_query_complete, HTTP_STREAMS,
     QUERY_BODY_BYTES_MAX, NULL},
    {HTTP_POST, "/v1/query/explain", READERS, share_query_explain, HTTP_STREAMS,
     QUERY_BODY_BYTES_MAX, NULL},
    {HTTP_POST, "/v1/query/format", READERS, share_query_format, HTTP_STREAMS, QUERY_BODY_BYTES_MAX,
     NULL},
    {HTTP_GET, "/v1/raw", READERS, share_raw, HTTP_OPEN_ENDED, 0, "count from-seq tenant zero"},
    {HTTP_POST, "/v1/scope", READERS, share_scope, HTTP_STREAMS, SCOPE_BODY_BYTES_MAX, NULL},
    {HTTP_GET, "/v1/tenants", ADMINS, share_tenant_list, HTTP_AT_ONCE, 0, "name"},
    {HTTP_POST, "/v1/tenants", ADMINS, share_tenant_add, HTTP_AT_ONCE, ORDER_BODY_BYTES_MAX, NULL},
    {HTTP_GET, "/v1/tokens", ADMINS, share_token_list, HTTP_AT_ONCE, 0, NULL},
    {HTTP_POST, "/v1/tokens", ADMINS, share_token_add, HTTP_AT_ONCE, ORDER_BODY_BYTES_MAX, NULL},
    {HTTP_DELETE, "/v1/tokens/*", ADMINS, share_token_revoke, HTTP_AT_ONCE, 0, NULL},
    {HTTP_GET, "/v1/settings/webhook", ADMINS, share_webhook_get, HTTP_AT_ONCE, 0, NULL},
    {HTTP_PUT, "/v1/settings/webhook", ADMINS, share_webhook_put, HTTP_AT_ONCE,
     ORDER_BODY_BYTES_MAX, NULL},
    {HTTP_GET, "/v1/watchlists", READERS, share_document_list, HTTP_AT_ONCE, 0, "tenant"},
    {HTTP_GET, "/v1/watchlists/*", READERS, share_document_get, HTTP_AT_ONCE, 0, "tenant"},
    {HTTP_PUT, "/v1/watchlists/*", ANALYSTS, share_document_put, HTTP_STREAMS, WATCHLIST_BYTES_MAX,
     "tenant"},
    {HTTP_DELETE, "/v1/watchlists/*", ANALYSTS, share_document_remove, HTTP_AT_ONCE, 0, "tenant"},
    {HTTP_GET, "/v1/functions", READERS, share_document_list, HTTP_AT_ONCE, 0, "tenant"},
    {HTTP_GET, "/v1/functions/*", READERS, share_document_get, HTTP_AT_ONCE, 0, "tenant"},
    {HTTP_PUT, "/v1/functions/*", ANALYSTS, share_document_put, HTTP_STREAMS, QUERY_TEXT_BYTES_MAX,
     "tenant"},
    {HTTP_DELETE, "/v1/functions/*", ANALYSTS, share_document_remove, HTTP_AT_ONCE, 0, "tenant"},
    {HTTP_GET, "/v1/losses", READERS, share_loss_list, HTTP_AT_ONCE, 0, "tenant"},
    {HTTP_POST, "/v1/losses", ADMINS, share_loss_accept, HTTP_AT_ONCE, ORDER_BODY_BYTES_MAX, NULL},
    {HTTP_GET, "/v1/verify", READERS, share_verify, HTTP_OPEN_ENDED, 0, "tenant"},
    {HTTP_POST, "/v1/verify", READERS, share_verify_receipts, HTTP_OPEN_ENDED, 0, "tenant"},
    {HTTP_POST, "/v1/compact", ADMINS, share_compact, HTTP_STREAMS, ORDER_BODY_BYTES_MAX, NULL},
    {HTTP_GET, "/v1/status", READERS | ROLE_BIT(ROLE_MONITOR), share_status, HTTP_AT_ONCE, 0, NULL},
    {HTTP_GET, "/livez", ANYBODY, share_live, HTTP_AT_ONCE, 0, "*"},
    {HTTP_GET, "/readyz", ANYBODY, share_ready, HTTP_AT_ONCE, 0, "*"},
    {HTTP_GET, "/metrics", READERS | ROLE_BIT(ROLE_MONITOR), share_metrics, HTTP_AT_ONCE, 0, NULL},
};

/* Who reaches all of the instance administers it, but for what says how it is alone. */
static enum role role_of(const struct meta_token *token)
{
    bool has_tenant = !guid_is_zero(&token->tenant);

    if (has_tenant || token->role == ROLE_ADMIN || token->role == ROLE_OPERATOR)
        return (enum role)token->role;
    return token->role == ROLE_AUDITOR ? ROLE_MONITOR : ROLE_NONE;
}

void share_denied(struct share *share, const struct http_request *request,
                  enum denied_reason reason)
{
    static const unsigned statuses[DENIED_COUNT_] = {401, 401, 401, 401, 429, 403, 404};
    const struct principal *who = request->principal;
    uint64_t now_us = clock_monotonic_us(share->services.clock);
    char text[320];
    uint32_t left_out = 0;

    if (guid_is_zero(&who->id) && who->role != ROLE_NONE) /* of the command line */
        return;
    if (denied_add(&share->denied, reason, now_us, text, sizeof(text)))
        log_line(LOG_LEVEL_WARNING, "%s, the last from %.*s", text, SLICE_FMT(request->remote));
    if (guid_is_zero(&who->id) || !denied_may_record(&share->denied, &who->id, now_us, &left_out))
        return;
    bool has_path = request->path.size > 0;
    int size = snprintf(text, sizeof(text), "%s %.*s: %u %s",
                        has_path ? http_method_name(request->method) : "a",
                        SLICE_FMT(has_path ? slice_head(request->path, 200) : SLICE("request")),
                        statuses[reason], denied_reason_name(reason));
    if (left_out > 0)
        (void)snprintf(text + size, sizeof(text) - (size_t)size,
                       "; %u more since the record before", left_out);
    const struct audit_action action = {"Denied", slice_of(text), request, &who->tenant, 1,
                                        {"", 0}};
    struct audit_ticket ticket;
    struct error err;
    if (self_audit_begin(share->audit, &action, &ticket, &err) != STATUS_OK)
        log_failure("a refused request was not recorded", &err);
}

static void on_denied(void *context, const struct http_request *request)
{
    struct slice scheme = slice_head(http_header(request, "authorization"), 7);

    if (request->principal->role != ROLE_NONE)
        share_denied(context, request, DENIED_FORBIDDEN);
    else if (!slice_equal_nocase(scheme, SLICE("bearer "))) /* else it was counted already */
        share_denied(context, request, DENIED_NO_TOKEN);
}

/* STATUS_DENIED, or STATUS_BUSY for one too many. */
static enum status refuse_token(struct share *share, const struct meta_token *found,
                                const struct principal *who, struct slice remote,
                                struct error *err)
{
    const struct http_request request = {.principal = who, .remote = remote};
    bool is_allowed =
        guess_allowed(&share->guess, remote, clock_monotonic_us(share->services.clock));

    share_denied(share, &request,
                 !is_allowed                ? DENIED_LIMITED
                 : guid_is_zero(&found->id) ? DENIED_UNKNOWN
                 : found->revoked_us != 0   ? DENIED_REVOKED
                                            : DENIED_EXPIRED);
    return is_allowed ? STATUS_DENIED
                      : ERROR_SET(err, STATUS_BUSY, "too many wrong tokens; try again later");
}

static enum status authenticate(void *context, struct slice token, struct slice remote,
                                struct principal *ret, struct error *err)
{
    struct share *share = context;
    struct arena *arena = arena_new(MIB);
    struct meta_token found = {.name = SLICE(""), .table = SLICE("")};
    enum status status;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    status = meta_token_check(share->services.meta, token, &found, arena, err);
    *ret = (struct principal){
        .role = role_of(&found),
        .id = found.id,
        .tenant = found.tenant,
    };
    (void)snprintf(ret->name, sizeof(ret->name), "%.*s", SLICE_FMT(found.name));
    (void)snprintf(ret->table, sizeof(ret->table), "%.*s", SLICE_FMT(found.table));
    if (status == STATUS_OK && ret->role == ROLE_NONE) /* of a release that made such */
        status = ERROR_SET(err, STATUS_DENIED, "a token of this role has a tenant");
    if (status == STATUS_DENIED)
        status = refuse_token(share, &found, ret, remote, err);
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

    (void)snprintf(what, sizeof(what), "%s %.*s%s%s", http_method_name(request->method),
                   SLICE_FMT(slice_head(request->path, 80)),
                   request->id[0] != '\0' ? ", request " : "", request->id);
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
static uint64_t query_places(uint64_t memory_bytes)
{
    uint64_t most = (uint64_t)QUERIES_PER_PROCESSOR * machine_processors();
    uint64_t memory = memory_bytes == 0 ? machine_memory_bytes() : memory_bytes;
    uint64_t places = memory / 4 / QUERY_MEMORY_BYTES;

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
    gate_init(&share->gate, query_places(services->memory_bytes));
    gate_init(&share->exports, query_places(services->memory_bytes));
    guess_init(&share->guess);
    denied_init(&share->denied);
    (void)pthread_mutex_init(&share->webhook, NULL);
    share->router = (struct http_router){
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
        .context = share,
        .authenticate = authenticate,
        .is_valid = is_valid,
        .denied = on_denied,
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
        denied_release(&share->denied);
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
    denied_release(&share->denied);
    (void)pthread_mutex_destroy(&share->webhook);
    free(share);
}

enum status share_record(struct share *share, const struct http_request *request,
                         const char *operation, struct slice what, const struct guid *tenant,
                         struct error *err)
{
    struct audit_action action = {operation, what, request, tenant, 1, {"", 0}};

    return self_audit_put(share->audit, &action, err);
}

enum status share_record_own(struct share *share, const char *operation, struct slice what,
                             struct error *err)
{
    static const struct principal server = {.name = "server"};
    const struct http_request request = {.principal = &server};

    return share_record(share, &request, operation, what, &server.tenant, err);
}

/* ---- places ---- */

static const struct guid nobody;

/* Whose place it is: the tenant's, or nobody's for several. */
static const struct guid *place_of(const struct reach *reach)
{
    return reach->count == 1 ? &reach->tenants[0] : &nobody;
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
