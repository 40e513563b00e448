/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - where a command sends its requests: a server or this process. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/cli.h"
#include "cli/options.h"
#include "codec/json.h"

struct command_context;

struct session;

/* Is it said where, by --data, --server, DAYBOOK_DATA or DAYBOOK_SERVER? */
bool session_has_place(const struct options *options);
/* In this process, where no token says which tenant is meant? */
bool session_is_here(const struct options *options);
/* By --data, --server, --cacert and DAYBOOK_TOKEN (or _TOKEN_FILE), DAYBOOK_SERVER, DAYBOOK_CACERT,
 * DAYBOOK_DATA.  STATUS_INVALID says which is missing, STATUS_DENIED that the token is. */
enum status session_open(const struct command_context *context, struct session **ret,
                         struct error *err) MUST_USE;
void session_close(struct session *session);

#define SESSION_QUERY_MAX 8u

struct session_request {
    enum http_method method;
    const char *path;                    /* without the query string; not escaped */
    const struct http_pair *query; /* empty values are left out: the option is not there */
    uint32_t query_count;          /* at most SESSION_QUERY_MAX */
    const struct http_pair *headers;
    uint32_t header_count;
    struct slice body;
    /* Gets body bytes of a 2xx answer as they come; NULL collects them. */
    enum status (*on_body)(void *context, struct slice bytes, struct error *err);
    void *context;
};

struct session_answer {
    unsigned status;
    struct buf body;
    unsigned retry_after_s; /* of a 429, 503 or 507; 0 if none */
};

/* A non-2xx answer is not an error here; see session_error(). */
enum status session_send(struct session *session, const struct session_request *request,
                         struct session_answer *ret, struct error *err) MUST_USE;
void session_answer_release(struct session_answer *answer);
/* Turns a non-2xx answer into err; returns its status. */
enum status session_error(const struct session_answer *answer, struct error *err);

/* session_send() that wants a 2xx, with the JSON tape of the answer. */
enum status session_ask(struct session *session, const struct session_request *request,
                        struct session_answer *ret, struct json_tape *tape,
                        struct error *err) MUST_USE;

/* Reading answers: the member's text, number or decoded string. */
struct slice answer_member(struct slice text, const struct json_tape *tape, uint32_t object,
                           const char *key); /* "" if absent */
uint64_t answer_number(struct slice text, const struct json_tape *tape, uint32_t object,
                       const char *key);
/* Appends the decoded string (or the text of another value). */
void answer_add_text(struct slice text, const struct json_tape *tape, uint32_t token,
                     struct buf *ret);

#endif
