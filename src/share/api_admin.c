/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants, tokens and the webhook.  An admin of one tenant sees and makes
 * tokens of that tenant only; an admin of the instance all. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "wire/client.h"

#define TOKEN_DAYS_MAX 3650

static bool is_instance_wide(const struct http_request *request)
{
    return guid_is_zero(&request->principal->tenant);
}

static void add_time(struct buf *out, const char *name, int64_t unix_us)
{
    char text[TIME_TEXT_BYTES + 1];

    time_format_iso(time_from_unix_us(unix_us), text);
    buf_add_format(out, ",\"%s\":\"%s\"", name, text);
}

static void add_tenant(struct buf *out, const struct meta_tenant *tenant)
{
    char id[GUID_TEXT_BYTES + 1];

    guid_format(&tenant->id, id);
    buf_add_format(out, "{\"id\":\"%s\",\"name\":", id);
    text_add_json_string(out, tenant->name);
    add_time(out, "created", tenant->created_us);
    buf_add_format(out, ",\"retention_days\":%u}", tenant->retention_days);
}

enum status share_tenant_add(void *context, const struct http_request *request,
                             struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct meta_tenant tenant;
    struct slice name, id_text;
    struct guid id = {{0}};
    struct body body;

    if (!is_instance_wide(request))
        return ERROR_SET(err, STATUS_DENIED, "tenants are added with a token of the instance");
    enum status status = share_body(request, "name id", &body, err);
    if (status != STATUS_OK)
        return status;
    status = share_body_given(&body, "name", request->arena, &name, err);
    if (status == STATUS_OK)
        status = share_body_given(&body, "id", request->arena, &id_text, err);
    share_body_release(&body);
    if (status == STATUS_OK)
        status = meta_tenant_check_name(name, err);
    if (status == STATUS_OK && id_text.size > 0 && !guid_parse(id_text, &id))
        status = ERROR_SET(err, STATUS_INVALID, "'%.*s' is not a GUID", SLICE_FMT(id_text));
    if (status == STATUS_OK && guid_is_zero(&id))
        id = guid_new();
    /* Keys first: a tenant that is listed can store. */
    if (status == STATUS_OK)
        status = meta_tenant_find(share->services.meta, name, &tenant, request->arena, err) ==
                         STATUS_OK
                     ? ERROR_SET(err, STATUS_CONFLICT, "a tenant '%.*s' exists already",
                                 SLICE_FMT(name))
                     : STATUS_OK;
    if (status == STATUS_OK) {
        status = keyring_create_tenant(share->services.keyring, &id, err);
        if (status == STATUS_CONFLICT) /* left over from an attempt that stopped half-way */
            status = STATUS_OK;
    }
    if (status == STATUS_OK)
        status = share_record(share, request, "TenantAdd", request->body, &id, err);
    if (status == STATUS_OK)
        status = meta_tenant_add(share->services.meta, name, &id, &tenant, request->arena, err);
    if (status == STATUS_OK)
        add_tenant(&response->body, &tenant);
    return status;
}

enum status share_tenant_list(void *context, const struct http_request *request,
                              struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct slice name = http_query(request, "name");
    struct meta_tenant *tenants = NULL;
    struct reach reach;
    uint32_t count = 0;
    enum status status =
        share_record(share, request, "TenantList", name, &request->principal->tenant, err);

    if (status != STATUS_OK)
        return status;
    if (name.size > 0 || !is_instance_wide(request)) {
        status = share_reach(share, request, name, false, &reach, err);
        tenants = ARENA_NEW(request->arena, struct meta_tenant, err);
        if (status == STATUS_OK && tenants == NULL)
            status = err->status;
        if (status == STATUS_OK)
            status = meta_tenant_find(share->services.meta, reach.names[0], tenants,
                                      request->arena, err);
        count = 1;
    } else {
        status = meta_tenant_list(share->services.meta, request->arena, &tenants, &count, err);
    }
    if (status != STATUS_OK)
        return status;
    buf_add_byte(&response->body, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(&response->body, ',');
        add_tenant(&response->body, &tenants[i]);
    }
    buf_add_byte(&response->body, ']');
    return buf_check(&response->body, err);
}

