/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/engine.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"

static void fatal(void *context, const struct error *err)
{
    struct engine *e = context;

    if (!atomic_exchange(&e->dead, true))
        e->why = *err;
}

/* As a tenant is made: its keys, then its line in the control plane. */
static enum status make_tenants(struct engine *e, struct error *err)
{
    const struct meta_options options = {
        .io = e->io, .path = "control/db", .clock = &e->clock.clock, .create = true};
    struct arena *arena = arena_new(MIB);
    struct meta *meta = NULL;
    struct meta_tenant tenant;
    char name[] = "tenant-0";

    CHECK(arena != NULL);
    enum status status = meta_open(&options, &meta, err);
    for (uint32_t i = 0; status == STATUS_OK && i < ENGINE_TENANTS; i++) {
        bool is_instance = i == ENGINE_TENANTS - 1;
        memset(e->tenants[i].bytes, is_instance ? 0 : (int)(0x5A ^ 37 * i),
               sizeof(e->tenants[i].bytes));
        status = keyring_create_tenant(e->keyring, &e->tenants[i], err);
        name[sizeof(name) - 2] = (char)('0' + i);
        if (status == STATUS_OK && !is_instance)
            status = meta_tenant_add(meta, slice_of(name), &e->tenants[i], &tenant, arena, err);
    }
    meta_close(meta);
    arena_free(arena);
    return status;
}

enum status engine_make(struct engine *e, struct error *err)
{
    static const char *const directories[] = {"keys", "wal", "ingest", "seg", "t", "control"};
    enum status status = STATUS_OK;

    log_set_level(LOG_LEVEL_NONE);
    for (size_t i = 0; status == STATUS_OK && i < sizeof(directories) / sizeof(*directories); i++)
        status = io_make_dir(e->io, directories[i], err);
    if (status == STATUS_OK)
        status = keyring_local_create(e->io, e->kek, SLICE("test.example"), err);
    if (status == STATUS_OK)
        status = keyring_local_open(e->io, e->kek, &e->keyring, err);
    if (status == STATUS_OK)
        status = make_tenants(e, err);
    keyring_free(e->keyring);
    e->keyring = NULL;
    return status;
}

/* The bytes come from the log, which authenticates them. */
static void check_verified(const struct engine *e)
{
    struct store_stats stats;

    store_stats(e->store, &stats);
    CHECK(stats.unverified_sections == 0 || e->is_evidence_damaged);
}

/* What src/main/compose.c does, without rules, which would write records of their own, and
 * without content. */
static enum status start(struct engine *e, struct error *err)
{
    const struct storage_options options = {
        .io = e->io,
        .keyring = e->keyring,
        .clock = &e->clock.clock,
        .thread_count = 1,
        .sync_threads = 1,
        .log_ahead_bytes = e->log_ahead_bytes,
        .reserve_bytes = e->reserve_bytes,
        .fatal = fatal,
        .context = e,
    };
    enum status status = storage_open(&options, &e->storage, err);

    if (status == STATUS_OK)
        status = storage_replay(e->storage, NULL, err);
    if (status == STATUS_OK)
        storage_settle(e->storage);
    return status;
}

enum status engine_open(struct engine *e, struct error *err)
{
    atomic_store(&e->dead, false);
    e->unread_us = 0;
    enum status status = keyring_local_open(e->io, e->kek, &e->keyring, err);

    if (status == STATUS_OK)
        status = start(e, err);
    if (status != STATUS_OK) {
        engine_close(e);
        return status;
    }
    const struct storage_parts *parts = storage_parts(e->storage);
    e->meta = parts->meta;
    e->evidence = parts->evidence;
    e->store = parts->store;
    e->ingest = parts->ingest;
    check_verified(e);
    return STATUS_OK;
}

void engine_close(struct engine *e)
{
    storage_close(e->storage);
    keyring_free(e->keyring);
    e->storage = NULL;
    e->meta = NULL;
    e->ingest = NULL;
    e->store = NULL;
    e->evidence = NULL;
    e->keyring = NULL;
}

enum status engine_checkpoint(struct engine *e, struct error *err)
{
    enum status status = storage_checkpoint(e->storage, err);

    check_verified(e);
    return status;
}

enum status engine_compact(struct engine *e, struct error *err)
{
    enum status status = engine_checkpoint(e, err);

    return status == STATUS_OK ? store_compact(e->store, NULL, NULL, NULL, err) : status;
}
