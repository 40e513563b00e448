/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - how many pieces of work of a kind go on at a time, over all tenants.
 *
 * One tenant gets half of the places, and the last quarter is for tenants that have
 * none: who floods waits for itself, and who comes rarely finds a place at once.  Where
 * principals are told, one of them gets half of what its tenant gets.
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
    struct {
        struct guid tenant, principal;
    } places[GATE_PLACES_MAX]; /* the taken ones */
};

/* place_count: 2 .. GATE_PLACES_MAX; what is outside is clamped to it. */
void gate_init(struct gate *gate, uint64_t place_count);
/* The zero tenant stands for several; principal NULL: it does not matter who.  Waits for a
 * place up to wait_ms, then STATUS_BUSY; STATUS_CANCELLED when *cancelled (may be NULL)
 * becomes true. */
enum status gate_enter(struct gate *gate, const struct guid *tenant,
                       const struct guid *principal, uint64_t wait_ms,
                       const atomic_bool *cancelled, struct error *err) MUST_USE;
void gate_leave(struct gate *gate, const struct guid *tenant, const struct guid *principal);
void gate_release(struct gate *gate);

#endif
