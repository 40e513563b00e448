/* SPDX-License-Identifier: Apache-2.0 */
/* ingest.c - opening, closing and the checkpoint. */
#include "ingest/ingest_priv.h"

#include "base/limits.h"
#include "base/machine.h"

#include <stdlib.h>

#define MINUTES_PER_DAY 1440
#define LARGE_PER_PROCESSOR 4u /* of one tenant half: while one waits for the disk, others work */

static uint32_t oldest_at(int64_t unix_us)
{
    uint32_t now = minute_of(unix_us);
    uint32_t days = DEDUPE_DAYS * MINUTES_PER_DAY;

    return now > days ? now - days : 1;
}

uint32_t oldest_minute(const struct ingest *ingest)
{
    return oldest_at(horizon_look(&ingest->horizon));
}

uint32_t oldest_kept_minute(struct ingest *ingest, int64_t *ret_ahead_us)
{
    return oldest_at(horizon_now(&ingest->horizon, ret_ahead_us));
}

/* A state is saved before the rows of its floor are sealed.  Without one the numbers would begin
 * anew, beside those that sealed rows and their leaves have. */
static enum status check_state(const struct ingest *ingest, struct error *err)
{
    static const struct guid instance; /* has a log of its own */
    const struct ingest_options *options = &ingest->options;

    if (options->last_sealed == NULL || memory_is_saved(&ingest->memory))
        return STATUS_OK;
    bool is_sealed = options->last_sealed(options->context, &instance) > 0;
    for (uint32_t i = 0; i < options->tenant_count && !is_sealed; i++)
        is_sealed = options->last_sealed(options->context, &options->tenants[i]) > 0;
    return is_sealed ? ERROR_SET(err, STATUS_CORRUPT,
                                 "'ingest/state' and its copy are missing, and only they know "
                                 "which numbers were given; put the data directory back from a "
                                 "backup")
                     : STATUS_OK;
}

static enum status start(struct ingest *ingest, struct error *err)
{
    struct replay_result found = {.next_file = 1};
    enum status status = check_state(ingest, err);

    if (status == STATUS_OK)
        status = memory_load(&ingest->memory, err);
    horizon_start(&ingest->horizon, ingest->options.clock,
                  ingest->memory.minute * US_PER_MINUTE);
    if (status == STATUS_OK)
        status = loss_load(&ingest->loss, ingest->options.io, err);
    if (status == STATUS_OK)
        status = replay_log(ingest, ingest->memory.floor, &found, err);
    if (status == STATUS_OK) {
        struct wal_options options = {.io = ingest->options.io,
                                      .clock = ingest->options.clock,
                                      .next_file = found.next_file,
                                      .next_lsn = found.next_lsn,
                                      .reserve_bytes = ingest->options.reserve_bytes,
                                      .ahead_bytes = ingest->options.log_ahead_bytes,
                                      .has_ahead_thread = ingest->options.has_log_thread,
                                      .stages = ingest->options.stages,
                                      .fatal = ingest->options.fatal,
                                      .context = ingest->options.context};
        status = wal_open(&options, &ingest->wal, err);
    }
    for (size_t i = 0; i < found.file_count && status == STATUS_OK; i++)
        status = wal_note_file(ingest->wal, found.files[i].number, found.files[i].size_bytes,
                               found.files[i].is_damaged, err);
    free(found.files);
    return status;
}

enum status ingest_open(const struct ingest_options *options, struct ingest **ret,
                        struct error *err)
{
    struct ingest *ingest = calloc(1, sizeof(*ingest));

    if (ingest == NULL)
        return ERROR_MEMORY(err);
    ingest->options = *options;
    (void)pthread_mutex_init(&ingest->lock, NULL);
    (void)pthread_mutex_init(&ingest->loss_lock, NULL);
    buf_pool_init(&ingest->buffers);
    gate_init(&ingest->large, (uint64_t)LARGE_PER_PROCESSOR * machine_processors());
    tenant_table_init(&ingest->tenants, options->keyring);
    memory_init(&ingest->memory, options->io, &ingest->tenants);
    ingest->memory.clock = options->clock;
    enum status status = start(ingest, err);
    ingest->options.tenants = NULL; /* the caller's again */
    ingest->options.tenant_count = 0;
    if (status != STATUS_OK) {
        ingest_close(ingest);
        return status;
    }
    *ret = ingest;
    return STATUS_OK;
}

void ingest_close(struct ingest *ingest)
{
    if (ingest == NULL)
        return;
    wal_close(ingest->wal);
    loss_release(&ingest->loss);
    memory_free_all(&ingest->memory);
    tenant_table_release(&ingest->tenants);
    (void)pthread_mutex_destroy(&ingest->lock);
    (void)pthread_mutex_destroy(&ingest->loss_lock);
    gate_release(&ingest->large);
    buf_pool_release(&ingest->buffers);
    free(ingest);
}

enum status ingest_rotate(struct ingest *ingest, uint64_t *ret_floor, struct error *err)
{
    return wal_rotate(ingest->wal, ret_floor, err);
}

