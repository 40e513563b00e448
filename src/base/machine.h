/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h - what there is to work with: defaults are shares of it; how the heap takes it. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdint.h>

uint64_t machine_memory_bytes(void); /* 0 = unknown */
uint32_t machine_processors(void);   /* at least 1 */

/* The heap of a program that runs for long, with many threads; before the first of them. */
void machine_set_heap(void);

/* As many open files as the system lets this process have: what a shell or a service begins with
 * is less.  A failure leaves it as it is. */
void machine_allow_files(void);

#endif
