/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_priv.h - one request under way, and the stream of its answer. */
#ifndef WIRE_EXCHANGE_PRIV_H
#define WIRE_EXCHANGE_PRIV_H

#include "wire/server_priv.h"

/* Two threads: the handler's fills `ready` when it is empty, the connection's
 * empties it.  started: the first bytes are there; done: no more will come;
 * gone: nobody reads any more. */
struct stream {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool running; /* the thread is to be joined */
    bool started, done, gone;
    struct buf ready;
    size_t ready_at; /* taken so far */
    _Atomic uint64_t valid_us; /* when the token was one, for sure */
};

struct exchange {
    struct server *server;
    struct connection *connection;
    struct arena *arena;
    struct slice target;         /* raw */
    struct http_request request;
    struct http_response response;
    struct principal principal;
    char remote[ADDRESS_TEXT_BYTES]; /* of the client, where the peer is a proxy */
    const struct http_route *route;
    enum compression encoding;
    struct decompressor *decompressor; /* of gzip */
    struct buf packed;           /* zstd: as it comes, decoded when it is complete */
    struct buf body;
    uint64_t content_length;     /* 0 if none or chunked */
    uint64_t received_bytes;     /* encoded */
    uint64_t charged_bytes;      /* to the server's body_room */
    uint64_t kept_bytes;         /* to its answer_room */
    atomic_uint_fast64_t told_bytes; /* to its told_bytes; others look at it */
    bool headers_taken, framing_is_right, body_expected, continue_expected;
    bool refused;       /* the answer is an error of ours */
    bool closes;        /* the connection ends: bytes of the request were not read */
    atomic_bool cancelled;
    struct stream stream;
};

/* Is the token still one?  Looks once a second or so. */
bool exchange_is_valid(struct exchange *exchange);

void stream_init(struct stream *stream);
/* Runs the handler of the exchange in a thread. */
enum status stream_start(struct exchange *exchange, struct error *err) MUST_USE;
/* Waits until the answer begins: true if it is streamed, false if it is complete
 * in response.body (the thread has ended then). */
bool stream_wait(struct stream *stream);
/* The HTTP library's reader of a streamed answer. */
ssize_t stream_read(void *exchange, uint64_t position, char *ret, size_t size_max);
/* Ends it: the handler sees STATUS_CANCELLED at its next flush; joins. */
void stream_finish(struct stream *stream);

#endif
