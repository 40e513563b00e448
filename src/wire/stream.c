/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - a handler's thread and the connection's thread, one buffer between.
 *
 * The handler runs ahead by at most two buffers: the one it fills and the one
 * being sent.  A slow client slows the handler; a lost one cancels it.
 */
#include "wire/exchange_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/priority.h"

/* A query's recursion is bounded, but deep.  Where nothing is written there is no memory. */
#define STREAM_STACK_BYTES (8 * MIB)
#define VALID_LOOK_US 1000000u /* an answer may take hours, a revocation a second */

void stream_init(struct stream *stream)
{
    *stream = (struct stream){0};
    (void)pthread_mutex_init(&stream->lock, NULL);
    (void)pthread_cond_init(&stream->changed, NULL);
    buf_init(&stream->ready, RESPONSE_BYTES_MAX);
}

/* Hands the body over when the last one is taken.  The lock is held. */
static bool hand_over(struct stream *stream, struct buf *body)
{
    while (stream->ready.size > 0 && !stream->gone)
        (void)pthread_cond_wait(&stream->changed, &stream->lock);
    if (stream->gone)
        return false;
    struct buf empty = stream->ready;
    stream->ready = *body;
    stream->ready_at = 0;
    *body = empty;
    buf_clear(body);
    stream->started = true;
    (void)pthread_cond_broadcast(&stream->changed);
    return true;
}

bool exchange_is_valid(struct exchange *exchange)
{
    const struct http_router *router = exchange->server->router;
    uint64_t now_us = clock_monotonic_us(clock_system());

    if (router->is_valid == NULL ||
        now_us - atomic_load(&exchange->stream.valid_us) < VALID_LOOK_US)
        return true;
    if (!router->is_valid(router->context, exchange->request.principal))
        return false;
    atomic_store(&exchange->stream.valid_us, now_us);
    return true;
}

static enum status stream_flush(struct http_response *response, struct error *err)
{
    struct exchange *exchange = response->transport;
    struct stream *stream = &exchange->stream;

    if (response->body.size == 0)
        return STATUS_OK;
    if (!exchange_is_valid(exchange)) {
        atomic_store(&exchange->cancelled, true);
        buf_clear(&response->body);
        return ERROR_SET(err, STATUS_CANCELLED, "the token is not valid any more");
    }
    atomic_fetch_add(&exchange->server->bytes_out, response->body.size);
    (void)pthread_mutex_lock(&stream->lock);
    bool taken = hand_over(stream, &response->body);
    (void)pthread_mutex_unlock(&stream->lock);
    response->started = true;
    if (!taken || atomic_load(&exchange->cancelled))
        return ERROR_SET(err, STATUS_CANCELLED, "the client is gone");
    return STATUS_OK;
}

static void *run(void *context)
{
    struct exchange *exchange = context;
    struct stream *stream = &exchange->stream;

    /* What streams may compute for minutes on all processors, and a large body for some
     * milliseconds; a record that goes in beside them wants one for less than one.  Of this
     * thread and those it starts. */
    priority_behind(PRIORITY_BEHIND_NICE);
    priority_keep_off(clock_monotonic_us(clock_system()), 0);
    http_dispatch(exchange->server->router, &exchange->request, &exchange->response);
    /* The rest may come long after the last flush. */
    if (exchange->response.started && exchange->response.body.size > 0 &&
        !exchange_is_valid(exchange)) {
        buf_clear(&exchange->response.body);
        exchange->response.broken = true;
    }
    (void)pthread_mutex_lock(&stream->lock);
    if (stream->started && exchange->response.body.size > 0) {
        atomic_fetch_add(&exchange->server->bytes_out, exchange->response.body.size);
        (void)hand_over(stream, &exchange->response.body);
    }
    stream->done = true;
    (void)pthread_cond_broadcast(&stream->changed);
    (void)pthread_mutex_unlock(&stream->lock);
    return NULL;
}

enum status stream_start(struct exchange *exchange, struct error *err)
{
    pthread_attr_t attributes;

    exchange->response.flush = stream_flush;
    exchange->response.transport = exchange;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STREAM_STACK_BYTES);
    int rc = pthread_create(&exchange->stream.thread, &attributes, run, exchange);
    (void)pthread_attr_destroy(&attributes);
    if (rc != 0)
        return ERROR_SET(err, STATUS_BUSY, "no thread for the request; try again");
    exchange->stream.running = true;
    return STATUS_OK;
}

bool stream_wait(struct stream *stream)
{
    (void)pthread_mutex_lock(&stream->lock);
    while (!stream->started && !stream->done)
        (void)pthread_cond_wait(&stream->changed, &stream->lock);
    bool started = stream->started;
    (void)pthread_mutex_unlock(&stream->lock);
    if (!started) {
        (void)pthread_join(stream->thread, NULL);
        stream->running = false;
    }
    return started;
}

/* The handler may have handed it over hours ago, and wait for it to be taken. */
static bool is_cut_off(struct exchange *exchange)
{
    if (exchange_is_valid(exchange))
        return false;
    atomic_store(&exchange->cancelled, true);
    exchange->stream.gone = true;
    (void)pthread_cond_broadcast(&exchange->stream.changed);
    return true;
}

ssize_t stream_read(void *context, uint64_t position, char *ret, size_t size_max)
{
    struct exchange *exchange = context;
    struct stream *stream = &exchange->stream;
    ssize_t result = 0;

    (void)position;
    (void)pthread_mutex_lock(&stream->lock);
    while (stream->ready.size == 0 && !stream->done)
        (void)pthread_cond_wait(&stream->changed, &stream->lock);
    if (stream->ready.size > 0 && is_cut_off(exchange)) {
        result = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (stream->ready.size > 0) {
        struct slice left = slice_tail(buf_slice(&stream->ready), stream->ready_at);
        struct slice part = slice_head(left, size_max);
        memcpy(ret, part.data, part.size);
        stream->ready_at += part.size;
        if (part.size == left.size) {
            buf_clear(&stream->ready);
            (void)pthread_cond_broadcast(&stream->changed);
        }
        result = (ssize_t)part.size;
    } else {
        result = exchange->response.broken ? MHD_CONTENT_READER_END_WITH_ERROR
                                           : MHD_CONTENT_READER_END_OF_STREAM;
    }
    (void)pthread_mutex_unlock(&stream->lock);
    return result;
}

void stream_finish(struct stream *stream)
{
    (void)pthread_mutex_lock(&stream->lock);
    stream->gone = true;
    (void)pthread_cond_broadcast(&stream->changed);
    (void)pthread_mutex_unlock(&stream->lock);
    if (stream->running)
        (void)pthread_join(stream->thread, NULL);
    buf_release(&stream->ready);
    (void)pthread_cond_destroy(&stream->changed);
    (void)pthread_mutex_destroy(&stream->lock);
}
