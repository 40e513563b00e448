/* SPDX-License-Identifier: Apache-2.0 */
/* buf_pool.h - the memory of a few large buffers, kept for the next user.
 *
 * A block of a megabyte that is freed goes back to the kernel, and the next one
 * is cleared page by page again: that was a sixth of what a request cost.  The
 * pool keeps at most BUF_POOL_COUNT blocks of at most BUF_POOL_BYTES_MAX each,
 * the one given last first; all else is freed.  What was in them is not wiped: a
 * pool is for bytes of one sort, and its owner keeps it out of other hands.
 * Any thread may use it. */
#ifndef BASE_BUF_POOL_H
#define BASE_BUF_POOL_H

#include "base/buf.h"

#include <pthread.h>

#define BUF_POOL_COUNT 6
#define BUF_POOL_BYTES_MIN ((size_t)64 << 10) /* smaller ones are malloc()'s business */
#define BUF_POOL_BYTES_MAX ((size_t)4 << 20)

struct buf_pool {
    pthread_mutex_t lock;
    struct buf spare[BUF_POOL_COUNT];
    uint32_t count;
};

void buf_pool_init(struct buf_pool *pool);
void buf_pool_release(struct buf_pool *pool); /* frees what is kept; usable no more */

/* An empty buffer with that maximum, with memory of the pool if there is some.
 * A maximum below BUF_POOL_BYTES_MAX gets none. */
void buf_pool_take(struct buf_pool *pool, size_t max_bytes, struct buf *ret);
/* As buf_release(): the buffer is empty after, with the same maximum. */
void buf_pool_give(struct buf_pool *pool, struct buf *buf);

#endif
