/* SPDX-License-Identifier: Apache-2.0 */
/* The drawing of ARCHITECTURE.md as code:
 *
 *   wire -> storage: ingest (+ WAL) -> leaves -> evidence
 *                                   -> tee    -> store    (keeps first)
 *                                             -> detect   (watches second) -> ingest, webhook
 *   store -> query -> share
 *
 * storage.c joins what lasts, upkeep.c says when it is sealed and merged; this joins the rest
 * to them.
 */
#include "main/compose.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"
#include "cli/cli.h"
#include "main/storage.h"
#include "main/upkeep.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define SYNC_THREADS 8u /* they wait for the disk, so more than there are processors */

struct daybook {
    struct daybook_options options;
    struct content content;
    struct io *io;
    struct storage *storage;
    const struct storage_parts *parts; /* of it */
    struct upkeep upkeep;
    struct detect *detect;
    struct webhook *webhook;
    struct share *share;
    struct stage_times stages;
    atomic_bool draining;
};

static const char *time_column(void *context, struct slice table)
{
    return content_time_column(&((struct daybook *)context)->content, table);
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
    enum status status = ingest_put(d->parts->ingest, &request, arena, &answer, err);
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

static int64_t certificate_end(void *context)
{
    struct daybook *d = context;

    return d->options.certificate_end != NULL ? d->options.certificate_end(d->options.context) : 0;
}

/* ---- opening ---- */

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
    enum status status = store_snapshot_of(d->parts->store, count == 1 ? tenants : NULL,
                                           &context.snapshot, err);

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
    enum status status = storage_tenants(d->storage, arena, &ids, &count, err);
    if (status == STATUS_OK && count > 0)
        status = ask_of(d, ids, count, text, sink, ret_complete, err);
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

static enum status drain_rules(void *context, struct error *err)
{
    return detect_drain(((struct daybook *)context)->detect, err);
}

static enum status open_storage(struct daybook *d, struct error *err)
{
    enum status status = content_load(&d->content, err);

    if (status == STATUS_OK)
        status = io_linux_new(d->options.dir->path, &d->io, err);
    if (status != STATUS_OK)
        return status;
    const struct storage_options options = {
        .io = d->io,
        .keyring = d->options.keyring,
        .clock = d->options.clock,
        .tables = d->content.tables,
        .table_count = d->content.table_count,
        .time_column = time_column,
        .cache_bytes = d->options.cache_bytes,
        .thread_count = d->options.thread_count,
        .sync_threads = SYNC_THREADS,
        .has_log_thread = true,
        .log_ahead_bytes = d->options.background ? WAL_AHEAD_BYTES : 0,
        .reserve_bytes = AUDIT_RESERVE_BYTES,
        .stages = &d->stages,
        .drain = drain_rules,
        .fatal = stop_process,
        .context = d,
    };
    status = storage_open(&options, &d->storage, err);
    if (status == STATUS_OK)
        d->parts = storage_parts(d->storage);
    return status;
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
        status = share_load_webhook(d->parts->meta, d->webhook, err);
    if (status == STATUS_OK)
        status = detect_new(&options, &d->detect, err);
    if (status == STATUS_OK)
        status = detect_load(d->detect, err);
    return status;
}

/* The rules asked the store before the replay told what is lost.  What a section lacks they met. */
static enum status tell_rules(struct daybook *d, struct error *err)
{
    struct arena *arena = arena_new(GIB);
    struct store_gap *gaps = NULL;
    uint32_t count = 0;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = store_gaps(d->parts->store, arena, &gaps, &count, err);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (!gaps[i].is_section && !guid_is_zero(&gaps[i].tenant)) /* the instance has no rules */
            detect_set_lacking(d->detect, &gaps[i].tenant);
    }
    arena_free(arena);
    return status;
}

/* Replays the log into store and rules, then lets the rules write. */
static enum status replay(struct daybook *d, struct error *err)
{
    uint64_t from_us = clock_monotonic_us(clock_system());
    struct ingest_stats stats;
    enum status status = storage_replay(d->storage, detect_sink(d->detect), err);

    if (status == STATUS_OK) {
        ingest_stats(d->parts->ingest, &stats);
        log_line(LOG_LEVEL_INFO, "%llu records were read back from the log in %.1f s",
                 (unsigned long long)stats.replayed_records,
                 (double)(clock_monotonic_us(clock_system()) - from_us) / 1e6);
    }
    if (status == STATUS_OK)
        status = tell_rules(d, err);
    if (status == STATUS_OK)
        status = detect_start(d->detect, err);
    return status;
}

static enum status open_share(struct daybook *d, struct error *err)
{
    struct share_services services = {
        .ingest = d->parts->ingest,
        .store = d->parts->store,
        .meta = d->parts->meta,
        .keyring = d->options.keyring,
        .evidence = d->parts->evidence,
        .io = d->io,
        .kek_beside_data = io_exists(d->io, "keys/kek"),
        .detect = d->detect,
        .webhook = d->webhook,
        .clock = d->options.clock,
        .thread_count = d->options.thread_count,
        .memory_bytes = d->options.memory_bytes,
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
        .certificate_end = certificate_end,
    };
    return share_new(&services, &d->share, err);
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
    enum status status = open_storage(d, err);
    upkeep_init(&d->upkeep, d->storage, d->io);
    if (status == STATUS_OK)
        status = open_rules(d, err);
    if (status == STATUS_OK)
        status = replay(d, err);
    if (status == STATUS_OK)
        storage_settle(d->storage);
    if (status == STATUS_OK)
        status = open_share(d, err);
    if (status == STATUS_OK && options->background)
        status = upkeep_start(&d->upkeep, err);
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
    upkeep_stop(&d->upkeep);
    share_free(d->share);
    if (flush && daybook_checkpoint(d, &err) != STATUS_OK)
        log_failure("cannot make the last checkpoint", &err);
    detect_free(d->detect);
    storage_close(d->storage);
    webhook_free(d->webhook);
    io_free(d->io);
    content_release(&d->content);
    free(d);
}

enum status daybook_checkpoint(struct daybook *d, struct error *err)
{
    return storage_checkpoint(d->storage, err);
}

enum status daybook_checkpoint_step(struct daybook *d, bool *ret_worked, struct error *err)
{
    return upkeep_checkpoint_step(&d->upkeep, ret_worked, err);
}

enum status daybook_merge_step(struct daybook *d, bool *ret_worked, struct error *err)
{
    return upkeep_merge_step(&d->upkeep, ret_worked, err);
}

const struct http_router *daybook_router(const struct daybook *d)
{
    return share_router(d->share);
}

struct stage_times *daybook_stages(struct daybook *d)
{
    return &d->stages;
}

void daybook_record(struct daybook *d, const char *operation, struct slice what)
{
    struct error err;

    if (share_record_own(d->share, operation, what, &err) != STATUS_OK)
        log_failure(operation, &err);
}

void daybook_set_draining(struct daybook *d)
{
    atomic_store(&d->draining, true);
}
