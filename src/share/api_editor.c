/* SPDX-License-Identifier: Apache-2.0 */
/* What an editor of queries asks for: POST /v1/query/format, /v1/query/complete. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

/* {"query"} gives {"query"}: it touches no tenant, so nothing is recorded. */
enum status share_query_format(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    struct slice text;
    struct body body;
    struct buf laid_out;
    enum status status = share_body(request, "query", &body, err);

    (void)context;
    if (status != STATUS_OK)
        return status;
    buf_init(&laid_out, 16 * QUERY_TEXT_BYTES_MAX);
    status = share_body_text(&body, "query", request->arena, &text, err);
    if (status == STATUS_OK) {
        if (query_format(text, &laid_out, err) == STATUS_OK) {
            buf_add_text(&response->body, "{\"query\":");
            text_add_json_string(&response->body, buf_slice(&laid_out));
            buf_add_text(&response->body, "}\n");
            status = buf_check(&response->body, err);
        } else {
            http_error_phase(response, request, err, query_phase_name(QUERY_PHASE_PARSE));
        }
    }
    buf_release(&laid_out);
    share_body_release(&body);
    return status;
}

/* Bytes of the first `characters` of the text, and back. */
static size_t bytes_of(struct slice text, uint64_t characters)
{
    size_t at = 0;

    for (uint64_t i = 0; i < characters && at < text.size; i++)
        (void)text_next_rune(text, &at);
    return at;
}

static uint64_t characters_of(struct slice text, size_t bytes)
{
    return text_rune_count(slice_head(text, bytes));
}

static enum status position_of(const struct body *body, struct slice text, uint32_t *ret,
                               struct error *err)
{
    uint32_t token = json_member(body->text, body->tape.tokens, 0, SLICE("position"));
    uint64_t position;

    *ret = (uint32_t)text.size;
    if (token == UINT32_MAX)
        return STATUS_OK;
    if (!text_parse_u64(json_text(body->text, &body->tape.tokens[token]), &position) ||
        position > characters_of(text, text.size))
        return ERROR_SET(err, STATUS_INVALID,
                         "'position' is the number of characters before the cursor");
    *ret = (uint32_t)bytes_of(text, position);
    return STATUS_OK;
}

static void add_items(struct slice text, const struct query_completion *c, struct buf *ret)
{
    buf_add_format(ret, "{\"from\":%llu,\"to\":%llu,\"complete\":%s,\"items\":[",
                   (unsigned long long)characters_of(text, c->from),
                   (unsigned long long)characters_of(text, c->to),
                   c->complete ? "true" : "false");
    for (uint32_t i = 0; i < c->count; i++) {
        const struct query_item *item = &c->items[i];
        buf_add_text(ret, i > 0 ? ",\n{\"text\":" : "\n{\"text\":");
        text_add_json_string(ret, item->text);
        buf_add_format(ret, ",\"kind\":\"%s\"", query_item_kind_name(item->kind));
        if (item->detail.size > 0) {
            buf_add_text(ret, ",\"detail\":");
            text_add_json_string(ret, item->detail);
        }
        if (item->summary.size > 0) {
            buf_add_text(ret, ",\"summary\":");
            text_add_json_string(ret, item->summary);
        }
        buf_add_byte(ret, '}');
    }
    buf_add_text(ret, "]}\n");
}

/* What was read for values is recorded like a query, before the first byte leaves. */
static enum status complete(struct share *share, const struct http_request *request,
                            const struct reach *reach, struct query_request *query, uint32_t at,
                            struct query_completion *ret, struct error *err)
{
    struct query_view view;
    enum status status = share_view_open(share, request, reach, &view, err);

    if (status != STATUS_OK)
        return status;
    query->env = &view.env;
    query->tenants = reach->tenants;
    query->tenant_count = reach->count;
    query->cancelled = request->cancelled;
    query->now = time_from_unix_us(clock_unix_us(share->services.clock));
    status = query_complete(query, at, request->arena, ret, err);
    share_view_close(&view);
    if (status == STATUS_OK && ret->read_values) {
        struct audit_action action = {"AuditSearch", slice_head(query->text, at), request,
                                      reach->tenants, reach->count, {"", 0}};
        status = self_audit_put(share->audit, &action, err);
    }
    return status;
}

enum status share_query_complete(void *context, const struct http_request *request,
                                 struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct query_request query = {0};
    struct query_completion found;
    struct slice tenant = {"", 0};
    struct reach reach;
    struct body body;
    uint32_t at = 0;
    bool all = false;
    enum status status = share_body(request, SHARE_QUERY_MEMBERS " position", &body, err);

    if (status != STATUS_OK)
        return status;
    status = share_body_text(&body, "query", request->arena, &query.text, err);
    if (status == STATUS_OK)
        status = share_body_given(&body, "tenant", request->arena, &tenant, err);
    if (status == STATUS_OK)
        status = position_of(&body, query.text, &at, err);
    if (status == STATUS_OK)
        status = share_body_flag(&body, "all_tenants", &all, err);
    if (status == STATUS_OK)
        status = share_reach(share, request, tenant, all, &reach, err);
    if (status == STATUS_OK)
        status = complete(share, request, &reach, &query, at, &found, err);
    if (status == STATUS_OK) {
        add_items(query.text, &found, &response->body);
        status = buf_check(&response->body, err);
    }
    share_body_release(&body);
    return status;
}
