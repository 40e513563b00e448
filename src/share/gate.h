/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - how many queries run at a time: each may use QUERY_MEMORY_BYTES, so
 * their number is what bounds the memory of the server.  One tenant gets half of
 * the places, so that others always find some.
 */
#ifndef SHARE_GATE_H
#define SHARE_GATE_H

#include "base/error.h"
#include "base/guid.h"

#include <pthread.h>
#include <stdatomic.h>

#define GATE_PLACES_MAX 64u

struct gate {
    pthread_mutex_t lock; /* all below */
    pthread_cond_t left;
    uint32_t place_count, taken;
    struct guid tenants[GATE_PLACES_MAX]; /* of the taken places */
};

/* A quarter of the memory, four queries a processor, at least two. */
void gate_init(struct gate *gate);
/* The zero tenant stands for several.  Waits for a place up to wait_ms, then
 * STATUS_BUSY; STATUS_CANCELLED when *cancelled (may be NULL) becomes true. */
enum status gate_enter(struct gate *gate, const struct guid *tenant, uint64_t wait_ms,
                       const atomic_bool *cancelled, struct error *err) MUST_USE;
void gate_leave(struct gate *gate, const struct guid *tenant);
void gate_release(struct gate *gate);

#endif
