/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_priv.h - what the parts of ingest share. */
#ifndef INGEST_INGEST_PRIV_H
#define INGEST_INGEST_PRIV_H

#include "base/buf_pool.h"
#include "base/time.h"
#include "ingest/answer_priv.h"
#include "ingest/frame_priv.h"
#include "ingest/horizon_priv.h"
#include "ingest/ingest.h"
#include "base/gate.h"
#include "ingest/leaves_priv.h"
#include "ingest/log_read_priv.h"
#include "ingest/loss_priv.h"
#include "ingest/memory_priv.h"
#include "ingest/tenant_priv.h"
#include "ingest/wal_priv.h"

struct ingest {
    struct ingest_options options;
    struct tenant_table tenants;
    struct memory memory;
    struct horizon horizon; /* the saver's, but for horizon_look() */
    struct wal *wal;
    pthread_mutex_t loss_lock; /* taken alone */
    struct loss loss;
    struct buf_pool buffers; /* of requests at work */
    struct gate large;       /* processors at work on large bodies */
    atomic_uint_fast64_t coming_rows; /* that are not with the sinks yet, but for our own */
    atomic_uint_fast64_t coming_small; /* of these, the ones of small requests */

    pthread_mutex_t lock; /* all below, and the tenants' body_bytes and late_bytes */
    size_t body_bytes;    /* of all requests at work */
    size_t late_bytes;    /* of small bodies that came in without room, since there was some */
    uint64_t late_turn;   /* counts the times that there was some again */
    struct ingest_stats stats;
};

static inline uint32_t minute_of(int64_t unix_us)
{
    return (uint32_t)(unix_us / US_PER_MINUTE);
}

/* What was received before this minute is not remembered any more. */
uint32_t oldest_minute(const struct ingest *ingest);
/* What was received before this one may be destroyed; for who saves or replays.
 * *ret_ahead_us as of horizon_now(). */
uint32_t oldest_kept_minute(struct ingest *ingest, int64_t *ret_ahead_us);

/* Hands one leaf of stored records to the record sink, in parts if they have very many values. */
struct delivery {
    struct guid tenant;
    struct slice table;
    int64_t received_us;
    uint64_t wal_file;
    bool replayed;
};
enum status deliver_records(struct ingest *ingest, const struct delivery *delivery,
                            struct record *records, uint32_t count, struct error *err) MUST_USE;

struct replay_result {
    uint64_t next_file, next_lsn; /* where the log goes on */
    struct wal_found *files; /* found; the caller's */
    size_t file_count;
};
/* Reads the log from its floor into the sinks, the counters and the memory. */
enum status replay_log(struct ingest *ingest, uint64_t state_floor, struct replay_result *ret,
                       struct error *err) MUST_USE;

#endif
