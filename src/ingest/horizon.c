/* SPDX-License-Identifier: Apache-2.0 */
/* horizon.c - see horizon_priv.h. */
#include "ingest/horizon_priv.h"

#include "base/time.h"

#define RESTART_US US_PER_DAY
#define STEP_US US_PER_HOUR /* a clock that was set ahead by less is believed */
#define HOLD_US ((uint64_t)US_PER_DAY)

static int64_t go_on(struct horizon *horizon, int64_t passed_us)
{
    int64_t clock_us = clock_unix_us(horizon->clock);
    uint64_t now_us = clock_monotonic_us(horizon->clock);
    int64_t allowed_us = horizon->believed_us + passed_us;
    bool is_ahead = clock_us > allowed_us + STEP_US;

    if (is_ahead && !horizon->is_held)
        horizon->held_since_us = now_us;
    horizon->is_held = is_ahead && now_us - horizon->held_since_us < HOLD_US;
    horizon->at_us = now_us;
    if (horizon->is_held)
        horizon->believed_us = allowed_us;
    else if (clock_us > horizon->believed_us)
        horizon->believed_us = clock_us;
    atomic_store(&horizon->lead_us, horizon->believed_us - (int64_t)now_us);
    return clock_us;
}

void horizon_start(struct horizon *horizon, const struct clock *clock, int64_t saved_us)
{
    *horizon = (struct horizon){
        .clock = clock, .believed_us = saved_us != 0 ? saved_us : clock_unix_us(clock)};
    (void)go_on(horizon, RESTART_US);
}

int64_t horizon_now(struct horizon *horizon, int64_t *ret_ahead_us)
{
    int64_t passed_us = (int64_t)(clock_monotonic_us(horizon->clock) - horizon->at_us);
    int64_t clock_us = go_on(horizon, passed_us > 0 ? passed_us : 0);

    *ret_ahead_us = horizon->is_held ? clock_us - horizon->believed_us : 0;
    return clock_us < horizon->believed_us ? clock_us : horizon->believed_us;
}

int64_t horizon_look(const struct horizon *horizon)
{
    int64_t clock_us = clock_unix_us(horizon->clock);
    int64_t believed_us =
        atomic_load(&horizon->lead_us) + (int64_t)clock_monotonic_us(horizon->clock);

    return clock_us < believed_us ? clock_us : believed_us;
}
