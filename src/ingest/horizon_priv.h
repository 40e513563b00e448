/* SPDX-License-Identifier: Apache-2.0 */
/* horizon_priv.h - what time it is, for who destroys what is old, and for who looks for it.
 *
 * A clock that is wrong by days for a moment must not make everything old: what is destroyed
 * then is gone when it is set right, and what is not found is stored again.  So this time goes
 * on by what the monotonic clock says has passed, over a restart by a day.  A clock that is still
 * ahead after a day is believed, as after a long standstill it is right, and else nothing would
 * ever be old again.
 *
 * One thread at a time; horizon_look() from any, beside it.
 */
#ifndef INGEST_HORIZON_PRIV_H
#define INGEST_HORIZON_PRIV_H

#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>

struct horizon {
    const struct clock *clock; /* borrowed */
    int64_t believed_us;       /* since 1970; never goes back */
    uint64_t at_us;            /* monotonic, when that was */
    bool is_held;              /* the clock is further ahead */
    uint64_t held_since_us;    /* monotonic */
    atomic_int_fast64_t lead_us; /* believed_us less at_us, for horizon_look() */
};

/* saved_us: believed_us at the last save of an earlier process; 0: it is not known. */
void horizon_start(struct horizon *horizon, const struct clock *clock, int64_t saved_us);
/* What time it is at most.  *ret_ahead_us: how far ahead the clock is; 0: it is believed. */
int64_t horizon_now(struct horizon *horizon, int64_t *ret_ahead_us);
/* The same by what was believed last and has passed since. */
int64_t horizon_look(const struct horizon *horizon);

#endif