/* The role, the life time and the tenant that the body asks for. */
static enum status read_token(struct share *share, const struct http_request *request,
                              const struct body *body, struct meta_token *ret, struct error *err)
{
    struct slice role_text, expires, tenant;
    struct arena *arena = request->arena;
    enum role role = ROLE_NONE;
    int64_t life_ms = INT64_C(30) * 86400000;
    enum status status = share_body_given(body, "role", arena, &role_text, err);

    if (status == STATUS_OK)
        status = share_body_given(body, "expires", arena, &expires, err);
    if (status == STATUS_OK)
        status = share_body_given(body, "tenant", arena, &tenant, err);
    if (status == STATUS_OK)
        status = share_body_given(body, "name", arena, &ret->name, err);
    if (status == STATUS_OK)
        status = share_body_given(body, "table", arena, &ret->table, err);
    if (status != STATUS_OK)
        return status;
    if (!role_from_name(role_text, &role) || role == ROLE_NONE)
        return ERROR_SET(err, STATUS_INVALID,
                         "a role is ingest, reader, analyst, admin, auditor or operator, "
                         "not '%.*s'",
                         SLICE_FMT(role_text));
    if (expires.size > 0 &&
        (!text_parse_duration(expires, &life_ms) || life_ms <= 0 ||
         life_ms > INT64_C(86400000) * TOKEN_DAYS_MAX))
        return ERROR_SET(err, STATUS_INVALID, "'expires' wants a time such as 12h or 30d");
    if (ret->table.size > 0 && role != ROLE_INGEST)
        return ERROR_SET(err, STATUS_INVALID, "only a token with the role ingest is for one table");
    if (ret->table.size > 0 && !table_name_is_valid(ret->table))
        return ERROR_SET(err, STATUS_INVALID,
                         "'table' wants a name of letters, digits and _, at most %d",
                         TABLE_NAME_BYTES_MAX);
    status = meta_token_check_names(ret, err);
    if (status != STATUS_OK)
        return status;
    if (role == ROLE_OPERATOR && !is_instance_wide(request))
        return ERROR_SET(err, STATUS_DENIED, "operators are made with a token of the instance");
    if (tenant.size > 0 || !is_instance_wide(request)) {
        struct reach reach;
        status = share_reach(share, request, tenant, false, &reach, err);
        if (status != STATUS_OK)
            return status;
        ret->tenant = reach.tenants[0];
        if (guid_is_zero(&ret->tenant)) /* the instance's log: it would reach all tenants */
            return ERROR_SET(err, STATUS_INVALID,
                             "a token is of a tenant, or of the whole instance without one");
    } else if (role != ROLE_ADMIN && role != ROLE_OPERATOR && role != ROLE_AUDITOR) {
        return ERROR_SET(err, STATUS_INVALID, "a token with the role %s wants a tenant",
                         role_name(role));
    }
    ret->role = role;
    ret->expires_us = clock_unix_us(share->services.clock) + life_ms * 1000;
    return STATUS_OK;
}

/* Without its end: the times stand behind it. */
static void add_token(struct buf *out, const struct meta_token *token)
{
    char id[GUID_TEXT_BYTES + 1], tenant[GUID_TEXT_BYTES + 1];

    guid_format(&token->id, id);
    guid_format(&token->tenant, tenant);
    buf_add_format(out, "{\"id\":\"%s\",\"tenant\":\"%s\",\"role\":\"%s\",\"name\":", id,
                   guid_is_zero(&token->tenant) ? "" : tenant, role_name((enum role)token->role));
    text_add_json_string(out, token->name);
    buf_add_text(out, ",\"table\":");
    text_add_json_string(out, token->table);
}

/* What the token is to be, and not the body, which may say all of it twice. */
static enum status record_token(struct share *share, const struct http_request *request,
                                const struct meta_token *token, struct error *err)
{
    struct buf what;

    buf_init(&what, ORDER_BODY_BYTES_MAX);
    add_token(&what, token);
    add_time(&what, "expires", token->expires_us);
    buf_add_byte(&what, '}');
    enum status status = buf_check(&what, err);
    if (status == STATUS_OK)
        status = share_record(share, request, "TokenAdd", buf_slice(&what), &token->tenant, err);
    buf_release(&what);
    return status;
}

enum status share_token_add(void *context, const struct http_request *request,
                            struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct meta_token token = {.id = guid_new()};
    char text[TOKEN_TEXT_BYTES], id[GUID_TEXT_BYTES + 1];
    struct body body;
    enum status status = share_body(request, "role tenant table expires name", &body, err);

    if (status != STATUS_OK)
        return status;
    status = read_token(share, request, &body, &token, err);
    share_body_release(&body);
    if (status == STATUS_OK)
        status = record_token(share, request, &token, err);
    if (status == STATUS_OK)
        status = meta_token_add(share->services.meta, &token, text, &token.id, err);
    if (status != STATUS_OK)
        return status;
    guid_format(&token.id, id);
    buf_add_format(&response->body, "{\"id\":\"%s\",\"token\":\"%s\",\"role\":\"%s\"", id, text,
                   role_name((enum role)token.role));
    add_time(&response->body, "expires", token.expires_us);
    buf_add_byte(&response->body, '}');
    return buf_check(&response->body, err);
}

enum status share_token_list(void *context, const struct http_request *request,
                             struct http_response *response, struct error *err)
{
    struct share *share = context;
    const struct guid *tenant = is_instance_wide(request) ? NULL : &request->principal->tenant;
    struct meta_token *tokens;
    struct buf *out = &response->body;
    uint32_t count;
    enum status status = share_record(share, request, "TokenList", SLICE(""),
                                      &request->principal->tenant, err);

    if (status == STATUS_OK)
        status = meta_token_list(share->services.meta, tenant, request->arena, &tokens, &count,
                                 err);
    if (status != STATUS_OK)
        return status;
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        buf_add_text(out, i == 0 ? "" : ",");
        add_token(out, &tokens[i]);
        add_time(out, "created", tokens[i].created_us);
        add_time(out, "expires", tokens[i].expires_us);
        buf_add_format(out, ",\"revoked\":%s}", tokens[i].revoked_us != 0 ? "true" : "false");
    }
    buf_add_byte(out, ']');
    return buf_check(out, err);
}

