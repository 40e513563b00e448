/* SPDX-License-Identifier: Apache-2.0 */
/* The same life again and again, each time with another call that fails. */
#include "base/check.h"
#include "sim/alloc.h"
#include "sim/trial.h"

#include <stdio.h>

#define ROUNDS 3u
#define CHANGES 3u /* of the control plane, a round */

static const struct disk_faults no_faults = {0};

static bool goes_on(const struct trial *t)
{
    return t->problem[0] == '\0' && !atomic_load(&t->engine.dead);
}

static void send(struct trial *t, uint32_t count)
{
    for (uint32_t i = 0; i < count && goes_on(t); i++) {
        struct trial_request *r = trial_new_request(t);
        CHECK(r != NULL);
        trial_put(t, r);
    }
}

/* What may fail here fails, and work goes on: only the fail-stop ends it. */
static void checkpoint(struct trial *t)
{
    struct error err;

    if (!goes_on(t))
        return;
    alloc_arm(true);
    enum status status = engine_checkpoint(&t->engine, &err);
    alloc_arm(false);
    if (status == STATUS_CORRUPT || status == STATUS_INVALID)
        trial_say(t, "a checkpoint says %s: %s", status_name(status), err.text);
}

static void merge(struct trial *t, bool compact)
{
    struct error err;
    bool worked = false;

    if (!goes_on(t))
        return;
    alloc_arm(true);
    enum status status = compact ? store_compact(t->engine.store, NULL, NULL, NULL, &err)
                                 : store_merge_step(t->engine.store, NULL, &worked, &err);
    alloc_arm(false);
    if (status == STATUS_CORRUPT || status == STATUS_INVALID)
        trial_say(t, "a merge says %s: %s", status_name(status), err.text);
}

static void live(struct trial *t)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        send(t, 3);
        for (uint32_t i = 0; i < CHANGES && goes_on(t); i++)
            control_step(t);
        checkpoint(t);
        send(t, 2);
        merge(t, false);
        t->engine.clock.now_unix_us += 60000000;
    }
    merge(t, true);
    send(t, 2);
}

static bool open_armed(struct trial *t, struct error *err)
{
    alloc_arm(true);
    enum status status = engine_open(&t->engine, err);
    alloc_arm(false);
    return status == STATUS_OK;
}

static void stop(struct trial *t, enum disk_restart how)
{
    engine_close(&t->engine);
    disk_set_faults(t->disk, &no_faults);
    disk_restart(t->disk, how);
}

/* With no fault any more. */
static bool open_soundly(struct trial *t)
{
    struct error err;

    if (engine_open(&t->engine, &err) == STATUS_OK)
        return true;
    trial_say(t, "cannot open a sound disk: %s (%s)", err.text, err.origin);
    return false;
}

bool trial_sweep(struct trial *t, const struct disk_faults *faults, bool recovery,
                 uint64_t *ret_calls)
{
    struct error err;

    if (recovery) { /* there is something to recover */
        if (!open_soundly(t))
            return false;
        live(t);
        stop(t, DISK_KILLED);
    }
    disk_set_faults(t->disk, faults);
    alloc_set(t->alloc_at, t->alloc_sticky);
    if (open_armed(t, &err))
        recovery ? checkpoint(t) : live(t);
    *ret_calls = disk_calls_of(t->disk, faults->fail_kinds);
    t->allocs = alloc_count();
    alloc_set(0, false);
    stop(t, DISK_KILLED);
    if (!open_soundly(t))
        return false;
    trial_compare(t);
    /* What was found in the page cache must not be trusted to be on the disk. */
    if (faults->fail_at % 3 != 0)
        checkpoint(t);
    stop(t, DISK_NO_POWER);
    if (!open_soundly(t))
        return false;
    trial_compare(t);
    /* All that got no answer is sent again, and work goes on. */
    for (uint32_t i = 0; i < t->request_count && t->problem[0] == '\0'; i++)
        trial_put(t, &t->requests[i]);
    live(t);
    if (atomic_load(&t->engine.dead))
        trial_say(t, "it stopped on a sound disk: %s", t->engine.why.text);
    trial_compare(t);
    return t->problem[0] == '\0';
}
