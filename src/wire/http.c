/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - routes, roles and error answers; no transport. */
#include "wire/http.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>

static const char *const role_names[ROLE_COUNT_] = {
    [ROLE_NONE] = "none",       [ROLE_INGEST] = "ingest", [ROLE_READER] = "reader",
    [ROLE_ANALYST] = "analyst", [ROLE_ADMIN] = "admin",   [ROLE_AUDITOR] = "auditor",
    [ROLE_OPERATOR] = "operator", [ROLE_MONITOR] = "auditor",
};

static const char *const method_names[HTTP_METHOD_COUNT_] = {
    [HTTP_GET] = "GET",
    [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",
    [HTTP_DELETE] = "DELETE",
};

const char *role_name(enum role role)
{
    return (unsigned)role < ROLE_COUNT_ ? role_names[role] : "unknown";
}

bool role_from_name(struct slice name, enum role *ret)
{
    for (unsigned i = ROLE_INGEST; i < ROLE_COUNT_; i++) {
        if (slice_is(name, role_names[i])) {
            *ret = (enum role)i;
            return true;
        }
    }
    return false;
}

const char *http_method_name(enum http_method method)
{
    return (unsigned)method < HTTP_METHOD_COUNT_ ? method_names[method] : "other";
}

static struct slice pair_find(const struct http_pair *pairs, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(pairs[i].name, name))
            return pairs[i].value;
    }
    return SLICE("");
}

struct slice http_query(const struct http_request *request, const char *name)
{
    return pair_find(request->query, request->query_count, slice_of(name));
}

struct slice http_header(const struct http_request *request, const char *name)
{
    return pair_find(request->headers, request->header_count, slice_of(name));
}

void http_response_init(struct http_response *response)
{
    *response = (struct http_response){
        .status = 200,
        .content_type = "application/json; charset=utf-8",
    };
    buf_init(&response->body, RESPONSE_BYTES_MAX);
}

void http_response_release(struct http_response *response)
{
    buf_release(&response->body);
}

void http_add_header(struct http_response *response, const char *name, struct slice value)
{
    uint32_t room = sizeof(response->headers) / sizeof(response->headers[0]);

    if (response->header_count < room)
        response->headers[response->header_count++] =
            (struct http_pair){.name = slice_of(name), .value = value};
}

enum status http_flush(struct http_response *response, size_t min_bytes, struct error *err)
{
    if (response->flush == NULL || response->body.size < min_bytes)
        return buf_check(&response->body, err);
    enum status status = buf_check(&response->body, err);
    return status == STATUS_OK ? response->flush(response, err) : status;
}

static unsigned error_http_status(const struct error *err, const struct http_request *request)
{
    switch (err->status) {
    case STATUS_INVALID:
        return 400;
    case STATUS_NOT_FOUND:
        return 404;
    case STATUS_DENIED:
        return request->principal->role == ROLE_NONE ? 401 : 403;
    case STATUS_CONFLICT:
        return strcmp(err->code, "idempotency_conflict") == 0 ? 422 : 409;
    case STATUS_LIMIT: /* the same again meets it again: of a query 400, of what is too large 413 */
        return slice_starts_with(slice_of(err->code), SLICE("E_")) &&
                       strcmp(err->code, "E_QUERY_RESULT_SET_TOO_LARGE") != 0
                   ? 400
                   : 413;
    case STATUS_BUSY: /* and this only is for waiting */
        return 429;
    case STATUS_CANCELLED:
        return 503;
    case STATUS_FULL:
        return 507;
    case STATUS_CORRUPT:
        return err->code[0] != '\0' ? 410 : 500; /* known, and for good */
    case STATUS_OK:
    case STATUS_IO:
    case STATUS_COUNT_:
        break;
    }
    return 500;
}

static void add_error_body(struct buf *body, unsigned status, const struct error *err,
                           const char *phase)
{
    buf_add_format(body, "{\"error\":{\"code\":\"%s\",\"message\":", error_name(err));
    text_add_json_string(body, status == 500 ? SLICE(HTTP_FAILED_TEXT) : slice_of(err->text));
    if (err->line != 0)
        buf_add_format(body, ",\"line\":%u,\"column\":%u", err->line, err->column);
    if (phase != NULL)
        buf_add_format(body, ",\"phase\":\"%s\"", phase);
    buf_add_text(body, "}}\n");
}

