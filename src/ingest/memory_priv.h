/* SPDX-License-Identifier: Apache-2.0 */
/* memory_priv.h - what ingest remembers of requests whose log is gone: the run
 * files and the state file (docs/format/ingest.md).
 *
 * memory_look*() from any thread; load and save by one.
 */
#ifndef INGEST_MEMORY_PRIV_H
#define INGEST_MEMORY_PRIV_H

#include "base/arena.h"
#include "ingest/run_priv.h"
#include "ingest/tenant_priv.h"

#include <stdatomic.h>

#define RUNS_MAX 64
/* Of a run that a merge makes: with its filter, the index of a section has to fit. */
#define RUN_ENTRIES_MAX (UINT64_C(128) << 20)

struct memory {
    struct io *io;                 /* borrowed */
    struct tenant_table *tenants;  /* borrowed */
    const struct clock *clock;     /* of the system, unless the owner sets another */
    pthread_rwlock_t lock;         /* runs, run_count, generation */
    struct run *runs[RUNS_MAX];    /* oldest first */
    size_t run_count;
    uint64_t generation;           /* counts the changes of runs */
    uint64_t next_run, floor;      /* the saver's */
    uint32_t minute;               /* up to which time was believed at the last save; 0: unknown */
    uint64_t run_entries_max;      /* RUN_ENTRIES_MAX, less in tests */
    atomic_uint lost_count;        /* runs that were found damaged since the start */
    atomic_uint forgotten_count;   /* runs that were dropped before their time since the start */
};

void memory_init(struct memory *memory, struct io *io, struct tenant_table *tenants);
void memory_free_all(struct memory *memory);

/* Reads state and runs, sets the tenants' counters; removes what is left over
 * from a save cut short.  A directory without state is new.  The state is kept
 * twice (base/twin.h); damaged runs are set aside, and counted; what cannot be read is not
 * known, which memory_unread() tells. */
enum status memory_load(struct memory *memory, struct error *err) MUST_USE;
/* Is there a state, sound or not?  Before memory_load(), which removes what none names. */
bool memory_is_saved(const struct memory *memory);

/* Writes what the tenants have frozen to a run, merges runs, drops what is
 * older than `oldest`, and then replaces the state. */
enum status memory_save(struct memory *memory, uint64_t floor, uint32_t oldest,
                        struct error *err) MUST_USE;

uint64_t memory_generation(struct memory *memory);
/* Runs of which the disk did not give something since the start. */
uint32_t memory_unread(struct memory *memory);
/* The run is damaged: no look-up reads it again, the next save sets it aside. */
void memory_break(struct memory *memory, struct run *run);
/* Verdicts on prints (those with an id) from the runs alone.  They hold while the generation
 * is *ret_generation; under the tenant's lock, until that is let go. */
struct memory_query {
    const struct tenant *tenant;
    const struct print *prints;
    uint32_t count, oldest;
};
enum status memory_look(struct memory *memory, const struct memory_query *query,
                        uint8_t *ret_verdicts, uint64_t *ret_generation,
                        struct error *err) MUST_USE;
/* The answer kept for an idempotency key: *ret is a copy for the caller to
 * free, or NULL. */
enum status memory_look_key(struct memory *memory, const struct tenant *tenant,
                            const struct hash256 *mac, uint32_t oldest, struct kept_answer **ret,
                            struct error *err) MUST_USE;

#endif
