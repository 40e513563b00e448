/* SPDX-License-Identifier: Apache-2.0 */
/* What holds here, in the order in which it is needed:
 *
 * 1. A tenant has keys before it has a line in the control plane.
 * 2. What is lost is known before anybody reads.
 * 3. Before the log is cut: what the rules owe, evidence, the memory for duplicates, and the
 *    rows with the floor.  A crash between two of them repeats from the log what was not done.
 */
#include "main/storage.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "main/upkeep.h"
#include "share/damaged.h"
#include "share/share.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct tee {
    struct record_sink sink; /* first */
    struct record_sink *keep, *watch;
    struct stage_times *stages;
    atomic_bool has_told; /* of a watcher that failed */
};

struct verifier {
    struct record_verifier verifier; /* first */
    struct evidence *evidence;
};

struct storage {
    struct storage_options options;
    struct storage_parts parts;
    struct tee tee;
    struct verifier verifier;
    pthread_mutex_t checkpoint_lock; /* one checkpoint at a time */
};

/* ---- what the parts ask of each other ---- */

/* Keeps first, watches second: a watcher that fails counts that itself, and never stops the
 * keeping. */
static enum status tee_take(struct record_sink *sink, const struct record_batch *batch,
                            struct error *err)
{
    struct tee *tee = (struct tee *)sink;
    struct error watch_err;
    /* A question over many tenants leaves a row with each: to measure that would cost more
     * than to do it. */
    bool is_measured = !slice_is(batch->table, "DaybookAudit");
    struct stage_watch watch = stage_watch_start(is_measured ? tee->stages : NULL);
    enum status status = record_sink_take(tee->keep, batch, err);

    stage_watch_lap(&watch, STAGE_BUILD);
    if (status == STATUS_OK && tee->watch != NULL &&
        record_sink_take(tee->watch, batch, &watch_err) != STATUS_OK &&
        !atomic_exchange(&tee->has_told, true))
        log_failure("a rule failed on a batch of records", &watch_err);
    stage_watch_lap(&watch, STAGE_DETECT);
    return status;
}

/* What the disk does not give is asked for again, as elsewhere; then the store goes on without
 * it, so that somebody has to be told. */
static enum status verify(struct record_verifier *verifier, const struct guid *tenant,
                          uint64_t first_seq, uint32_t count,
                          enum status (*raw)(void *context, uint64_t seq, struct slice *ret,
                                             struct error *err),
                          void *context, struct error *err)
{
    struct evidence *evidence = ((struct verifier *)verifier)->evidence;
    char name[GUID_TEXT_BYTES + 1];
    enum status status = STATUS_IO;

    for (int i = 0; i < 2 && status == STATUS_IO; i++)
        status = evidence_verify(evidence, tenant, first_seq, count, raw, context, err);
    if (status != STATUS_IO)
        return status;
    guid_format(tenant, name);
    log_line(LOG_LEVEL_ERROR,
             "records %llu to %llu of tenant %s cannot be checked against their evidence: %s",
             (unsigned long long)first_seq, (unsigned long long)(first_seq + count - 1), name,
             err->text);
    return status;
}

struct one_record {
    struct buf *bytes;
    bool found;
};

static enum status keep_one(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    struct one_record *one = context;

    (void)seq;
    one->found = true;
    buf_add_slice(one->bytes, raw);
    return buf_check(one->bytes, err);
}

/* A record that lies in another section than the one being checked. */
static enum status neighbour(void *context, const struct guid *tenant, uint64_t seq,
                             struct buf *ret, struct error *err)
{
    struct storage *s = context;
    struct one_record one = {.bytes = ret};
    enum status status = store_raw(s->parts.store, tenant, seq, 1, keep_one, &one, err);

    if (status == STATUS_OK && !one.found)
        status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no record %llu",
                           (unsigned long long)seq);
    return status;
}

/* Rows that could not be sealed as they were committed to leave their log behind: the only
 * other copy of their bytes. */
static enum status keep_log(void *context, uint64_t wal_floor, struct error *err)
{
    return ingest_keep(((struct storage *)context)->parts.ingest, wal_floor, err);
}

static uint64_t last_sealed(void *context, const struct guid *tenant)
{
    return store_last_sealed(((struct storage *)context)->parts.store, tenant);
}

static const char *time_column(void *context, struct slice table)
{
    const struct storage_options *options = &((struct storage *)context)->options;

    return options->time_column == NULL ? NULL : options->time_column(options->context, table);
}

static enum status stored_tables(void *context, const struct guid *tenant,
                                 void (*each)(void *arg, struct slice name), void *arg,
                                 struct error *err)
{
    struct storage *s = context;
    struct store_snapshot *snapshot = NULL;
    enum status status = store_snapshot_of(s->parts.store, tenant, &snapshot, err);

