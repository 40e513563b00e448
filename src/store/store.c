/* SPDX-License-Identifier: Apache-2.0 */
/* The door of the store: opening, taking batches, flushing. */
#include "store/store_priv.h"

#include <stdlib.h>

/* ---- taking batches ---- */

/* Joins small parts of the table while there are enough of them. */
static void join_small(struct store *store, const struct record_batch *batch)
{
    for (;;) {
        struct held_list list = {0};
        struct error err;
        (void)pthread_mutex_lock(&store->lock);
        bool is_due = memory_begin_join(&store->memory, &batch->tenant, batch->table, &list);
        (void)pthread_mutex_unlock(&store->lock);
        if (!is_due)
            return;
        struct held *joined = NULL;
        if (held_merge(list.held, list.count, &joined, &err) != STATUS_OK)
            joined = NULL; /* what cannot be joined stays as it is */
        (void)pthread_mutex_lock(&store->lock);
        memory_end_join(&store->memory, &list, joined);
        (void)pthread_cond_broadcast(&store->joined);
        (void)pthread_mutex_unlock(&store->lock);
        held_list_release(&list);
    }
}

/* Rows in memory and what is decoded share a bound. */
static void share_memory(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    uint64_t bytes = store->memory.byte_count;
    (void)pthread_mutex_unlock(&store->lock);
    sealed_set_rows_bytes(store->sealed, bytes);
}

static enum status take_new(struct store *store, const struct record_batch *batch,
                            struct error *err)
{
    struct held *held = NULL;

    if (batch->record_count == 0)
        return STATUS_OK;
    enum status status = held_from_batch(batch, &store->memory.pool, &held, err);
    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_lock(&store->lock);
    status = memory_add(&store->memory, held, clock_monotonic_us(store->options.clock), err);
    (void)pthread_mutex_unlock(&store->lock);
    if (status != STATUS_OK) {
        held_unref(held);
        return status;
    }
    join_small(store, batch);
    share_memory(store);
    return STATUS_OK;
}

/* The catalog does not list all sections: what they have is left out. */
static enum status take_unsealed(struct store *store, const struct record_batch *batch,
                                 struct error *err)
{
    struct record_batch rest = *batch;
    struct record *records = calloc((size_t)batch->record_count + 1, sizeof(*records));

    if (records == NULL)
        return ERROR_MEMORY(err);
    rest.records = records;
    rest.record_count = 0;
    for (uint32_t i = 0; i < batch->record_count; i++)
        if (!sealed_has_row(store->sealed, &batch->tenant, batch->records[i].seq))
            records[rest.record_count++] = batch->records[i];
    enum status status = take_new(store, &rest, err);
    free(records);
    return status;
}

static enum status take(struct record_sink *sink, const struct record_batch *batch,
                        struct error *err)
{
    struct store *store = (struct store *)sink;

    if (batch->replayed && !store_is_settled(store))
        return take_unsealed(store, batch, err);
    return take_new(store, batch, err);
}

struct record_sink *store_sink(struct store *store)
{
    return &store->sink;
}

/* ---- what is lost ---- */

enum status store_set_gap(struct store *store, const struct store_gap *gap, struct error *err)
{
    return gap_list_set(&store->gaps, gap, err);
}

static void do_nothing(void *context)
{
    (void)context;
}

uint64_t store_last_sealed(struct store *store, const struct guid *tenant)
{
    struct section_list *list = sealed_pin(store->sealed, do_nothing, NULL);
    uint32_t begin = 0, end = 0;
    uint64_t last = 0;

    section_list_find(list, tenant, 0, &begin, &end);
    for (uint32_t i = begin; i < end; i++) {
        const struct section_info *info = section_info(list->sections[i]);
        last = info->seq_max > last ? info->seq_max : last;
    }
    section_list_unref(list);
    return last;
}

/* ---- life ---- */

