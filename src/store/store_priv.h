/* SPDX-License-Identifier: Apache-2.0 */
/* store_priv.h - the store as its own files see it.
 *
 * `lock` guards the parts in memory; it is held for copying pointers only,
 * never for work or input and output.  A snapshot takes it inside
 * sealed_pin() and a flush inside the publish step of sealed_flush(), which
 * exclude each other: a snapshot sees each row once.
 *
 * Order of locks: flush_lock, those of `struct sealed`, lock.
 */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include "store/gap_priv.h"
#include "store/memory_priv.h"
#include "store/scan_priv.h"
#include "store/segment_priv.h"
#include "store/store.h"

#include <pthread.h>

struct store {
    struct record_sink sink; /* first */
    struct store_options options;
    _Atomic(struct scan_schema *) *schemas; /* of options.tables that are declared, as they are
                                             * asked for; NULL before */
    pthread_mutex_t lock;
    pthread_cond_t joined; /* a join has ended */
    struct memory memory;
    struct sealed *sealed;
    struct gap_list gaps;
    pthread_mutex_t flush_lock; /* one flush at a time */
};

/* Not thread-safe; the parts and sections it pins are. */
struct store_snapshot {
    struct store *store;
    bool is_of_one;           /* tenant: only its rows in memory are here */
    struct guid tenant;
    struct held_list memory;
    struct section_list *sections;
    struct scan_source *sources; /* owned */
    enum status (*check)(void *context, struct error *err); /* NULL: store_snapshot_watch() */
    void *check_context;
};

#endif
