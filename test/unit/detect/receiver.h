/* SPDX-License-Identifier: Apache-2.0 */
/* receiver.h - takes what a webhook sends: a real listener on the loopback interface. */
#ifndef TEST_DETECT_RECEIVER_H
#define TEST_DETECT_RECEIVER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct receiver {
    int socket;
    pthread_t thread;
    char url[64];
    const char *target; /* behind the port; NULL: "/hook" */
    const char *end;    /* what the body of a request ends with; NULL: it has "marker" in it */
    unsigned answer_bytes; /* of a body; 0: there is none */
    unsigned refuse;  /* answer so many requests with 503 first */
    unsigned delay_s; /* before each answer */
    atomic_uint requests;
    char last[4096];
};

/* The reader may go away before the end. */
static inline void send_body(int client, unsigned size)
{
    static const char zeros[1000];
    char head[96];

    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 200 Ok\r\nContent-Length: %u\r\nConnection: close\r\n\r\n", size);
    assert_true(send(client, head, strlen(head), MSG_NOSIGNAL) > 0);
    while (size > 0) {
        size_t part = size < sizeof(zeros) ? size : sizeof(zeros);
        ssize_t sent = send(client, zeros, part, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        size -= (unsigned)sent;
    }
}

static inline void *receive(void *arg)
{
    struct receiver *r = arg;

    for (;;) {
        int client = accept(r->socket, NULL, NULL);
        if (client < 0)
            return NULL;
        size_t size = 0;
        while (size < sizeof(r->last) - 1) {
            ssize_t got = read(client, r->last + size, sizeof(r->last) - 1 - size);
            if (got <= 0)
                break;
            size += (size_t)got;
            r->last[size] = '\0';
            if (strstr(r->last, r->end == NULL ? "\"marker\"" : r->end) != NULL)
                break;
        }
        (void)sleep(r->delay_s);
        bool is_refused = r->requests++ < r->refuse;
        const char *answer =
            is_refused ? "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                       : "HTTP/1.1 204 Ok\r\nConnection: close\r\n\r\n";
        if (r->answer_bytes > 0 && !is_refused)
            send_body(client, r->answer_bytes);
        else
            assert_true(write(client, answer, strlen(answer)) > 0);
        (void)close(client);
    }
}

static inline void receiver_begin(struct receiver *r, const char *scheme)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(r->socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(r->socket, 8), 0);
    assert_int_equal(getsockname(r->socket, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(r->url, sizeof(r->url), "%s://127.0.0.1:%u%s", scheme, ntohs(address.sin_port),
                   r->target == NULL ? "/hook" : r->target);
    assert_int_equal(pthread_create(&r->thread, NULL, receive, r), 0);
}

static inline void receiver_end(struct receiver *r)
{
    (void)shutdown(r->socket, SHUT_RDWR);
    (void)close(r->socket);
    assert_int_equal(pthread_join(r->thread, NULL), 0);
}

#endif