enum status store_open(const struct store_options *options, struct store **ret, struct error *err)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return ERROR_MEMORY(err);
    memory_make_empty(&store->memory);
    store->sink.take = take;
    store->options = *options;
    store->schemas = calloc(options->table_count + (size_t)1, sizeof(*store->schemas));
    gap_list_init(&store->gaps);
    if (store->schemas == NULL || pthread_mutex_init(&store->lock, NULL) != 0 ||
        pthread_mutex_init(&store->flush_lock, NULL) != 0 ||
        pthread_cond_init(&store->joined, NULL) != 0) {
        free(store->schemas);
        free(store);
        return ERROR_MEMORY(err);
    }
    struct sealed_options sealed = {.io = options->io,
                                    .keyring = options->keyring,
                                    .clock = options->clock,
                                    .verifier = options->verifier,
                                    .cache_bytes = options->cache_bytes,
                                    .thread_count = options->thread_count,
                                    .stages = options->stages,
                                    .oldest_log = options->oldest_log,
                                    .keep_log = options->keep_log,
                                    .context = options->context};
    enum status status = sealed_open(&sealed, &store->sealed, err);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    *ret = store;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    memory_release(&store->memory);
    sealed_close(store->sealed);
    gap_list_release(&store->gaps);
    for (uint32_t i = 0; i < store->options.table_count; i++)
        scan_schema_free(atomic_load(&store->schemas[i]));
    free(store->schemas);
    (void)pthread_cond_destroy(&store->joined);
    (void)pthread_mutex_destroy(&store->flush_lock);
    (void)pthread_mutex_destroy(&store->lock);
    free(store);
}

uint64_t store_wal_floor(struct store *store)
{
    return sealed_wal_floor(store->sealed);
}

bool store_floor_is_known(struct store *store)
{
    return sealed_floor_is_known(store->sealed);
}

bool store_is_settled(struct store *store)
{
    return sealed_is_settled(store->sealed);
}

void store_memory(struct store *store, struct store_memory *ret)
{
    uint64_t now_us = clock_monotonic_us(store->options.clock);

    (void)pthread_mutex_lock(&store->lock);
    uint64_t oldest_us = store->memory.oldest_us;
    *ret = (struct store_memory){.rows = store->memory.row_count,
                                 .bytes = store->memory.byte_count,
                                 .shelves = store->memory.shelf_count};
    (void)pthread_mutex_unlock(&store->lock);
    ret->age_ms = oldest_us < now_us ? (now_us - oldest_us) / 1000 : 0;
    ret->decoded = sealed_decoded(store->sealed);
}

/* ---- flush and merge ---- */

struct flush {
    struct store *store;
    struct held_list rows;
};

static void publish(void *context)
{
    struct flush *flush = context;

    (void)pthread_mutex_lock(&flush->store->lock);
    memory_end_flush(&flush->store->memory, &flush->rows, true);
    (void)pthread_mutex_unlock(&flush->store->lock);
}

static enum status begin_flush(struct flush *flush, uint64_t wal_floor, struct error *err)
{
    struct store *store = flush->store;
    enum status status;

    (void)pthread_mutex_lock(&store->lock);
    for (;;) {
        status = memory_begin_flush(&store->memory, wal_floor, &flush->rows, err);
        if (status != STATUS_BUSY)
            break;
        (void)pthread_cond_wait(&store->joined, &store->lock);
    }
    (void)pthread_mutex_unlock(&store->lock);
    return status;
}

enum status store_flush(struct store *store, uint64_t wal_floor, struct error *err)
{
    struct flush flush = {.store = store};

    (void)pthread_mutex_lock(&store->flush_lock);
    enum status status = begin_flush(&flush, wal_floor, err);
    if (status == STATUS_OK)
        status = sealed_flush(store->sealed, flush.rows.held, flush.rows.count, wal_floor,
                              publish, &flush, err);
    if (status != STATUS_OK) {
        (void)pthread_mutex_lock(&store->lock);
        memory_end_flush(&store->memory, &flush.rows, false);
        (void)pthread_mutex_unlock(&store->lock);
    }
    held_list_release(&flush.rows);
    share_memory(store);
    (void)pthread_mutex_unlock(&store->flush_lock);
    return status;
}

enum status store_merge_step(struct store *store, const atomic_bool *cancelled,
                             bool *ret_worked, struct error *err)
{
    struct stage_watch watch = stage_watch_start(store->options.stages);
    enum status status = sealed_merge_step(store->sealed, cancelled, ret_worked, err);

    stage_watch_lap(&watch, STAGE_MERGE);
    return status;
}

enum status store_compact(struct store *store,
                          void (*progress)(void *context, uint64_t done, uint64_t total),
                          void *context, const atomic_bool *cancelled, struct error *err)
{
    struct stage_watch watch = stage_watch_start(store->options.stages);
    enum status status = sealed_compact(store->sealed, progress, context, cancelled, err);

    stage_watch_lap(&watch, STAGE_MERGE);
    return status;
}

void store_stats(struct store *store, struct store_stats *ret)
{
    *ret = (struct store_stats){0};
    sealed_stats(store->sealed, ret);
    (void)pthread_mutex_lock(&store->lock);
    ret->rows_memory = store->memory.row_count;
    ret->bytes_memory = store->memory.byte_count;
    (void)pthread_mutex_unlock(&store->lock);
}