    if (status != STATUS_OK)
        return status;
    store_snapshot_tables(snapshot, tenant, 1, true, each, arg);
    store_snapshot_free(snapshot);
    return STATUS_OK;
}

static bool has_room(void *context, bool is_small, uint64_t coming_rows)
{
    struct store_memory memory;

    store_memory(((struct storage *)context)->parts.store, &memory);
    return upkeep_has_room(&memory, is_small, coming_rows);
}

static void stop(void *context, const struct error *err)
{
    const struct storage_options *options = &((struct storage *)context)->options;

    options->fatal(options->context, err);
}

static void tell_unsealed(void *context, const struct error *why)
{
    (void)context;
    log_failure("the control plane has no copy now, so damage to it could not be made good", why);
}

/* ---- opening ---- */

static enum status open_meta(struct storage *s, struct error *err)
{
    const struct meta_options options = {.io = s->options.io,
                                         .path = "control/db",
                                         .clock = s->options.clock,
                                         .fatal = stop,
                                         .unsealed = tell_unsealed,
                                         .context = s};
    enum status status = meta_open(&options, &s->parts.meta, err);

    if (status == STATUS_OK && meta_is_restored(s->parts.meta))
        log_line(LOG_LEVEL_ERROR, "the control plane was damaged and was put back from its copy; "
                                  "nothing is lost");
    return status;
}

/* The tenants that have keys, as keys of *ret. */
static enum status list_keys(struct keyring *keyring, struct map *ret, struct error *err)
{
    struct guid ids[KEYRING_TENANTS_MAX];
    uint32_t count = 0;
    enum status status = STATUS_OK;

    do {
        status = keyring_tenants(keyring, ret->count, ids, &count, err);
        for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
            if (map_put(ret, guid_slice(&ids[i]), NULL, err) == NULL)
                status = err->status;
    } while (status == STATUS_OK && count > 0);
    return status;
}

/* A tenant without keys would look as if it had no records, and its part of the log would be
 * left out and cut. */
static enum status check_keys(struct storage *s, struct error *err)
{
    struct arena *arena = arena_new(GIB);
    struct meta_tenant *tenants = NULL;
    uint32_t count = 0;
    struct map keys;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    map_init(&keys);
    enum status status = meta_tenant_list(s->parts.meta, arena, &tenants, &count, err);
    if (status == STATUS_OK)
        status = list_keys(s->options.keyring, &keys, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        if (map_find(&keys, guid_slice(&tenants[i].id)) == NULL)
            status = ERROR_SET(err, STATUS_CORRUPT,
                               "the keyring has no keys of tenant '%.*s': it is damaged or old",
                               SLICE_FMT(tenants[i].name));
    map_release(&keys);
    arena_free(arena);
    return status;
}

static enum status open_evidence(struct storage *s, struct error *err)
{
    const struct evidence_neighbours neighbours = {neighbour, s};
    enum status status =
        evidence_open(s->options.io, s->options.keyring, &s->parts.evidence, err);

    if (status != STATUS_OK)
        return status;
    evidence_set_threads(s->parts.evidence, s->options.sync_threads);
    evidence_set_neighbours(s->parts.evidence, &neighbours);
    s->verifier = (struct verifier){{verify}, s->parts.evidence};
    return STATUS_OK;
}

static enum status open_store(struct storage *s, struct error *err)
{
    struct store_options options = {
        .io = s->options.io,
        .keyring = s->options.keyring,
        .clock = s->options.clock,
        .verifier = &s->verifier.verifier,
        .tables = s->options.tables,
        .table_count = s->options.table_count,
        .thread_count = s->options.thread_count,
        .cache_bytes = s->options.cache_bytes,
        .stages = s->options.stages,
        .keep_log = keep_log,
        .context = s,
    };
    enum status status = ingest_oldest_log(s->options.io, &options.oldest_log, err);

