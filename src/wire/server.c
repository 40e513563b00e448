/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - the listening socket, certificates, deadlines and the drain.
 *
 * The HTTP library's own timeout is for silence only, and would also count a
 * handler's work; it is off.  The reaper looks at every connection twice a
 * second and shuts the socket of one that is over its phase's deadline (the
 * table in server_priv.h); the connection's thread then ends by itself.
 */
#include "wire/server_priv.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "wire/tls_cert.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define REAPER_TICK_MS 200 /* a query of a client that is gone ends within a second */
#define CERTIFICATE_RETIRED_MS 60000u /* a handshake takes at most HEADER_TIMEOUT_MS */
#ifdef DEBUG_CHECKS
#define CONNECTION_STACK_BYTES (1 * MIB) /* sanitizers want more */
#else
#define CONNECTION_STACK_BYTES (256 * KIB)
#endif

_Static_assert(CERTIFICATE_RETIRED_MS > 2 * HEADER_TIMEOUT_MS, "no handshake outlives it");

static const char priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:"
    "+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"
    "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:"
    "+SIGN-ECDSA-SHA384:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:"
    "+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-EDDSA-ED25519:+CTYPE-X509:%SERVER_PRECEDENCE";

/* ---- certificates ---- */

static void certificate_free(struct certificate *certificate)
{
    if (certificate == NULL)
        return;
    for (unsigned i = 0; i < certificate->chain_length; i++)
        gnutls_pcert_deinit(&certificate->chain[i]);
    if (certificate->key != NULL)
        gnutls_privkey_deinit(certificate->key);
    free(certificate);
}

/* A key of another certificate would only show at the first handshake. */
static int check_pair(const struct certificate *certificate)
{
    static const uint8_t text[] = "daybook";
    gnutls_datum_t data = {.data = (uint8_t *)(uintptr_t)text, .size = sizeof(text)};
    gnutls_datum_t signature = {0};
    gnutls_pubkey_t public = certificate->chain[0].pubkey;
    unsigned bits;
    int algorithm = gnutls_pubkey_get_pk_algorithm(public, &bits);
    gnutls_digest_algorithm_t digest =
        algorithm == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256;

    if (algorithm != gnutls_privkey_get_pk_algorithm(certificate->key, NULL))
        return GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
    int rc = gnutls_privkey_sign_data(certificate->key, digest, 0, &data, &signature);
    if (rc == 0) {
        gnutls_sign_algorithm_t sign =
            gnutls_pk_to_sign((gnutls_pk_algorithm_t)algorithm, digest);
        rc = gnutls_pubkey_verify_data2(public, sign, 0, &data, &signature);
        rc = rc < 0 ? GNUTLS_E_CERTIFICATE_KEY_MISMATCH : 0;
    }
    gnutls_free(signature.data);
    return rc;
}

static enum status certificate_load(struct slice certificate_pem, struct slice key_pem,
                                    struct certificate **ret, struct error *err)
{
    gnutls_datum_t chain = {(unsigned char *)(uintptr_t)certificate_pem.data,
                            (unsigned)certificate_pem.size};
    gnutls_datum_t key = {(unsigned char *)(uintptr_t)key_pem.data, (unsigned)key_pem.size};
    struct certificate *certificate = calloc(1, sizeof(*certificate));

