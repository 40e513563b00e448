/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h - a life of the engine on a disk that fails, against a ledger.
 *
 * The ledger holds what was sent and what was acknowledged; it is outside of
 * the disk.  After every restart all is compared: no acknowledged record is
 * missing, none is there twice, every byte is right, a request is there whole
 * or not at all, the evidence is whole, and queries count the same rows.
 *
 * What is sent again may be there twice in one case alone: a file by which it would be known has
 * not been read for a minute, and senders were refused for that until then (ingest/run_priv.h). */
#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include "base/map.h"
#include "sim/control.h"
#include "sim/disk.h"
#include "sim/engine.h"

#define TRIAL_REQUESTS_MAX 512u
#define TRIAL_RECORDS_MAX 64u /* of a request */

struct trial_request {
    uint32_t id, tenant, count;
    bool with_id, with_key;
    bool acked; /* promised */
    bool maybe; /* its answer was lost: it is there, whole, or not */
    uint64_t first_seq;
    uint32_t again, again_max; /* of its records that are there twice: as many as that, at most */
    uint32_t seen, seen_again; /* while comparing */
};

struct trial {
    uint64_t seed;
    struct rng rng;
    struct disk *disk;
    struct engine engine;
    struct trial_request requests[TRIAL_REQUESTS_MAX];
    uint32_t request_count;
    struct control control;
    struct map records; /* tenant byte and raw -> request id << 32 | index */
    char problem[1024]; /* "" = none */
    bool loud;
    bool no_retries; /* steps send new requests only */
    bool no_failures; /* of steps: what is wrong with the disk is no matter of theirs */
    uint64_t alloc_at; /* of a sweep: the allocation that fails; 0: none */
    bool alloc_sticky; /* and all after it */
    uint64_t allocs;   /* that there were to fail */
    /* what happened, for the log */
    uint64_t acks, deaths, cuts, kills, failed_opens, checkpoints, refused, merges;
};

/* `seed` is of what is done, `disk_seed` of what the disk does. */
void trial_init(struct trial *trial, uint64_t seed, uint64_t disk_seed, const char *kek);
void trial_release(struct trial *trial);

/* Random lives with random faults.  False when something was wrong (`problem`). */
bool trial_run(struct trial *trial);

/* A fixed life under `faults` and alloc_at, which hold from the opening on or, with
 * `recovery`, in the restart after a kill; then a sound restart, a power cut and
 * another one, each compared; then what got no answer is sent again.  *ret_calls
 * counts calls of the kinds in faults->fail_kinds. */
bool trial_sweep(struct trial *trial, const struct disk_faults *faults, bool recovery,
                 uint64_t *ret_calls);

/* A sound life, then `damage` to a file with the prefix.  Every answer is right or
 * says that it is not whole; what is wrong with one tenant does not touch the rest. */
struct trial_rot {
    char path[128];  /* what was damaged; "" = there was none */
    char other[128]; /* where a misdirected write went; "" = it was no such one */
    bool refused;    /* it did not start */
    bool noticed;    /* a reader was told */
    uint64_t whole;  /* acknowledged records that were read all the same */
    uint64_t records;
};
bool trial_rot(struct trial *trial, const char *prefix, enum disk_damage damage,
               struct trial_rot *ret);
/* A sound life, then a bad sector in a file of evidence, and the work goes on: nothing is lost,
 * checkpoints and merges fail for nobody, and whose evidence it is not has all of his sections
 * joined.  When the disk gives it again everybody has. */
struct trial_unread {
    char path[128];     /* with the bad sector; "" = there was no such file */
    uint64_t unchecked; /* sections that were met by it */
};
bool trial_unread(struct trial *trial, struct trial_unread *ret);
/* How many rows a query counts in a tenant's table, and whether the answer is whole. */
enum status trial_count(struct trial *trial, uint32_t tenant, uint64_t *ret_rows,
                        bool *ret_complete, struct error *err) MUST_USE;

/* Steps of a trial, for the above. */
void trial_say(struct trial *trial, const char *format, ...) PRINTF_LIKE(2, 3);
void trial_step(struct trial *trial);
void trial_put(struct trial *trial, struct trial_request *request);
struct trial_request *trial_new_request(struct trial *trial);
void trial_compare(struct trial *trial);

#endif
