/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.h - allocations of the program that fail.
 *
 * The linker leads malloc, calloc and realloc of the modules here; the files of
 * test/sim have the real ones.  Only what is allocated while armed is counted. */
#ifndef SIM_ALLOC_H
#define SIM_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

/* The fail_at-th allocation fails, counted from 1 over all armed times; sticky:
 * and all after it.  0: none. */
void alloc_set(uint64_t fail_at, bool sticky);
void alloc_arm(bool armed);
uint64_t alloc_count(void);

#endif
