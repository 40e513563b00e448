/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - a server on loopback with a few handlers that show one thing each. */
#ifndef TEST_WIRE_FIXTURE_H
#define TEST_WIRE_FIXTURE_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "wire/client.h"
#include "wire/server_priv.h"
#include "wire/tls_cert.h"

#include "tls_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

struct fixture {
    struct server *server;
    struct buf certificate, key;
    char ca_path[64];
    char url[64];
    atomic_uint calls, slow_started, slow_cancelled, asked;
    atomic_bool revoked; /* all tokens are */
};

static inline void fixture_sleep_ms(unsigned ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
    (void)nanosleep(&wait, NULL);
}

static inline unsigned fixture_number(struct slice text)
{
    uint64_t number = 0;
    (void)text_parse_u64(text, &number);
    return (unsigned)number;
}

static enum status handle_echo(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    struct fixture *fixture = context;
    (void)err;
    atomic_fetch_add(&fixture->calls, 1);
    buf_add_slice(&response->body, request->body);
    return STATUS_OK;
}

static enum status handle_count(void *context, const struct http_request *request,
                                struct http_response *response, struct error *err)
{
    struct fixture *fixture = context;
    (void)err;
    atomic_fetch_add(&fixture->calls, 1);
    buf_add_u64(&response->body, request->body.size);
    return STATUS_OK;
}

static enum status handle_remote(void *context, const struct http_request *request,
                                 struct http_response *response, struct error *err)
{
    (void)context;
    (void)err;
    buf_add_format(&response->body, "<%.*s>", SLICE_FMT(request->remote));
    fixture_sleep_ms(fixture_number(http_query(request, "ms")));
    return STATUS_OK;
}

static enum status handle_live(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    (void)context;
    (void)err;
    (void)request;
    buf_add_text(&response->body, "live");
    return STATUS_OK;
}

/* The priority of the thread it runs in: higher is less. */
static enum status handle_nice(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    (void)context;
    (void)err;
    (void)request;
    buf_add_u64(&response->body, (uint64_t)(getpriority(PRIO_PROCESS, 0) + 20));
    return STATUS_OK;
}

/* "?n=" pieces of 1000 bytes, each flushed, "?ms=" apart, then "?rest="; "?why=" is why it will be
 * cut off. */
static enum status handle_stream(void *context, const struct http_request *request,
                                 struct http_response *response, struct error *err)
{
    (void)context;
    int pieces = (int)fixture_number(http_query(request, "n"));
    struct slice why = http_query(request, "why");
    if (why.size > 0)
        http_add_header(response, HTTP_INCOMPLETE, why);
    for (int i = 0; i < pieces; i++) {
        for (int k = 0; k < 1000; k++)
            buf_add_byte(&response->body, (char)('a' + i % 26));
        if (http_flush(response, 1, err) != STATUS_OK)
            return err->status;
        fixture_sleep_ms(fixture_number(http_query(request, "ms")));
    }
    buf_add_slice(&response->body, http_query(request, "rest"));
    if (http_query(request, "fail").size > 0)
        return ERROR_SET(err, STATUS_CORRUPT, "broken in the middle");
    return STATUS_OK;
}

#define FIXTURE_WHOLE_BYTES (32 * MIB) /* more than two sockets hold */

static enum status handle_whole(void *context, const struct http_request *request,
                                struct http_response *response, struct error *err)
{
    (void)context;
    (void)request;
    (void)err;
    for (size_t i = 0; i < FIXTURE_WHOLE_BYTES; i++)
        buf_add_byte(&response->body, (char)('a' + i % 23));
    return STATUS_OK;
}

/* The same, handed over before the end. */
static enum status handle_handed(void *context, const struct http_request *request,
                                 struct http_response *response, struct error *err)
{
    enum status status = handle_whole(context, request, response, err);

    return status == STATUS_OK ? http_flush(response, 1, err) : status;
}

/* Works until it is cancelled, at most "?ms=". */
static enum status handle_slow(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    struct fixture *fixture = context;
    unsigned ms = fixture_number(http_query(request, "ms"));
    atomic_fetch_add(&fixture->slow_started, 1);
    for (unsigned i = 0; i < ms; i += 10) {
        if (atomic_load(request->cancelled)) {
            atomic_fetch_add(&fixture->slow_cancelled, 1);
            return ERROR_SET(err, STATUS_CANCELLED, "cancelled");
        }
        fixture_sleep_ms(10);
    }
    buf_add_text(&response->body, "done");
    return STATUS_OK;
}

static inline uint64_t fixture_slot(const struct guid *tenant)
{
    return hash_xxh3(tenant->bytes, sizeof(tenant->bytes), 0) % TENANT_SLOTS;
}

static enum status fixture_authenticate(void *context, struct slice token, struct slice remote,
                                        struct principal *ret, struct error *err)
{
    struct fixture *fixture = context;

    (void)remote;
    atomic_fetch_add(&fixture->asked, 1);
    if (slice_is(token, "ingest")) {
        ret->role = ROLE_INGEST;
        return STATUS_OK;
    }
    if (slice_is(token, "admin")) {
        ret->role = ROLE_ADMIN;
        return STATUS_OK;
    }
    if (slice_is(token, "neighbour")) { /* another tenant with the counters of the first */
        uint64_t slot = fixture_slot(&ret->tenant);
        uint32_t number = 0;
        do {
            number++;
            memcpy(ret->tenant.bytes, &number, sizeof(number));
        } while (fixture_slot(&ret->tenant) != slot);
        ret->role = ROLE_INGEST;
        return STATUS_OK;
    }
    if (slice_is(token, "broken"))
        return ERROR_SET(err, STATUS_CORRUPT, "secret path /var/lib");
    return ERROR_SET(err, STATUS_DENIED, slice_is(token, "expired") ? "expired" : "unknown");
}

