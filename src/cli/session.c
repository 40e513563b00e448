/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/command_priv.h"
#include "wire/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TOKEN_FILE_BYTES_MAX ((size_t)64 * KIB)

struct session {
    const struct cli_host *host;
    struct client *client;  /* remote */
    struct cli_local local; /* local */
    bool is_local;
};

static const char *setting(const struct command_context *context, const char *option,
                           const char *variable)
{
    const char *value = options_get(context->options, option, NULL);

    return value != NULL ? value : getenv(variable);
}

/* Of the environment, or of the file that it names: a service gets its secrets in files. */
static enum status read_token(struct buf *ret, struct error *err)
{
    const char *token = getenv("DAYBOOK_TOKEN"), *file = getenv("DAYBOOK_TOKEN_FILE");

    if (token != NULL && token[0] != '\0')
        buf_add_text(ret, token);
    else if (file != NULL && file[0] != '\0' && command_read(file, ret, err) != STATUS_OK)
        return error_wrap(err, "DAYBOOK_TOKEN_FILE");
    struct slice trimmed = slice_trim(buf_slice(ret));
    if (trimmed.size == 0 && !ret->failed)
        return ERROR_SET(err, STATUS_DENIED,
                         "set DAYBOOK_TOKEN to a token of the server ('daybook token add' makes "
                         "one), or DAYBOOK_TOKEN_FILE to a file with it");
    return buf_check(ret, err);
}

static enum status open_remote(struct session *session, const char *url, const char *ca_file,
                               struct error *err)
{
    struct buf token;

    buf_init(&token, TOKEN_FILE_BYTES_MAX);
    (void)buf_reserve(&token, TOKEN_FILE_BYTES_MAX); /* does not move: no copy stays behind */
    enum status status = read_token(&token, err);
    struct client_options options = {
        .url = slice_of(url),
        .ca_file = slice_of(ca_file),
        .token = slice_trim(buf_slice(&token)),
    };
    if (status == STATUS_OK)
        status = client_new(&options, &session->client, err);
    if (token.data != NULL)
        explicit_bzero(token.data, token.capacity);
    buf_release(&token);
    return status;
}

bool session_is_here(const struct options *options)
{
    return options_has(options, "data") ||
           (!options_has(options, "server") && getenv("DAYBOOK_DATA") != NULL);
}

bool session_has_place(const struct options *options)
{
    return options_has(options, "data") || options_has(options, "server") ||
           getenv("DAYBOOK_DATA") != NULL || getenv("DAYBOOK_SERVER") != NULL;
}

enum status session_open(const struct command_context *context, struct session **ret,
                         struct error *err)
{
    const char *data = options_get(context->options, "data", NULL);
    const char *server = options_get(context->options, "server", NULL);
    struct session *session = calloc(1, sizeof(*session));
    enum status status;

    if (session == NULL)
        return ERROR_MEMORY(err);
    session->host = context->host;
    if (data == NULL && server == NULL) {
        data = getenv("DAYBOOK_DATA");
        server = getenv("DAYBOOK_SERVER");
    }
    if (data != NULL && server != NULL) {
        status = ERROR_SET(err, STATUS_INVALID, "give --data or --server, not both");
    } else if (data != NULL) {
        session->is_local = true;
        status = context->host->open_local(data, &session->local, err);
    } else if (server != NULL) {
        status = open_remote(session, server, setting(context, "cacert", "DAYBOOK_CACERT"), err);
    } else {
        status = ERROR_SET(err, STATUS_INVALID,
                           "say where: --data DIR, or --server URL [--cacert FILE] with the token "
                           "in DAYBOOK_TOKEN");
    }
    if (status != STATUS_OK) {
        free(session);
        return status;
    }
    *ret = session;
    return STATUS_OK;
}

