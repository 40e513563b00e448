/* SPDX-License-Identifier: Apache-2.0 */
/* tls_client.h - a client that sends exactly the bytes it is told to. */
#ifndef TEST_WIRE_TLS_CLIENT_H
#define TEST_WIRE_TLS_CLIENT_H

#include "base/buf.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct tls_client {
    int fd;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

static inline int tls_connect_tcp(uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval wait = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* The result of the handshake: 0 or a GnuTLS error. */
static inline int tls_connect(struct tls_client *c, uint16_t port, const char *priorities)
{
    *c = (struct tls_client){.fd = tls_connect_tcp(port)};
    if (c->fd < 0)
        return -1;
    (void)gnutls_certificate_allocate_credentials(&c->credentials);
    (void)gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
    if (priorities == NULL)
        (void)gnutls_set_default_priority(c->session);
    else if (gnutls_priority_set_direct(c->session, priorities, NULL) != 0)
        return -2;
    (void)gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->credentials);
    gnutls_transport_set_int(c->session, c->fd);
    int rc;
    do
        rc = gnutls_handshake(c->session);
    while (rc < 0 && gnutls_error_is_fatal(rc) == 0);
    return rc;
}

static inline bool tls_send(struct tls_client *c, struct slice bytes)
{
    while (bytes.size > 0) {
        ssize_t sent = gnutls_record_send(c->session, bytes.data, bytes.size);
        if (sent <= 0)
            return false;
        bytes = slice_tail(bytes, (size_t)sent);
    }
    return true;
}

/* One read; 0 at the end or on an error. */
static inline size_t tls_read(struct tls_client *c, struct buf *ret)
{
    char part[16384];
    ssize_t size;

    do
        size = gnutls_record_recv(c->session, part, sizeof(part));
    while (size == GNUTLS_E_INTERRUPTED || size == GNUTLS_E_AGAIN);
    if (size <= 0)
        return 0;
    buf_add(ret, part, (size_t)size);
    return (size_t)size;
}

static inline void tls_read_all(struct tls_client *c, struct buf *ret)
{
    while (tls_read(c, ret) > 0)
        ;
}

static inline void tls_close(struct tls_client *c)
{
    if (c->session != NULL)
        gnutls_deinit(c->session);
    if (c->credentials != NULL)
        gnutls_certificate_free_credentials(c->credentials);
    if (c->fd >= 0)
        (void)close(c->fd);
}

#endif
