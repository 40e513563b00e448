/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - records on their way in, from ingest to the store and the rules.
 *
 * One record_batch is one committed request (or a part of one) of one tenant
 * and table: durable, numbered, not yet in columns.  The raw bytes are the
 * truth; the tape is the JSON tokens of those bytes.
 */
#ifndef TABLE_RECORD_H
#define TABLE_RECORD_H

#include "base/guid.h"
#include "codec/json.h"

enum record_flag {
    RECORD_QUARANTINED = 1,  /* not a valid record: kept whole, token_count is 0 */
    RECORD_TIME_BAD = 2,     /* event time outside the window: filed under receive time */
    RECORD_FOREIGN = 4,      /* OrganizationId is not the tenant's */
    RECORD_CONFLICTING = 8,  /* same Id as an earlier record, other bytes */
    RECORD_TIME_MISSING = 16,
};

struct record {
    struct slice raw;                /* the exact bytes received */
    const struct json_token *tokens; /* of raw; token 0 is the object */
    uint32_t token_count;
    uint32_t flags;                  /* enum record_flag */
    uint64_t seq;                    /* per tenant, contiguous */
    int64_t event_time;              /* ticks */
    const char *quarantine_reason;   /* static text, or NULL */
};

struct record_batch {
    struct guid tenant;
    struct slice table;       /* "AuditRecords", ... */
    const struct record *records;
    uint32_t record_count;
    int64_t received_us;      /* receive time of the request, Unix microseconds */
    const int64_t *received_times_us; /* a record, where they came in several; else NULL */
    uint64_t wal_file;        /* number of the WAL file that holds it */
    bool replayed;            /* read back from the WAL after a restart */
};

static inline int64_t record_batch_received_us(const struct record_batch *batch,
                                               uint32_t record)
{
    return batch->received_times_us == NULL ? batch->received_us
                                            : batch->received_times_us[record];
}

/* Takes durable batches.  Thread-safe.  An error is fatal for the caller. */
struct record_sink {
    enum status (*take)(struct record_sink *sink, const struct record_batch *batch,
                        struct error *err);
};

static inline enum status record_sink_take(struct record_sink *sink,
                                           const struct record_batch *batch, struct error *err)
{
    return sink->take(sink, batch, err);
}

#endif
