/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/engine.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

static void fatal(void *context, const struct error *err)
{
    struct engine *e = context;

    if (!atomic_exchange(&e->dead, true))
        e->why = *err;
}

static enum status verify(struct record_verifier *verifier, const struct guid *tenant,
                          uint64_t first_seq, uint32_t count,
                          enum status (*raw)(void *context, uint64_t seq, struct slice *ret,
                                             struct error *err),
                          void *context, struct error *err)
{
    return evidence_verify(((struct engine_verifier *)verifier)->evidence, tenant, first_seq,
                           count, raw, context, err);
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

static enum status neighbour(void *context, const struct guid *tenant, uint64_t seq,
                             struct buf *ret, struct error *err)
{
    struct one_record one = {.bytes = ret};
    enum status status =
        store_raw(((struct engine *)context)->store, tenant, seq, 1, keep_one, &one, err);

    if (status == STATUS_OK && !one.found)
        status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no record %llu",
                           (unsigned long long)seq);
    return status;
}

static uint64_t last_sealed(void *context, const struct guid *tenant)
{
    return store_last_sealed(((struct engine *)context)->store, tenant);
}

static enum status tell_lost(struct engine *e, struct error *err)
{
    struct arena *arena = arena_new(64 * MIB);
    struct ingest_lost *lost = NULL;
    uint32_t count = 0;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = ingest_lost_list(e->ingest, arena, &lost, &count, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct store_gap gap = {.tenant = lost[i].tenant,
                                      .first_seq = lost[i].first_seq,
                                      .last_seq = lost[i].last_seq};
        status = store_set_gap(e->store, &gap, err);
    }
    arena_free(arena);
    return status;
}

struct missing {
    struct engine *e;
    const struct guid *tenant;
};

static enum status tell_range(void *context, uint64_t first, uint64_t last, struct error *err)
{
    const struct missing *missing = context;
    const struct store_gap gap = {
        .tenant = *missing->tenant, .first_seq = first, .last_seq = last};

    return store_set_gap(missing->e->store, &gap, err);
}

static enum status tell_missing(struct engine *e, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < ENGINE_TENANTS && status == STATUS_OK; i++) {
        struct missing missing = {e, &e->tenants[i]};
        uint64_t last = ingest_delivered_seq(e->ingest, missing.tenant);
        status = store_missing(e->store, missing.tenant, last, tell_range, &missing, err);
    }
    return status;
}

static enum status open_meta(struct engine *e, bool create, struct error *err)
{
    const struct meta_options options = {.io = e->io,
                                         .path = "control/db",
                                         .clock = &e->clock.clock,
                                         .create = create,
                                         .fatal = fatal,
                                         .context = e};

    return meta_open(&options, &e->meta, err);
}

enum status engine_make(struct engine *e, struct error *err)
{
    static const char *const directories[] = {"keys", "wal", "ingest", "seg", "t", "control"};
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < sizeof(directories) / sizeof(*directories); i++)
        status = io_make_dir(e->io, directories[i], err);
    if (status == STATUS_OK)
        status = keyring_local_create(e->io, e->kek, SLICE("test.example"), err);
    if (status == STATUS_OK)
        status = keyring_local_open(e->io, e->kek, &e->keyring, err);
    for (uint32_t i = 0; status == STATUS_OK && i < ENGINE_TENANTS; i++) {
        memset(e->tenants[i].bytes, (int)(0x5A ^ 37 * i), sizeof(e->tenants[i].bytes));
        status = keyring_create_tenant(e->keyring, &e->tenants[i], err);
    }
    if (status == STATUS_OK)
        status = open_meta(e, true, err);
    keyring_free(e->keyring);
    meta_close(e->meta);
    e->keyring = NULL;
    e->meta = NULL;
    return status;
}

static enum status keep_log(void *context, uint64_t wal_floor, struct error *err)
{
    return ingest_keep(((struct engine *)context)->ingest, wal_floor, err);
}

static enum status open_parts(struct engine *e, struct error *err)
{
    enum status status = keyring_local_open(e->io, e->kek, &e->keyring, err);