    if (certificate == NULL)
        return ERROR_MEMORY(err);
    unsigned room = sizeof(certificate->chain) / sizeof(certificate->chain[0]);
    int rc = gnutls_pcert_list_import_x509_raw(certificate->chain, &room, &chain,
                                               GNUTLS_X509_FMT_PEM, 0);
    if (rc >= 0) {
        certificate->chain_length = room;
        rc = gnutls_privkey_init(&certificate->key);
    }
    if (rc >= 0)
        rc = gnutls_privkey_import_x509_raw(certificate->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (rc >= 0)
        rc = check_pair(certificate);
    if (rc < 0) {
        certificate_free(certificate);
        return ERROR_SET(err, STATUS_INVALID, "cannot use the certificate and its key: %s",
                         gnutls_strerror(rc));
    }
    enum status status = tls_cert_end(certificate_pem, &certificate->end_unix_s, err);
    if (status != STATUS_OK) {
        certificate_free(certificate);
        return status;
    }
    *ret = certificate;
    return STATUS_OK;
}

static int retrieve_certificate(gnutls_session_t session, const gnutls_datum_t *authorities,
                                int authority_count, const gnutls_pk_algorithm_t *algorithms,
                                int algorithm_count, gnutls_pcert_st **ret_chain,
                                unsigned *ret_length, gnutls_privkey_t *ret_key)
{
    struct MHD_Connection *mhd = gnutls_session_get_ptr(session);
    const union MHD_ConnectionInfo *info =
        mhd == NULL ? NULL : MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    if (info == NULL || info->socket_context == NULL)
        return -1;
    struct server *server = ((struct connection *)info->socket_context)->server;
    (void)pthread_mutex_lock(&server->lock);
    *ret_chain = server->certificate->chain;
    *ret_length = server->certificate->chain_length;
    *ret_key = server->certificate->key;
    (void)pthread_mutex_unlock(&server->lock);
    return 0;
}

enum status server_reload(struct server *server, struct slice certificate_pem,
                          struct slice key_pem, struct error *err)
{
    struct certificate *certificate = NULL;
    enum status status = certificate_load(certificate_pem, key_pem, &certificate, err);

    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_lock(&server->lock);
    server->certificate->retired_us = clock_monotonic_us(clock_system());
    server->certificate->next = server->retired;
    server->retired = server->certificate;
    server->certificate = certificate;
    (void)pthread_mutex_unlock(&server->lock);
    return STATUS_OK;
}

/* The list is newest first.  The lock is held. */
static void free_retired(struct server *server, uint64_t now_us)
{
    struct certificate **at = &server->retired;

    while (*at != NULL && now_us - (*at)->retired_us < CERTIFICATE_RETIRED_MS * 1000u)
        at = &(*at)->next;
    while (*at != NULL) {
        struct certificate *old = *at;
        *at = old->next;
        certificate_free(old);
    }
}

/* ---- connections ---- */

/* The lock is held, here and in the next two. */
static void shut_connection(struct connection *connection)
{
    (void)shutdown(connection->fd, SHUT_RDWR);
    connection->server->open_count -= !connection->is_shut;
    connection->is_shut = true;
}

/* The one that has waited longest for a header of its client. */
static struct connection *most_silent(const struct server *server)
{
    struct connection *found = NULL;

