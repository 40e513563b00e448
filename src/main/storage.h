/* SPDX-License-Identifier: Apache-2.0 */
/* storage.h - the storage engine: control plane, log, store and evidence of a data directory,
 * joined on any io.
 *
 * Here is the order in which they are opened, filled, sealed and closed, which a crash at any
 * call of the disk must not break.  The server runs it on the real disk, test/sim/ on one that
 * fails.  A start has three steps, since rules ask the store before the log is replayed into
 * both, and write before the first checkpoint:
 *
 *     storage_open()       control plane, keys, evidence, store
 *     storage_replay()     the log; what is lost
 *     storage_settle()     a checkpoint, if damage or a crash left one due
 *
 * It starts no threads but those of its parts.  storage_checkpoint() is thread-safe, and so are
 * the parts.
 */
#ifndef MAIN_STORAGE_H
#define MAIN_STORAGE_H

#include "evidence/evidence.h"
#include "ingest/ingest.h"
#include "meta/meta.h"
#include "store/store.h"

struct storage;

struct storage_options { /* what it points to is borrowed */
    struct io *io; /* the data directory */
    struct keyring *keyring;
    const struct clock *clock;
    const struct table_definition *tables; /* declared ones */
    uint32_t table_count;
    const char *(*time_column)(void *context, struct slice table); /* as in ingest.h */
    size_t cache_bytes; /* of decoded columns; 0 = BLOCK_CACHE_BYTES */
    /* Of a flush, and of the syncs of evidence: with 1 each, and no log thread, the calls of the
     * disk come in one order, and a life of the simulation can be had again. */
    uint32_t thread_count, sync_threads;
    bool has_log_thread;
    uint64_t log_ahead_bytes; /* as in ingest.h, as is the next */
    uint64_t reserve_bytes;
    struct stage_times *stages; /* NULL: nothing is measured */
    /* What `watch` still has to write, before the log that it comes from is cut.  NULL: nothing. */
    enum status (*drain)(void *context, struct error *err);
    /* Nothing may be acknowledged any more: the process has to end.  If it returns, nothing but
     * storage_close() may follow. */
    void (*fatal)(void *context, const struct error *err);
    void *context;
};

struct storage_parts {
    struct meta *meta;
    struct evidence *evidence;
    struct store *store;
    struct ingest *ingest; /* NULL before storage_replay() */
};

/* STATUS_CORRUPT if the keyring lacks the keys of a tenant; else as the parts say. */
enum status storage_open(const struct storage_options *options, struct storage **ret,
                         struct error *err) MUST_USE;
/* Replays the log into the store and, behind it, `watch` (NULL: nobody watches), and tells
 * readers and the operator what is lost.  A failure of `watch` is logged, never passed on: the
 * keeping goes on. */
enum status storage_replay(struct storage *storage, struct record_sink *watch,
                           struct error *err) MUST_USE;
/* Tells the operator what was damaged, and makes the checkpoint that is due after it. */
void storage_settle(struct storage *storage);
void storage_close(struct storage *storage); /* no checkpoint; NULL allowed */

/* They live as long as the storage. */
const struct storage_parts *storage_parts(const struct storage *storage);
/* Those of the control plane; the instance, which has a log of its own, is none of them. */
enum status storage_tenants(struct storage *storage, struct arena *arena, struct guid **ret,
                            uint32_t *ret_count, struct error *err) MUST_USE;

/* Seals what is in memory and shortens the log.  STATUS_FULL, STATUS_BUSY and other failures
 * that are not fatal: nothing is lost, the next one does it. */
enum status storage_checkpoint(struct storage *storage, struct error *err) MUST_USE;

#endif
