/* SPDX-License-Identifier: Apache-2.0 */
/* The drawing of ARCHITECTURE.md as code:
 *
 *   wire -> ingest (+ WAL) -> leaves -> evidence
 *                          -> tee    -> store    (keeps first)
 *                                    -> detect   (watches second) -> ingest, webhook
 *   store -> query -> share
 */
#include "main/compose.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/map.h"
#include "base/priority.h"
#include "cli/cli.h"
#include "evidence/evidence.h"
#include "share/damaged.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BACKGROUND_TICK_MS 250u
#define SYNC_THREADS 8u /* they wait for the disk, so more than there are processors */
#define MEMORY_BYTES_FLUSH (64 * MIB)
#define ROW_BYTES_USUAL 600u /* in memory */
#define WAL_BYTES_FLUSH (WAL_BYTES_MAX / 4)

#define FLUSH_SHELF_ROWS 512u /* rows of a tenant and table, on average, that are worth a section */

#define TRIM_DECODED 20000u /* headers and columns that came and went: the heap has holes */
#define TRIM_PAUSE_US UINT64_C(3000000)

#define FREE_BYTES_FLUSH (2 * INGEST_RESERVE_BYTES) /* below it the log is shortened early */
#define FREE_AGE_FLUSH_MS 2000u
#define FAILED_PAUSE_US UINT64_C(5000000) /* after a checkpoint or a merge that failed */

struct tee {
    struct record_sink sink; /* first */
    struct record_sink *keep, *watch;
    struct stage_times *stages;
    atomic_uint_fast64_t watch_failures;
};

struct verifier {
    struct record_verifier verifier; /* first */
    struct evidence *evidence;
};

struct daybook {
    struct daybook_options options;
    struct content content;
    struct io *io;
    struct meta *meta;
    struct evidence *evidence;
    struct store *store;
    struct detect *detect;
    struct webhook *webhook;
    struct ingest *ingest;
    struct share *share;
    struct tee tee;
    struct verifier verifier;
    struct stage_times stages;
    atomic_bool draining, stopping;
    pthread_mutex_t checkpoint_lock; /* one checkpoint at a time */
    pthread_t checkpoints, merges; /* the background work */
    uint64_t trimmed, trimmed_us; /* what was decoded, and when: trim_heap() */
    bool has_checkpoints, has_merges;
};

/* Rows come faster than the flush seals them: who sends many slows down, so that memory
 * stays bounded, and who sends few only if that does not help. */
static bool has_room(void *context, bool is_small, uint64_t coming_rows)
{
    const size_t quarters = is_small ? 5 : 4;
    struct store_memory memory;

    store_memory(((struct daybook *)context)->store, &memory);
    if (!is_small) {
        memory.rows += coming_rows;
        memory.bytes += coming_rows * ROW_BYTES_USUAL;
    }
    return memory.rows < MEMORY_ROWS_MAX / 4 * quarters &&
           memory.bytes < MEMORY_BYTES_MAX / 4 * quarters;
}

/* Keeps first, watches second: a watcher that fails is counted and reported,
 * it never stops the keeping. */
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
        atomic_fetch_add(&tee->watch_failures, 1) == 0)
        log_failure("a rule failed on a batch of records", &watch_err);
    stage_watch_lap(&watch, STAGE_DETECT);
    return status;
}

static enum status verify(struct record_verifier *verifier, const struct guid *tenant,
                          uint64_t first_seq, uint32_t count,
                          enum status (*raw)(void *context, uint64_t seq, struct slice *ret,
                                             struct error *err),
                          void *context, struct error *err)
{
    return evidence_verify(((struct verifier *)verifier)->evidence, tenant, first_seq, count, raw,
                           context, err);
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
    struct one_record one = {.bytes = ret};
    enum status status = store_raw(((struct daybook *)context)->store, tenant, seq, 1, keep_one,
                                   &one, err);

    if (status == STATUS_OK && !one.found)
        status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no record %llu",
                           (unsigned long long)seq);
    return status;
}

