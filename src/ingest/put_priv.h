/* SPDX-License-Identifier: Apache-2.0 */
/* put_priv.h - one request on its way in; belongs to its thread. */
#ifndef INGEST_PUT_PRIV_H
#define INGEST_PUT_PRIV_H

#include "ingest/examine_priv.h"
#include "ingest/ingest_priv.h"
#include "ingest/split_priv.h"

struct put {
    struct wal_entry entry; /* first: who commits calls settle() with it */
    struct stage_watch watch; /* of the request's thread */
    struct ingest *ingest;
    const struct ingest_request *request;
    struct tenant *tenant;
    struct print_keys keys; /* of the tenant; wiped at the end */
    struct arena *arena;    /* of the work, the put in it; freed at the end */
    struct arena *answer_arena; /* the caller's */
    struct ingest_answer answer;
    struct split split;
    struct slice table;
    bool is_declared; /* the table */
    int64_t received_us;
    uint32_t foreign, quarantined;

    /* one a record of the request */
    struct print *prints;   /* owned */
    uint8_t *verdicts;      /* enum print_verdict: what the work below rests on */
    uint8_t *run_verdicts;  /* of the runs alone, valid in run_generation */
    uint64_t run_generation;

    struct record *stored;  /* without duplicates */
    uint32_t stored_count, duplicates, conflicting;
    struct leaves leaves;
    struct buf payload;
    struct payload_scratch scratch;
    uint32_t block_count;
    bool is_received;       /* the payload holds the body as it came */
    struct tenant_counters next; /* the tenant's numbers behind this request */
    bool enqueued;
    struct undelivered undelivered; /* in the tenant's list while it is enqueued */

    bool keyed;
    struct pending_key pending;
    struct buf answer_bytes;
    struct receipts receipts;
    bool is_large; /* its body is, or it has very many records: worked on in turn */
    bool lacks_room; /* it has waited for room in vain */
    bool in_gate; /* has a place among the large ones */
    uint64_t coming_rows; /* its part of ingest->coming_rows, and of coming_small if !is_large */
    bool is_admitted, is_replayed;
};

/* Splits, examines, finds the table; prints of all records. */
enum status put_read(struct put *put, struct error *err) MUST_USE;
/* While it is read: its body is small, but has more records than one may have that does not wait
 * for its turn.  Waits for that, and for room. */
enum status put_become_large(struct put *put, struct error *err) MUST_USE;
/* Leaves out duplicates, computes commitments and frame, numbers and queues
 * the frame.  OK: it is in the queue. */
enum status put_queue(struct put *put, struct ingest_answer *answer, struct arena *arena,
                      struct error *err) MUST_USE;

/* Idempotency: OK with *ret_replayed when the key was answered before;
 * otherwise the key is this request's until key_end(). */
enum status key_begin(struct put *put, struct arena *arena, struct ingest_answer *ret,
                      bool *ret_replayed, struct error *err) MUST_USE;
/* Durable: keeps the answer. */
enum status key_keep(struct put *put, struct error *err) MUST_USE;
void key_end(struct put *put);

#endif