    return status == STATUS_OK ? store_open(&options, &s->parts.store, err) : status;
}

enum status storage_open(const struct storage_options *options, struct storage **ret,
                         struct error *err)
{
    struct storage *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return ERROR_MEMORY(err);
    s->options = *options;
    (void)pthread_mutex_init(&s->checkpoint_lock, NULL);
    enum status status = open_meta(s, err);
    if (status == STATUS_OK)
        status = check_keys(s, err);
    if (status == STATUS_OK)
        status = open_evidence(s, err);
    if (status == STATUS_OK)
        status = open_store(s, err);
    if (status != STATUS_OK) {
        storage_close(s);
        return status;
    }
    *ret = s;
    return STATUS_OK;
}

void storage_close(struct storage *s)
{
    if (s == NULL)
        return;
    ingest_close(s->parts.ingest);
    store_close(s->parts.store);
    evidence_close(s->parts.evidence);
    meta_close(s->parts.meta);
    (void)pthread_mutex_destroy(&s->checkpoint_lock);
    free(s);
}

const struct storage_parts *storage_parts(const struct storage *s)
{
    return &s->parts;
}

enum status storage_tenants(struct storage *s, struct arena *arena, struct guid **ret,
                            uint32_t *ret_count, struct error *err)
{
    struct meta_tenant *tenants = NULL;
    enum status status = meta_tenant_list(s->parts.meta, arena, &tenants, ret_count, err);

    if (status != STATUS_OK)
        return status;
    *ret = ARENA_ARRAY(arena, struct guid, (size_t)*ret_count + 1, err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t i = 0; i < *ret_count; i++)
        (*ret)[i] = tenants[i].id;
    return STATUS_OK;
}

/* ---- replay ---- */

/* Readers are told what is lost, the operator what nobody accepted yet. */
static enum status tell_lost(struct storage *s, struct arena *arena, struct error *err)
{
    struct ingest_lost *lost = NULL;
    uint32_t count = 0;
    enum status status = ingest_lost_list(s->parts.ingest, arena, &lost, &count, err);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        char tenant[GUID_TEXT_BYTES + 1];
        guid_format(&lost[i].tenant, tenant);
        if (lost[i].accepted_us == 0)
            log_line(LOG_LEVEL_ERROR,
                     "the log was damaged: records %llu to %llu of tenant %s are lost%s",
                     (unsigned long long)lost[i].first_seq, (unsigned long long)lost[i].last_seq,
                     tenant, lost[i].is_bound ? ", or some of them" : "");
        const struct store_gap gap = share_gap(&lost[i]);
        status = store_set_gap(s->parts.store, &gap, err);
    }
    return status;
}

struct missing {
    struct storage *storage;
    const struct guid *tenant;
};

static enum status tell_range(void *context, uint64_t first, uint64_t last, struct error *err)
{
    const struct missing *missing = context;
    const struct store_gap gap = {.tenant = *missing->tenant, .first_seq = first, .last_seq = last};
    char tenant[GUID_TEXT_BYTES + 1];

    guid_format(missing->tenant, tenant);
    log_line(LOG_LEVEL_ERROR, "records %llu to %llu of tenant %s are in no segment and not in the "
                              "log: they are lost",
             (unsigned long long)first, (unsigned long long)last, tenant);
    return store_set_gap(missing->storage->parts.store, &gap, err);
}

static enum status find_missing(struct storage *s, const struct guid *tenant, struct error *err)
{
    struct missing missing = {s, tenant};

    return store_missing(s->parts.store, tenant, ingest_delivered_seq(s->parts.ingest, tenant),
                         tell_range, &missing, err);
}

/* The log is replayed: each number that was given belongs to a row, or is known to be lost. */
static enum status tell_missing(struct storage *s, const struct guid *tenants, uint32_t count,
                                struct error *err)
{
    static const struct guid instance; /* has a log of its own */
    enum status status = find_missing(s, &instance, err);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = find_missing(s, &tenants[i], err);
    return status;
}

static enum status open_ingest(struct storage *s, const struct guid *tenants, uint32_t count,
                               struct error *err)
{
    const struct ingest_options options = {
        .io = s->options.io,
        .keyring = s->options.keyring,
        .clock = s->options.clock,
        .records = &s->tee.sink,
        .leaves = evidence_sink(s->parts.evidence),
        .stages = s->options.stages,
        .wal_floor = store_wal_floor(s->parts.store),
        .reserve_bytes = s->options.reserve_bytes,
        .log_ahead_bytes = s->options.log_ahead_bytes,
        .has_log_thread = s->options.has_log_thread,
        .any_floor = !store_floor_is_known(s->parts.store),
        .last_sealed = last_sealed,
        .tenants = tenants,
        .tenant_count = count,
        .time_column = time_column,
        .tables = stored_tables,
        .has_room = has_room,
        .fatal = stop,
        .context = s,
    };

    return ingest_open(&options, &s->parts.ingest, err);
}

enum status storage_replay(struct storage *s, struct record_sink *watch, struct error *err)
{
    struct arena *arena = arena_new(GIB);
    struct guid *tenants = NULL;
    uint32_t count = 0;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    s->tee = (struct tee){
        .sink = {tee_take},
        .keep = store_sink(s->parts.store),
        .watch = watch,
        .stages = s->options.stages,
    };
    enum status status = storage_tenants(s, arena, &tenants, &count, err);
    if (status == STATUS_OK)
        status = open_ingest(s, tenants, count, err);
    if (status == STATUS_OK)
        status = tell_lost(s, arena, err);
    if (status == STATUS_OK)
        status = tell_missing(s, tenants, count, err);
    arena_free(arena);
    return status;
}