static const char *time_column(void *context, struct slice table)
{
    return content_time_column(&((struct daybook *)context)->content, table);
}

static enum status stored_tables(void *context, const struct guid *tenant,
                                 void (*each)(void *arg, struct slice name), void *arg,
                                 struct error *err)
{
    struct store_snapshot *snapshot = NULL;
    enum status status =
        store_snapshot_of(((struct daybook *)context)->store, tenant, &snapshot, err);

    if (status != STATUS_OK)
        return status;
    store_snapshot_tables(snapshot, tenant, 1, true, each, arg);
    store_snapshot_free(snapshot);
    return STATUS_OK;
}

static uint64_t last_sealed(void *context, const struct guid *tenant)
{
    return store_last_sealed(((struct daybook *)context)->store, tenant);
}

/* Rules write through the same door as everybody. */
static enum status write_own(void *context, const struct guid *tenant, struct slice table,
                             struct slice body, struct error *err)
{
    struct daybook *d = context;
    struct arena *arena = arena_new(256 * MIB);
    struct ingest_answer answer;
    struct ingest_request request = {
        .tenant = *tenant,
        .table = table,
        .body = body,
        .format = INGEST_FORMAT_NDJSON,
        .internal = true,
    };

    if (arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = ingest_put(d->ingest, &request, arena, &answer, err);
    arena_free(arena);
    return status;
}

static void deliver(void *context, const struct detect_alert *alert)
{
    webhook_put(((struct daybook *)context)->webhook, alert);
}

static struct slice view_text(void *context, struct slice name)
{
    return content_view_text(&((struct daybook *)context)->content, name);
}

static struct slice function_text(void *context, struct slice name)
{
    return content_function(&((struct daybook *)context)->content, name);
}

static void each_function(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    const struct content *content = &((struct daybook *)context)->content;

    for (uint32_t i = 0; i < content->function_count; i++)
        each(arg, content->functions[i].name);
}

static void each_view(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    const struct content *content = &((struct daybook *)context)->content;

    for (uint32_t i = 0; i < content->view_count; i++)
        each(arg, content->views[i].name);
}

static enum status checkpoint(void *context, struct error *err)
{
    return daybook_checkpoint(context, err);
}

static bool is_draining(void *context)
{
    return atomic_load(&((struct daybook *)context)->draining);
}

static void transport_metrics(void *context, struct buf *ret)
{
    struct daybook *d = context;

    if (d->options.transport_metrics != NULL)
        d->options.transport_metrics(d->options.context, ret);
}

/* ---- opening ---- */

static enum status list_tenants(struct daybook *d, struct arena *arena, struct guid **ret,
                                uint32_t *ret_count, struct error *err)
{
    struct meta_tenant *tenants = NULL;
    enum status status = meta_tenant_list(d->meta, arena, &tenants, ret_count, err);

    if (status != STATUS_OK)
        return status;
    *ret = ARENA_ARRAY(arena, struct guid, (size_t)*ret_count + 1, err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t i = 0; i < *ret_count; i++)
        (*ret)[i] = tenants[i].id;
    return STATUS_OK;
}

struct load_context {
    struct store_snapshot *snapshot;
    const struct guid *tenants;
    uint32_t tenant_count;
};

static enum status load_table(void *context, struct slice name, struct table_source **ret,
                              struct error *err)
{
    struct load_context *c = context;

    return store_snapshot_source(c->snapshot, name, c->tenants, c->tenant_count, ret, err);
}

static void watch_load(void *context, enum status (*check)(void *query, struct error *err),
                       void *query)
{
    store_snapshot_watch(((struct load_context *)context)->snapshot, check, query);
}

static enum status ask_of(struct daybook *d, const struct guid *tenants, uint32_t count,
                          struct slice text, struct query_sink *sink, bool *ret_complete,
                          struct error *err)
{
    struct load_context context = {.tenants = tenants, .tenant_count = count};
    struct query_env env = {.context = &context, .table = load_table, .watch = watch_load};
    struct query_stats stats;
    struct query_request request = {
        .text = text,
        .env = &env,
        .tenants = tenants,
        .tenant_count = count,
        .now = time_from_unix_us(clock_unix_us(d->options.clock)),
        .rows_max = UINT64_MAX,
        .thread_count = 1,
    };
    enum status status = store_snapshot_of(d->store, count == 1 ? tenants : NULL, &context.snapshot,
                                           err);

