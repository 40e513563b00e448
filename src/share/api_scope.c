/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/scope {"indicators":[{"kind","value"}],"tenant","all_tenants","from","to"} */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/time.h"
#include "respond/scope.h"

static enum status decode(const struct body *body, uint32_t token, struct arena *arena,
                          struct slice *ret, struct error *err)
{
    if (token == UINT32_MAX || body->tape.tokens[token].kind != JSON_STRING)
        return ERROR_SET(err, STATUS_INVALID, "an indicator has the strings 'kind' and 'value'");
    return share_body_value(body, token, arena, ret, err);
}

static enum status parse_indicators(const struct body *body, struct arena *arena,
                                    struct indicator **ret, uint32_t *ret_count,
                                    struct error *err)
{
    const struct json_token *tokens = body->tape.tokens;
    uint32_t array = json_member(body->text, tokens, 0, SLICE("indicators"));
    uint32_t count = 0;

    if (array == UINT32_MAX || tokens[array].kind != JSON_ARRAY)
        return ERROR_SET(err, STATUS_INVALID, "'indicators' must be an array");
    for (uint32_t i = array + 1; i < tokens[array].next; i = tokens[i].next)
        count++;
    if (count > SCOPE_INDICATORS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "at most %u indicators", SCOPE_INDICATORS_MAX);
    *ret = ARENA_ARRAY(arena, struct indicator, count + 1, err);
    if (*ret == NULL)
        return err->status;
    *ret_count = 0;
    for (uint32_t i = array + 1; i < tokens[array].next; i = tokens[i].next) {
        struct indicator *indicator = *ret + *ret_count;
        struct slice kind;
        if (tokens[i].kind != JSON_OBJECT)
            return ERROR_SET(err, STATUS_INVALID, "an indicator must be an object");
        enum status status = share_body_names(body, i, "kind value", err);
        if (status == STATUS_OK)
            status = decode(body, json_member(body->text, tokens, i, SLICE("kind")), arena,
                            &kind, err);
        if (status == STATUS_OK)
            status = decode(body, json_member(body->text, tokens, i, SLICE("value")), arena,
                            &indicator->value, err);
        if (status != STATUS_OK)
            return status;
        if (!indicator_kind_from_name(kind, &indicator->kind))
            return ERROR_SET(err, STATUS_INVALID,
                             "an indicator's kind is alert, app-id, ip, session or user, "
                             "not '%.*s'",
                             SLICE_FMT(kind));
        ++*ret_count;
    }
    return STATUS_OK;
}

/* For the record: the indicators, where what stands in front could hide them. */
static struct slice asked(const struct body *body)
{
    uint32_t array = json_member(body->text, body->tape.tokens, 0, SLICE("indicators"));

    return body->text.size <= QUERY_TEXT_BYTES_MAX || array == UINT32_MAX
               ? body->text
               : json_text(body->text, &body->tape.tokens[array]);
}

static enum status run(struct share *share, const struct http_request *request,
                       const struct body *body, struct buf *ret, struct error *err)
{
    struct scope_request scope = {.time_from = INT64_MIN, .time_to = INT64_MAX};
    struct indicator *indicators = NULL;
    struct query_view view;
    struct reach reach;
    struct slice tenant;
    bool all = false;
    enum status status =
        parse_indicators(body, request->arena, &indicators, &scope.indicator_count, err);

    if (status == STATUS_OK)
        status = share_body_given(body, "tenant", request->arena, &tenant, err);
    if (status == STATUS_OK)
        status = share_body_time(body, "from", request->arena, &scope.time_from, err);
    if (status == STATUS_OK)
        status = share_body_time(body, "to", request->arena, &scope.time_to, err);
    if (status == STATUS_OK && scope.time_from >= scope.time_to) /* "nothing was touched" there */
        status = ERROR_SET(err, STATUS_INVALID, "'from' has to be before 'to'");
    if (status == STATUS_OK)
        status = share_body_flag(body, "all_tenants", &all, err);
    if (status == STATUS_OK)
        status = share_reach(share, request, tenant, all, &reach, err);
    if (status == STATUS_OK) {
        struct audit_action action = {"ExposureScope", asked(body), request, reach.tenants,
                                      reach.count, {"", 0}};
        status = self_audit_put(share->audit, &action, err);
    }
    if (status == STATUS_OK)
        status = share_view_open(share, request, &reach, &view, err);
    if (status != STATUS_OK)
        return status;
    scope.indicators = indicators;
    scope.tenants = reach.tenants;
    scope.tenant_names = reach.names;
    scope.tenant_count = reach.count;
    scope.env = &view.env;
    scope.now = time_from_unix_us(clock_unix_us(share->services.clock));
    scope.thread_count = share->services.thread_count;
    scope.cancelled = request->cancelled;
    status = scope_run(&scope, ret, err);
    share_view_close(&view);
    return status;
}

enum status share_scope(void *context, const struct http_request *request,
                        struct http_response *response, struct error *err)
{
    struct body body;
    enum status status =
        share_body(request, "indicators tenant all_tenants from to", &body, err);

    if (status != STATUS_OK)
        return status;
    status = run(context, request, &body, &response->body, err);
    if (status != STATUS_OK)
        buf_clear(&response->body);
    share_body_release(&body);
    return status;
}
