/* SPDX-License-Identifier: Apache-2.0 */
/* server_priv.h - what server.c (sockets, certificates, deadlines) and
 * exchange.c (one request) share.
 */
#ifndef WIRE_SERVER_PRIV_H
#define WIRE_SERVER_PRIV_H

#include "wire/address.h"
#include "wire/server.h"

#include "base/buf_pool.h"
#include "base/gate.h"
#include "codec/compress.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>

enum connection_phase {
    CONNECTION_NEW,      /* handshake and first header: HEADER_TIMEOUT_MS */
    CONNECTION_IDLE,     /* between requests, the next header included: IDLE_TIMEOUT_MS */
    CONNECTION_BODY,     /* BODY_RATE_BYTES_MIN after BODY_GRACE_MS */
    CONNECTION_HANDLING, /* no deadline of ours; looks whether the client is there */
    CONNECTION_SENDING,  /* BODY_RATE_BYTES_MIN over each IDLE_TIMEOUT_MS, while bytes wait */
};

struct exchange;

struct connection {
    struct server *server;
    struct connection *previous, *next;
    int fd;                      /* the HTTP library's; open while in the list */
    char remote[ADDRESS_TEXT_BYTES];
    uint8_t network[ADDRESS_NETWORK_BYTES];
    bool is_proxy;               /* `network` is that of the client of its request, else none */
    bool is_shut;                /* by us: its thread is about to end */
    enum connection_phase phase;
    uint64_t since_us;           /* start of the phase, or of the sending window */
    uint64_t acked_bytes;        /* at the start of the sending window */
    atomic_uint_fast64_t body_bytes; /* encoded, of the request under way */
    struct exchange *exchange;
    struct stage_watch watch;    /* of the connection's thread */
};

/* A certificate in use; replaced ones are freed when no handshake can hold them. */
struct certificate {
    struct certificate *next;
    gnutls_pcert_st chain[8];
    unsigned chain_length;
    gnutls_privkey_t key;
    int64_t end_unix_s;
    uint64_t retired_us;
};

#define TENANT_SLOTS 256u
#define CONNECTIONS_SPARE 32u /* for newcomers, while those that make room for them end */

/* Memory that requests share: each tenant has half of it at most. */
struct room {
    uint64_t bytes_max;
    atomic_uint_fast64_t taken;
    atomic_uint_fast64_t by_tenant[TENANT_SLOTS]; /* the same, by hash of the tenant */
};

struct server {
    struct MHD_Daemon *daemon;
    const struct http_router *router;
    struct stage_times *stages;  /* may be NULL */
    struct address_ranges proxies;
    int listen_fd;
    uint16_t port;
    pthread_t reaper;
    bool reaper_started;
    pthread_mutex_t lock;        /* all below up to the counters */
    pthread_cond_t changed;
    struct connection *connections;
    uint32_t connections_max, open_count; /* of those that are not shut */
    struct certificate *certificate, *retired;
    uint32_t active;             /* requests under way */
    bool stopping;
    struct buf_pool bodies;      /* has its own lock */
    struct gate decoders;        /* the same; of bodies that do not say their size */
    atomic_bool draining, cancelled;
    struct room body_room;       /* of all body buffers */
    struct room answer_room;     /* of large answers in one piece that can be asked for again */
    atomic_uint_fast64_t told_bytes[TENANT_SLOTS]; /* of others, which are told all the same */
    atomic_uint_fast64_t connection_count, request_count, rejected, bytes_in, bytes_out;
    atomic_uint_fast64_t answers[6]; /* by status / 100 */
    atomic_uint_fast64_t shed, full; /* of these: 429, 507 */
};

/* Of a proxy: it works for this client from now on, and for none again.  False if that client's
 * network has its share of connections. */
bool connection_take_client(struct connection *connection, const uint8_t client[ADDRESS_BYTES]);
void connection_drop_client(struct connection *connection); /* the server's lock is held */
void connection_enter(struct connection *connection, enum connection_phase phase);

/* The HTTP library's callbacks for one request. */
void *exchange_begin(void *context, const char *target, struct MHD_Connection *mhd);
enum MHD_Result exchange_step(void *context, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **exchange);
void exchange_end(void *context, struct MHD_Connection *mhd, void **exchange,
                  enum MHD_RequestTerminationCode reason);
/* Tells the handler that nobody waits for the answer; the server's lock is held. */
void exchange_cancel(struct exchange *exchange);

#endif