enum status share_token_revoke(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct slice text = slice_tail(request->path, sizeof("/v1/tokens/") - 1);
    struct meta_token token;
    struct guid id;

    if (!guid_parse(text, &id))
        return ERROR_SET(err, STATUS_INVALID, "'%.*s' is not the id of a token", SLICE_FMT(text));
    enum status status =
        meta_token_find(share->services.meta, &id, request->arena, &token, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    bool is_foreign = !is_instance_wide(request) &&
                      (status == STATUS_NOT_FOUND ||
                       !guid_equal(&request->principal->tenant, &token.tenant));
    if (is_foreign)
        share_denied(share, request, DENIED_FOREIGN);
    if (status == STATUS_NOT_FOUND || is_foreign)
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is no token '%.*s'", SLICE_FMT(text));
    status = share_record(share, request, "TokenRevoke", text, &token.tenant, err);
    if (status == STATUS_OK)
        status = meta_token_revoke(share->services.meta, &id, err);
    if (status == STATUS_OK)
        buf_add_text(&response->body, "{\"revoked\":true}");
    return status;
}

enum status share_load_webhook(struct meta *meta, struct webhook *webhook, struct error *err)
{
    struct arena *arena = arena_new(MIB);
    struct slice url, flag;
    enum status status;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    status = meta_setting_get(meta, SLICE("webhook.url"), arena, &url, err);
    if (status == STATUS_OK)
        status = meta_setting_get(meta, SLICE("webhook.allow_private"), arena, &flag, err);
    if (status == STATUS_OK)
        status = webhook_set(webhook, url, slice_is(flag, "1"), err);
    arena_free(arena);
    return status;
}

static enum status show_webhook(struct share *share, const struct http_request *request,
                                struct http_response *response, struct error *err)
{
    struct slice url, flag;

    (void)pthread_mutex_lock(&share->webhook);
    enum status status =
        meta_setting_get(share->services.meta, SLICE("webhook.url"), request->arena, &url, err);
    if (status == STATUS_OK)
        status = meta_setting_get(share->services.meta, SLICE("webhook.allow_private"),
                                  request->arena, &flag, err);
    (void)pthread_mutex_unlock(&share->webhook);
    if (status != STATUS_OK)
        return status;
    buf_add_text(&response->body, "{\"url\":");
    text_add_json_string(&response->body, url);
    buf_add_format(&response->body, ",\"allow_private\":%s}",
                   slice_is(flag, "1") ? "true" : "false");
    return STATUS_OK;
}

enum status share_webhook_get(void *context, const struct http_request *request,
                              struct http_response *response, struct error *err)
{
    struct share *share = context;

    if (!is_instance_wide(request))
        return ERROR_SET(err, STATUS_DENIED, "the webhook belongs to the instance");
    enum status status = share_record(share, request, "WebhookRead", SLICE(""),
                                      &request->principal->tenant, err);
    return status == STATUS_OK ? show_webhook(share, request, response, err) : status;
}

/* One at a time: what is recorded last is what is stored, and used. */
static enum status change_webhook(struct share *share, const struct http_request *request,
                                  struct slice url, bool allow_private, struct error *err)
{
    const struct meta_setting pair[2] = {
        {SLICE("webhook.url"), url},
        {SLICE("webhook.allow_private"), allow_private ? SLICE("1") : SLICE("0")},
    };

    (void)pthread_mutex_lock(&share->webhook);
    enum status status = share_record(share, request, "WebhookSet", request->body,
                                      &request->principal->tenant, err);
    if (status == STATUS_OK)
        status = meta_settings_set(share->services.meta, pair, 2, err);
    if (status == STATUS_OK)
        status = share_load_webhook(share->services.meta, share->services.webhook, err);
    (void)pthread_mutex_unlock(&share->webhook);
    return status;
}

enum status share_webhook_put(void *context, const struct http_request *request,
                              struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct body body;
    struct slice url;

    if (!is_instance_wide(request))
        return ERROR_SET(err, STATUS_DENIED, "the webhook belongs to the instance");
    bool allow_private = false;
    enum status status = share_body(request, "url allow_private", &body, err);
    if (status != STATUS_OK)
        return status;
    status = share_body_flag(&body, "allow_private", &allow_private, err);
    if (status != STATUS_OK)
        ;
    else if (json_member(body.text, body.tape.tokens, 0, SLICE("url")) == UINT32_MAX)
        status = ERROR_SET(err, STATUS_INVALID, "give 'url'; an empty one stops delivery");
    else
        status = share_body_text(&body, "url", request->arena, &url, err);
    share_body_release(&body);
    if (status == STATUS_OK && url.size > 0) /* else it shows with the first alert */
        status = client_check_guarded(url, allow_private, err);
    if (status == STATUS_OK)
        status = change_webhook(share, request, url, allow_private, err);
    if (status == STATUS_OK)
        status = show_webhook(share, request, response, err);
    return status;
}
