/* SPDX-License-Identifier: Apache-2.0 */
/* ingest.h - from a request body to durable, numbered, evidenced records.
 *
 * ingest_put() splits the body into records (raw bytes kept exactly), checks
 * them, leaves out duplicates, numbers them, computes their leaves, appends
 * ONE frame to the write-ahead log, waits for the group commit's fsync, hands
 * the batch to the sinks and has the receipt signed.  After it returns OK the
 * records survive power loss and are searchable.
 *
 * Threads: ingest_put() from any number of threads.  All work runs in the caller, but for
 * commits behind another one and those of large bodies, which a thread of the log makes.
 *
 * Checkpoint (how the WAL gets shorter; called by one thread):
 *     n = ingest_rotate()      new WAL file n; waits until every frame of the
 *                              files below n has been taken by the sinks
 *     ingest_save(n)           duplicates and idempotency memory, counters
 *     store_flush(n)           seals those rows; commits "WAL floor = n"
 *     ingest_trim(n)           deletes the files below n
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/stage.h"
#include "crypt/keyring.h"
#include "crypt/leaf.h"
#include "table/record.h"

#define INGEST_WHO_BYTES 64u

struct ingest;

struct ingest_options {
    struct io *io;               /* the data directory; ingest uses wal/ and ingest/ */
    struct keyring *keyring;
    const struct clock *clock;
    struct record_sink *records; /* the tee: store first, rules second */
    struct leaf_sink *leaves;    /* evidence */
    struct stage_times *stages;  /* takes what the stages cost; may be NULL */
    uint64_t wal_floor;          /* from the store: files below it are sealed */
    uint64_t reserve_bytes;      /* of the disk, kept for requests that are `internal`; 0: none */
    uint64_t log_ahead_bytes;    /* size of the spare file of the log; 0: none is made */
    bool has_log_thread;         /* makes spare files; false: the commit that wants one does */
    bool any_floor;              /* the store lost its floor: replay all files of the log */
    /* The highest number of a tenant's records below the floor; 0: none.  May be NULL. */
    uint64_t (*last_sealed)(void *context, const struct guid *tenant);
    const struct guid *tenants;  /* for the opening: of whom a damaged log may have records */
    uint32_t tenant_count;
    /* May the table be written, and which column is its event time?  Filled by
     * main from content/.  NULL time_column means none but the usual ones. */
    const char *(*time_column)(void *context, struct slice table);
    /* Calls each() for the tables that the sinks have rows of a tenant in.  Asked once a tenant,
     * with its lock held, when the log is replayed.  NULL: they have none. */
    enum status (*tables)(void *context, const struct guid *tenant,
                          void (*each)(void *arg, struct slice name), void *arg,
                          struct error *err);
    /* Have the sinks room for more rows, beside about so many that are on their way to them?
     * Some of it is for small bodies only, so that they do not wait for the flush beside who
     * sends more than it can take; coming_rows are then those of small ones.  May be NULL. */
    bool (*has_room)(void *context, bool is_small, uint64_t coming_rows);
    /* Called once, from any thread, when nothing may be acknowledged any more
     * (a failed sync, a failed sink): the process has to stop, a restart
     * recovers.  Requests get STATUS_IO from then on.  May be NULL. */
    void (*fatal)(void *context, const struct error *err);
    void *context;
};

/* The number of the oldest file of the log; 0: there is none.  Before ingest_open(), for who
 * wants to know whether the log reaches back to a floor. */
enum status ingest_oldest_log(struct io *io, uint64_t *ret, struct error *err) MUST_USE;

/* Opens the WAL, replays what is not sealed into the sinks (replayed = true),
 * and starts the committer.  Frames that were acknowledged and cannot be read are
 * left out (ingest_lost_list()), and so are those of files that are missing; a damaged file
 * leaves the log as NAME.aside.  A torn tail is no damage.  STATUS_CORRUPT if the files
 * contradict each other: one repeats numbers of frames of the one before, or rows are sealed and
 * there is no state, which was saved before. */
enum status ingest_open(const struct ingest_options *options, struct ingest **ret,
                        struct error *err) MUST_USE;
void ingest_close(struct ingest *ingest); /* waits for the queue; NULL allowed */

enum ingest_format {
    INGEST_FORMAT_AUTO,   /* by the first byte: '[' is an array, else NDJSON */
    INGEST_FORMAT_NDJSON,
    INGEST_FORMAT_ARRAY,
};

/* Letters, digits and _, no digit first, at most TABLE_NAME_BYTES_MAX. */
bool table_name_is_valid(struct slice name);

struct ingest_request {
    struct guid tenant;
    struct slice table;           /* "" = by content: AuditRecords, or STATUS_INVALID naming it */
    struct slice body;            /* decoded */
    struct slice packed;          /* a frame that zstd_unpack() makes the body of; "" = none */
    enum ingest_format format;
    struct guid source_id;        /* pseudonymous id of the credential */
    struct slice idempotency_key; /* "" = none */
    bool internal;                /* our own tables (SecurityAlert, FirstSeen ...) may be written */
    bool ids_are_new;             /* drawn for these records: no duplicate is looked for, and
                                   * none of them remembered */
};

struct ingest_quarantined {
    uint32_t index;     /* of the record in the request, from 0 */
    const char *reason; /* static text */
};

