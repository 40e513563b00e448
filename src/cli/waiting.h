/* SPDX-License-Identifier: Apache-2.0 */
/* waiting.h - a line on a terminal while an answer is awaited.
 *
 * Only where stderr is a terminal, and only when it takes longer than WAITING_MS.  A
 * thread of its own writes the line, since the caller waits.
 */
#ifndef CLI_WAITING_H
#define CLI_WAITING_H

#define WAITING_MS 1000u

struct waiting;

/* NULL where there is no terminal (fd) or no thread: then nothing is written. */
struct waiting *waiting_start(int fd);
void waiting_stop(struct waiting *waiting); /* takes the line away; NULL allowed */

#endif
