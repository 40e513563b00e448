/* SPDX-License-Identifier: Apache-2.0 */
/* priority.h - who gets a processor first when all are taken.
 *
 * Both are for the calling thread and those that it starts later.  They are wishes: where the
 * system refuses, nothing changes.
 *
 * A thread that wakes and wants little waits for the slice of who runs to end, some
 * milliseconds, unless its own is shorter (Linux 6.12 and later; sched_setattr(2), the run time
 * of a thread that is not for real time is its slice).  Not always: who has just had more than
 * its share waits still.  So where long work goes on and on, all of it keeps off one processor.
 */
#ifndef BASE_PRIORITY_H
#define BASE_PRIORITY_H

#include <stdint.h>

void priority_prompt(void); /* short work, many in turn: slices of 0.1 ms */
/* Long work that stands back: slices as usual, and less of them (nice, 0 to 19, is added). */
void priority_behind(int nice);
/* Of all that does: queries, large bodies, checkpoints and merges share what small requests
 * leave. */
#define PRIORITY_BEHIND_NICE 10

/* Short work has come.  Times are those of the monotonic clock. */
void priority_short_came(uint64_t now_us);
/* For a thread that stands back, when it begins and then every few milliseconds: what it works
 * at has taken ran_us so far.  While short work, and work of any thread that has taken
 * PRIORITY_LONG_US, were both seen within the last PRIORITY_CALM_US, the thread and those it
 * starts leave the first processor of the process to others.  Nothing happens where there is
 * only one, nor to a thread that does not stand back. */
void priority_keep_off(uint64_t now_us, uint64_t ran_us);
#define PRIORITY_LONG_US 100000u
#define PRIORITY_CALM_US 500000u

#endif
