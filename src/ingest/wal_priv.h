/* SPDX-License-Identifier: Apache-2.0 */
/* wal_priv.h - the files of the write-ahead log and the group commit.
 *
 * Requests queue up their frames.  A commit writes many of them (waiting_priv.h says which)
 * with one write and one sync, settles them in order and wakes their threads.  Who finds the
 * log idle commits on its own thread: to hand a frame to another thread and to be woken by it
 * costs little on an idle machine, and two waits for a processor on a busy one.  What waits
 * behind a commit, and what stands back, is left to the committer, a thread of the log.
 * A frame stays "live" until its owner says wal_entry_end(): a rotation waits for that.
 */
#ifndef INGEST_WAL_PRIV_H
#define INGEST_WAL_PRIV_H

#include "base/clock.h"
#include "base/io.h"
#include "base/stage.h"
#include "crypt/keyring.h"

#include <pthread.h>

#define WAL_DIR "wal"
#define WAL_PATH_BYTES 64

struct wal;

enum wal_state { WAL_WAITING, WAL_DURABLE, WAL_REFUSED };

/* One request in the log; lives with its thread. */
struct wal_entry {
    struct guid tenant;
    const struct key *key;
    struct slice payload; /* "" = writes nothing, only waits for its place */
    bool internal;        /* may use the space in reserve */
    bool stands_back;     /* its thread does: it leaves commits to the committer */
    /* Called once by whoever commits, in the order of its tenant's entries, before
     * the owner wakes: durable, or refused (then it cannot fail).  An error stops
     * the log. */
    enum status (*settle)(struct wal_entry *entry, bool durable, struct error *err);

    uint64_t file; /* number of the file it is in; 0 before */
    /* private to wal.c, guarded by its lock */
    enum wal_state state;
    struct error err;
    pthread_cond_t changed;
    struct wal_entry *next;                  /* of those that wait, or of a commit */
    struct wal_entry *live_next, *live_previous;
    uint64_t position;
};

struct wal_options {
    struct io *io;
    const struct clock *clock;
    uint64_t next_file, next_lsn;
    struct stage_times *stages; /* may be NULL */
    uint64_t reserve_bytes;     /* reserve_priv.h; 0: none */
    uint64_t ahead_bytes;       /* ahead_priv.h; 0: none */
    bool has_ahead_thread;
    /* Called once, when nothing may be acknowledged any more; may be NULL. */
    void (*fatal)(void *context, const struct error *err);
    void *context;
};

/* Begins file next_file and starts the committer. */
enum status wal_open(const struct wal_options *options, struct wal **ret,
                     struct error *err) MUST_USE;
void wal_close(struct wal *wal); /* after the last entry ended; NULL allowed */

/* Puts the entry behind those of its tenant, under the lock that numbers its
 * tenant's records.  STATUS_BUSY when the log is too long or refused frames
 * are being undone; the reason of the stop when it has stopped. */
enum status wal_enqueue(struct wal *wal, struct wal_entry *entry, struct error *err) MUST_USE;
/* Waits for the entry's commit, or makes it; soon after wal_enqueue().  OK: durable and
 * settled. */
enum status wal_wait(struct wal *wal, struct wal_entry *entry, struct error *err) MUST_USE;
/* The sinks have it (or it was refused). */
void wal_entry_end(struct wal *wal, struct wal_entry *entry);

/* Nothing is acknowledged after this: a sink has failed, memory is wrong. */
void wal_stop(struct wal *wal, const struct error *err);

/* Waits until all that is queued now is durable or refused. */
enum status wal_settle(struct wal *wal, struct error *err) MUST_USE;
/* Begins a new file (unless the current one is empty) and waits until all
 * frames of the files before it have ended. */
enum status wal_rotate(struct wal *wal, uint64_t *ret_file, struct error *err) MUST_USE;
enum status wal_trim(struct wal *wal, uint64_t floor, struct error *err) MUST_USE;
/* Notes, durably, that wal_trim() is to rename the files below to NAME.aside, of this process
 * and of later ones. */
enum status wal_keep(struct wal *wal, uint64_t floor, struct error *err) MUST_USE;

/* An old file found at the start, for the sum of sizes and for wal_trim(), which sets one
 * that is to be kept (a damaged one) aside. */
enum status wal_note_file(struct wal *wal, uint64_t number, uint64_t size_bytes, bool is_kept,
                          struct error *err) MUST_USE;

struct wal_stats {
    uint64_t fsyncs, fsync_us_total, fsync_us_max, depth, bytes;
    uint64_t fsync_us_last; /* or of the one under way, if that is longer already */
};
void wal_stats(struct wal *wal, struct wal_stats *ret);
/* STATUS_BUSY and why when it takes nothing, or takes it slowly: it has stopped, or a sync takes
 * over a second, or one did in the last ten. */
enum status wal_ready(struct wal *wal, struct error *err) MUST_USE;

void wal_path(uint64_t number, char ret[WAL_PATH_BYTES]);

#endif
