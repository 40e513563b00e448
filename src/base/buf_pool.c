/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf_pool.h"

void buf_pool_init(struct buf_pool *pool)
{
    *pool = (struct buf_pool){.count = 0};
    (void)pthread_mutex_init(&pool->lock, NULL);
}

void buf_pool_release(struct buf_pool *pool)
{
    for (uint32_t i = 0; i < pool->count; i++)
        buf_release(&pool->spare[i]);
    pool->count = 0;
    (void)pthread_mutex_destroy(&pool->lock);
}

void buf_pool_take(struct buf_pool *pool, size_t max_bytes, struct buf *ret)
{
    buf_init(ret, max_bytes);
    if (max_bytes < BUF_POOL_BYTES_MAX)
        return;
    (void)pthread_mutex_lock(&pool->lock);
    if (pool->count > 0) {
        struct buf *spare = &pool->spare[--pool->count];
        ret->data = spare->data;
        ret->capacity = spare->capacity;
    }
    (void)pthread_mutex_unlock(&pool->lock);
}

void buf_pool_give(struct buf_pool *pool, struct buf *buf)
{
    if (buf->capacity >= BUF_POOL_BYTES_MIN && buf->capacity <= BUF_POOL_BYTES_MAX) {
        (void)pthread_mutex_lock(&pool->lock);
        if (pool->count < BUF_POOL_COUNT) {
            struct buf *spare = &pool->spare[pool->count++];
            *spare = *buf;
            buf->data = NULL;
            buf->capacity = 0;
        }
        (void)pthread_mutex_unlock(&pool->lock);
    }
    buf_release(buf);
}