struct ingest_answer { /* arrays live in the caller's arena */
    uint32_t records;        /* = stored + duplicates + quarantined_count */
    uint32_t stored, duplicates;
    uint32_t conflicting, foreign; /* of the stored ones */
    const uint32_t *duplicate_indexes;
    const struct ingest_quarantined *quarantined;
    uint32_t quarantined_count;
    uint64_t first_seq;      /* of the stored records; 0 if none */
    uint32_t count;          /* stored records, quarantined ones included */
    struct slice receipt;    /* signed note(s), one a leaf, "\n" between; "" if nothing was
                              * stored, the request was internal, or the keyring could not
                              * sign (the records are stored) */
    struct slice seeds;      /* SEED_BYTES a leaf, in leaf order */
    bool replayed_key;       /* the idempotency key was known: the first answer again */
};

#define INGEST_TABLE_QUOTA "table_quota" /* the code of STATUS_LIMIT for one table too many */

/* STATUS_INVALID (wrong request), STATUS_LIMIT (body too large; INGEST_TABLE_QUOTA: a table more
 * than a tenant may have, of those that are neither declared nor ours), STATUS_CONFLICT
 * (code "idempotency_conflict": same key, other body), STATUS_BUSY (queue full),
 * STATUS_FULL (disk; nothing stored).  Nothing is stored unless OK. */
enum status ingest_put(struct ingest *ingest, const struct ingest_request *request,
                       struct arena *arena, struct ingest_answer *ret, struct error *err) MUST_USE;

/* The same in two steps, so that one thread can have many requests in one commit:
 * begin queues, end waits.  What was begun must be ended, and only that frees it; the
 * request and the arena have to live until then.  Not for two requests with the same
 * idempotency key: the second would wait for the first.  A checkpoint waits for all that
 * was begun, so who begins many calls ingest_wait_for_room() before the first;
 * ingest_put() does it itself, unless the request is internal: the checkpoint waits for
 * some of these in other ways, too. */
struct put;
/* Returns when the sinks have room, or after a second: they may be what does not work.  false:
 * they have none. */
bool ingest_wait_for_room(struct ingest *ingest, bool is_small);
enum status ingest_put_begin(struct ingest *ingest, const struct ingest_request *request,
                             struct arena *arena, struct put **ret, struct error *err) MUST_USE;
enum status ingest_put_end(struct put *put, struct ingest_answer *ret,
                           struct error *err) MUST_USE;

enum status ingest_rotate(struct ingest *ingest, uint64_t *ret_floor, struct error *err) MUST_USE;
enum status ingest_save(struct ingest *ingest, uint64_t floor, struct error *err) MUST_USE;
enum status ingest_trim(struct ingest *ingest, uint64_t floor, struct error *err) MUST_USE;
/* Before the store commits what it cannot vouch for: from now on ingest_trim() does not delete
 * the files below n, they leave the log as NAME.aside, for a person to look at.  It holds
 * for later processes, too. */
enum status ingest_keep(struct ingest *ingest, uint64_t floor, struct error *err) MUST_USE;

/* Records [first_seq, last_seq] that were acknowledged and are lost; is_bound: at most
 * these, as the numbers of the lost frames are not known. */
struct ingest_lost {
    struct guid tenant;
    uint64_t first_seq, last_seq;
    bool is_bound;
    int64_t accepted_us;  /* when somebody accepted that they are lost; 0: nobody did */
    int64_t from_us, to_us; /* accepted: the times that are said to be concerned, inclusive */
    char accepted_by[INGEST_WHO_BYTES]; /* a name, with a NUL */
};
/* All that was ever lost. */
enum status ingest_lost_list(struct ingest *ingest, struct arena *arena,
                             struct ingest_lost **ret, uint32_t *ret_count,
                             struct error *err) MUST_USE;
/* Keeps that the range with these numbers was accepted (anew, if it was before); durable
 * when it returns.  The range itself stays for ever.  One that is not in the list, as it was lost
 * from the store, is added. */
enum status ingest_accept_lost(struct ingest *ingest, const struct ingest_lost *accepted,
                               struct error *err) MUST_USE;

struct ingest_stats {
    uint64_t acked_records, acked_requests, acked_bytes;
    uint64_t duplicates, conflicting, quarantined, foreign, replayed_keys;
    uint64_t fsyncs, fsync_us_total, fsync_us_max;
    uint64_t fsync_us_last; /* or of the one under way, if that is longer already */
    uint64_t queue_depth, wal_bytes, shed;
    uint64_t replayed_records; /* at start */
    uint64_t damaged_logs;     /* files found damaged at the start */
    uint64_t torn_bytes;       /* cut off the end of the log at the start */
    uint64_t lost_ranges;      /* ingest_lost_list() */
    uint64_t accepted_ranges;  /* of these */
    uint64_t lost_runs; /* since the start: damaged files of what was received lately */
    uint64_t unreadable_runs; /* files of that of which the disk did not give something */
    uint64_t clock_ahead_us; /* at the last save: so much ahead that it is not believed; 0: it is */
    uint64_t forgotten_runs; /* since the start: files of that, dropped early for want of room */
};
void ingest_stats(struct ingest *ingest, struct ingest_stats *ret);
/* STATUS_BUSY and why when records are not taken, or slowly, for what the disk does. */
enum status ingest_ready(struct ingest *ingest, struct error *err) MUST_USE;

/* All of a tenant's records up to this number have been taken by the sinks, and no further
 * one will get a number up to it; above it some may have been taken.  0 if there is none. */
uint64_t ingest_delivered_seq(struct ingest *ingest, const struct guid *tenant);

#endif
