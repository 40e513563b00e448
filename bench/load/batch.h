/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h - records of one tenant on their way, and the queue to the senders.
 *
 * One thread fills, several send.  At most one batch of a tenant is under way,
 * so that a tenant's records arrive in order.
 */
#ifndef LOAD_BATCH_H
#define LOAD_BATCH_H

#include "base/buf.h"
#include "codec/compress.h"
#include "crypt/hash.h"

#include <pthread.h>

struct batch {
    struct batch *next;
    uint64_t number;      /* makes the idempotency key */
    uint32_t tenant;
    struct buf body;      /* NDJSON; empty once it is packed into something smaller */
    struct buf packed;    /* as it is sent, unless that is the body itself */
    size_t size_bytes;    /* of the NDJSON */
    bool is_packed;
    uint32_t record_count;
    struct buf hashes;    /* SHA-256 of each record, when a ledger is kept */
    uint64_t first_of;    /* bit n: the first malicious record of mailbox n is in it */
};

struct queue {
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    struct batch *first, *last;
    uint32_t count, count_max;
    bool *is_busy; /* a tenant: a batch of it is under way */
    bool is_closed;
};

struct batch *batch_new(uint32_t tenant, uint64_t number, struct error *err);
void batch_free(struct batch *batch);
/* Compresses what is in it; once.  Nothing may be added afterwards. */
enum status batch_pack(struct batch *batch, enum compression encoding, struct error *err) MUST_USE;
struct slice batch_sent(const struct batch *batch); /* the bytes to send, after batch_pack() */

enum status queue_init(struct queue *queue, uint32_t tenant_count, uint32_t count_max,
                       struct error *err) MUST_USE;
void queue_release(struct queue *queue);
void queue_put(struct queue *queue, struct batch *batch); /* taken; waits for room */
void queue_close(struct queue *queue);
/* The next batch whose tenant is free; NULL when closed and empty. */
struct batch *queue_take(struct queue *queue);
void queue_done(struct queue *queue, uint32_t tenant);

#endif