void http_error_phase(struct http_response *response, const struct http_request *request,
                      const struct error *err, const char *phase)
{
    unsigned status = error_http_status(err, request);

    response->status = status;
    response->content_type = "application/json; charset=utf-8";
    response->header_count = 0;
    if (status == 401)
        http_add_header(response, "WWW-Authenticate", SLICE("Bearer"));
    if (status == 429)
        http_add_header(response, "Retry-After", SLICE("1"));
    if (status == 503 || status == 507)
        http_add_header(response, "Retry-After", SLICE("30"));
    buf_clear(&response->body);
    add_error_body(&response->body, status, err, phase);
}

void http_error(struct http_response *response, const struct http_request *request,
                const struct error *err)
{
    http_error_phase(response, request, err, NULL);
}

static bool route_matches(const struct http_route *route, struct slice path)
{
    struct slice pattern = slice_of(route->path);

    if (slice_ends_with(pattern, SLICE("*")))
        return slice_starts_with(path, slice_head(pattern, pattern.size - 1));
    return slice_equal(pattern, path);
}

/* Every method that the path knows, for Allow; "" if the path is unknown. */
static struct slice allowed_methods(const struct http_router *router,
                                    const struct http_request *request, struct error *err)
{
    char text[64] = "";
    size_t size = 0;
    uint32_t seen = 0;

    for (uint32_t i = 0; i < router->route_count; i++) {
        const struct http_route *route = &router->routes[i];
        if (!route_matches(route, request->path) || (seen >> route->method & 1u) != 0)
            continue;
        seen |= 1u << route->method;
        int added = snprintf(text + size, sizeof(text) - size, "%s%s", size == 0 ? "" : ", ",
                             http_method_name(route->method));
        size += (size_t)added;
    }
    return arena_copy(request->arena, slice_from(text, size), err);
}

/* One that is misspelt or empty would be left out, and with it what it was to restrict. */
static enum status check_parameter(const struct http_pair *parameter, const char *names,
                                   struct error *err)
{
    enum status status = text_check_name(parameter->name, names, "parameter", err);

    if (status == STATUS_OK && parameter->value.size == 0)
        status = ERROR_SET(err, STATUS_INVALID, "the parameter '%.*s' is empty; leave it out",
                           SLICE_FMT(parameter->name));
    return status;
}

static enum status check_parameters(const struct http_route *route,
                                    const struct http_request *request, struct error *err)
{
    const char *names = route->parameters == NULL ? "" : route->parameters;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < request->query_count && status == STATUS_OK && names[0] != '*'; i++)
        status = check_parameter(&request->query[i], names, err);
    return status;
}

static void tell_denied(const struct http_router *router, const struct http_request *request)
{
    if (router->denied != NULL)
        router->denied(router->context, request);
}

const struct http_route *http_admit(const struct http_router *router,
                                    const struct http_request *request,
                                    struct http_response *response)
{
    const struct http_route *route = NULL;
    struct error err = {0};

    for (uint32_t i = 0; i < router->route_count && route == NULL; i++) {
        if (router->routes[i].method == request->method &&
            route_matches(&router->routes[i], request->path))
            route = &router->routes[i];
    }
    if (route == NULL) {
        struct slice methods = allowed_methods(router, request, &err);
        (void)ERROR_SET(&err, STATUS_NOT_FOUND, "there is no '%.*s' here",
                        SLICE_FMT(slice_head(request->path, 200)));
        if (methods.size > 0)
            (void)error_code(&err, "method_not_allowed");
        http_error(response, request, &err);
        if (methods.size > 0) {
            response->status = 405;
            http_add_header(response, "Allow", methods);
        }
        return NULL;
    }
    bool may = (route->roles >> ROLE_NONE & 1u) != 0 ||
               (route->roles >> request->principal->role & 1u) != 0;
    if (may && check_parameters(route, request, &err) == STATUS_OK)
        return route;
    if (may)
        ; /* err says which */
    else if (request->principal->role == ROLE_NONE)
        (void)ERROR_SET(&err, STATUS_DENIED, "a valid token is needed: Authorization: Bearer ...");
    else
        (void)ERROR_SET(&err, STATUS_DENIED, "the role '%s' may not do this",
                        role_name(request->principal->role));
    if (!may)
        tell_denied(router, request);
    http_error(response, request, &err);
    return NULL;
}

size_t http_body_bytes_max(const struct http_route *route)
{
    bool wants_one = route->method == HTTP_POST || route->method == HTTP_PUT;

    if (route->body_bytes_max != 0)
        return route->body_bytes_max;
    return wants_one ? REQUEST_BODY_BYTES_MAX : NO_BODY_BYTES_MAX;
}