    for (struct connection *c = server->connections; c != NULL; c = c->next) {
        bool waits = c->phase == CONNECTION_NEW || c->phase == CONNECTION_IDLE;
        if (waits && !c->is_shut && (found == NULL || c->since_us <= found->since_us))
            found = c;
    }
    return found;
}

static uint32_t count_neighbours(const struct server *server,
                                 const uint8_t network[ADDRESS_NETWORK_BYTES])
{
    uint32_t count = 0;

    for (const struct connection *c = server->connections; c != NULL; c = c->next)
        count += !c->is_shut && memcmp(c->network, network, sizeof(c->network)) == 0;
    return count;
}

bool connection_take_client(struct connection *connection, const uint8_t client[ADDRESS_BYTES])
{
    struct server *server = connection->server;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    uint8_t network[ADDRESS_NETWORK_BYTES];

    memcpy(&in6.sin6_addr, client, ADDRESS_BYTES);
    address_network((struct sockaddr *)&in6, network);
    (void)pthread_mutex_lock(&server->lock);
    bool has_room = count_neighbours(server, network) < CONNECTIONS_PER_ADDRESS_MAX;
    if (has_room)
        memcpy(connection->network, network, sizeof(network));
    (void)pthread_mutex_unlock(&server->lock);
    return has_room;
}

void connection_drop_client(struct connection *connection)
{
    if (connection->is_proxy)
        memset(connection->network, 0, sizeof(connection->network));
}

/* Where there are too many the most silent one ends, or who says nothing would keep everybody
 * out: the new one itself if all others are at work, or its network has its share. */
static void add_connection(struct server *server, struct connection *connection)
{
    uint32_t neighbours = connection->is_proxy ? 0 : count_neighbours(server, connection->network);

    connection->next = server->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    server->connections = connection;
    server->open_count++;
    if (neighbours >= CONNECTIONS_PER_ADDRESS_MAX)
        shut_connection(connection);
    else if (server->open_count > server->connections_max)
        shut_connection(most_silent(server));
}

static void note_peer(struct connection *connection, const struct sockaddr *peer)
{
    uint8_t bytes[ADDRESS_BYTES];

    address_format(peer, connection->remote);
    address_bytes(peer, bytes);
    connection->is_proxy = address_ranges_have(&connection->server->proxies, bytes);
    if (!connection->is_proxy)
        address_network(peer, connection->network);
}

static void watch_connection(void *context, struct MHD_Connection *mhd, void **slot,
                             enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    struct connection *connection = *slot;
    int one = 1;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *fd =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        const union MHD_ConnectionInfo *address =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        connection = calloc(1, sizeof(*connection));
        if (connection == NULL || fd == NULL || address == NULL) {
            free(connection); /* without context there is no certificate: it ends there */
            return;
        }
        connection->server = server;
        connection->fd = fd->connect_fd;
        connection->since_us = clock_monotonic_us(clock_system());
        connection->watch.times = server->stages; /* its thread begins at 0 */
        note_peer(connection, address->client_addr);
        (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        (void)pthread_mutex_lock(&server->lock);
        add_connection(server, connection);
        (void)pthread_mutex_unlock(&server->lock);
        atomic_fetch_add(&server->connection_count, 1);
        *slot = connection;
    } else if (code == MHD_CONNECTION_NOTIFY_CLOSED && connection != NULL) {
        /* Of a request that does not fit its memory the library does not say that it is over. */
        void *left = connection->exchange;
        exchange_end(server, mhd, &left, MHD_REQUEST_TERMINATED_WITH_ERROR);
        (void)pthread_mutex_lock(&server->lock);
        if (connection->previous != NULL)
            connection->previous->next = connection->next;
        else
            server->connections = connection->next;
        if (connection->next != NULL)
            connection->next->previous = connection->previous;
        server->open_count -= !connection->is_shut;
        (void)pthread_mutex_unlock(&server->lock);
        free(connection);
        *slot = NULL;
    }
}

static bool tcp_state(int fd, struct tcp_info *ret)
{
    socklen_t size = sizeof(*ret);

    *ret = (struct tcp_info){0};
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret, &size) == 0;
}

void connection_enter(struct connection *connection, enum connection_phase phase)
{
    struct server *server = connection->server;
    struct tcp_info info;

    uint64_t acked =
        phase == CONNECTION_SENDING && tcp_state(connection->fd, &info) ? info.tcpi_bytes_acked
                                                                        : 0;
    (void)pthread_mutex_lock(&server->lock);
    connection->phase = phase;
    connection->since_us = clock_monotonic_us(clock_system());
    connection->acked_bytes = acked;
    if (phase == CONNECTION_BODY)
        atomic_store(&connection->body_bytes, 0);
    (void)pthread_mutex_unlock(&server->lock);
}

/* A window of IDLE_TIMEOUT_MS in which bytes waited and too few were taken. */
static bool sends_too_slowly(struct connection *connection, uint64_t now_us)
{
    struct tcp_info info;

    if (now_us - connection->since_us < IDLE_TIMEOUT_MS * 1000u ||
        !tcp_state(connection->fd, &info))
        return false;
    uint64_t taken = info.tcpi_bytes_acked - connection->acked_bytes;
    bool waits = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0;
    connection->since_us = now_us;
    connection->acked_bytes = info.tcpi_bytes_acked;
    return waits && taken < BODY_RATE_BYTES_MIN * (IDLE_TIMEOUT_MS / 1000u);
}

