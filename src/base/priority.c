/* SPDX-License-Identifier: Apache-2.0 */
#include "base/priority.h"

#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_PROMPT_NS 100000u /* the shortest there is */

/* The first version of struct sched_attr; the C library has none yet. */
struct slice_attributes {
    uint32_t size;
    uint32_t policy; /* 0 = SCHED_OTHER */
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
};

/* slice_ns 0 = the usual. */
static void set_slice(uint64_t slice_ns, int nice)
{
    struct slice_attributes attributes = {
        .size = sizeof(attributes), .nice = nice, .runtime_ns = slice_ns};

    if (syscall(SYS_sched_setattr, 0, &attributes, 0u) != 0)
        (void)setpriority(PRIO_PROCESS, 0, nice);
}

void priority_prompt(void)
{
    set_slice(SLICE_PROMPT_NS, getpriority(PRIO_PROCESS, 0));
}

void priority_behind(int nice)
{
    set_slice(0, getpriority(PRIO_PROCESS, 0) + nice);
}