/* Of a transport that has not looked before. */
static enum status check_body(const struct http_route *route, const struct http_request *request,
                              struct error *err)
{
    return request->body.size > http_body_bytes_max(route)
               ? ERROR_SET(err, STATUS_LIMIT, "the body is over %zu bytes",
                           http_body_bytes_max(route))
               : STATUS_OK;
}

void http_dispatch(const struct http_router *router, const struct http_request *request,
                   struct http_response *response)
{
    struct error err = {0};
    const struct http_route *route = http_admit(router, request, response);

    if (route == NULL)
        return;
    enum status status = check_body(route, request, &err);
    if (status == STATUS_OK)
        status = route->handler(router->context, request, response, &err);
    if (status == STATUS_OK)
        status = buf_check(&response->body, &err);
    if (status != STATUS_OK && response->started)
        response->broken = true;
    else if (status != STATUS_OK)
        http_error(response, request, &err);
    if (status == STATUS_DENIED)
        tell_denied(router, request);
    bool ours = status != STATUS_CANCELLED && (response->status >= 500 || response->broken);
    if (status != STATUS_OK && ours && router->failed != NULL)
        router->failed(router->context, request, &err);
}

enum status http_authenticate(const struct http_router *router, struct slice authorization,
                              struct slice remote, struct principal *ret, struct error *err)
{
    struct slice scheme = slice_head(authorization, 7);

    *ret = (struct principal){.role = ROLE_NONE};
    if (!slice_equal_nocase(scheme, SLICE("bearer ")) || router->authenticate == NULL)
        return STATUS_OK;
    struct slice token = slice_trim(slice_tail(authorization, 7));
    enum status status = router->authenticate(router->context, token, remote, ret, err);
    if (status == STATUS_OK)
        return STATUS_OK;
    *ret = (struct principal){.role = ROLE_NONE};
    return status == STATUS_DENIED ? STATUS_OK : status;
}

/* ---- request target ---- */

static bool decode_escapes(struct slice text, bool plus_is_blank, char *at, struct slice *ret)
{
    char *start = at;

    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '%') {
            uint8_t byte = 0;
            if (!text_parse_hex(slice_head(slice_tail(text, i + 1), 2), &byte, 1) || byte == 0)
                return false;
            c = (char)byte;
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        *at++ = c;
    }
    *ret = slice_from(start, (size_t)(at - start));
    return true;
}

static enum status parse_parameters(struct slice text, char *bytes, struct http_pair *pairs,
                                    uint32_t *ret_count, struct error *err)
{
    struct slice rest = text;
    struct slice part;

    *ret_count = 0;
    while (text.size > 0 && slice_next(&rest, '&', &part)) {
        size_t equals = slice_find_byte(part, '=', 0);
        if (part.size == 0)
            continue;
        if (*ret_count == QUERY_PARAMETERS_MAX)
            return ERROR_SET(err, STATUS_LIMIT, "more than %u parameters in the URL",
                             QUERY_PARAMETERS_MAX);
        struct http_pair *pair = &pairs[(*ret_count)++];
        struct slice value = equals == SIZE_MAX ? SLICE("") : slice_tail(part, equals + 1);
        if (!decode_escapes(slice_head(part, equals), true, bytes, &pair->name) ||
            !decode_escapes(value, true, bytes + pair->name.size, &pair->value))
            return ERROR_SET(err, STATUS_INVALID, "a broken %%-escape in the URL");
        bytes += pair->name.size + pair->value.size;
    }
    return STATUS_OK;
}

enum status http_parse_target(struct slice target, struct arena *arena, struct http_request *ret,
                              struct error *err)
{
    size_t mark = slice_find_byte(target, '?', 0);

    if (target.size == 0 || target.data[0] != '/')
        return ERROR_SET(err, STATUS_INVALID, "the request target does not begin with '/'");
    for (size_t i = 0; i < target.size; i++) {
        if ((unsigned char)target.data[i] <= ' ' || target.data[i] == 0x7f)
            return ERROR_SET(err, STATUS_INVALID, "a blank or control character in the URL");
    }
    char *bytes = arena_alloc_raw(arena, target.size, err);
    struct http_pair *pairs = ARENA_ARRAY(arena, struct http_pair, QUERY_PARAMETERS_MAX, err);
    if (bytes == NULL || pairs == NULL)
        return err->status;
    if (!decode_escapes(slice_head(target, mark), false, bytes, &ret->path))
        return ERROR_SET(err, STATUS_INVALID, "a broken %%-escape in the URL");
    ret->query = pairs;
    ret->query_count = 0;
    if (mark == SIZE_MAX)
        return STATUS_OK;
    return parse_parameters(slice_tail(target, mark + 1), bytes + ret->path.size, pairs,
                            &ret->query_count, err);
}
