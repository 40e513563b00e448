/* SPDX-License-Identifier: Apache-2.0 */
/* priority.h - who gets a processor first when all are taken.
 *
 * Both are for the calling thread and those that it starts later.  They are wishes: where the
 * system refuses, nothing changes.
 *
 * A thread that wakes and wants little waits for the slice of who runs to end, some
 * milliseconds, unless its own is shorter (Linux 6.12 and later; sched_setattr(2), the run time
 * of a thread that is not for real time is its slice).
 */
#ifndef BASE_PRIORITY_H
#define BASE_PRIORITY_H

void priority_prompt(void); /* short work, many in turn: slices of 0.1 ms */
/* Long work that stands back: slices as usual, and less of them (nice, 0 to 19, is added). */
void priority_behind(int nice);
/* Of all that does: queries, large bodies, checkpoints and merges share what small requests
 * leave. */
#define PRIORITY_BEHIND_NICE 10

#endif
