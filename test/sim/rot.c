/* SPDX-License-Identifier: Apache-2.0 */
/* Damage to one file: what readers get is right, or they are told. */
#include "base/check.h"
#include "sim/trial.h"

#define STEPS 24u
#define STEPS_AFTER 12u

struct seeing {
    struct trial *trial;
    uint32_t tenant;
    uint64_t count, last;
};

static enum status see(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    struct seeing *seeing = context;
    struct trial *t = seeing->trial;
    char key[2048];

    (void)err;
    if (raw.size >= sizeof(key)) {
        trial_say(t, "tenant %u: record %llu has %zu bytes", seeing->tenant,
                  (unsigned long long)seq, raw.size);
        return STATUS_OK;
    }
    key[0] = (char)seeing->tenant;
    memcpy(key + 1, raw.data, raw.size);
    const struct map_entry *entry = map_find(&t->records, slice_from(key, raw.size + 1));
    const struct trial_request *r = entry == NULL ? NULL : &t->requests[entry->value >> 32];
    if (r == NULL || r->first_seq + (uint32_t)entry->value != seq)
        trial_say(t, "tenant %u: record %llu has wrong bytes", seeing->tenant,
                  (unsigned long long)seq);
    seeing->count++;
    seeing->last = seq;
    return STATUS_OK;
}

/* The records of a tenant that were acknowledged. */
static uint64_t promised(const struct trial *t, uint32_t tenant)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < t->request_count; i++)
        count += t->requests[i].tenant == tenant && t->requests[i].acked ? t->requests[i].count : 0;
    return count;
}

static bool is_one_of(const char *path, const char *const *paths)
{
    while (*paths != NULL && !slice_starts_with(slice_of(path), slice_of(*paths)))
        paths++;
    return *paths != NULL;
}

/* Is one of the files that were damaged there? */
static bool touches(const struct trial_rot *rot, const char *directory)
{
    return slice_starts_with(slice_of(rot->path), slice_of(directory)) ||
           slice_starts_with(slice_of(rot->other), slice_of(directory));
}

/* Are all that were damaged among these? */
static bool all_in(const struct trial_rot *rot, const char *const *paths)
{
    return is_one_of(rot->path, paths) && (rot->other[0] == '\0' || is_one_of(rot->other, paths));
}

/* One misdirected write can hit a file and its copy: this is the other one's place. */
static bool hits_both_twins(const struct trial_rot *rot)
{
    static const char *const PATHS[] = {"keys/keyring", "control/db", "ingest/state", NULL};
    const char *const *path = PATHS;

    while (*path != NULL && !(slice_starts_with(slice_of(rot->path), slice_of(*path)) &&
                              slice_starts_with(slice_of(rot->other), slice_of(*path))))
        path++;
    return *path != NULL && strcmp(rot->path, rot->other) != 0;
}

/* Less than was promised must be said, by the reader that gives less. */
static void look(struct trial *t, uint32_t tenant, struct trial_rot *ret)
{
    const struct guid *id = &t->engine.tenants[tenant];
    struct seeing seeing = {t, tenant, 0, 0};
    struct evidence_summary summary;
    struct error err;
    uint64_t last = ingest_delivered_seq(t->engine.ingest, id);
    uint64_t wanted = promised(t, tenant), rows = 0;
    bool complete = false, is_log = touches(ret, "wal/");

    /* The end of the log cannot be told from a commit that a crash cut off. */
    if (is_log && last < wanted)
        wanted = last;
    ret->records += wanted;
    enum status status = store_raw(t->engine.store, id, 1, wanted + 1000, see, &seeing, &err);
    if (status == STATUS_OK && seeing.count != wanted)
        trial_say(t, "tenant %u: %llu of %llu records, and raw does not say so", tenant,
                  (unsigned long long)seeing.count, (unsigned long long)wanted);
    ret->whole += seeing.count;
    ret->noticed |= status != STATUS_OK;
    if (wanted == 0)
        return;
    status = trial_count(t, tenant, &rows, &complete, &err);
    if (status == STATUS_OK && complete && rows != wanted)
        trial_say(t, "tenant %u: a query counts %llu of %llu rows and calls it complete", tenant,
                  (unsigned long long)rows, (unsigned long long)wanted);
    ret->noticed |= status != STATUS_OK || !complete;
    status = evidence_check(t->engine.evidence, id, &summary, &err);
    if (status == STATUS_OK && summary.next_seq > last + 1)
        trial_say(t, "tenant %u: evidence of %llu records, there are %llu", tenant,
                  (unsigned long long)summary.record_count, (unsigned long long)last);
    /* Lost leaves at the end: the sequence goes on behind them. */
    ret->noticed |= status != STATUS_OK || summary.next_seq != last + 1;
}