void session_close(struct session *session)
{
    if (session == NULL)
        return;
    if (session->is_local)
        session->host->close_local(&session->local);
    client_free(session->client);
    free(session);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

/* Names that people chose stand in it: "My list". */
static void add_escaped(struct buf *buf, struct slice text, char also_plain)
{
    for (size_t i = 0; i < text.size; i++) {
        if (is_unreserved(text.data[i]) || text.data[i] == also_plain)
            buf_add_byte(buf, text.data[i]);
        else
            buf_add_format(buf, "%%%02X", (unsigned char)text.data[i]);
    }
}

static void add_query(struct buf *buf, const struct session_request *request)
{
    for (uint32_t i = 0; i < request->query_count; i++) {
        buf_add_byte(buf, i == 0 ? '?' : '&');
        buf_add_slice(buf, request->query[i].name);
        buf_add_byte(buf, '=');
        add_escaped(buf, request->query[i].value, '\0');
    }
}

static enum status send_remote(struct session *session, const struct session_request *request,
                               struct session_answer *ret, struct error *err)
{
    struct client_answer answer = {0};
    struct buf path;
    uint64_t seconds;

    buf_init(&path, MIB);
    add_escaped(&path, slice_of(request->path), '/');
    add_query(&path, request);
    struct client_request out = {
        .method = request->method,
        .path = buf_slice(&path),
        .headers = request->headers,
        .header_count = request->header_count,
        .body = request->body,
        .cancelled = session->host->interrupted,
        .on_body = request->on_body,
        .context = request->context,
    };
    enum status status = buf_check(&path, err);
    if (status == STATUS_OK)
        status = client_send(session->client, &out, &answer, err);
    buf_release(&path);
    if (status != STATUS_OK)
        return status;
    ret->status = answer.status;
    ret->body = answer.body;
    ret->retry_after_s =
        text_parse_u64(slice_of(answer.retry_after), &seconds) && seconds < 3600
            ? (unsigned)seconds
            : 0;
    return STATUS_OK;
}

/* Streams a local answer to on_body as the server would to a client. */
struct local_stream {
    const struct session_request *request;
    enum status status; /* of on_body, with its error */
    struct error err;
};

static enum status flush_local(struct http_response *response, struct error *err)
{
    struct local_stream *stream = response->transport;

    if (response->status != 200 || stream->request->on_body == NULL)
        return STATUS_OK; /* collected */
    stream->status = stream->request->on_body(stream->request->context,
                                              buf_slice(&response->body), &stream->err);
    buf_clear(&response->body);
    if (stream->status == STATUS_OK)
        return STATUS_OK;
    response->started = true; /* no answer in place of this one */
    return ERROR_SET(err, STATUS_CANCELLED, "nobody reads on");
}

static enum status send_local(struct session *session, const struct session_request *request,
                              struct session_answer *ret, struct error *err)
{
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX);
    struct local_stream stream = {.request = request};
    struct http_response response;
    enum status status = STATUS_OK;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    struct http_request in = {
        .method = request->method,
        .path = slice_of(request->path),
        .query = request->query,
        .query_count = request->query_count,
        .headers = request->headers,
        .header_count = request->header_count,
        .body = request->body,
        .principal = &session->local.principal,
        .remote = SLICE("local"),
        .arena = arena,
        .cancelled = session->host->interrupted,
    };
    http_response_init(&response);
    response.flush = flush_local;
    response.transport = &stream;
    http_dispatch(session->local.router, &in, &response);
    ret->status = response.status;
    if (stream.status != STATUS_OK) {
        *err = stream.err;
        status = stream.status;
    } else if (response.status == 200 && request->on_body != NULL) {
        status = request->on_body(request->context, buf_slice(&response.body), err);
    } else {
        buf_init(&ret->body, CLIENT_ANSWER_BYTES_MAX);
        buf_add_slice(&ret->body, buf_slice(&response.body));
        status = buf_check(&ret->body, err);
    }
    ret->retry_after_s = response.status == 429 || response.status == 507 ? 1 : 0;
    http_response_release(&response);
    arena_free(arena);
    return status;
}

enum status session_send(struct session *session, const struct session_request *request,
                         struct session_answer *ret, struct error *err)
{
    struct session_request given = *request;
    struct http_pair query[SESSION_QUERY_MAX];

    given.query = query;
    given.query_count = 0;
    CHECK(request->query_count <= SESSION_QUERY_MAX);
    for (uint32_t i = 0; i < request->query_count; i++) {
        if (request->query[i].value.size > 0)
            query[given.query_count++] = request->query[i];
    }
    *ret = (struct session_answer){0};
    return session->is_local ? send_local(session, &given, ret, err)
                             : send_remote(session, &given, ret, err);
}

void session_answer_release(struct session_answer *answer)
{
    buf_release(&answer->body);
}

static enum status status_of(unsigned http_status)
{
    switch (http_status) {
    case 401:
    case 403:
        return STATUS_DENIED;
    case 404:
        return STATUS_NOT_FOUND;
    case 409:
    case 422:
        return STATUS_CONFLICT;
    case 410:
        return STATUS_CORRUPT;
    case 413:
        return STATUS_LIMIT;
    case 429:
    case 503:
        return STATUS_BUSY;
    case 502: /* of a proxy: lost on the way, the server may be back in a moment */
    case 504:
        return STATUS_IO;
    case 507:
        return STATUS_FULL;
    default:
        return http_status >= 500 ? STATUS_CORRUPT : STATUS_INVALID;
    }
}