    if (status != STATUS_OK)
        return status;
    status = query_run(&request, sink, &stats, err);
    *ret_complete = stats.scan.complete;
    if (status == STATUS_OK && !stats.scan.complete)
        log_line(LOG_LEVEL_WARNING, "the rules do not know all that they knew: %s",
                 stats.scan.gap);
    store_snapshot_free(context.snapshot);
    return status;
}

/* What the rules ask of what is stored. */
static enum status ask(void *context, const struct guid *tenant, struct slice text,
                       struct query_sink *sink, bool *ret_complete, struct error *err)
{
    struct daybook *d = context;
    struct guid *ids = NULL;
    uint32_t count = 0;

    *ret_complete = true;
    if (tenant != NULL)
        return ask_of(d, tenant, 1, text, sink, ret_complete, err);
    struct arena *arena = arena_new(GIB);
    if (arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = list_tenants(d, arena, &ids, &count, err);
    if (status == STATUS_OK && count > 0)
        status = ask_of(d, ids, count, text, sink, ret_complete, err);
    arena_free(arena);
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

/* A tenant gets its keys before its line in the control plane.  One without them would
 * look as if it had no records, and its part of the log would be left out and cut. */
static enum status check_keys(struct daybook *d, struct error *err)
{
    struct arena *arena = arena_new(GIB);
    struct meta_tenant *tenants = NULL;
    uint32_t count = 0;
    struct map keys;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    map_init(&keys);
    enum status status = meta_tenant_list(d->meta, arena, &tenants, &count, err);
    if (status == STATUS_OK)
        status = list_keys(d->options.keyring, &keys, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        if (map_find(&keys, guid_slice(&tenants[i].id)) == NULL)
            status = ERROR_SET(err, STATUS_CORRUPT,
                               "the keyring has no keys of tenant '%.*s': it is damaged or old",
                               SLICE_FMT(tenants[i].name));
    map_release(&keys);
    arena_free(arena);
    return status;
}

/* What was acknowledged is on the disk; whether more is, only a restart can
 * tell.  Nothing is cleaned up: the supervisor starts the server again.  Scripts read
 * the exit code of a command on a directory, where 1 would be an answer, "no". */
static void stop_process(void *context, const struct error *err)
{
    (void)context;
    log_failure("nothing can be made durable any more, so this ends at once", err);
    _exit(CLI_FAILED);
}

static void tell_unsealed(void *context, const struct error *why)
{
    (void)context;
    log_failure("the control plane has no copy now, so damage to it could not be made good", why);
}

static enum status open_meta(struct daybook *d, struct error *err)
{
    const struct meta_options options = {.io = d->io,
                                         .path = "control/db",
                                         .clock = d->options.clock,
                                         .fatal = stop_process,
                                         .unsealed = tell_unsealed,
                                         .context = d};
    enum status status = meta_open(&options, &d->meta, err);

    if (status == STATUS_OK && meta_is_restored(d->meta))
        log_line(LOG_LEVEL_ERROR, "the control plane was damaged and was put back from its copy; "
                                  "nothing is lost");
    return status;
}

/* Rows that could not be sealed as they were committed to leave their log behind: the only
 * other copy of their bytes. */
static enum status keep_log(void *context, uint64_t wal_floor, struct error *err)
{
    return ingest_keep(((struct daybook *)context)->ingest, wal_floor, err);
}

static enum status open_store(struct daybook *d, struct error *err)
{
    enum status status = content_load(&d->content, err);

    if (status == STATUS_OK)
        status = io_linux_new(d->options.dir->path, &d->io, err);
    if (status == STATUS_OK)
        status = open_meta(d, err);
    if (status == STATUS_OK)
        status = check_keys(d, err);
    if (status == STATUS_OK)
        status = evidence_open(d->io, d->options.keyring, &d->evidence, err);
    if (status != STATUS_OK)
        return status;
    evidence_set_threads(d->evidence, SYNC_THREADS);
    const struct evidence_neighbours neighbours = {neighbour, d};
    evidence_set_neighbours(d->evidence, &neighbours);
    d->verifier = (struct verifier){{verify}, d->evidence};
    struct store_options options = {
        .io = d->io,
        .keyring = d->options.keyring,
        .clock = d->options.clock,
        .verifier = &d->verifier.verifier,
        .tables = d->content.tables,
        .table_count = d->content.table_count,
        .thread_count = d->options.thread_count,
        .cache_bytes = d->options.cache_bytes,
        .stages = &d->stages,
        .keep_log = keep_log,
        .context = d,
    };
    status = ingest_oldest_log(d->io, &options.oldest_log, err);
    if (status != STATUS_OK)
        return status;
    return store_open(&options, &d->store, err);
}

static enum status open_rules(struct daybook *d, struct error *err)
{
    struct detect_options options = {
        .clock = d->options.clock,
        .context = d,
        .write = write_own,
        .ask = ask,
        .deliver = deliver,
    };
    enum status status = webhook_new(&d->webhook, err);

    if (status == STATUS_OK)
        status = share_load_webhook(d->meta, d->webhook, err);
    if (status == STATUS_OK)
        status = detect_new(&options, &d->detect, err);
    if (status == STATUS_OK)
        status = detect_load(d->detect, err);
    return status;
}

/* Readers are told what is lost, the log what nobody accepted yet. */
static enum status tell_lost(struct daybook *d, struct arena *arena, struct error *err)
{
    struct ingest_lost *lost = NULL;
    uint32_t count = 0;
    enum status status = ingest_lost_list(d->ingest, arena, &lost, &count, err);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        char tenant[GUID_TEXT_BYTES + 1];
        guid_format(&lost[i].tenant, tenant);
        if (lost[i].accepted_us == 0)
            log_line(LOG_LEVEL_ERROR,
                     "the log was damaged: records %llu to %llu of tenant %s are lost%s",
                     (unsigned long long)lost[i].first_seq, (unsigned long long)lost[i].last_seq,
                     tenant, lost[i].is_bound ? ", or some of them" : "");
        const struct store_gap gap = share_gap(&lost[i]);
        status = store_set_gap(d->store, &gap, err);
    }
    return status;
}

struct missing {
    struct daybook *d;
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
    return store_set_gap(missing->d->store, &gap, err);
}

static enum status find_missing(struct daybook *d, const struct guid *tenant, struct error *err)
{
    struct missing missing = {d, tenant};

    return store_missing(d->store, tenant, ingest_delivered_seq(d->ingest, tenant), tell_range,
                         &missing, err);
}

/* The log is replayed: each number that was given belongs to a row, or is known to be lost. */
static enum status tell_missing(struct daybook *d, const struct guid *tenants, uint32_t count,
                                struct error *err)
{
    static const struct guid instance; /* has a log of its own */
    enum status status = find_missing(d, &instance, err);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = find_missing(d, &tenants[i], err);
    return status;
}

/* The rules asked the store before the replay told what is lost.  What a section lacks they met. */
static enum status tell_rules(struct daybook *d, struct arena *arena, struct error *err)
{
    struct store_gap *gaps = NULL;
    uint32_t count = 0;
    enum status status = store_gaps(d->store, arena, &gaps, &count, err);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (!gaps[i].is_section && !guid_is_zero(&gaps[i].tenant)) /* the instance has no rules */
            detect_set_lacking(d->detect, &gaps[i].tenant);
    }
    return status;
}

/* Replays the write-ahead log into store and rules, then lets the rules write. */
static enum status open_log(struct daybook *d, const struct guid *tenants, uint32_t count,
                            struct arena *arena, struct error *err)
{
    d->tee = (struct tee){
        .sink = {tee_take},
        .keep = store_sink(d->store),
        .stages = &d->stages,
        .watch = detect_sink(d->detect),
    };
    struct ingest_options options = {
        .io = d->io,
        .keyring = d->options.keyring,
        .clock = d->options.clock,
        .records = &d->tee.sink,
        .leaves = evidence_sink(d->evidence),
        .stages = &d->stages,
        .wal_floor = store_wal_floor(d->store),
        .reserve_bytes = AUDIT_RESERVE_BYTES,
        .log_ahead_bytes = d->options.background ? WAL_AHEAD_BYTES : 0,
        .has_log_thread = true,
        .any_floor = !store_floor_is_known(d->store),
        .last_sealed = last_sealed,
        .tenants = tenants,
        .tenant_count = count,
        .time_column = time_column,
        .tables = stored_tables,
        .has_room = has_room,
        .fatal = stop_process,
        .context = d,
    };
    enum status status = ingest_open(&options, &d->ingest, err);
    if (status == STATUS_OK)
        status = tell_lost(d, arena, err);
    if (status == STATUS_OK)
        status = tell_missing(d, tenants, count, err);
    if (status == STATUS_OK)
        status = tell_rules(d, arena, err);
    return status == STATUS_OK ? detect_start(d->detect, err) : status;
}

static enum status open_ingest(struct daybook *d, struct error *err)
{
    struct arena *arena = arena_new(GIB);
    struct guid *tenants = NULL;
    uint32_t count = 0;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = list_tenants(d, arena, &tenants, &count, err);
    if (status == STATUS_OK)
        status = open_log(d, tenants, count, arena, err);
    arena_free(arena);
    return status;
}

static enum status open_share(struct daybook *d, struct error *err)
{
    struct share_services services = {
        .ingest = d->ingest,
        .store = d->store,
        .meta = d->meta,
        .keyring = d->options.keyring,
        .evidence = d->evidence,
        .io = d->io,
        .kek_beside_data = io_exists(d->io, "keys/kek"),
        .detect = d->detect,
        .webhook = d->webhook,
        .clock = d->options.clock,
        .thread_count = d->options.thread_count,
        .context = d,
        .view = view_text,
        .views = each_view,
        .function = function_text,
        .functions = each_function,
        .external = d->options.external,
        .places = d->options.places,
        .stages = &d->stages,
        .checkpoint = checkpoint,
        .transport_metrics = transport_metrics,
        .draining = is_draining,
    };
    return share_new(&services, &d->share, err);
}

/* ---- background ---- */

static enum status seal(struct daybook *d, uint64_t floor, struct error *err)
{
    struct store_stats before, after;

