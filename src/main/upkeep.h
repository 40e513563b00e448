/* SPDX-License-Identifier: Apache-2.0 */
/* upkeep.h - when rows are sealed, files merged, senders refused and memory given back.
 *
 * The bounds are in base/limits.h.  Two threads look every quarter of a second, or the owner
 * calls the steps itself; one of each kind may run at a time.
 */
#ifndef MAIN_UPKEEP_H
#define MAIN_UPKEEP_H

#include "main/storage.h"

#include <pthread.h>
#include <stdatomic.h>

struct upkeep {
    struct storage *storage; /* borrowed */
    struct io *io;           /* its disk */
    atomic_bool stopping;
    pthread_t checkpoints, merges;
    bool has_checkpoints, has_merges;
    uint64_t trimmed, trimmed_us; /* what was decoded by the last trim of the heap, and its time */
};

/* One that is all zero may be stopped. */
void upkeep_init(struct upkeep *upkeep, struct storage *storage, struct io *io);
enum status upkeep_start(struct upkeep *upkeep, struct error *err) MUST_USE; /* the threads */
/* Ends a merge early and waits for the threads. */
void upkeep_stop(struct upkeep *upkeep);

/* A checkpoint if it is due, a merge if there is one.  They may run beside each other.
 * *ret_worked: there may be more. */
enum status upkeep_checkpoint_step(struct upkeep *upkeep, bool *ret_worked,
                                   struct error *err) MUST_USE;
enum status upkeep_merge_step(struct upkeep *upkeep, bool *ret_worked,
                              struct error *err) MUST_USE;

/* May more be sent, beside so many rows that are on their way? */
bool upkeep_has_room(const struct store_memory *memory, bool is_small, uint64_t coming_rows);
/* Is a checkpoint due?  wal_bytes: of the log; free_bytes: of the disk. */
bool upkeep_is_due(const struct store_memory *memory, uint64_t wal_bytes, uint64_t free_bytes);

#endif
