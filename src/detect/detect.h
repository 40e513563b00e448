/* SPDX-License-Identifier: Apache-2.0 */
/* detect.h - the rules that watch records as they arrive.
 *
 * detect_sink() sees every durable batch after the store has it.  Hits go into
 * a bounded queue; one writer thread turns them into records of the tenant
 * (tables FirstSeen and SecurityAlert, through the `write` callback, that is
 * ingest) and hands alerts to the `deliver` callback (the webhook).  What cannot be
 * written is tried again until it can; with the queue full, records are not looked at any
 * more, and counted.
 *
 * Start: detect_new(), detect_load() of what is known over all tenants, then the WAL replay
 * feeds the sink (hits are held back, rows of FirstSeen in the WAL cancel them), then
 * detect_set_lacking() of what turned out to be lost, then detect_start().  What is known of one
 * tenant alone is read when its first batch comes: of ten thousand tenants few send something in
 * the first seconds.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "base/clock.h"
#include "query/query.h"
#include "table/record.h"

struct detect;

struct detect_alert {
    struct guid tenant;
    struct guid id;
    struct slice json; /* the webhook's body: one line */
};

struct detect_options {
    const struct clock *clock;
    void *context;
    /* Appends records (NDJSON) to one of our tables of the tenant, durably. */
    enum status (*write)(void *context, const struct guid *tenant, struct slice table,
                         struct slice body, struct error *err);
    /* The answer to a question about our own tables, of a tenant or (NULL) of all;
     * *ret_complete false: rows lack.  It is asked in sink.take too, with the store behind it.
     * NULL: nothing is remembered. */
    enum status (*ask)(void *context, const struct guid *tenant, struct slice text,
                       struct query_sink *sink, bool *ret_complete, struct error *err);
    /* Takes an alert for delivery; must not block.  May be NULL. */
    void (*deliver)(void *context, const struct detect_alert *alert);
};

enum status detect_new(const struct detect_options *options, struct detect **ret,
                       struct error *err) MUST_USE;
/* Reads which addresses took part in alerts, from the table SecurityAlert. */
enum status detect_load(struct detect *detect, struct error *err) MUST_USE;
struct record_sink *detect_sink(struct detect *detect);
/* Records of the tenant are lost.  What was asked before that was known may lack rows, though
 * it was told that none do; hits that wait say so too. */
void detect_set_lacking(struct detect *detect, const struct guid *tenant);
enum status detect_start(struct detect *detect, struct error *err) MUST_USE;
/* Returns when every hit so far is written (before a checkpoint trims the WAL).  STATUS_BUSY
 * where they cannot be now: their records have to stay in the log.  One caller at a time. */
enum status detect_drain(struct detect *detect, struct error *err) MUST_USE;
/* Stops the writer, which tries once more to write what there is; NULL allowed. */
void detect_free(struct detect *detect);

struct detect_stats {
    uint64_t events, pairs, networks, alerts, suppressed, failed_writes, queue_depth;
    uint64_t lacking_tenants; /* of which not all is known that was seen, as records lack */
    uint64_t missed;          /* records that were not looked at, or not all of them */
    bool is_failing;          /* hits cannot be written now */
    bool alerts_lack;         /* the same of addresses that took part in alerts */
};
void detect_stats(struct detect *detect, struct detect_stats *ret);

#endif
