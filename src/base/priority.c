/* SPDX-License-Identifier: Apache-2.0 */
#include "base/priority.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_PROMPT_NS 100000u /* the shortest there is */

#define NOTE_US 10000u /* what is seen more often is not written down: all threads read it */

/* When they were seen last; 0 = never. */
static struct {
    atomic_uint_fast64_t short_us, long_us;
} seen;

/* Of this thread.  One that was started has the processors of who started it. */
static _Thread_local enum { NOT_KNOWN, ON_ALL, KEPT_OFF } place;

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

static void note(atomic_uint_fast64_t *time_us, uint64_t now_us)
{
    if (now_us >= atomic_load_explicit(time_us, memory_order_relaxed) + NOTE_US)
        atomic_store_explicit(time_us, now_us, memory_order_relaxed);
}

/* Other threads' clocks may be ahead of now_us by what they ran since it was asked for. */
static bool is_recent(atomic_uint_fast64_t *time_us, uint64_t now_us)
{
    uint64_t us = atomic_load_explicit(time_us, memory_order_relaxed);

    return us != 0 && now_us < us + PRIORITY_CALM_US;
}

void priority_short_came(uint64_t now_us)
{
    note(&seen.short_us, now_us);
}

/* All but the first, or all, of what the first thread of the process may use: that one keeps
 * off none, and is what an operator sets. */
static void move(bool keep_off)
{
    cpu_set_t processors;
    size_t first = 0;

    if (getpriority(PRIO_PROCESS, 0) <= getpriority(PRIO_PROCESS, (id_t)getpid()))
        return; /* it does not stand back */
    if (sched_getaffinity(getpid(), sizeof(processors), &processors) != 0)
        return;
    if (keep_off && CPU_COUNT(&processors) > 1) {
        while (!CPU_ISSET(first, &processors))
            first++;
        CPU_CLR(first, &processors);
    }
    (void)sched_setaffinity(0, sizeof(processors), &processors);
}

void priority_keep_off(uint64_t now_us, uint64_t ran_us)
{
    if (ran_us >= PRIORITY_LONG_US)
        note(&seen.long_us, now_us);
    if (atomic_load_explicit(&seen.long_us, memory_order_relaxed) == 0 ||
        atomic_load_explicit(&seen.short_us, memory_order_relaxed) == 0)
        return;
    bool keep_off = is_recent(&seen.long_us, now_us) && is_recent(&seen.short_us, now_us);
    if (place != (keep_off ? KEPT_OFF : ON_ALL))
        move(keep_off);
    place = keep_off ? KEPT_OFF : ON_ALL;
}