/* A catalog that was made anew counts from the checkpoint on. */
void storage_settle(struct storage *s)
{
    struct ingest_stats stats;
    struct error err;
    struct buf names;

    buf_init(&names, MIB);
    if (damaged_files(s->options.io, &names) > 0)
        log_line(LOG_LEVEL_ERROR, "damaged and set aside: %.*s; 'daybook doctor' tells more",
                 SLICE_FMT(buf_slice(&names)));
    buf_release(&names);
    ingest_stats(s->parts.ingest, &stats);
    if (stats.torn_bytes > 0)
        log_line(LOG_LEVEL_WARNING,
                 "the last %llu bytes of the log are no whole request and were cut off: what a "
                 "crash left, if there was one",
                 (unsigned long long)stats.torn_bytes);
    if (store_is_settled(s->parts.store) && stats.damaged_logs == 0)
        return;
    if (!store_floor_is_known(s->parts.store))
        log_line(LOG_LEVEL_ERROR, "the catalog was made anew from the segments");
    else if (!store_is_settled(s->parts.store))
        log_line(LOG_LEVEL_INFO, "a crash came before a segment was in the catalog; it is now");
    if (storage_checkpoint(s, &err) != STATUS_OK) /* the next start does it again */
        log_failure("cannot make a checkpoint", &err);
}

/* ---- checkpoint ---- */

static enum status flush_evidence(struct storage *s, struct error *err)
{
    enum status status = evidence_flush(s->parts.evidence, err);

    if (status != STATUS_OK && !evidence_may_try_again(status))
        stop(s, err); /* it writes nothing any more */
    return status;
}

static enum status save(struct storage *s, uint64_t floor, struct error *err)
{
    struct ingest_stats before, after;

    ingest_stats(s->parts.ingest, &before);
    enum status status = ingest_save(s->parts.ingest, floor, err);
    ingest_stats(s->parts.ingest, &after);
    if (after.forgotten_runs > before.forgotten_runs)
        log_line(LOG_LEVEL_WARNING,
                 "of the last days too much was received, or there was no space to join it: the "
                 "oldest is not known any more, and is stored twice if it is sent again");
    if (after.clock_ahead_us > 0 && before.clock_ahead_us == 0)
        log_line(LOG_LEVEL_INFO, /* after a standstill it is right */
                 "the clock is %llu hours ahead of the time that has passed since the last "
                 "checkpoint; for a day nothing that was received is forgotten because of it",
                 (unsigned long long)(after.clock_ahead_us / UINT64_C(3600000000)));
    return status;
}

static enum status seal(struct storage *s, uint64_t floor, struct error *err)
{
    struct store_stats before, after;

    store_stats(s->parts.store, &before);
    enum status status = store_flush(s->parts.store, floor, err);
    if (status != STATUS_OK)
        return status;
    store_stats(s->parts.store, &after);
    if (after.raw_sections > before.raw_sections)
        log_line(LOG_LEVEL_WARNING,
                 "%llu sections are of whole records: columns did not match the evidence, or "
                 "passed a bound",
                 (unsigned long long)(after.raw_sections - before.raw_sections));
    if (after.unverified_sections > before.unverified_sections)
        log_line(LOG_LEVEL_ERROR,
                 "%llu parts do not match their evidence; log files below %llu are set aside",
                 (unsigned long long)(after.unverified_sections - before.unverified_sections),
                 (unsigned long long)floor);
    return ingest_trim(s->parts.ingest, floor, err);
}

enum status storage_checkpoint(struct storage *s, struct error *err)
{
    uint64_t floor = 0;

    (void)pthread_mutex_lock(&s->checkpoint_lock);
    struct stage_watch watch = stage_watch_start(s->options.stages);
    enum status status = ingest_rotate(s->parts.ingest, &floor, err);
    if (status == STATUS_OK && s->options.drain != NULL)
        /* What the old files led to must be in the new ones. */
        status = s->options.drain(s->options.context, err);
    if (status == STATUS_OK)
        status = flush_evidence(s, err);
    stage_watch_lap(&watch, STAGE_EVIDENCE);
    if (status == STATUS_OK)
        status = save(s, floor, err);
    stage_watch_lap(&watch, STAGE_DEDUPE);
    if (status == STATUS_OK)
        status = seal(s, floor, err);
    (void)pthread_mutex_unlock(&s->checkpoint_lock);
    (void)malloc_trim(0); /* what the rows took goes back to the system */
    stage_watch_lap(&watch, STAGE_FLUSH);
    return status;
}