/* Freezes what is recent and waits until none of it can be refused any more:
 * a record must not be called a duplicate of one that was not stored. */
static enum status freeze_all(struct ingest *ingest, struct error *err)
{
    struct tenant **list = NULL;
    size_t count = 0;
    enum status status = tenant_table_list(&ingest->tenants, &list, &count, err);

    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        (void)pthread_mutex_lock(&list[i]->lock);
        status = tenant_freeze(list[i], err);
        (void)pthread_mutex_unlock(&list[i]->lock);
    }
    free(list);
    return status == STATUS_OK ? wal_settle(ingest->wal, err) : status;
}

enum status ingest_save(struct ingest *ingest, uint64_t floor, struct error *err)
{
    (void)pthread_mutex_lock(&ingest->loss_lock);
    enum status status = loss_save(&ingest->loss, ingest->options.io, err);
    (void)pthread_mutex_unlock(&ingest->loss_lock);

    if (status == STATUS_OK)
        status = freeze_all(ingest, err);
    if (status != STATUS_OK)
        return status;
    int64_t ahead_us;
    uint32_t oldest = oldest_kept_minute(ingest, &ahead_us);
    (void)pthread_mutex_lock(&ingest->lock);
    ingest->stats.clock_ahead_us = (uint64_t)ahead_us;
    (void)pthread_mutex_unlock(&ingest->lock);
    ingest->memory.minute = minute_of(ingest->horizon.believed_us);
    return memory_save(&ingest->memory, floor, oldest, err);
}

static enum status check_saved(const struct ingest *ingest, uint64_t floor, struct error *err)
{
    if (floor > ingest->memory.floor)
        return ERROR_SET(err, STATUS_CONFLICT,
                         "log file %llu is not saved, its predecessors must stay",
                         (unsigned long long)floor);
    return STATUS_OK;
}

enum status ingest_trim(struct ingest *ingest, uint64_t floor, struct error *err)
{
    enum status status = check_saved(ingest, floor, err);

    return status == STATUS_OK ? wal_trim(ingest->wal, floor, err) : status;
}

enum status ingest_keep(struct ingest *ingest, uint64_t floor, struct error *err)
{
    return wal_keep(ingest->wal, floor, err);
}

void ingest_stats(struct ingest *ingest, struct ingest_stats *ret)
{
    struct wal_stats wal;

    wal_stats(ingest->wal, &wal);
    (void)pthread_mutex_lock(&ingest->lock);
    *ret = ingest->stats;
    ret->lost_runs = atomic_load(&ingest->memory.lost_count);
    ret->forgotten_runs = atomic_load(&ingest->memory.forgotten_count);
    (void)pthread_mutex_unlock(&ingest->lock);
    (void)pthread_mutex_lock(&ingest->loss_lock);
    ret->lost_ranges = ingest->loss.count;
    for (uint32_t i = 0; i < ingest->loss.count; i++)
        ret->accepted_ranges += ingest->loss.items[i].accepted_us != 0;
    (void)pthread_mutex_unlock(&ingest->loss_lock);
    ret->fsyncs = wal.fsyncs;
    ret->fsync_us_total = wal.fsync_us_total;
    ret->fsync_us_max = wal.fsync_us_max;
    ret->fsync_us_last = wal.fsync_us_last;
    ret->unreadable_runs = memory_unread(&ingest->memory);
    ret->queue_depth = wal.depth;
    ret->wal_bytes = wal.bytes;
}

enum status ingest_ready(struct ingest *ingest, struct error *err)
{
    return wal_ready(ingest->wal, err);
}

enum status ingest_lost_list(struct ingest *ingest, struct arena *arena,
                             struct ingest_lost **ret, uint32_t *ret_count, struct error *err)
{
    (void)pthread_mutex_lock(&ingest->loss_lock);
    *ret_count = ingest->loss.count;
    *ret = ARENA_ARRAY(arena, struct ingest_lost, (size_t)*ret_count + 1, err);
    if (*ret != NULL && *ret_count > 0)
        memcpy(*ret, ingest->loss.items, *ret_count * sizeof(**ret));
    (void)pthread_mutex_unlock(&ingest->loss_lock);
    return *ret == NULL ? err->status : STATUS_OK;
}

enum status ingest_accept_lost(struct ingest *ingest, const struct ingest_lost *accepted,
                               struct error *err)
{
    (void)pthread_mutex_lock(&ingest->loss_lock);
    enum status status = loss_accept(&ingest->loss, ingest->options.io, accepted, err);
    (void)pthread_mutex_unlock(&ingest->loss_lock);
    return status;
}

uint64_t ingest_delivered_seq(struct ingest *ingest, const struct guid *tenant_id)
{
    struct tenant *tenant = tenant_table_find(&ingest->tenants, tenant_id);

    if (tenant == NULL)
        return 0;
    (void)pthread_mutex_lock(&tenant->lock);
    uint64_t last = tenant_delivered_seq(tenant);
    (void)pthread_mutex_unlock(&tenant->lock);
    return last;
}
