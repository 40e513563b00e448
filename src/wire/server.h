/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - HTTPS with libmicrohttpd (GnuTLS): TLS 1.2 and 1.3, HTTP/1.1.
 *
 * A thread a connection (bounded), bodies decoded while they stream in
 * (identity, gzip, zstd; bounded), absolute deadlines for headers and bodies,
 * connections bounded in all and per address.  The token is checked before the
 * body is read.
 */
#ifndef WIRE_SERVER_H
#define WIRE_SERVER_H

#include "base/stage.h"
#include "wire/address.h"
#include "wire/http.h"

struct server;

struct server_options {
    struct slice listen;         /* "127.0.0.1:8443", "[::]:0" */
    struct slice certificate_pem, key_pem;
    const struct http_router *router;
    uint32_t connections_max;    /* 0 = CONNECTIONS_MAX */
    const struct address_ranges *proxies; /* whose X-Forwarded-For counts; NULL: nobody's */
    uint64_t answers_bytes_max;  /* 0 = ANSWERS_KEPT_BYTES_MAX */
    struct stage_times *stages;  /* takes what bodies cost; may be NULL */
};

enum status server_start(const struct server_options *options, struct server **ret,
                         struct error *err) MUST_USE;
uint16_t server_port(const struct server *server);
/* New certificate for new connections (SIGHUP). */
enum status server_reload(struct server *server, struct slice certificate_pem,
                          struct slice key_pem, struct error *err) MUST_USE;
/* Stops accepting, waits for requests under way up to timeout_ms, then cancels. */
void server_drain(struct server *server, uint64_t timeout_ms);
void server_free(struct server *server);

struct server_stats {
    uint64_t connections, requests, rejected, bytes_in, bytes_out;
    uint64_t answers_2xx, answers_4xx, answers_5xx;
    uint64_t answers_429, answers_507;
};
/* When the certificate in use ends, in seconds since 1970. */
int64_t server_certificate_end(struct server *server);
void server_stats(const struct server *server, struct server_stats *ret);

#endif
