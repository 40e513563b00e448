/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the rows of all tenants: in memory, then in encrypted segments.
 *
 * Rows live in parts: immutable column sets of at most PART_ROWS_MAX rows of
 * one tenant and table.  store_sink() makes a part of each batch at once, but keeps the
 * text of a small one until somebody asks for its rows: they are searchable when take()
 * returns.  store_flush() writes all of it into one segment file, small parts of a tenant
 * and table joined to one section; a background merge and store_compact() join sections.
 * Segments, once sealed, are the only copy: each record is re-rendered and checked first, by its
 * tag against the bytes that came, when sections are joined against its commitment.
 *
 * Threads: everything is thread-safe.  Readers pin a snapshot and never block
 * writers.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/stage.h"
#include "crypt/keyring.h"
#include "table/record.h"
#include "table/source.h"

struct store;

/* How the rows of a table become columns (filled from content/ by main). */
struct table_definition {
    struct slice name;
    struct schema schema;       /* declared columns; the system columns come on top:
                                 * TenantId guid, _Seq long, _ReceivedTime datetime,
                                 * TimeGenerated datetime (event time), Type string (the
                                 * table's name), AdditionalFields dynamic */
    const struct slice *paths;  /* per column: where in the record ("" = the column's name) */
    struct slice time_column;   /* "" = TimeGenerated, Timestamp, CreationTime */
    bool declared;              /* false: a user table, columns found in the data */
};

/* Do these consecutive records re-render exactly, by the evidence?  STATUS_CORRUPT if not,
 * STATUS_IO if the disk does not give the evidence.
 * Called before older sections go away, of all their records; before the log goes away
 * of the first of each section. */
struct record_verifier {
    enum status (*verify)(struct record_verifier *verifier, const struct guid *tenant,
                          uint64_t first_seq, uint32_t count,
                          enum status (*raw)(void *context, uint64_t seq, struct slice *ret,
                                             struct error *err),
                          void *context, struct error *err);
};

struct store_options {
    struct io *io; /* the data directory; the store uses seg/ */
    struct keyring *keyring;
    const struct clock *clock;
    struct record_verifier *verifier; /* NULL only in tests */
    const struct table_definition *tables;
    uint32_t table_count;
    uint32_t thread_count;      /* of a flush; 0 = 1 */
    size_t cache_bytes;         /* of decoded columns; 0 = BLOCK_CACHE_BYTES */
    struct stage_times *stages; /* takes what merges and threads of its own cost; may be NULL */
    uint64_t oldest_log; /* number of the log's first file, before it is replayed; 0: none */
    /* Called before a flush commits rows that the verifier refused: their log is to be kept.
     * A failure fails the flush.  NULL: nobody keeps it. */
    enum status (*keep_log)(void *context, uint64_t wal_floor, struct error *err);
    void *context;
};

enum status store_open(const struct store_options *options, struct store **ret,
                       struct error *err) MUST_USE;
void store_close(struct store *store); /* does not flush; NULL allowed */

struct record_sink *store_sink(struct store *store);
uint64_t store_wal_floor(struct store *store);
/* false: the catalog was damaged and made anew, and nothing was flushed since.  The
 * whole log is to be replayed (the sink leaves out what is sealed), then flushed. */
bool store_floor_is_known(struct store *store);
/* false: the catalog on the disk does not list all live sections, as it was made anew or a crash
 * came between a segment file and its commit.  A flush is due; nothing is merged before. */
bool store_is_settled(struct store *store);

/* What is in memory, over all tenants: when to flush. */
struct store_memory {
    uint64_t rows, bytes;
    uint64_t shelves; /* tenants and tables that have rows there: what a flush makes, at least */
    uint64_t age_ms;  /* of the oldest row */
    uint64_t decoded; /* headers and columns of sections, since the start */
};
void store_memory(struct store *store, struct store_memory *ret);

/* Seals every row that came from WAL files below wal_floor and records the
 * floor, in one step.  Rows that the verifier refuses are sealed too, as whole
 * records, and counted as unverified_sections; keep_log() is called before.  Rows of which it
 * cannot read the evidence are counted as unchecked_sections. */
enum status store_flush(struct store *store, uint64_t wal_floor, struct error *err) MUST_USE;
/* One background merge if any is due; *ret_worked tells whether.  *cancelled (or NULL)
 * ends it early; what is done then counts.  Flushes go on beside it. */
enum status store_merge_step(struct store *store, const atomic_bool *cancelled,
                             bool *ret_worked, struct error *err) MUST_USE;
/* Joins everything that can be joined, recompresses; progress may be NULL.  Flushes go
 * on beside it. */
enum status store_compact(struct store *store, void (*progress)(void *context, uint64_t done,
                                                                uint64_t total),
                          void *context, const atomic_bool *cancelled,
                          struct error *err) MUST_USE;

/* A consistent view of all tables; free with store_snapshot_free(). */
struct store_snapshot;
enum status store_snapshot(struct store *store, struct store_snapshot **ret,
                           struct error *err) MUST_USE;