    store_stats(d->store, &before);
    enum status status = store_flush(d->store, floor, err);
    if (status != STATUS_OK)
        return status;
    store_stats(d->store, &after);
    if (after.raw_sections > before.raw_sections)
        log_line(LOG_LEVEL_WARNING,
                 "%llu parts did not match their evidence and were stored as whole records",
                 (unsigned long long)(after.raw_sections - before.raw_sections));
    if (after.unverified_sections > before.unverified_sections)
        log_line(LOG_LEVEL_ERROR,
                 "%llu parts do not match their evidence; log files below %llu are set aside",
                 (unsigned long long)(after.unverified_sections - before.unverified_sections),
                 (unsigned long long)floor);
    return ingest_trim(d->ingest, floor, err);
}

static enum status save(struct daybook *d, uint64_t floor, struct error *err)
{
    struct ingest_stats before, after;

    ingest_stats(d->ingest, &before);
    enum status status = ingest_save(d->ingest, floor, err);
    ingest_stats(d->ingest, &after);
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

enum status daybook_checkpoint(struct daybook *d, struct error *err)
{
    uint64_t floor = 0;

    (void)pthread_mutex_lock(&d->checkpoint_lock);
    struct stage_watch watch = stage_watch_start(&d->stages);
    enum status status = ingest_rotate(d->ingest, &floor, err);
    if (status == STATUS_OK) /* hits of the old files must be in the new ones */
        status = detect_drain(d->detect, err);
    if (status == STATUS_OK) {
        status = evidence_flush(d->evidence, err);
        if (status != STATUS_OK && !evidence_may_try_again(status))
            stop_process(d, err); /* it writes nothing any more */
    }
    stage_watch_lap(&watch, STAGE_EVIDENCE);
    if (status == STATUS_OK)
        status = save(d, floor, err);
    stage_watch_lap(&watch, STAGE_DEDUPE);
    if (status == STATUS_OK)
        status = seal(d, floor, err);
    (void)pthread_mutex_unlock(&d->checkpoint_lock);
    (void)malloc_trim(0); /* what the rows took goes back to the system */
    stage_watch_lap(&watch, STAGE_FLUSH);
    return status;
}

/* Rows take less space in a segment than in the log. */
static bool is_short_of_space(struct daybook *d)
{
    struct error err;
    uint64_t free_bytes = 0;

    return io_free_bytes(d->io, &free_bytes, &err) == STATUS_OK && free_bytes < FREE_BYTES_FLUSH;
}

/* Many tenants with a few rows each wait longer: a row of a section of three takes about
 * 1,000 bytes, one of a large section 90, and there are the merges after it. */
static uint64_t age_to_flush_ms(const struct store_memory *memory)
{
    return memory->rows >= memory->shelves * FLUSH_SHELF_ROWS ? MEMORY_AGE_FLUSH_MS
                                                              : MEMORY_AGE_FLUSH_MS_MAX;
}

static bool checkpoint_is_due(struct daybook *d)
{
    struct ingest_stats stats;
    struct store_memory memory;

    store_memory(d->store, &memory);
    ingest_stats(d->ingest, &stats);
    if (memory.rows == 0)
        return stats.wal_bytes >= WAL_BYTES_FLUSH;
    return memory.rows >= MEMORY_ROWS_FLUSH || memory.bytes >= MEMORY_BYTES_FLUSH ||
           memory.age_ms >= age_to_flush_ms(&memory) || stats.wal_bytes >= WAL_BYTES_FLUSH ||
           (memory.age_ms >= FREE_AGE_FLUSH_MS && is_short_of_space(d));
}

/* A question about ten thousand sections, or a merge of them, leaves the heap full of
 * holes, which go back to the system. */
static void trim_heap(struct daybook *d)
{
    uint64_t now_us = clock_monotonic_us(clock_system());
    struct store_memory memory;

    store_memory(d->store, &memory);
    if (memory.decoded - d->trimmed < TRIM_DECODED || now_us - d->trimmed_us < TRIM_PAUSE_US)
        return;
    (void)malloc_trim(0);
    d->trimmed = memory.decoded;
    d->trimmed_us = now_us;
}

enum status daybook_checkpoint_step(struct daybook *d, bool *ret_worked, struct error *err)
{
    trim_heap(d);
    *ret_worked = checkpoint_is_due(d);
    return *ret_worked ? daybook_checkpoint(d, err) : STATUS_OK;
}

enum status daybook_merge_step(struct daybook *d, bool *ret_worked, struct error *err)
{
    return store_merge_step(d->store, &d->stopping, ret_worked, err);
}

/* Repeats a kind of work until the end; after a failure it waits longer. */
static void repeat(struct daybook *d, const char *failure,
                   enum status (*step)(struct daybook *d, bool *ret_worked, struct error *err))
{
    struct timespec wait = {0, BACKGROUND_TICK_MS * 1000000L};
    uint64_t next_us = 0;

