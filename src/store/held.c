/* SPDX-License-Identifier: Apache-2.0 */
/* One block of memory holds a text: the struct, its records, when each came, the name of the
 * table, the bytes.  The tokens of a record are made again from its bytes, as at the way in. */
#include "store/held_priv.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/slab.h"

#include <stdlib.h>

#define MERGED_TEXT_ROWS_MAX (SMALL_TENANT_ROWS / 64) /* of texts that are joined and stay text */
#define TEXTS_ROWS_MAX 512u /* of texts that are parsed at once */

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
        /* each value is a token; a record that is kept whole is a value, and may have none */
        held->value_count += record->token_count == 0 ? 1 : record->token_count;
    }
}

static size_t bytes_of(const struct record_batch *batch)
{
    size_t record_bytes = sizeof(struct record) +
                          (batch->received_times_us == NULL ? 0 : sizeof(int64_t));
    size_t bytes =
        sizeof(struct held) + batch->table.size + batch->record_count * record_bytes;

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
    size_t bytes = bytes_of(batch);
    struct held *held = slab_alloc(bytes);

    if (held == NULL)
        return ERROR_MEMORY(err);
    *held = (struct held){.pool = pool,
                          .received_us = batch->received_us,
                          .replayed = batch->replayed,
                          .text_bytes = (uint32_t)bytes};
    struct record *records = (struct record *)(void *)(held + 1);
    char *at = (char *)(records + batch->record_count);
    if (batch->received_times_us != NULL) {
        size_t times_bytes = batch->record_count * sizeof(int64_t);
        held->received_times_us = (const int64_t *)(const void *)at;
        memcpy(at, batch->received_times_us, times_bytes);
        at += times_bytes;
    }
    held->table = put(&at, batch->table);
    for (uint32_t i = 0; i < batch->record_count; i++) {
        records[i] = batch->records[i];
        records[i].raw = put(&at, batch->records[i].raw);
        records[i].tokens = NULL; /* their number says whether there were some */
    }
    held->records = records;
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
                          .value_count = part->value_count,
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

static bool is_small(const struct record_batch *batch, uint32_t rows_max)
{
    return batch->record_count > 0 && batch->record_count <= rows_max &&
           bytes_of(batch) <= HELD_TEXT_BYTES_MAX;
}

enum status held_from_batch(const struct record_batch *batch, struct held_pool *pool,
                            struct held **ret, struct error *err)
{
    struct part *part = NULL;

    if (is_small(batch, HELD_TEXT_ROWS_MAX))
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
    if (held_is_text(held))
        slab_free(held, held->text_bytes);
    else
        free(held);
}

bool held_is_text(const struct held *held)
{
    return held->records != NULL;
}

size_t held_bytes(const struct held *held)
{
    return held_is_text(held)
               ? held->text_bytes
               : sizeof(*held) + part_memory_bytes(atomic_load(&held->part));
}

/* ---- from text to part ---- */

static struct record_batch text_of(const struct held *held)
{
    return (struct record_batch){.tenant = held->tenant,
                                 .table = held->table,
                                 .records = held->records,
                                 .record_count = held->row_count,
                                 .received_us = held->received_us,
                                 .received_times_us = held->received_times_us,
                                 .wal_file = held->wal_file_max,
                                 .replayed = held->replayed};
}

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

static enum status make_part(const struct record_batch *text, struct part **ret,
                             struct error *err)
{
    struct record_batch batch = *text;
    struct record *records = malloc(batch.record_count * sizeof(*records));
    struct json_tape *tapes = calloc(batch.record_count, sizeof(*tapes));
    enum status status = records == NULL || tapes == NULL ? ERROR_MEMORY(err) : STATUS_OK;

    for (uint32_t i = 0; i < batch.record_count && status == STATUS_OK; i++) {
        records[i] = batch.records[i];
        json_tape_init(&tapes[i]);
        if (records[i].token_count > 0)
            status = make_tokens(&records[i], &tapes[i], err);
    }
    batch.records = records;
    if (status == STATUS_OK)
        status = part_from_records(&batch, ret, err);
    for (uint32_t i = 0; i < batch.record_count && tapes != NULL; i++)
        json_tape_release(&tapes[i]);
    free(tapes);
    free(records);
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
        held->kept_bytes = (uint32_t)bytes; /* read when the last reference goes */
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
    const struct record_batch text = text_of(held);
    enum status status = make_part(&text, &part, err);
    if (status != STATUS_OK)
        return status;
    keep(held, part);
    *ret = part;
    return STATUS_OK;
}

/* ---- joins ---- */

/* How many texts stand at the beginning of the list, of not too many rows and tokens for what
 * becomes a part at once. */
static uint32_t count_texts(struct held *const *held, uint32_t count)
{
    uint64_t rows = 0, tokens = 0;
    uint32_t texts = 0;

    for (; texts < count && held_is_text(held[texts]); texts++) {
        rows += held[texts]->row_count;
        tokens += held[texts]->value_count;
        if (texts > 0 && (rows > TEXTS_ROWS_MAX || tokens > DELIVERY_TOKENS_MAX))
            break;
    }
    return texts;
}

/* The records of texts as one batch, which is freed by what *ret_block says; their bytes stay
 * where they are. */
static enum status gather(struct held *const *held, uint32_t count, struct record_batch *ret,
                          void **ret_block, struct error *err)
{
    uint32_t rows = 0;

    for (uint32_t i = 0; i < count; i++)
        rows += held[i]->row_count;
    struct record *records = malloc(rows * (sizeof(*records) + sizeof(int64_t)));
    if (records == NULL)
        return ERROR_MEMORY(err);
    int64_t *times_us = (int64_t *)(void *)(records + rows);
    *ret = text_of(held[0]);
    ret->record_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct record_batch text = text_of(held[i]);
        for (uint32_t r = 0; r < text.record_count; r++) {
            times_us[ret->record_count] = record_batch_received_us(&text, r);
            records[ret->record_count++] = text.records[r];
        }
        ret->wal_file = text.wal_file > ret->wal_file ? text.wal_file : ret->wal_file;
    }
    ret->records = records;
    ret->received_times_us = times_us;
    *ret_block = records;
    return STATUS_OK;
}