/* The same for questions about one tenant alone (NULL: any): it costs nothing for the rows in
 * memory of all others. */
enum status store_snapshot_of(struct store *store, const struct guid *tenant,
                              struct store_snapshot **ret, struct error *err) MUST_USE;
void store_snapshot_free(struct store_snapshot *snapshot);
/* What is asked from now on while the columns of a table are found in its rows, which may take
 * long: STATUS_OK, or the error that ends it.  NULL: nothing is. */
void store_snapshot_watch(struct store_snapshot *snapshot,
                          enum status (*check)(void *context, struct error *err),
                          void *context);

/* The table as these tenants see it (for a user table the columns depend on
 * the data).  STATUS_NOT_FOUND for a name that is neither declared nor stored
 * for one of them.  The snapshot owns the source. */
enum status store_snapshot_source(struct store_snapshot *snapshot, struct slice table,
                                  const struct guid *tenants, uint32_t tenant_count,
                                  struct table_source **ret, struct error *err) MUST_USE;
/* The names of all tables with rows for one of the tenants, and, unless `stored`,
 * the declared ones; calls name() for each. */
void store_snapshot_tables(struct store_snapshot *snapshot, const struct guid *tenants,
                           uint32_t tenant_count, bool stored,
                           void (*name)(void *context, struct slice name), void *context);

/* The exact raw bytes of records [from_seq, from_seq + count) in order; stops
 * early when each() says so by STATUS_CANCELLED.  Missing numbers are skipped;
 * STATUS_CORRUPT with the code SCAN_RECORDS_LOST at the end if some of them were lost
 * (store_gaps()) or damaged, STATUS_IO with SCAN_SECTION_UNREADABLE if the disk does not give
 * some. */
enum status store_raw(struct store *store, const struct guid *tenant, uint64_t from_seq,
                      uint64_t count,
                      enum status (*each)(void *context, uint64_t seq, struct slice raw,
                                          struct error *err),
                      void *context, struct error *err) MUST_USE;

/* STATUS_CORRUPT with the code SCAN_RECORDS_LOST, and which, if records of the range will not
 * come; STATUS_IO with SCAN_SECTION_UNREADABLE if the disk did not give some before. */
enum status store_check_lost(struct store *store, const struct guid *tenant, uint64_t from_seq,
                             uint64_t count, struct error *err) MUST_USE;

/* Records that were acknowledged and will not come: store_raw() says that they lack, and
 * so do scans; of a loss that was accepted those that may concern its numbers and times. */
struct store_gap {
    struct guid tenant;
    uint64_t first_seq, last_seq;
    bool is_section; /* it is in the catalog, and cannot be read; its times are known */
    bool is_whole;   /* is_section: it has all these numbers */
    bool is_accepted;
    int64_t time_from, time_to; /* is_section, accepted: ticks, inclusive; when the events were,
                                 * and came */
};
/* Adds it, or replaces the one with its numbers; for readers that begin after it. */
enum status store_set_gap(struct store *store, const struct store_gap *gap,
                          struct error *err) MUST_USE;
/* All of them, and what was found damaged of the sections since the start. */
enum status store_gaps(struct store *store, struct arena *arena, struct store_gap **ret,
                       uint32_t *ret_count, struct error *err) MUST_USE;
/* To be called for each tenant when the log is replayed: compares what the catalog says of the
 * tenant's sections with what they were sealed with, leaves out those of which it was altered,
 * and finds the numbers of [1, last_seq] that no row and no gap has, in order: they are for
 * store_set_gap().  Of more than STORE_MISSING_MAX ranges the
 * last one stands for all the rest.  It costs little where nothing lacks: some microseconds a
 * section. */
#define STORE_MISSING_MAX 64u
enum status store_missing(struct store *store, const struct guid *tenant, uint64_t last_seq,
                          enum status (*each)(void *context, uint64_t first, uint64_t last,
                                              struct error *err),
                          void *context, struct error *err) MUST_USE;
/* The highest number of a tenant's sealed records; 0: none. */
uint64_t store_last_sealed(struct store *store, const struct guid *tenant);

struct store_stats {
    uint64_t rows_memory, rows_sealed, bytes_memory, bytes_sealed;
    uint64_t segments, sections, flushes, merges, corrupt_sections;
    uint64_t unreadable_sections; /* the disk did not give something of them since the start */
    uint64_t raw_sections;        /* since the start, whole: columns did not match or fit */
    uint64_t unjoined_sections;   /* not read, or did not fit or match, when they were merged */
    uint64_t unverified_sections; /* since the start: did not match, kept all the same */
    uint64_t unchecked_sections;  /* since the start: their evidence could not be read, so they
                                   * were flushed by their fingerprints, or not merged */
    uint64_t cache_bytes, cache_hits, cache_misses;
    uint64_t fallback_records; /* stored as compressed raw */
};
void store_stats(struct store *store, struct store_stats *ret);
/* More than half of the sections that a store may have: merges do not keep up. */
bool store_is_crowded(const struct store_stats *stats);

#endif