    while (!atomic_load(&d->stopping)) {
        struct error err;
        bool worked = false;
        uint64_t now_us = clock_monotonic_us(clock_system());
        priority_keep_off(now_us, 0);
        if (now_us >= next_us && step(d, &worked, &err) != STATUS_OK) {
            log_failure(failure, &err);
            next_us = clock_monotonic_us(clock_system()) + FAILED_PAUSE_US;
        }
        (void)nanosleep(&wait, NULL);
    }
}

static void *run_checkpoints(void *arg)
{
    priority_behind(PRIORITY_BEHIND_NICE);
    repeat(arg, "cannot make a checkpoint", daybook_checkpoint_step);
    return NULL;
}

/* Beside the checkpoints: a merge may take minutes, memory fills in seconds. */
static void *run_merges(void *arg)
{
    priority_behind(PRIORITY_BEHIND_NICE);
    repeat(arg, "cannot merge segments", daybook_merge_step);
    return NULL;
}

static enum status start_background(struct daybook *d, struct error *err)
{
    d->has_checkpoints = pthread_create(&d->checkpoints, NULL, run_checkpoints, d) == 0;
    d->has_merges = pthread_create(&d->merges, NULL, run_merges, d) == 0;
    return d->has_checkpoints && d->has_merges
               ? STATUS_OK
               : ERROR_SET(err, STATUS_LIMIT, "cannot start the background threads");
}

/* Says what was damaged; a catalog that was made anew counts from now on. */
static void settle_damage(struct daybook *d)
{
    struct ingest_stats stats;
    struct error err;
    struct buf names;

    buf_init(&names, MIB);
    if (damaged_files(d->io, &names) > 0)
        log_line(LOG_LEVEL_ERROR, "damaged and set aside: %.*s; 'daybook doctor' tells more",
                 SLICE_FMT(buf_slice(&names)));
    buf_release(&names);
    ingest_stats(d->ingest, &stats);
    if (stats.torn_bytes > 0)
        log_line(LOG_LEVEL_WARNING,
                 "the last %llu bytes of the log are no whole request and were cut off: what a "
                 "crash left, if there was one",
                 (unsigned long long)stats.torn_bytes);
    if (store_is_settled(d->store) && stats.damaged_logs == 0)
        return;
    if (!store_floor_is_known(d->store))
        log_line(LOG_LEVEL_ERROR, "the catalog was made anew from the segments");
    else if (!store_is_settled(d->store))
        log_line(LOG_LEVEL_INFO, "a crash came before a segment was in the catalog; it is now");
    if (daybook_checkpoint(d, &err) != STATUS_OK) /* the next start does it again */
        log_failure("cannot make a checkpoint", &err);
}

enum status daybook_open(const struct daybook_options *options, struct daybook **ret,
                         struct error *err)
{
    struct daybook *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return ERROR_MEMORY(err);
    d->options = *options;
    if (d->options.clock == NULL)
        d->options.clock = clock_system();
    if (d->options.thread_count == 0)
        d->options.thread_count = machine_processors();
    (void)pthread_mutex_init(&d->checkpoint_lock, NULL);
    enum status status = open_store(d, err);
    if (status == STATUS_OK)
        status = open_rules(d, err);
    if (status == STATUS_OK)
        status = open_ingest(d, err);
    if (status == STATUS_OK)
        settle_damage(d);
    if (status == STATUS_OK)
        status = open_share(d, err);
    if (status == STATUS_OK && options->background)
        status = start_background(d, err);
    if (status != STATUS_OK) {
        daybook_close(d, false);
        return status;
    }
    *ret = d;
    return STATUS_OK;
}

void daybook_close(struct daybook *d, bool flush)
{
    struct error err;

    if (d == NULL)
        return;
    atomic_store(&d->stopping, true);
    if (d->has_checkpoints)
        (void)pthread_join(d->checkpoints, NULL);
    if (d->has_merges)
        (void)pthread_join(d->merges, NULL);
    share_free(d->share);
    if (flush && d->ingest != NULL && daybook_checkpoint(d, &err) != STATUS_OK)
        log_failure("cannot make the last checkpoint", &err);
    detect_free(d->detect);
    ingest_close(d->ingest);
    webhook_free(d->webhook);
    store_close(d->store);
    evidence_close(d->evidence);
    meta_close(d->meta);
    io_free(d->io);
    content_release(&d->content);
    (void)pthread_mutex_destroy(&d->checkpoint_lock);
    free(d);
}

const struct http_router *daybook_router(const struct daybook *d)
{
    return share_router(d->share);
}

struct stage_times *daybook_stages(struct daybook *d)
{
    return &d->stages;
}

void daybook_set_draining(struct daybook *d)
{
    atomic_store(&d->draining, true);
}
