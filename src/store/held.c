/* SPDX-License-Identifier: Apache-2.0 */
/* One block of memory holds a text: the struct, its records, the name of the table, the
 * bytes.  The tokens of a record are made again from its bytes, as at the way in. */
#include "store/held_priv.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

/* ---- life ---- */

static void set_facts(struct held *held, const struct record_batch *batch)
{
    const struct record *first = &batch->records[0];

    held->tenant = batch->tenant;
    held->row_count = batch->record_count;
    held->wal_file_max = batch->wal_file;
    held->time_min = held->time_max = first->event_time;
    held->seq_min = held->seq_max = first->seq;
    for (uint32_t i = 0; i < batch->record_count; i++) {
        const struct record *record = &batch->records[i];
        held->time_min = record->event_time < held->time_min ? record->event_time : held->time_min;
        held->time_max = record->event_time > held->time_max ? record->event_time : held->time_max;
        held->seq_min = record->seq < held->seq_min ? record->seq : held->seq_min;
        held->seq_max = record->seq > held->seq_max ? record->seq : held->seq_max;
        held->quarantined_count += (record->flags & RECORD_QUARANTINED) != 0;
    }
}

static size_t bytes_of(const struct record_batch *batch)
{
    size_t bytes = sizeof(struct held) + batch->table.size +
                   batch->record_count * sizeof(struct record);

    for (uint32_t i = 0; i < batch->record_count; i++)
        bytes += batch->records[i].raw.size;
    return bytes;
}

static struct slice put(char **at, struct slice text)
{
    char *begin = *at;

    if (text.size > 0)
        memcpy(begin, text.data, text.size);
    *at += text.size;
    return slice_from(begin, text.size);
}

static enum status text_new(const struct record_batch *batch, struct held_pool *pool,
                            struct held **ret, struct error *err)
{
    struct held *held = malloc(bytes_of(batch));

    if (held == NULL)
        return ERROR_MEMORY(err);
    *held = (struct held){.pool = pool, .text = *batch};
    struct record *records = (struct record *)(void *)(held + 1);
    char *at = (char *)(records + batch->record_count);
    held->table = held->text.table = put(&at, batch->table);
    for (uint32_t i = 0; i < batch->record_count; i++) {
        records[i] = batch->records[i];
        records[i].raw = put(&at, batch->records[i].raw);
        records[i].tokens = NULL; /* their number says whether there were some */
    }
    held->text.records = records;
    atomic_init(&held->references, 1);
    atomic_init(&held->part, NULL);
    set_facts(held, batch);
    *ret = held;
    return STATUS_OK;
}

enum status held_from_part(struct part *part, struct held **ret, struct error *err)
{
    struct held *held = calloc(1, sizeof(*held));

    if (held == NULL)
        return ERROR_MEMORY(err);
    *held = (struct held){.tenant = part->tenant,
                          .table = part->table,
                          .row_count = part->row_count,
                          .time_min = part->time_min,
                          .time_max = part->time_max,
                          .seq_min = part->seq_min,
                          .seq_max = part->seq_max,
                          .wal_file_max = part->wal_file_max};
    atomic_init(&held->references, 1);
    atomic_init(&held->part, part);
    *ret = held;
    return STATUS_OK;
}

enum status held_from_batch(const struct record_batch *batch, struct held_pool *pool,
                            struct held **ret, struct error *err)
{
    struct part *part = NULL;

    if (batch->record_count > 0 && batch->record_count <= HELD_TEXT_ROWS_MAX &&
        bytes_of(batch) <= HELD_TEXT_BYTES_MAX)
        return text_new(batch, pool, ret, err);
    enum status status = part_from_records(batch, &part, err);
    if (status == STATUS_OK)
        status = held_from_part(part, ret, err);
    if (status != STATUS_OK)
        part_unref(part);
    return status;
}

struct held *held_ref(struct held *held)
{
    unsigned before = atomic_fetch_add_explicit(&held->references, 1, memory_order_relaxed);

    CHECK(before > 0);
    return held;
}

void held_unref(struct held *held)
{
    if (held == NULL ||
        atomic_fetch_sub_explicit(&held->references, 1, memory_order_acq_rel) != 1)
        return;
    part_unref(atomic_load(&held->part));
    if (held->kept_bytes > 0)
        (void)atomic_fetch_sub(&held->pool->bytes, held->kept_bytes);
    free(held);
}

bool held_is_text(const struct held *held)
{
    return held->text.records != NULL;
}

size_t held_bytes(const struct held *held)
{
    return held_is_text(held)
               ? bytes_of(&held->text)
               : sizeof(*held) + part_memory_bytes(atomic_load(&held->part));
}

/* ---- from text to part ---- */

/* A record whose bytes are no JSON any more, which cannot be, would be kept whole. */
static enum status make_tokens(struct record *record, struct json_tape *tape, struct error *err)
{
    enum json_result result = json_parse(record->raw, JSON_DEPTH_MAX, tape);

    if (result == JSON_NO_MEMORY)
        return ERROR_MEMORY(err);
    record->tokens = result == JSON_OK ? tape->tokens : NULL;
    record->token_count = result == JSON_OK ? tape->count : 0;
    return STATUS_OK;
}

static enum status make_part(const struct held *held, struct part **ret, struct error *err)
{
    struct record_batch batch = held->text;
    struct record records[HELD_TEXT_ROWS_MAX];
    struct json_tape tapes[HELD_TEXT_ROWS_MAX];
    enum status status = STATUS_OK;

    memcpy(records, batch.records, batch.record_count * sizeof(*records));
    batch.records = records;
    for (uint32_t i = 0; i < batch.record_count; i++) {
        json_tape_init(&tapes[i]);
        if (records[i].token_count > 0 && status == STATUS_OK)
            status = make_tokens(&records[i], &tapes[i], err);
    }
    if (status == STATUS_OK)
        status = part_from_records(&batch, ret, err);
    for (uint32_t i = 0; i < batch.record_count; i++)
        json_tape_release(&tapes[i]);
    return status;
}

/* Keeps a reference to the part if the pool has room and nobody was faster. */
static void keep(struct held *held, struct part *part)
{
    struct part *none = NULL;
    size_t bytes = part_memory_bytes(part);

    if (atomic_fetch_add(&held->pool->bytes, bytes) + bytes > HELD_PARTS_BYTES_MAX) {
        (void)atomic_fetch_sub(&held->pool->bytes, bytes);
        return;
    }
    (void)part_ref(part);
    if (atomic_compare_exchange_strong(&held->part, &none, part)) {
        held->kept_bytes = bytes; /* read when the last reference goes */
        return;
    }
    part_unref(part);
    (void)atomic_fetch_sub(&held->pool->bytes, bytes);
}

enum status held_part(struct held *held, struct part **ret, struct error *err)
{
    struct part *part = atomic_load(&held->part);

    if (part != NULL) {
        *ret = part_ref(part);
        return STATUS_OK;
    }
    enum status status = make_part(held, &part, err);
    if (status != STATUS_OK)
        return status;
    keep(held, part);
    *ret = part;
    return STATUS_OK;
}

enum status held_join(struct held *const *held, uint32_t count, struct part **ret,
                      struct error *err)
{
    struct part **parts = calloc(count, sizeof(*parts));
    enum status status = STATUS_OK;

    if (parts == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = held_part(held[i], &parts[i], err);
    if (status == STATUS_OK && count == 1)
        *ret = part_ref(parts[0]);
    else if (status == STATUS_OK)
        status = part_join(parts, count, ret, err);
    for (uint32_t i = 0; i < count; i++)
        part_unref(parts[i]);
    free(parts);
    return status;
}
