/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - one request and its response, free of any transport.
 *
 * The same handlers serve the TLS server (wire/server.h) and commands that
 * work on a data directory (they dispatch in the process).  A handler runs in
 * one thread, reads the request, fills the response, and returns; a long
 * response may be written in pieces.
 */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/guid.h"
#include "base/limits.h"

#include <stdatomic.h>

enum http_method {
    HTTP_GET,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_METHOD_COUNT_ /* any other: never routed */
};
const char *http_method_name(enum http_method method); /* "GET" */

/* What each may is in docs/user/security.md; a principal holds one. */
enum role {
    ROLE_NONE, /* not authenticated */
    ROLE_INGEST,
    ROLE_READER,
    ROLE_ANALYST,
    ROLE_ADMIN,
    ROLE_AUDITOR,
    ROLE_OPERATOR,
    ROLE_MONITOR, /* an auditor without a tenant: it sees how the server is, and no record */
    ROLE_COUNT_
};
const char *role_name(enum role role);
bool role_from_name(struct slice name, enum role *ret);

struct principal {
    enum role role;
    struct guid id;       /* of the token; the source_id of its records */
    struct guid tenant;   /* zero for an instance-wide principal (admin of init, operator) */
    char name[64];
    char table[TABLE_NAME_BYTES_MAX + 1]; /* "" or the only table an ingest token may write */
};

struct http_pair {
    struct slice name, value; /* decoded */
};

#define REQUEST_ID_CHARS 16

struct http_request {
    enum http_method method;
    struct slice path;                /* "/v1/ingest", percent-decoded */
    const struct http_pair *query;    /* decoded parameters */
    uint32_t query_count;
    const struct http_pair *headers;  /* names in lower case */
    uint32_t header_count;
    struct slice body;                /* decoded by Content-Encoding, complete */
    struct slice packed;              /* one frame of zstd that zstd_unpack() makes the body
                                       * of, if it came as that; else "" */
    const struct principal *principal; /* never NULL; role ROLE_NONE if anonymous */
    struct slice remote;              /* address text, for the audit */
    char id[REQUEST_ID_CHARS + 1];    /* Request-Id of the answer, also for the log; "": none */
    struct arena *arena;              /* lives until the response is out */
    const atomic_bool *cancelled;     /* true when the client is gone or the server stops */
};

struct slice http_query(const struct http_request *request, const char *name);  /* "" if absent */
struct slice http_header(const struct http_request *request, const char *name); /* lower case */

/* The handler sets status and headers before the first body byte.  Bytes go to
 * `body`, which is sent when the handler is done, or before that by flush(). */
struct http_response {
    unsigned status; /* 200 */
    const char *content_type; /* "application/json; charset=utf-8" */
    struct http_pair headers[16];
    uint32_t header_count;
    struct buf body;
    /* Non-NULL where the transport can stream: sends body so far and clears it;
     * STATUS_CANCELLED when the client is gone. */
    enum status (*flush)(struct http_response *response, struct error *err);
    void *transport;
    bool started; /* something was flushed: status and headers are out */
    bool broken;  /* the handler failed after that: the answer ends without its end mark */
};

/* A header that says why a streamed answer is going to be cut off; see client.h. */
#define HTTP_INCOMPLETE "Daybook-Incomplete"

/* How the last line of the answer of /v1/compact begins where it failed midway; why follows. */
#define COMPACT_FAILED "failed: "

void http_response_init(struct http_response *response);
void http_response_release(struct http_response *response);
void http_add_header(struct http_response *response, const char *name, struct slice value);
/* Flushes if the transport streams and at least min_bytes are in the body. */
enum status http_flush(struct http_response *response, size_t min_bytes,
                       struct error *err) MUST_USE;

/* Why it failed inside (paths, system errors) is for the log; this is for the client. */
#define HTTP_FAILED_TEXT "the server could not do this; its log says why"

/* The answer for a failure: status from err->status (INVALID 400, DENIED 403 or
 * 401 for an anonymous principal, NOT_FOUND 404, CONFLICT 409 (422 for
 * idempotency_conflict), LIMIT 413, or 400 for a limit of a query but that of its result, BUSY
 * 429 + Retry-After, CANCELLED 503, FULL 507 + Retry-After, CORRUPT with a code (what is
 * gone for good) 410, else 500) and a body
 * {"error":{"code","message","line","column"}}.  What was in the body is gone. */
void http_error(struct http_response *response, const struct http_request *request,
                const struct error *err);
/* The same with "phase" in the body (parse, bind, run of a query). */
void http_error_phase(struct http_response *response, const struct http_request *request,
                      const struct error *err, const char *phase);

/* A request target "/path?name=value&..." (origin form only): splits and decodes
 * it.  STATUS_INVALID for another form, a bad escape or an encoded NUL,
 * STATUS_LIMIT for too many parameters.  The results live in the arena. */
enum status http_parse_target(struct slice target, struct arena *arena, struct http_request *ret,
                              struct error *err) MUST_USE;

typedef enum status http_handler(void *context, const struct http_request *request,
                                 struct http_response *response, struct error *err);

enum http_answer {
    HTTP_AT_ONCE,
    HTTP_STREAMS,    /* may call response->flush: it has a thread of its own, as large bodies */
    HTTP_OPEN_ENDED, /* the same, and only the transport says where it ends: HTTP/1.1 only */
};

struct http_route {
    enum http_method method;
    const char *path;   /* exact, or with a trailing "*" for a prefix */
    uint32_t roles;     /* 1u << enum role, of those allowed; ROLE_NONE bit = anybody */
    http_handler *handler;
    enum http_answer answer;
    size_t body_bytes_max; /* 0 = REQUEST_BODY_BYTES_MAX, of GET and DELETE NO_BODY_BYTES_MAX;
                            * above it 413 */
    const char *parameters; /* of the URL: "one two"; NULL = none, "*" = whatever; others are 400 */
};

size_t http_body_bytes_max(const struct http_route *route);

struct http_router {
    const struct http_route *routes;
    uint32_t route_count;
    void *context;
    /* The bearer token to a principal; STATUS_DENIED otherwise, STATUS_BUSY for a wrong
     * one of too many from `remote`. */
    enum status (*authenticate)(void *context, struct slice token, struct slice remote,
                                struct principal *ret, struct error *err);
    /* Optional: is the token still one, after the body or while an answer is made? */
    bool (*is_valid)(void *context, const struct principal *who);
    /* Optional: hears of every request that the principal may not make (401, 403). */
    void (*denied)(void *context, const struct http_request *request);
    /* Optional: hears of every failure that is ours (answers of 500 and above, unless the
     * client is gone). */
    void (*failed)(void *context, const struct http_request *request, const struct error *err);
};

/* The principal of an Authorization header ("Bearer TOKEN"; "" = anonymous), sent from
 * `remote`.  Unknown, expired and absent tokens all give ROLE_NONE; STATUS_BUSY when too
 * many wrong ones came from there; another error is a failure of ours. */
enum status http_authenticate(const struct http_router *router, struct slice authorization,
                              struct slice remote, struct principal *ret,
                              struct error *err) MUST_USE;

/* The route of the request if this principal may take it; otherwise NULL and
 * the answer (404, 405, 401, 403, 400 for a parameter that it
 * does not know) is in the response.  Needs no body. */
const struct http_route *http_admit(const struct http_router *router,
                                    const struct http_request *request,
                                    struct http_response *response);

/* Checks route, method and role, calls the handler, turns an error into the
 * answer.  Never fails; the outcome is in the response. */
void http_dispatch(const struct http_router *router, const struct http_request *request,
                   struct http_response *response);

#endif
