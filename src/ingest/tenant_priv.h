/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_priv.h - what ingest knows of one tenant: numbers, recent records,
 * recent idempotency keys, the names of its tables.
 *
 * A tenant lives as long as the table.  Its lock guards all below `lock`,
 * but for what says otherwise.
 */
#ifndef INGEST_TENANT_PRIV_H
#define INGEST_TENANT_PRIV_H

#include "base/map.h"
#include "crypt/keyring.h"
#include "crypt/leaf.h"
#include "ingest/print_priv.h"

#include <pthread.h>

struct tenant_counters {
    uint64_t next_seq, next_leaf;
    int64_t commit_us; /* of the last leaf */
};

/* Frames of a damaged log since the last one that is known to be the tenant's. */
struct tenant_loss {
    uint64_t frames, saved_frames; /* that seem to be its own; loss_note() */
    uint64_t frames_before, saved_before; /* of those of nobody, that are none of it */
};

/* An answer kept for its idempotency key; immutable. */
struct kept_answer {
    uint32_t minute; /* of receipt */
    struct hash256 body_hash;
    size_t size;
    char bytes[];
};

/* A request at work under a key; lives with its thread. */
struct pending_key {
    struct hash256 mac, body_hash;
    struct pending_key *next;
};

/* A request whose records have numbers and are not with the sinks yet; lives with it. */
struct undelivered {
    uint64_t first_seq;
    struct slice new_table; /* it would be one more of the tenant; empty: it is there */
    struct undelivered *next;
};

struct tenant {
    struct guid id;
    struct key wal_key;
    struct hmac256 idem; /* keyed, nothing added */
    struct key print_key;   /* of the fingerprints of contents and bodies */
    struct key print_key_2; /* of those before version 4 of the state file: a GMAC */

    pthread_mutex_t lock;
    struct tenant_counters given;   /* by requests that may not be durable yet */
    struct undelivered *undelivered; /* in no order */
    bool seen;                      /* a replayed frame has set the numbers */
    struct tenant_loss lost;        /* the replay's */
    struct print_set hot, frozen;   /* frozen: being written to a run */
    struct map hot_keys, frozen_keys; /* HMAC -> struct kept_answer *, owned */
    struct pending_key *pending;
    pthread_cond_t pending_changed;
    /* That are neither declared nor ours, once they were asked for: of the sinks, and of requests
     * since, when they were stored. */
    struct map tables;
    bool tables_known;
    size_t body_bytes; /* of its requests at work; guarded by the table's owner, as what follows */
    size_t late_bytes; /* its part of ingest->late_bytes, of the turn late_turn */
    uint64_t late_turn;

    /* Held for a copy only: who commits does so for all tenants, and must not wait for a
     * request of one that compares thousands of records under the lock. */
    pthread_mutex_t durable_lock;
    struct tenant_counters durable; /* last set by who commits, which may read it without */
};

struct tenant_table {
    struct keyring *keyring; /* borrowed */
    pthread_rwlock_t lock;
    struct map map; /* tenant id -> struct tenant * */
};

void tenant_table_init(struct tenant_table *table, struct keyring *keyring);
void tenant_table_release(struct tenant_table *table);
/* Finds or makes it.  STATUS_NOT_FOUND for a tenant without keys. */
enum status tenant_table_get(struct tenant_table *table, const struct guid *id,
                             struct tenant **ret, struct error *err) MUST_USE;
/* The same of one who has records.  *ret NULL: its keys were destroyed, and with them the records.
 * Those of the instance never are: STATUS_INVALID, as no other file is damaged. */
enum status tenant_table_get_stored(struct tenant_table *table, const struct guid *id,
                                    struct tenant **ret, struct error *err) MUST_USE;
struct tenant *tenant_table_find(struct tenant_table *table, const struct guid *id);
/* All there are now, in order of id; the array is the caller's. */
enum status tenant_table_list(struct tenant_table *table, struct tenant ***ret, size_t *ret_count,
                              struct error *err) MUST_USE;

/* For one thread; the tenant must outlive them, and the caller wipes them. */
enum status tenant_print_keys(const struct tenant *tenant, struct print_keys *ret,
                              struct error *err) MUST_USE;

/* The rest wants the tenant's lock held. */

void tenant_add_undelivered(struct tenant *tenant, struct undelivered *item, uint64_t first_seq);
void tenant_remove_undelivered(struct tenant *tenant, const struct undelivered *item);
/* How many tables those that are undelivered would make that are not there yet, beside the one of
 * that name. */
uint32_t tenant_coming_tables(const struct tenant *tenant, struct slice name);
/* The highest number up to which nothing is undelivered. */
uint64_t tenant_delivered_seq(const struct tenant *tenant);

enum print_verdict tenant_look(const struct tenant *tenant, const struct print *print,
                               uint32_t oldest);
void tenant_forget(struct tenant *tenant, const struct print *print);

struct kept_answer *kept_answer_new(uint32_t minute, const struct hash256 *body_hash,
                                    struct slice bytes, struct error *err);
/* Takes the answer (frees it on failure). */
enum status tenant_keep_answer(struct tenant *tenant, const struct hash256 *mac,
                               struct kept_answer *answer, struct error *err) MUST_USE;
const struct kept_answer *tenant_find_answer(const struct tenant *tenant,
                                             const struct hash256 *mac);

/* Moves the recent into the frozen (merging when a save had failed). */
enum status tenant_freeze(struct tenant *tenant, struct error *err) MUST_USE;
void tenant_thaw(struct tenant *tenant); /* drops the frozen: they are in a run */

#endif
