/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - outbound HTTP with libcurl: the command line's requests to a
 * server, and guarded requests to foreign hosts (webhooks).
 */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H

#include "wire/http.h"

struct client;

struct client_options {
    struct slice url;            /* "https://host:port" */
    struct slice ca_file;        /* "" = the system's */
    struct slice token;          /* bearer, "" = none */
    uint64_t timeout_ms;         /* of a whole request; 0 = none */
    /* Refuse loopback, private, link-local and metadata addresses, redirects and
     * plain http (checked on the address that is connected to).  For webhooks;
     * allow_private lifts the address check and allows http when the operator
     * says so. */
    bool guarded, allow_private;
};

/* A guarded URL is https://host[:port]/...: no user in it, no port below 1024 but 443.  With
 * allow_private also http, on a port from 1024.  STATUS_INVALID says what is wrong. */
enum status client_check_guarded(struct slice url, bool allow_private,
                                 struct error *err) MUST_USE;

enum status client_new(const struct client_options *options, struct client **ret,
                       struct error *err) MUST_USE;
void client_free(struct client *client);

struct client_request {
    enum http_method method;
    struct slice path;           /* with the query string, encoded */
    const struct http_pair *headers;
    uint32_t header_count;
    struct slice body;
    const atomic_bool *cancelled;
    size_t answer_bytes_max;     /* 0 = CLIENT_, of a guarded client WEBHOOK_ANSWER_BYTES_MAX */
    /* Optional: gets body bytes of a 2xx answer as they come (then `body` stays empty). */
    enum status (*on_body)(void *context, struct slice bytes, struct error *err);
    void *context;
};

struct client_answer {
    unsigned status;
    struct buf body;
    char retry_after[16]; /* "" or seconds */
};

/* A transport failure is STATUS_IO with what to do about it, or STATUS_CORRUPT with what the
 * header HTTP_INCOMPLETE said before the answer was cut off; any HTTP status is OK and stands
 * in the answer.  One thread a client. */
enum status client_send(struct client *client, const struct client_request *request,
                        struct client_answer *ret, struct error *err) MUST_USE;
void client_answer_release(struct client_answer *answer);

#endif