/* Files of which all can be made anew or is kept twice: nobody may lack anything. */
static const char *const MENDED[] = {"seg/catalog", "ingest/state", "keys/keyring", "control/",
                                     NULL};
/* The same, but for what was received already. */
static const char *const WHOLE[] = {"seg/catalog", "ingest/", "keys/keyring", "control/", NULL};
/* The start goes on without what is damaged. */
static const char *const LEFT_OUT[] = {"wal/", "seg/", "t/", "ingest/", "keys/", "control/", NULL};

/* What the end of the log had is gone without a word, as after a crash. */
static void forget_torn(struct trial *t)
{
    for (uint32_t i = 0; i < t->request_count; i++) {
        struct trial_request *r = &t->requests[i];
        if (r->acked &&
            r->first_seq > ingest_delivered_seq(t->engine.ingest, &t->engine.tenants[r->tenant]))
            r->acked = false;
    }
}

/* Some is lost, and all readers go on saying so; no number is given twice. */
static void go_on_with_less(struct trial *t, struct trial_rot *rot)
{
    struct error err;

    forget_torn(t);
    for (uint32_t i = 0; i < STEPS_AFTER && t->problem[0] == '\0'; i++)
        trial_step(t);
    for (uint32_t round = 0; round < 2 && t->problem[0] == '\0'; round++) {
        for (uint32_t tenant = 0; tenant < ENGINE_TENANTS; tenant++)
            look(t, tenant, rot);
        engine_close(&t->engine);
        if (t->problem[0] == '\0' && engine_open(&t->engine, &err) != STATUS_OK)
            trial_say(t, "damage to '%s': cannot open again: %s", rot->path, err.text);
    }
}

/* The work goes on, and it is all there after the next start too. */
static void go_on(struct trial *t, const char *path)
{
    struct error err;

    trial_compare(t);
    for (uint32_t i = 0; i < STEPS_AFTER && t->problem[0] == '\0'; i++)
        trial_step(t);
    trial_compare(t);
    engine_close(&t->engine);
    if (t->problem[0] == '\0' && engine_open(&t->engine, &err) != STATUS_OK)
        trial_say(t, "damage to '%s': cannot open the second time: %s", path, err.text);
    if (t->problem[0] == '\0')
        trial_compare(t);
}

static void damage_files(struct trial *t, const char *prefix, enum disk_damage damage,
                         struct trial_rot *ret)
{
    struct disk_misdirected moved = {"", ""};

    if (damage <= DISK_GONE) {
        disk_rot(t->disk, prefix, damage, ret->path);
        return;
    }
    if (disk_misdirect(t->disk, &t->rng, prefix, damage == DISK_WITHIN ? NULL : "", &moved)) {
        memcpy(ret->path, moved.from, sizeof(ret->path));
        memcpy(ret->other, moved.to, sizeof(ret->other));
    }
}

/* The first start with it, what readers are told then, and the work behind it. */
static void begin_again(struct trial *t, struct trial_rot *ret)
{
    struct error err;

    t->engine.is_evidence_damaged = touches(ret, "t/");
    enum status status = engine_open(&t->engine, &err);
    ret->refused = status != STATUS_OK;
    if (ret->refused && status != STATUS_CORRUPT)
        trial_say(t, "damage to '%s' is called %s: %s", ret->path, status_name(status), err.text);
    if (ret->refused && all_in(ret, LEFT_OUT) && !hits_both_twins(ret))
        trial_say(t, "damage to '%s' refuses the start: %s", ret->path, err.text);
    for (uint32_t tenant = 0; tenant < ENGINE_TENANTS && !ret->refused; tenant++)
        look(t, tenant, ret);
    if (ret->refused || t->problem[0] != '\0')
        return;
    t->no_retries = !all_in(ret, MENDED); /* it may have forgotten what it knew */
    if (all_in(ret, WHOLE))
        go_on(t, ret->path);
    else
        go_on_with_less(t, ret);
}

bool trial_rot(struct trial *t, const char *prefix, enum disk_damage damage,
               struct trial_rot *ret)
{
    struct error err;

    *ret = (struct trial_rot){.refused = false};
    if (engine_open(&t->engine, &err) != STATUS_OK) {
        trial_say(t, "cannot open: %s", err.text);
        return false;
    }
    for (uint32_t i = 0; i < STEPS; i++)
        trial_step(t);
    trial_compare(t); /* every request gets its number */
    engine_close(&t->engine);
    if (t->problem[0] == '\0')
        damage_files(t, prefix, damage, ret);
    if (ret->path[0] != '\0')
        begin_again(t, ret);
    return t->problem[0] == '\0';
}
