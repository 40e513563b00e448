/* SPDX-License-Identifier: Apache-2.0 */
/* How lives begin and end. */
#include "base/check.h"
#include "sim/trial.h"

#include <stdio.h>

#define LIVES_MAX 5u
#define STEPS_MAX 30u
#define RECOVERIES_MAX 3u

static const struct disk_faults no_faults = {0};

static struct disk_faults random_faults(struct trial *t, bool recovery)
{
    struct rng *rng = &t->rng;
    struct disk_faults f = {0};

    switch (rng_below(rng, recovery ? 5 : 7)) {
    case 0: /* one call, for good or once */
        f.fail_at = 1 + rng_below(rng, recovery ? 30 : 150);
        f.fail_kinds = 1 + rng_below(rng, (1u << DISK_CALLS_) - 1);
        f.sticky = rng_below(rng, 2) == 0;
        f.full = rng_below(rng, 4) == 0;
        break;
    case 1:
    case 2:
        f.cut_at = 1 + rng_below(rng, recovery ? 60 : 300);
        break;
    case 3:
        for (uint32_t kind = 0; kind < DISK_CALLS_; kind++)
            f.fail_ppm[kind] = rng_below(rng, 3) == 0 ? rng_below(rng, 30000) : 0;
        break;
    case 4:
        f.no_space = recovery || rng_below(rng, 2) == 0;
        break;
    default:
        break;
    }
    return f;
}

static void end_life(struct trial *t)
{
    bool power = disk_is_off(t->disk) || rng_below(&t->rng, 3) == 0;

    t->deaths += atomic_load(&t->engine.dead);
    engine_close(&t->engine);
    t->cuts += power;
    t->kills += !power;
    disk_set_faults(t->disk, &no_faults);
    disk_restart(t->disk, power ? DISK_NO_POWER : DISK_KILLED);
    if (t->loud)
        printf(" %s\n", power ? "power cut" : "killed");
}

/* One death in eight leaves a damaged file that can be made good, another one in eight a write to
 * one that went elsewhere.  The dice are of their own. */
static void damage(struct trial *t)
{
    static const char *const PATHS[] = {"seg/catalog", "ingest/state", "keys/keyring"};
    struct rng rng = {t->seed * 0xD1342543DE82EF95u + t->kills + t->cuts};
    uint32_t what = rng_below(&rng, 8);
    struct disk_misdirected moved = {"", ""};

    /* both of the files that are kept twice are there after the first checkpoint */
    if (what > 1 || !io_exists(t->engine.io, "ingest/state.copy"))
        return;
    const char *path = PATHS[rng_below(&rng, 3)];
    if (what == 0) {
        disk_rot(t->disk, path, (enum disk_damage)rng_below(&rng, DISK_GONE), moved.from);
    } else { /* into itself, or into one that is not its copy */
        const char *other = PATHS[rng_below(&rng, 3)];
        (void)disk_misdirect(t->disk, &rng, path, other == path ? NULL : other, &moved);
    }
    if (t->loud)
        printf(" damage to '%s' %s\n", moved.from, moved.to);
}

/* Recoveries that are struck, then one that is not. */
static void begin_life(struct trial *t)
{
    struct error err;

    damage(t);
    for (uint32_t i = 0; i < RECOVERIES_MAX && rng_below(&t->rng, 3) == 0; i++) {
        struct disk_faults faults = random_faults(t, true);
        if (t->request_count == 0)
            faults.no_space = false; /* a new directory needs some */
        disk_set_faults(t->disk, &faults);
        enum status status = engine_open(&t->engine, &err);
        if (t->loud)
            printf(" struck recovery: %s\n", status == STATUS_OK ? "ok" : err.text);
        t->failed_opens += status != STATUS_OK;
        if (faults.no_space && status != STATUS_OK)
            trial_say(t, "it does not start on a full disk: %s (%s)", err.text, err.origin);
        else if (status == STATUS_OK && rng_below(&t->rng, 2) == 0)
            trial_step(t); /* work right after a struck recovery */
        end_life(t);
    }
    if (engine_open(&t->engine, &err) != STATUS_OK)
        trial_say(t, "cannot open: %s (%s)", err.text, err.origin);
}

bool trial_run(struct trial *t)
{
    uint32_t lives = 2 + rng_below(&t->rng, LIVES_MAX - 1);

    for (uint32_t life = 0; t->problem[0] == '\0' && life < lives; life++) {
        begin_life(t);
        if (t->problem[0] != '\0')
            break;
        trial_compare(t);
        struct disk_faults faults = random_faults(t, false);
        disk_set_faults(t->disk, &faults);
        uint32_t steps = 1 + rng_below(&t->rng, STEPS_MAX);
        for (uint32_t i = 0; i < steps && t->problem[0] == '\0'; i++) {
            if (atomic_load(&t->engine.dead) || disk_is_off(t->disk))
                break;
            if (faults.no_space && i == steps / 2) {
                faults.no_space = false;
                disk_set_faults(t->disk, &faults); /* space again: it goes on by itself */
            }
            trial_step(t);
        }
        end_life(t);
    }
    if (t->problem[0] == '\0')
        begin_life(t);
    if (t->problem[0] == '\0')
        trial_compare(t);
    return t->problem[0] == '\0';
}
