/* SPDX-License-Identifier: Apache-2.0 */
/* simulate - the engine on a simulated disk.
 *
 * usage: simulate seeds FROM COUNT [-v]   random lives, one a seed
 *        simulate calls [STEP]            each disk call fails, once and for good
 *        simulate allocs [STEP [FROM]]    each allocation likewise
 *        simulate rot FROM COUNT          damage to a file, one a seed
 *        simulate unread FROM COUNT       a bad sector in the evidence, one a seed
 *
 * A line for each failure, then what was done as JSON; exit 1 if anything failed.  SIGINT and
 * SIGTERM end it behind the life under way. */
#include "base/check.h"
#include "base/text.h"
#include "sim/alloc.h"
#include "sim/trial.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAILURES_MAX 20u
#define SWEEP_SEED 7u /* of the requests; all lives of a sweep send the same */

struct run {
    char kek[64];
    bool loud;
    uint64_t done, failures, acks, deaths, cuts, kills, failed_opens, checkpoints, merges, refused;
};

static volatile sig_atomic_t is_stopped;

static void stop(int number)
{
    (void)number;
    is_stopped = 1;
}

static void count(struct run *run, const struct trial *t, const char *what)
{
    run->done++;
    run->acks += t->acks;
    run->deaths += t->deaths;
    run->cuts += t->cuts;
    run->kills += t->kills;
    run->failed_opens += t->failed_opens;
    run->checkpoints += t->checkpoints;
    run->merges += t->merges;
    run->refused += t->refused;
    if (t->problem[0] != '\0' && run->failures++ < FAILURES_MAX)
        printf("FAILED %s: %s\n", what, t->problem);
    (void)fflush(stdout);
}

static void run_seeds(struct run *run, uint64_t from, uint64_t seed_count)
{
    struct trial *t = calloc(1, sizeof(*t));
    char what[64];

    CHECK(t != NULL);
    for (uint64_t seed = from; seed < from + seed_count && !is_stopped; seed++) {
        trial_init(t, seed, seed, run->kek);
        t->loud = run->loud;
        (void)trial_run(t);
        (void)snprintf(what, sizeof(what), "seed %llu", (unsigned long long)seed);
        count(run, t, what);
        trial_release(t);
    }
    free(t);
}

/* One life; the number of calls, or with alloc_at of allocations, that there were to fail. */
static uint64_t one_sweep(struct run *run, const struct disk_faults *faults, bool recovery,
                          uint64_t alloc_at, bool alloc_sticky)
{
    struct trial *t = calloc(1, sizeof(*t));
    uint64_t calls = 0;
    char what[128];

    CHECK(t != NULL);
    trial_init(t, SWEEP_SEED, faults->fail_at, run->kek);
    t->alloc_at = alloc_at;
    t->alloc_sticky = alloc_sticky;
    (void)trial_sweep(t, faults, recovery, &calls);
    (void)snprintf(what, sizeof(what), "%s %llu of kinds %02x, %s%s%s",
                   alloc_at != 0 ? "allocation" : "call",
                   (unsigned long long)(alloc_at != 0 ? alloc_at : faults->fail_at),
                   faults->fail_kinds, faults->sticky || alloc_sticky ? "for good" : "once",
                   faults->full ? ", full" : "", recovery ? ", in recovery" : "");
    count(run, t, what);
    calls = alloc_at != 0 ? t->allocs : calls;
    trial_release(t);
    free(t);
    return calls;
}

static void sweep_calls(struct run *run, uint64_t step)
{
    for (uint32_t mode = 0; mode < 8; mode++) {
        bool recovery = (mode & 1) != 0;
        for (uint32_t kind = 0; kind < DISK_CALLS_ && !is_stopped; kind++) {
            struct disk_faults faults = {
                .fail_kinds = 1u << kind, .sticky = (mode & 2) != 0, .full = (mode & 4) != 0};
            if (faults.full && (kind == DISK_READ || kind == DISK_SYNC))
                continue;
            uint64_t calls = one_sweep(run, &faults, recovery, 0, false);
            for (uint64_t n = 1; n <= calls && !is_stopped; n += step) {
                faults.fail_at = n;
                (void)one_sweep(run, &faults, recovery, 0, false);
            }
        }
    }
}

static void sweep_allocs(struct run *run, uint64_t step, uint64_t from)
{
    static const struct disk_faults none = {0};

    for (uint32_t mode = 0; mode < 4 && !is_stopped; mode++) {
        bool recovery = (mode & 2) != 0, sticky = (mode & 1) != 0;
        uint64_t calls = one_sweep(run, &none, recovery, UINT64_MAX, false);
        for (uint64_t n = from; n <= calls && !is_stopped; n += step)
            (void)one_sweep(run, &none, recovery, n, sticky);
    }
}

