/* SPDX-License-Identifier: Apache-2.0 */
/* waiting_priv.h - the frames that wait for a commit, and which of them go into the next one.
 *
 * Small ones go first, so that who sends a few records does not wait for the megabytes of
 * another; a commit has a bounded size, so that nobody who comes meanwhile waits for long.
 * A tenant's frames stay in their order, as their numbers follow from each other.  Large ones
 * have every second commit if there are any, and tenants take turns with theirs.
 *
 * Not locked: the log's lock guards it.
 */
#ifndef INGEST_WAITING_PRIV_H
#define INGEST_WAITING_PRIV_H

#include "base/limits.h"
#include "ingest/wal_priv.h"

#define COMMIT_SMALL_BYTES (64 * KIB) /* payloads from here on are large */
/* Of small frames together, and of large ones together; a single larger frame may pass it. */
#define COMMIT_BYTES_MAX (1 * MIB)

struct waiting {
    struct wal_entry *head, **tail; /* in the order of arrival */
    bool owes_large;                /* the last commit left large ones behind */
    struct guid last_large;         /* whose was the last large one that went */
};

void waiting_init(struct waiting *waiting);
bool waiting_is_empty(const struct waiting *waiting);
void waiting_add(struct waiting *waiting, struct wal_entry *entry);
/* The entries of the next commit, in order; NULL only if none waits. */
struct wal_entry *waiting_take(struct waiting *waiting);
struct wal_entry *waiting_take_all(struct waiting *waiting);

#endif
