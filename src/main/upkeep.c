/* SPDX-License-Identifier: Apache-2.0 */
#include "main/upkeep.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/priority.h"

#include <malloc.h>
#include <time.h>

#define TICK_MS 250u
#define FAILED_PAUSE_US UINT64_C(5000000) /* after a checkpoint or a merge that failed */
#define TRIM_DECODED 20000u /* headers and columns that came and went: the heap has holes */
#define TRIM_PAUSE_US UINT64_C(3000000)

/* Rows come faster than the flush seals them: who sends many slows down, so that memory
 * stays bounded, and who sends few only if that does not help. */
bool upkeep_has_room(const struct store_memory *memory, bool is_small, uint64_t coming_rows)
{
    const size_t quarters = is_small ? 5 : 4;

    return memory->rows + coming_rows < MEMORY_ROWS_MAX / 4 * quarters &&
           memory->bytes + coming_rows * MEMORY_ROW_BYTES < MEMORY_BYTES_MAX / 4 * quarters;
}

/* Many tenants with a few rows each wait longer: a row of a section of three takes about
 * 1,000 bytes, one of a large section 90, and there are the merges after it. */
static uint64_t age_to_flush_ms(const struct store_memory *memory)
{
    return memory->rows >= memory->shelves * FLUSH_SHELF_ROWS ? MEMORY_AGE_FLUSH_MS
                                                              : MEMORY_AGE_FLUSH_MS_MAX;
}

bool upkeep_is_due(const struct store_memory *memory, uint64_t wal_bytes, uint64_t free_bytes)
{
    if (memory->rows == 0)
        return wal_bytes >= WAL_BYTES_FLUSH;
    return memory->rows >= MEMORY_ROWS_FLUSH || memory->bytes >= MEMORY_BYTES_FLUSH ||
           memory->age_ms >= age_to_flush_ms(memory) || wal_bytes >= WAL_BYTES_FLUSH ||
           /* Rows take less space in a segment than in the log. */
           (memory->age_ms >= FREE_AGE_FLUSH_MS && free_bytes < FREE_BYTES_FLUSH);
}

static bool checkpoint_is_due(const struct upkeep *upkeep)
{
    const struct storage_parts *parts = storage_parts(upkeep->storage);
    struct ingest_stats stats;
    struct store_memory memory;
    struct error ignored;
    uint64_t free_bytes = 0;

    store_memory(parts->store, &memory);
    ingest_stats(parts->ingest, &stats);
    if (io_free_bytes(upkeep->io, &free_bytes, &ignored) != STATUS_OK)
        free_bytes = UINT64_MAX;
    return upkeep_is_due(&memory, stats.wal_bytes, free_bytes);
}

/* A question about ten thousand sections, or a merge of them, leaves the heap full of
 * holes, which go back to the system. */
static void trim_heap(struct upkeep *upkeep)
{
    uint64_t now_us = clock_monotonic_us(clock_system());
    struct store_memory memory;

    store_memory(storage_parts(upkeep->storage)->store, &memory);
    if (memory.decoded - upkeep->trimmed < TRIM_DECODED ||
        now_us - upkeep->trimmed_us < TRIM_PAUSE_US)
        return;
    (void)malloc_trim(0);
    upkeep->trimmed = memory.decoded;
    upkeep->trimmed_us = now_us;
}

enum status upkeep_checkpoint_step(struct upkeep *upkeep, bool *ret_worked, struct error *err)
{
    trim_heap(upkeep);
    *ret_worked = checkpoint_is_due(upkeep);
    return *ret_worked ? storage_checkpoint(upkeep->storage, err) : STATUS_OK;
}

enum status upkeep_merge_step(struct upkeep *upkeep, bool *ret_worked, struct error *err)
{
    return store_merge_step(storage_parts(upkeep->storage)->store, &upkeep->stopping, ret_worked,
                            err);
}

/* Repeats a kind of work until the end; after a failure it waits longer. */
static void repeat(struct upkeep *upkeep, const char *failure,
                   enum status (*step)(struct upkeep *upkeep, bool *ret_worked,
                                       struct error *err))
{
    struct timespec wait = {0, TICK_MS * 1000000L};
    uint64_t next_us = 0;

    while (!atomic_load(&upkeep->stopping)) {
        struct error err;
        bool worked = false;
        uint64_t now_us = clock_monotonic_us(clock_system());
        priority_keep_off(now_us, 0);
        if (now_us >= next_us && step(upkeep, &worked, &err) != STATUS_OK) {
            log_failure(failure, &err);
            next_us = clock_monotonic_us(clock_system()) + FAILED_PAUSE_US;
        }
        (void)nanosleep(&wait, NULL);
    }
}

static void *run_checkpoints(void *arg)
{
    priority_behind(PRIORITY_BEHIND_NICE);
    repeat(arg, "cannot make a checkpoint", upkeep_checkpoint_step);
    return NULL;
}

/* Beside the checkpoints: a merge may take minutes, memory fills in seconds. */
static void *run_merges(void *arg)
{
    priority_behind(PRIORITY_BEHIND_NICE);
    repeat(arg, "cannot merge segments", upkeep_merge_step);
    return NULL;
}

void upkeep_init(struct upkeep *upkeep, struct storage *storage, struct io *io)
{
    *upkeep = (struct upkeep){.storage = storage, .io = io};
}

enum status upkeep_start(struct upkeep *upkeep, struct error *err)
{
    upkeep->has_checkpoints =
        pthread_create(&upkeep->checkpoints, NULL, run_checkpoints, upkeep) == 0;
    upkeep->has_merges = pthread_create(&upkeep->merges, NULL, run_merges, upkeep) == 0;
    return upkeep->has_checkpoints && upkeep->has_merges
               ? STATUS_OK
               : ERROR_SET(err, STATUS_LIMIT, "cannot start the background threads");
}

void upkeep_stop(struct upkeep *upkeep)
{
    atomic_store(&upkeep->stopping, true);
    if (upkeep->has_checkpoints)
        (void)pthread_join(upkeep->checkpoints, NULL);
    if (upkeep->has_merges)
        (void)pthread_join(upkeep->merges, NULL);
}