static bool is_overdue(struct connection *connection, uint64_t now_us)
{
    uint64_t age_ms = (now_us - connection->since_us) / 1000u;

    switch (connection->phase) {
    case CONNECTION_NEW:
        return age_ms > HEADER_TIMEOUT_MS;
    case CONNECTION_IDLE:
        return age_ms > IDLE_TIMEOUT_MS;
    case CONNECTION_BODY:
        return age_ms > BODY_GRACE_MS &&
               atomic_load(&connection->body_bytes) < age_ms / 1000u * BODY_RATE_BYTES_MIN;
    case CONNECTION_HANDLING:
        return false;
    case CONNECTION_SENDING:
        return sends_too_slowly(connection, now_us);
    }
    return false;
}

static bool client_is_gone(const struct connection *connection)
{
    struct pollfd wait = {.fd = connection->fd, .events = POLLRDHUP};

    return poll(&wait, 1, 0) == 1 && (wait.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void look_at_connections(struct server *server)
{
    uint64_t now_us = clock_monotonic_us(clock_system());
    bool cancelled = atomic_load(&server->cancelled);

    for (struct connection *c = server->connections; c != NULL; c = c->next) {
        if (is_overdue(c, now_us))
            shut_connection(c);
        bool answers = c->phase == CONNECTION_HANDLING || c->phase == CONNECTION_SENDING;
        if (c->exchange != NULL && (cancelled || (answers && client_is_gone(c))))
            exchange_cancel(c->exchange);
    }
    free_retired(server, now_us);
}

static void *reap(void *context)
{
    struct server *server = context;

    (void)pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        struct timespec until = clock_deadline(REAPER_TICK_MS);
        int rc = 0;
        while (!server->stopping && rc != ETIMEDOUT)
            rc = pthread_cond_timedwait(&server->changed, &server->lock, &until);
        look_at_connections(server);
    }
    (void)pthread_mutex_unlock(&server->lock);
    return NULL;
}

/* ---- start and stop ---- */

static enum status open_listener(struct server *server, struct slice text, struct error *err)
{
    struct sockaddr_storage address;
    socklen_t size = 0;
    int one = 1;
    int zero = 0;

    enum status status = address_parse(text, &address, &size, err);
    if (status != STATUS_OK)
        return status;
    server->listen_fd =
        socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (server->listen_fd < 0)
        return ERROR_SET(err, STATUS_IO, "cannot open a socket");
    (void)setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (address.ss_family == AF_INET6)
        (void)setsockopt(server->listen_fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
    if (bind(server->listen_fd, (struct sockaddr *)&address, size) != 0 ||
        listen(server->listen_fd, 1024) != 0 ||
        getsockname(server->listen_fd, (struct sockaddr *)&address, &size) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot listen on '%.*s'", SLICE_FMT(text));
    if (address.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &address, sizeof(in6));
        server->port = ntohs(in6.sin6_port);
    } else {
        struct sockaddr_in in;
        memcpy(&in, &address, sizeof(in));
        server->port = ntohs(in.sin_port);
    }
    return STATUS_OK;
}

static size_t keep_raw(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context;
    (void)mhd;
    return strlen(text); /* the target is decoded in http.c */
}

static enum status start_daemon(struct server *server, struct error *err)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_POLL | MHD_USE_TLS | MHD_USE_ITC;

    /* Its own bound on an address refuses one before it has cost a thread, but each address of a
     * network is another to it, and a proxy is one address. */
    unsigned per_address = server->proxies.count > 0 ? 0 : CONNECTIONS_PER_ADDRESS_MAX;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, exchange_step, server, MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
        MHD_OPTION_HTTPS_CERT_CALLBACK, retrieve_certificate, MHD_OPTION_HTTPS_PRIORITIES,
        priorities, MHD_OPTION_NOTIFY_CONNECTION, watch_connection, server,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_end, server, MHD_OPTION_URI_LOG_CALLBACK,
        exchange_begin, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, server,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)(server->connections_max + CONNECTIONS_SPARE),
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_POOL_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)CONNECTION_STACK_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (server->daemon == NULL)
        return ERROR_SET(err, STATUS_IO, "cannot start the HTTP server");
    return STATUS_OK;
}

