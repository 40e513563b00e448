/* SPDX-License-Identifier: Apache-2.0 */
/* crew.h - some threads that take pieces of work from a common pile.
 *
 * A thread that was started may wait for a processor longer than the work takes, so none is
 * waited for that has not begun when the pile is gone.
 */
#ifndef BASE_CREW_H
#define BASE_CREW_H

#include <stdint.h>

/* work(context, 0) on the calling thread; beside it, work(context, i) for 0 < i < count on
 * threads of their own, each i at most once.  Whoever runs takes pieces until there are no
 * more.  Which of the others run at all is left open; those that do have ended at the return. */
void crew_run(uint32_t count, void (*work)(void *context, uint32_t index), void *context);

#endif
