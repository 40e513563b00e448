/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gate.h"

#include "base/check.h"
#include "base/clock.h"

#define LOOK_MS 50u /* at the flag of cancellation */

static const struct guid nobody;

void gate_init(struct gate *gate, uint64_t place_count)
{
    uint64_t places = place_count > GATE_PLACES_MAX ? GATE_PLACES_MAX : place_count;

    *gate = (struct gate){.place_count = places < 2 ? 2 : (uint32_t)places};
    (void)pthread_mutex_init(&gate->lock, NULL);
    clock_cond_init(&gate->left);
}

void gate_release(struct gate *gate)
{
    (void)pthread_mutex_destroy(&gate->lock);
    (void)pthread_cond_destroy(&gate->left);
}

static bool is_of(const struct gate *gate, uint32_t place, const struct guid *tenant,
                  const struct guid *principal)
{
    return guid_equal(&gate->places[place].tenant, tenant) &&
           guid_equal(&gate->places[place].principal, principal);
}

static bool has_place(const struct gate *gate, const struct guid *tenant,
                      const struct guid *principal)
{
    uint32_t share = gate->place_count / 2, own = 0, principals = 0;

    for (uint32_t i = 0; i < gate->taken; i++) {
        own += guid_equal(&gate->places[i].tenant, tenant);
        principals += principal != NULL && is_of(gate, i, tenant, principal);
    }
    uint32_t kept = own == 0 ? 0 : gate->place_count / 4; /* for those that have none */
    return gate->taken + kept < gate->place_count && own < share &&
           (principals == 0 || principals < share / 2);
}

enum status gate_enter(struct gate *gate, const struct guid *tenant,
                       const struct guid *principal, uint64_t wait_ms,
                       const atomic_bool *cancelled, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&gate->lock);
    for (uint64_t waited_ms = 0; !has_place(gate, tenant, principal); waited_ms += LOOK_MS) {
        if (cancelled != NULL && atomic_load(cancelled))
            status = ERROR_SET(err, STATUS_CANCELLED, "it was cancelled while it waited");
        else if (waited_ms >= wait_ms)
            status = ERROR_SET(err, STATUS_BUSY, "too much is at work; try again");
        if (status != STATUS_OK)
            break;
        struct timespec until = clock_deadline(LOOK_MS);
        (void)pthread_cond_timedwait(&gate->left, &gate->lock, &until);
    }
    if (status == STATUS_OK) {
        gate->places[gate->taken].tenant = *tenant;
        gate->places[gate->taken++].principal = principal == NULL ? nobody : *principal;
    }
    (void)pthread_mutex_unlock(&gate->lock);
    return status;
}

void gate_leave(struct gate *gate, const struct guid *tenant, const struct guid *principal)
{
    uint32_t at = 0;

    (void)pthread_mutex_lock(&gate->lock);
    while (at < gate->taken && !is_of(gate, at, tenant, principal == NULL ? &nobody : principal))
        at++;
    CHECK(at < gate->taken);
    gate->places[at] = gate->places[--gate->taken];
    (void)pthread_cond_broadcast(&gate->left);
    (void)pthread_mutex_unlock(&gate->lock);
}
