/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stage.h"

#include <time.h>

const char *stage_name(enum stage stage)
{
    static const char *const names[STAGE_COUNT_] = {
        [STAGE_TRANSPORT] = "transport", [STAGE_DECODE] = "decode",
        [STAGE_PARSE] = "parse",         [STAGE_DEDUPE] = "dedupe",
        [STAGE_EVIDENCE] = "evidence",   [STAGE_LOG] = "log",
        [STAGE_BUILD] = "build",         [STAGE_DETECT] = "detect",
        [STAGE_SIGN] = "sign",           [STAGE_FLUSH] = "flush",
        [STAGE_MERGE] = "merge",
    };

    return names[stage];
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct stage_watch stage_watch_start(struct stage_times *times)
{
    return (struct stage_watch){times, times == NULL ? 0 : now_ns()};
}

void stage_watch_lap(struct stage_watch *watch, enum stage stage)
{
    if (watch->times == NULL)
        return;
    uint64_t now = now_ns();
    atomic_fetch_add_explicit(&watch->times->cpu_ns[stage], now - watch->since_ns,
                              memory_order_relaxed);
    watch->since_ns = now;
}

void stage_watch_skip(struct stage_watch *watch)
{
    if (watch->times != NULL)
        watch->since_ns = now_ns();
}

double stage_seconds(const struct stage_times *times, enum stage stage)
{
    return (double)atomic_load_explicit(&times->cpu_ns[stage], memory_order_relaxed) / 1e9;
}