static void run_rot(struct run *run, uint64_t from, uint64_t seed_count)
{
    static const char *const prefixes[] = {"wal/", "seg/0", "seg/catalog", "t/",
                                           "ingest/state", "ingest/0", "keys/", "control/"};
    enum { PREFIXES = sizeof(prefixes) / sizeof(*prefixes) };
    struct trial *t = calloc(1, sizeof(*t));
    uint64_t refused[PREFIXES] = {0}, noticed[PREFIXES] = {0}, lives[PREFIXES] = {0};
    char what[384];

    CHECK(t != NULL);
    for (uint64_t seed = from; seed < from + seed_count && !is_stopped; seed++) {
        struct trial_rot rot;
        uint32_t p = (uint32_t)(seed % PREFIXES);
        enum disk_damage damage = (enum disk_damage)(seed / PREFIXES % DISK_DAMAGES_);
        trial_init(t, seed, seed, run->kek);
        (void)trial_rot(t, prefixes[p], damage, &rot);
        lives[p]++;
        refused[p] += rot.refused;
        noticed[p] += rot.noticed;
        (void)snprintf(what, sizeof(what), "rot %llu, damage %d of '%s'%s%s",
                       (unsigned long long)seed, (int)damage, rot.path,
                       rot.other[0] != '\0' ? ", which went to " : "", rot.other);
        count(run, t, what);
        trial_release(t);
    }
    for (uint32_t p = 0; p < PREFIXES; p++)
        printf("%-12s %6llu damaged, %6llu starts refused, %6llu answers that said so\n",
               prefixes[p], (unsigned long long)lives[p], (unsigned long long)refused[p],
               (unsigned long long)noticed[p]);
    free(t);
}

static void run_unread(struct run *run, uint64_t from, uint64_t seed_count)
{
    struct trial *t = calloc(1, sizeof(*t));
    uint64_t struck = 0, met = 0;
    char what[192];

    CHECK(t != NULL);
    for (uint64_t seed = from; seed < from + seed_count && !is_stopped; seed++) {
        struct trial_unread unread;
        trial_init(t, seed, seed, run->kek);
        t->loud = run->loud;
        (void)trial_unread(t, &unread);
        struck += unread.path[0] != '\0';
        met += unread.unchecked > 0;
        (void)snprintf(what, sizeof(what), "unread %llu, a sector of '%s'",
                       (unsigned long long)seed, unread.path);
        count(run, t, what);
        trial_release(t);
    }
    printf("%llu bad sectors, %llu met by a flush or a merge\n", (unsigned long long)struck,
           (unsigned long long)met);
    free(t);
}

static void make_kek(struct run *run)
{
    char directory[] = "/tmp/simulate-XXXXXX";

    CHECK(mkdtemp(directory) != NULL);
    (void)snprintf(run->kek, sizeof(run->kek), "%s/kek", directory);
}

static void remove_kek(struct run *run)
{
    (void)unlink(run->kek);
    *strrchr(run->kek, '/') = '\0';
    (void)rmdir(run->kek);
}

static uint64_t number(int argc, char **argv, int at, uint64_t otherwise)
{
    uint64_t value = otherwise;

    return argc > at && text_parse_u64(slice_of(argv[at]), &value) ? value : otherwise;
}

int main(int argc, char **argv)
{
    struct run run = {.loud = argc > 1 && strcmp(argv[argc - 1], "-v") == 0};
    const char *what = argc > 1 ? argv[1] : "";

    (void)signal(SIGINT, stop);
    (void)signal(SIGTERM, stop);
    make_kek(&run);
    if (strcmp(what, "seeds") == 0) {
        run_seeds(&run, number(argc, argv, 2, 1), number(argc, argv, 3, 1));
    } else if (strcmp(what, "calls") == 0) {
        sweep_calls(&run, number(argc, argv, 2, 1));
    } else if (strcmp(what, "rot") == 0) {
        run_rot(&run, number(argc, argv, 2, 1), number(argc, argv, 3, 1));
    } else if (strcmp(what, "unread") == 0) {
        run_unread(&run, number(argc, argv, 2, 1), number(argc, argv, 3, 1));
    } else if (strcmp(what, "allocs") == 0) {
        sweep_allocs(&run, number(argc, argv, 2, 1), number(argc, argv, 3, 1));
    } else {
        (void)fprintf(stderr,
                      "usage: simulate seeds|rot|unread FROM COUNT | calls [STEP] | "
                      "allocs [STEP]\n");
        return 2;
    }
    remove_kek(&run);
    printf("{\"%s\":%llu,\"failures\":%llu,\"acknowledged\":%llu,\"refused\":%llu,"
           "\"fail_stops\":%llu,\"power_cuts\":%llu,\"kills\":%llu,\"struck_recoveries\":%llu,"
           "\"checkpoints\":%llu,\"merges\":%llu}\n",
           what, (unsigned long long)run.done, (unsigned long long)run.failures,
           (unsigned long long)run.acks, (unsigned long long)run.refused,
           (unsigned long long)run.deaths, (unsigned long long)run.cuts,
           (unsigned long long)run.kills, (unsigned long long)run.failed_opens,
           (unsigned long long)run.checkpoints, (unsigned long long)run.merges);
    return run.failures != 0;
}
