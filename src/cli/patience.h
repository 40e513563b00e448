/* SPDX-License-Identifier: Apache-2.0 */
/* patience.h - how long a request that was refused or lost is sent again.
 *
 * The waits double up to PATIENCE_WAIT_MAX_MS, unless the server says how long.  The time is
 * passed in.
 */
#ifndef CLI_PATIENCE_H
#define CLI_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#define PATIENCE_WAIT_MAX_MS 6400u
#define PATIENCE_SAY_MS 60000u
#define PATIENCE_QUIET_TRIES 3u

struct patience {
    uint64_t limit_ms; /* since the first failure; 0: for ever */
    uint64_t began_us, said_us;
    unsigned tries;
};

/* After a failure: how long to wait before the next try.  `asked_s` is what the server said, or
 * 0.  False: it was long enough. */
bool patience_wait(struct patience *patience, uint64_t now_us, unsigned asked_s,
                   uint64_t *ret_ms);
/* Then: is it time to tell it?  Once a minute; being busy for a moment is usual. */
bool patience_tells(struct patience *patience, uint64_t now_us, bool is_busy);

#endif