static bool fixture_is_valid(void *context, const struct principal *who)
{
    struct fixture *fixture = context;
    (void)who;
    return !atomic_load(&fixture->revoked);
}

#define FIXTURE_ANY (1u << ROLE_NONE)
#define FIXTURE_INGEST (1u << ROLE_INGEST)

static const struct http_route fixture_routes[] = {
    {HTTP_POST, "/echo", FIXTURE_INGEST, handle_echo, HTTP_AT_ONCE, 0, "*"},
    {HTTP_POST, "/count", FIXTURE_INGEST, handle_count, HTTP_AT_ONCE, 0, "*"},
    {HTTP_PUT, "/count", FIXTURE_INGEST, handle_count, HTTP_AT_ONCE, 0, "*"},
    {HTTP_POST, "/short", FIXTURE_INGEST, handle_count, HTTP_AT_ONCE, MIB, "*"},
    {HTTP_GET, "/live", FIXTURE_ANY, handle_live, HTTP_AT_ONCE, 0, "*"},
    {HTTP_GET, "/stream", FIXTURE_ANY, handle_stream, HTTP_OPEN_ENDED, 0, "*"},
    {HTTP_POST, "/stream", FIXTURE_INGEST, handle_stream, HTTP_OPEN_ENDED, 0, "*"},
    {HTTP_GET, "/whole", FIXTURE_ANY, handle_whole, HTTP_STREAMS, 0, "*"},
    {HTTP_GET, "/handed", FIXTURE_ANY, handle_handed, HTTP_STREAMS, 0, "*"},
    {HTTP_GET, "/whole-inline", FIXTURE_ANY | 1u << ROLE_ADMIN, handle_whole, HTTP_AT_ONCE, 0,
     "*"},
    {HTTP_GET, "/slow", FIXTURE_ANY, handle_slow, HTTP_STREAMS, 0, "*"},
    {HTTP_PUT, "/slow", FIXTURE_INGEST, handle_slow, HTTP_STREAMS, 0, "*"},
    {HTTP_POST, "/slow", FIXTURE_INGEST, handle_slow, HTTP_AT_ONCE, 0, "*"},
    {HTTP_GET, "/slow-inline", FIXTURE_ANY, handle_slow, HTTP_AT_ONCE, 0, "*"},
    {HTTP_GET, "/remote", FIXTURE_ANY, handle_remote, HTTP_AT_ONCE, 0, "*"},
    {HTTP_GET, "/nice", FIXTURE_ANY, handle_nice, HTTP_STREAMS, 0, "*"},
    {HTTP_GET, "/nice-inline", FIXTURE_ANY, handle_nice, HTTP_AT_ONCE, 0, "*"},
    {HTTP_GET, "/strict", FIXTURE_ANY, handle_live, HTTP_AT_ONCE, 0, "table tenant"},
    {HTTP_GET, "/admin", 1u << ROLE_ADMIN, handle_live, HTTP_AT_ONCE, 0, NULL},
};

static inline struct http_router fixture_router(struct fixture *fixture)
{
    return (struct http_router){
        .routes = fixture_routes,
        .route_count = sizeof(fixture_routes) / sizeof(fixture_routes[0]),
        .context = fixture,
        .authenticate = fixture_authenticate,
        .is_valid = fixture_is_valid,
    };
}

static inline void fixture_write_ca(struct fixture *fixture, struct slice pem)
{
    (void)snprintf(fixture->ca_path, sizeof(fixture->ca_path), "/tmp/wire-ca-%d.pem", getpid());
    FILE *file = fopen(fixture->ca_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(pem.data, 1, pem.size, file), pem.size);
    assert_int_equal(fclose(file), 0);
}

static inline void fixture_start(struct fixture *fixture, struct http_router *router)
{
    struct error err = {0};
    *fixture = (struct fixture){0};
    buf_init(&fixture->certificate, 1 * MIB);
    buf_init(&fixture->key, 1 * MIB);
    assert_int_equal(tls_cert_make(SLICE("box.example"), time(NULL), &fixture->certificate,
                                   &fixture->key, &err),
                     STATUS_OK);
    fixture_write_ca(fixture, buf_slice(&fixture->certificate));
    *router = fixture_router(fixture);
    struct server_options options = {
        .listen = SLICE("127.0.0.1:0"),
        .certificate_pem = buf_slice(&fixture->certificate),
        .key_pem = buf_slice(&fixture->key),
        .router = router,
    };
    if (server_start(&options, &fixture->server, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    (void)snprintf(fixture->url, sizeof(fixture->url), "https://127.0.0.1:%u",
                   server_port(fixture->server));
}

static inline void fixture_stop(struct fixture *fixture)
{
    server_free(fixture->server);
    buf_release(&fixture->certificate);
    buf_release(&fixture->key);
    (void)unlink(fixture->ca_path);
}

static inline struct client *fixture_client(struct fixture *fixture, const char *token)
{
    struct client *client = NULL;
    struct error err = {0};
    struct client_options options = {
        .url = slice_of(fixture->url),
        .ca_file = slice_of(fixture->ca_path),
        .token = slice_of(token),
        .timeout_ms = 60000,
    };
    if (client_new(&options, &client, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return client;
}

/* Sends raw bytes on a fresh connection and reads until the server closes. */
static inline void fixture_raw(struct fixture *fixture, struct slice bytes, struct buf *ret)
{
    struct tls_client c;
    buf_init(ret, 1 * MIB);
    assert_int_equal(tls_connect(&c, server_port(fixture->server), NULL), 0);
    (void)tls_send(&c, bytes);
    tls_read_all(&c, ret);
    tls_close(&c);
}

#endif