    for (uint32_t i = 0; status == STATUS_OK && i < ENGINE_TENANTS; i++) {
        struct key key;
        status = keyring_tenant_key(e->keyring, &e->tenants[i], KEY_PURPOSE_WAL, &key, err);
        if (status == STATUS_NOT_FOUND)
            status = ERROR_SET(err, STATUS_CORRUPT, "the keyring has no keys of a tenant");
    }
    if (status == STATUS_OK)
        status = open_meta(e, false, err);
    if (status == STATUS_OK)
        status = evidence_open(e->io, e->keyring, &e->evidence, err);
    if (status != STATUS_OK)
        return status;
    const struct evidence_neighbours neighbours = {neighbour, e};
    evidence_set_neighbours(e->evidence, &neighbours);
    e->verifier = (struct engine_verifier){{verify}, e->evidence};
    struct store_options store = {
        .io = e->io,
        .keyring = e->keyring,
        .clock = &e->clock.clock,
        .verifier = &e->verifier.verifier,
        .thread_count = 1,
        .keep_log = keep_log,
        .context = e,
    };
    status = ingest_oldest_log(e->io, &store.oldest_log, err);
    if (status == STATUS_OK)
        status = store_open(&store, &e->store, err);
    if (status != STATUS_OK)
        return status;
    const struct ingest_options ingest = {
        .io = e->io,
        .keyring = e->keyring,
        .clock = &e->clock.clock,
        .records = store_sink(e->store),
        .leaves = evidence_sink(e->evidence),
        .wal_floor = store_wal_floor(e->store),
        .log_ahead_bytes = e->log_ahead_bytes,
        .any_floor = !store_floor_is_known(e->store),
        .last_sealed = last_sealed,
        .tenants = e->tenants,
        .tenant_count = ENGINE_TENANTS,
        .fatal = fatal,
        .context = e,
    };
    status = ingest_open(&ingest, &e->ingest, err);
    if (status == STATUS_OK)
        status = tell_lost(e, err);
    if (status == STATUS_OK)
        status = tell_missing(e, err);
    if (status != STATUS_OK)
        return status;
    struct ingest_stats stats;
    ingest_stats(e->ingest, &stats);
    if (store_is_settled(e->store) && stats.damaged_logs == 0)
        return STATUS_OK;
    struct error ignored; /* a checkpoint that fails is made at the next start */
    enum status settled = engine_checkpoint(e, &ignored);
    (void)settled;
    return STATUS_OK;
}

enum status engine_open(struct engine *e, struct error *err)
{
    atomic_store(&e->dead, false);
    enum status status = open_parts(e, err);

    if (status != STATUS_OK)
        engine_close(e);
    return status;
}

void engine_close(struct engine *e)
{
    ingest_close(e->ingest);
    store_close(e->store);
    evidence_close(e->evidence);
    meta_close(e->meta);
    keyring_free(e->keyring);
    e->meta = NULL;
    e->ingest = NULL;
    e->store = NULL;
    e->evidence = NULL;
    e->keyring = NULL;
}

static enum status seal(struct engine *e, uint64_t floor, struct error *err)
{
    struct store_stats before, after;

    store_stats(e->store, &before);
    enum status status = store_flush(e->store, floor, err);
    if (status != STATUS_OK)
        return status;
    store_stats(e->store, &after);
    /* The bytes come from the log, which authenticates them. */
    CHECK(after.unverified_sections == before.unverified_sections || e->is_evidence_damaged);
    return ingest_trim(e->ingest, floor, err);
}

enum status engine_checkpoint(struct engine *e, struct error *err)
{
    uint64_t floor = 0;
    enum status status = ingest_rotate(e->ingest, &floor, err);

    if (status == STATUS_OK) {
        status = evidence_flush(e->evidence, err);
        if (status != STATUS_OK && status != STATUS_FULL)
            fatal(e, err);
    }
    if (status == STATUS_OK)
        status = ingest_save(e->ingest, floor, err);
    if (status == STATUS_OK)
        status = seal(e, floor, err);
    return status;
}

enum status engine_compact(struct engine *e, struct error *err)
{
    enum status status = engine_checkpoint(e, err);

    return status == STATUS_OK ? store_compact(e->store, NULL, NULL, NULL, err) : status;
}
