/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/patience.h"

#define FIRST_WAIT_MS 100u
#define DOUBLINGS 6u

bool patience_wait(struct patience *p, uint64_t now_us, unsigned asked_s, uint64_t *ret_ms)
{
    if (p->tries == 0)
        p->began_us = now_us;
    uint64_t passed_ms = (now_us - p->began_us) / 1000;
    uint64_t ms = asked_s > 0 ? (uint64_t)asked_s * 1000
                              : FIRST_WAIT_MS << (p->tries < DOUBLINGS ? p->tries : DOUBLINGS);

    if (p->limit_ms > 0 && passed_ms >= p->limit_ms)
        return false;
    if (p->limit_ms > 0 && ms > p->limit_ms - passed_ms) /* a proxy may say an hour */
        ms = p->limit_ms - passed_ms;
    p->tries++;
    *ret_ms = ms;
    return true;
}

bool patience_tells(struct patience *p, uint64_t now_us, bool is_busy)
{
    if (is_busy && p->tries <= PATIENCE_QUIET_TRIES)
        return false;
    if (p->said_us > 0 && now_us - p->said_us < PATIENCE_SAY_MS * 1000ull)
        return false;
    p->said_us = now_us;
    return true;
}