enum status server_start(const struct server_options *options, struct server **ret,
                         struct error *err)
{
    struct server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return ERROR_MEMORY(err);
    server->listen_fd = -1;
    server->router = options->router;
    server->stages = options->stages;
    if (options->proxies != NULL)
        server->proxies = *options->proxies;
    server->connections_max =
        options->connections_max == 0 ? CONNECTIONS_MAX : options->connections_max;
    server->body_room.bytes_max = BODIES_BYTES_MAX;
    server->answer_room.bytes_max =
        options->answers_bytes_max == 0 ? ANSWERS_KEPT_BYTES_MAX : options->answers_bytes_max;
    (void)pthread_mutex_init(&server->lock, NULL);
    buf_pool_init(&server->bodies);
    gate_init(&server->decoders, DECODERS_MAX);
    clock_cond_init(&server->changed);

    enum status status = certificate_load(options->certificate_pem, options->key_pem,
                                          &server->certificate, err);
    if (status == STATUS_OK)
        status = open_listener(server, options->listen, err);
    if (status == STATUS_OK && pthread_create(&server->reaper, NULL, reap, server) != 0)
        status = ERROR_SET(err, STATUS_IO, "cannot start a thread");
    if (status == STATUS_OK) {
        server->reaper_started = true;
        status = start_daemon(server, err);
    }
    if (status != STATUS_OK) {
        server_free(server);
        return status;
    }
    *ret = server;
    return STATUS_OK;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

/* Waits until no request is under way; the lock is held. */
static void wait_idle(struct server *server, uint64_t timeout_ms)
{
    struct timespec until = clock_deadline(timeout_ms);
    int rc = 0;

    while (server->active > 0 && rc == 0)
        rc = pthread_cond_timedwait(&server->changed, &server->lock, &until);
}

void server_drain(struct server *server, uint64_t timeout_ms)
{
    atomic_store(&server->draining, true);
    if (server->listen_fd >= 0) {
        /* Refuses newcomers at once.  Asked again, the library would give the number again,
         * which may be somebody's file by then. */
        int fd = MHD_quiesce_daemon(server->daemon);
        if (fd >= 0)
            (void)close(fd);
        server->listen_fd = -1;
    }
    (void)pthread_mutex_lock(&server->lock);
    wait_idle(server, timeout_ms);
    atomic_store(&server->cancelled, true);
    look_at_connections(server);
    wait_idle(server, 2000); /* a cancelled handler ends soon */
    (void)pthread_mutex_unlock(&server->lock);
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL) {
        server_drain(server, 0);
        MHD_stop_daemon(server->daemon);
    }
    if (server->reaper_started) {
        (void)pthread_mutex_lock(&server->lock);
        server->stopping = true;
        (void)pthread_cond_broadcast(&server->changed);
        (void)pthread_mutex_unlock(&server->lock);
        (void)pthread_join(server->reaper, NULL);
    }
    CHECK(server->connections == NULL);
    if (server->listen_fd >= 0)
        (void)close(server->listen_fd);
    certificate_free(server->certificate);
    free_retired(server, UINT64_MAX);
    (void)pthread_cond_destroy(&server->changed);
    (void)pthread_mutex_destroy(&server->lock);
    buf_pool_release(&server->bodies);
    gate_release(&server->decoders);
    free(server);
}

int64_t server_certificate_end(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    int64_t end = server->certificate->end_unix_s;
    (void)pthread_mutex_unlock(&server->lock);
    return end;
}

void server_stats(const struct server *server, struct server_stats *ret)
{
    *ret = (struct server_stats){
        .connections = atomic_load(&server->connection_count),
        .requests = atomic_load(&server->request_count),
        .rejected = atomic_load(&server->rejected),
        .bytes_in = atomic_load(&server->bytes_in),
        .bytes_out = atomic_load(&server->bytes_out),
        .answers_2xx = atomic_load(&server->answers[2]),
        .answers_4xx = atomic_load(&server->answers[4]),
        .answers_5xx = atomic_load(&server->answers[5]),
        .answers_429 = atomic_load(&server->shed),
        .answers_507 = atomic_load(&server->full),
    };
}
