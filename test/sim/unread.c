/* SPDX-License-Identifier: Apache-2.0 */
/* A bad sector in the evidence of a tenant, while the server runs. */
#include "base/check.h"
#include "sim/trial.h"

#define STEPS 24u
#define STEPS_AFTER 16u

static struct store_stats stats_of(const struct trial *t)
{
    struct store_stats stats;

    store_stats(t->engine.store, &stats);
    return stats;
}

/* All that may be joined is: a tenant has one table, of one month. */
static void compact(struct trial *t)
{
    struct error err;

    if (engine_compact(&t->engine, &err) != STATUS_OK) {
        trial_say(t, "cannot compact: %s (%s)", err.text, err.origin);
        return;
    }
    struct store_stats stats = stats_of(t);
    if (stats.sections - stats.unjoined_sections > ENGINE_TENANTS)
        trial_say(t, "%llu sections after a compaction, %llu of them stay as they are",
                  (unsigned long long)stats.sections,
                  (unsigned long long)stats.unjoined_sections);
}

/* Whoever asks for the evidence is told that it cannot be read, of one tenant at most. */
static void look(struct trial *t)
{
    uint32_t count = 0;

    for (uint32_t tenant = 0; tenant < ENGINE_TENANTS; tenant++) {
        struct evidence_summary summary;
        struct error err;
        enum status status =
            evidence_check(t->engine.evidence, &t->engine.tenants[tenant], &summary, &err);
        if (status != STATUS_OK && (status != STATUS_IO || ++count > 1))
            trial_say(t, "tenant %u: evidence: %s", tenant, err.text);
    }
}

static void work(struct trial *t)
{
    for (uint32_t i = 0; i < STEPS_AFTER && t->problem[0] == '\0'; i++)
        trial_step(t);
    compact(t);
    if (atomic_load(&t->engine.dead))
        trial_say(t, "it stopped: %s", t->engine.why.text);
    look(t);
}

bool trial_unread(struct trial *t, struct trial_unread *ret)
{
    struct error err;

    *ret = (struct trial_unread){.unchecked = 0};
    t->no_failures = true;
    if (engine_open(&t->engine, &err) != STATUS_OK)
        trial_say(t, "cannot open: %s", err.text);
    for (uint32_t i = 0; i < STEPS && t->problem[0] == '\0'; i++)
        trial_step(t);
    if (t->problem[0] != '\0')
        return false;
    disk_go_bad(t->disk, "t/", ret->path);
    work(t);
    ret->unchecked = stats_of(t).unchecked_sections;
    disk_mend(t->disk);
    trial_compare(t); /* the same process, too */
    engine_close(&t->engine);
    disk_restart(t->disk, DISK_KILLED);
    if (t->problem[0] == '\0' && engine_open(&t->engine, &err) != STATUS_OK)
        trial_say(t, "cannot open again: %s", err.text);
    if (t->problem[0] == '\0') {
        compact(t);
        trial_compare(t);
        if (stats_of(t).unjoined_sections != 0)
            trial_say(t, "sections stay as they are on a disk that gives all");
    }
    return t->problem[0] == '\0';
}
