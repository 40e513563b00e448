/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - how many pieces of work of a kind go on at a time, over all tenants.
 *
 * One tenant gets half of the places, and the last quarter is for tenants that have
 * none: who floods waits for itself, and who comes rarely finds a place at once.
 */
#ifndef BASE_GATE_H
#define BASE_GATE_H

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

/* place_count: 2 .. GATE_PLACES_MAX; what is outside is moved there. */
void gate_init(struct gate *gate, uint64_t place_count);
/* The zero tenant stands for several.  Waits for a place up to wait_ms, then
 * STATUS_BUSY; STATUS_CANCELLED when *cancelled (may be NULL) becomes true. */
enum status gate_enter(struct gate *gate, const struct guid *tenant, uint64_t wait_ms,
                       const atomic_bool *cancelled, struct error *err) MUST_USE;
void gate_leave(struct gate *gate, const struct guid *tenant);
void gate_release(struct gate *gate);

#endif
