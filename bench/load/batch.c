/* SPDX-License-Identifier: Apache-2.0 */
#include "load/batch.h"

#include <stdlib.h>

#define BODY_BYTES_MAX (64u << 20)
#define PACKED_BYTES_MAX (128u << 20)
#define ZSTD_LEVEL 1

struct batch *batch_new(uint32_t tenant, uint64_t number, struct error *err)
{
    struct batch *batch = calloc(1, sizeof(*batch));

    if (batch == NULL) {
        (void)ERROR_SET(err, STATUS_IO, "out of memory");
        return NULL;
    }
    batch->tenant = tenant;
    batch->number = number;
    buf_init(&batch->body, BODY_BYTES_MAX);
    buf_init(&batch->packed, PACKED_BYTES_MAX);
    buf_init(&batch->hashes, BODY_BYTES_MAX);
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    buf_release(&batch->body);
    buf_release(&batch->packed);
    buf_release(&batch->hashes);
    free(batch);
}

enum status batch_pack(struct batch *batch, enum compression encoding, struct error *err)
{
    struct slice raw = buf_slice(&batch->body);
    enum status status = STATUS_OK;

    if (batch->is_packed)
        return STATUS_OK;
    batch->is_packed = true;
    batch->size_bytes = raw.size;
    if (encoding == COMPRESSION_NONE)
        return STATUS_OK;
    if (encoding == COMPRESSION_ZSTD)
        status = zstd_pack(raw, ZSTD_LEVEL, &batch->packed, err);
    else
        status = gzip_pack(raw, &batch->packed, err);
    buf_release(&batch->body);
    return status;
}

struct slice batch_sent(const struct batch *batch)
{
    return buf_slice(batch->packed.size > 0 ? &batch->packed : &batch->body);
}

enum status queue_init(struct queue *queue, uint32_t tenant_count, uint32_t count_max,
                       struct error *err)
{
    *queue = (struct queue){.count_max = count_max};
    queue->is_busy = calloc(tenant_count, sizeof(*queue->is_busy));
    if (queue->is_busy == NULL)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    if (pthread_mutex_init(&queue->lock, NULL) != 0 ||
        pthread_cond_init(&queue->changed, NULL) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot make a lock");
    return STATUS_OK;
}

void queue_release(struct queue *queue)
{
    while (queue->first != NULL) {
        struct batch *batch = queue->first;
        queue->first = batch->next;
        batch_free(batch);
    }
    free(queue->is_busy);
    queue->is_busy = NULL;
}

void queue_put(struct queue *queue, struct batch *batch)
{
    (void)pthread_mutex_lock(&queue->lock);
    while (queue->count >= queue->count_max)
        (void)pthread_cond_wait(&queue->changed, &queue->lock);
    if (queue->last == NULL)
        queue->first = batch;
    else
        queue->last->next = batch;
    queue->last = batch;
    queue->count++;
    (void)pthread_cond_broadcast(&queue->changed);
    (void)pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    (void)pthread_cond_broadcast(&queue->changed);
    (void)pthread_mutex_unlock(&queue->lock);
}

/* Takes the first batch of a free tenant off the list; NULL if there is none. */
static struct batch *take_free(struct queue *queue)
{
    struct batch *before = NULL;

    for (struct batch *batch = queue->first; batch != NULL; batch = batch->next) {
        if (queue->is_busy[batch->tenant]) {
            before = batch;
            continue;
        }
        if (before == NULL)
            queue->first = batch->next;
        else
            before->next = batch->next;
        if (queue->last == batch)
            queue->last = before;
        batch->next = NULL;
        queue->count--;
        queue->is_busy[batch->tenant] = true;
        return batch;
    }
    return NULL;
}

struct batch *queue_take(struct queue *queue)
{
    struct batch *batch = NULL;

    (void)pthread_mutex_lock(&queue->lock);
    while ((batch = take_free(queue)) == NULL && !(queue->is_closed && queue->first == NULL))
        (void)pthread_cond_wait(&queue->changed, &queue->lock);
    (void)pthread_cond_broadcast(&queue->changed);
    (void)pthread_mutex_unlock(&queue->lock);
    return batch;
}

void queue_done(struct queue *queue, uint32_t tenant)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->is_busy[tenant] = false;
    (void)pthread_cond_broadcast(&queue->changed);
    (void)pthread_mutex_unlock(&queue->lock);
}