/* The texts are parsed together: a part of each, of one row or a few, would cost many times
 * what their rows do. */
static enum status join_texts(struct held *const *held, uint32_t count, struct part **ret,
                              struct error *err)
{
    struct record_batch batch;
    void *block = NULL;

    if (count == 1)
        return held_part(held[0], ret, err);
    enum status status = gather(held, count, &batch, &block, err);
    if (status == STATUS_OK)
        status = make_part(&batch, ret, err);
    free(block);
    return status;
}

enum status held_join(struct held *const *held, uint32_t count, struct part **ret,
                      struct error *err)
{
    struct part **parts = calloc(count, sizeof(*parts));
    uint32_t part_count = 0;
    enum status status = STATUS_OK;

    if (parts == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0, texts; i < count && status == STATUS_OK; i += texts == 0 ? 1 : texts) {
        texts = count_texts(held + i, count - i);
        status = texts == 0 ? held_part(held[i], &parts[part_count], err)
                            : join_texts(held + i, texts, &parts[part_count], err);
        part_count += status == STATUS_OK;
    }
    if (status == STATUS_OK && part_count == 1)
        *ret = part_ref(parts[0]);
    else if (status == STATUS_OK)
        status = part_join(parts, part_count, ret, err);
    for (uint32_t i = 0; i < part_count; i++)
        part_unref(parts[i]);
    free(parts);
    return status;
}

enum status held_merge(struct held *const *held, uint32_t count, struct held **ret,
                       struct error *err)
{
    struct record_batch batch;
    struct part *part = NULL;
    void *block = NULL;
    enum status status = STATUS_OK;
    bool is_text = false;

    if (count_texts(held, count) == count) {
        status = gather(held, count, &batch, &block, err);
        is_text = status == STATUS_OK && is_small(&batch, MERGED_TEXT_ROWS_MAX);
    }
    if (is_text)
        status = text_new(&batch, held[0]->pool, ret, err);
    else if (status == STATUS_OK)
        status = held_join(held, count, &part, err);
    free(block);
    if (status == STATUS_OK && !is_text)
        status = held_from_part(part, ret, err);
    if (status != STATUS_OK)
        part_unref(part);
    return status;
}