static void add_member(struct slice text, const struct json_tape *tape, uint32_t object,
                       const char *key, struct buf *ret)
{
    uint32_t token = json_member(text, tape->tokens, object, slice_of(key));

    if (token != UINT32_MAX)
        answer_add_text(text, tape, token, ret);
}

/* *err from the error object of an answer, UINT32_MAX if it has none. */
static void set_error(const struct session_answer *answer, const struct json_tape *tape,
                      uint32_t object, enum status status, struct error *err)
{
    struct slice text = buf_slice(&answer->body);
    struct buf message, code;

    buf_init(&message, ERROR_TEXT_BYTES * 8);
    buf_init(&code, ERROR_CODE_BYTES * 8);
    if (object != UINT32_MAX) {
        add_member(text, tape, object, "message", &message);
        add_member(text, tape, object, "code", &code);
    }
    errno = 0; /* it is of something else */
    if (answer->status == 401) /* the server's words are for who writes a client */
        (void)error_set(err, "server", STATUS_DENIED,
                        "the token in DAYBOOK_TOKEN does not count: it is wrong, has expired or "
                        "was revoked; 'daybook token add' makes another");
    else if (message.size > 0)
        (void)error_set(err, "server", status, "%.*s", SLICE_FMT(buf_slice(&message)));
    else
        (void)error_set(err, "server", status, "the server answered %u", answer->status);
    err->os_errno = 0;
    (void)snprintf(err->code, sizeof(err->code), "%.*s", SLICE_FMT(buf_slice(&code)));
    if (object != UINT32_MAX) {
        err->line = (uint32_t)answer_number(text, tape, object, "line");
        err->column = (uint32_t)answer_number(text, tape, object, "column");
    }
    buf_release(&message);
    buf_release(&code);
}

enum status session_error(const struct session_answer *answer, struct error *err)
{
    struct slice text = buf_slice(&answer->body);
    uint32_t object = UINT32_MAX;
    struct json_tape tape;

    json_tape_init(&tape);
    if (text.size > 0 && json_parse(text, JSON_DEPTH_MAX, &tape) == JSON_OK)
        object = json_member(text, tape.tokens, 0, SLICE("error"));
    set_error(answer, &tape, object, status_of(answer->status), err);
    if (slice_starts_with(slice_of(err->code), SLICE("E_"))) /* no wrong usage: a limit was met */
        err->status = STATUS_LIMIT;
    json_tape_release(&tape);
    return err->status;
}

enum status session_ask(struct session *session, const struct session_request *request,
                        struct session_answer *ret, struct json_tape *tape, struct error *err)
{
    enum status status = session_send(session, request, ret, err);

    if (status != STATUS_OK)
        return status;
    if (ret->status < 200 || ret->status > 299)
        return session_error(ret, err);
    if (json_parse(buf_slice(&ret->body), 4 * JSON_DEPTH_MAX, tape) != JSON_OK)
        return ERROR_SET(err, STATUS_CORRUPT, "the server's answer is not JSON");
    /* It went wrong behind rows that had been sent: a part of an answer is none. */
    uint32_t object = json_member(buf_slice(&ret->body), tape->tokens, 0, SLICE("error"));
    if (object == UINT32_MAX)
        return STATUS_OK;
    set_error(ret, tape, object, STATUS_LIMIT, err);
    return err->status;
}

struct slice answer_member(struct slice text, const struct json_tape *tape, uint32_t object,
                           const char *key)
{
    uint32_t token = json_member(text, tape->tokens, object, slice_of(key));

    return token == UINT32_MAX ? (struct slice){"", 0} : json_text(text, &tape->tokens[token]);
}

uint64_t answer_number(struct slice text, const struct json_tape *tape, uint32_t object,
                       const char *key)
{
    uint64_t value = 0;

    return text_parse_u64(answer_member(text, tape, object, key), &value) ? value : 0;
}

void answer_add_text(struct slice text, const struct json_tape *tape, uint32_t token,
                     struct buf *ret)
{
    const struct json_token *t = &tape->tokens[token];

    if (t->kind == JSON_STRING && t->escaped)
        json_unescape(json_text(text, t), ret);
    else
        buf_add_slice(ret, json_text(text, t));
}
