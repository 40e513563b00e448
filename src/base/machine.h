/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h - what there is to work with: defaults are shares of it; how the heap takes it. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include "base/slice.h"

#include <stdint.h>

/* Of the machine, or of the control groups that this process is in where they may have less (a
 * container, a service with MemoryMax=); 0 = unknown.  A sandbox hides the groups. */
uint64_t machine_memory_bytes(void);
uint32_t machine_processors(void);   /* at least 1 */

/* The least that a control group may have of those that `groups`, the text of /proc/self/cgroup
 * (cgroups(7)), names, and those above them, in the hierarchies below `root` (/sys/fs/cgroup);
 * UINT64_MAX where none has a limit. */
uint64_t machine_group_bytes(struct slice groups, const char *root);

/* The heap of a program that runs for long, with many threads; before the first of them. */
void machine_set_heap(void);

/* As many open files as the system lets this process have: what a shell or a service begins with
 * is less.  A failure leaves it as it is. */
void machine_allow_files(void);

#endif
