/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - reads the log after a start (docs/format/wal.md, Recovery).
 *
 * A few threads take frames in turn: one reads and opens the next frame of the
 * file under `lock`, decodes it without, waits for its turn, and passes leaves
 * and counters on in order; the records go to their sink without order.
 *
 * Invariants:
 * 1. The frame taken n-th has ticket n; `turn` is the lowest ticket whose
 *    leaves are not passed on.
 * 2. After `status` is set nothing more is read or passed on. */
#include "ingest/ingest_priv.h"

#include "base/limits.h"
#include "ingest/examine_priv.h"
#include "ingest/split_priv.h"

#include <stdlib.h>

#define REPLAY_THREADS 2

struct replay {
    struct ingest *ingest;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t turned;
    enum status status;
    struct error err;
    struct log_reader reader;
    uint64_t records_floor; /* files below it are sealed: counters only */
    uint64_t state_floor;   /* the numbers of files below it are in the saved state */
    uint64_t floor_max;     /* a file with this number was begun */
    uint64_t next_ticket, turn;
};

/* One frame at work in a thread. */
struct item {
    uint64_t ticket;
    struct log_item log;
    struct buf bytes, payload;
    struct tenant *tenant; /* NULL: its keys are gone */
    struct arena *arena;
    struct payload_tail tail;
    struct payload_records records;
    struct leaves leaves;
    struct print *prints;
};

/* ---- the files ---- */

/* All files from the floor on should be there; only a new directory has none.  The last
 * one may have been taken out, as it was not begun. */
static void expect_files(struct replay *replay, uint64_t floor, uint64_t last)
{
    struct log_reader *reader = &replay->reader;

    if (last == 0 && replay->floor_max <= 1)
        return;
    reader->expected = floor > 0 ? floor : 1;
    if (last >= replay->floor_max)
        return;
    reader->last_wanted = replay->floor_max;
    reader->next_number = replay->floor_max + 1;
}

/* The next item of the log; *ret_done at its end. */
static enum status take_item(struct replay *replay, struct item *item, bool *ret_done,
                             struct error *err)
{
    enum status status =
        log_reader_next(&replay->reader, &item->bytes, &item->log, ret_done, err);

    if (status == STATUS_OK && !*ret_done)
        item->ticket = replay->next_ticket++;
    return status;
}

/* ---- decoding one frame ---- */

static enum status decode_leaves(struct item *item, struct error *err)
{
    uint32_t count = 0;

    item->leaves.count = item->tail.leaf_count;
    item->leaves.items = ARENA_ARRAY(item->arena, struct leaf_draft, item->leaves.count, err);
    if (item->leaves.items == NULL)
        return err->status;
    for (uint32_t i = 0; i < item->leaves.count; i++) {
        struct leaf_draft *draft = &item->leaves.items[i];
        const uint8_t *bytes = item->tail.leaves + (size_t)i * FRAME_LEAF_BYTES;
        memcpy(draft->leaf, bytes, LEAF_BYTES);
        memcpy(draft->seed, bytes + LEAF_BYTES, SEED_BYTES);
        enum status status = leaf_decode(draft->leaf, &draft->fields, err);
        if (status != STATUS_OK)
            return status;
        draft->first = count;
        draft->count = draft->fields.count;
        if (draft->count > REQUEST_RECORDS_MAX - count)
            return ERROR_SET(err, STATUS_CORRUPT, "a frame has too many records");
        count += draft->count;
    }
    item->records.max = count;
    item->records.items = ARENA_ARRAY(item->arena, struct record, count, err);
    item->leaves.hashes = arena_alloc_raw(item->arena, count * sizeof(struct hash256), err);
    item->prints = ARENA_ARRAY(item->arena, struct print, count, err);
    if (item->records.items == NULL || item->leaves.hashes == NULL || item->prints == NULL)
        return err->status;
    return STATUS_OK;
}

/* Tokens are kept up to a bound, as in a request; those behind are borrowed from the
 * tape for the examination. */
static enum status parse_record(struct item *item, struct record *record, struct json_tape *tape,
                                size_t *left_bytes, struct error *err)
{
    if (*left_bytes > 0) {
        enum status status = split_parse(record, tape, item->arena, err);
        size_t size = record->token_count * sizeof(struct json_token);
        *left_bytes -= size < *left_bytes ? size : *left_bytes;
        return status;
    }
    enum quarantine reason;
    enum status status = split_check(record->raw, tape, &reason, err);
    if (status != STATUS_OK)
        return status;
    if (reason != QUARANTINE_NONE)
        return ERROR_SET(err, STATUS_CORRUPT, "an accepted record %s", quarantine_text(reason));
    record->tokens = tape->tokens;
    record->token_count = tape->count;
    return STATUS_OK;
}

static size_t record_bytes(const struct item *item)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < item->records.count; i++)
        bytes += item->records.items[i].raw.size;
    return bytes;
}

static enum status decode_records(struct replay *replay, struct item *item, struct error *err)
{
    const struct ingest_options *ingest = &replay->ingest->options;
    struct examine_options options = {.tenant = item->tenant->id,
                                      .received_us = item->tail.received_us};
    struct print_keys keys;
    struct json_tape tape;
    size_t left_bytes = split_token_bytes_max(record_bytes(item));
    enum status status = tenant_print_keys(item->tenant, &keys, err);

    if (ingest->time_column != NULL)
        options.time_column = ingest->time_column(ingest->context, item->tail.table);
    json_tape_init(&tape);
    for (uint32_t i = 0; i < item->records.count && status == STATUS_OK; i++) {
        struct record *record = &item->records.items[i];
        struct examination examination;
        if ((record->flags & RECORD_QUARANTINED) == 0)
            status = parse_record(item, record, &tape, &left_bytes, err);
        if (status != STATUS_OK)
            break;
        examine_record(&options, record, &examination);
        if (examination.id.size > 0) {
            print_make(&keys, item->tail.table, examination.id, record->raw, &item->prints[i]);
            item->prints[i].minute = minute_of(item->tail.received_us);
        }
        if (record->tokens == tape.tokens)
            record->tokens = NULL;
    }
    json_tape_release(&tape);
    explicit_bzero(&keys, sizeof(keys));
    return status;
}

static enum status decode(struct replay *replay, struct item *item, struct error *err)
{
    struct slice blocks = {0};

    arena_clear(item->arena);
    buf_clear(&item->payload);
    enum status status = tenant_table_get_stored(
        &replay->ingest->tenants, &item->log.frame.header.tenant, &item->tenant, err);
    if (status == STATUS_OK && item->tenant == NULL)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = frame_open(&item->log.frame, &item->log.log_id, &item->tenant->wal_key,
                            &item->payload, err);
    if (status == STATUS_OK)
        status = payload_decode_tail(buf_slice(&item->payload), &item->tail, &blocks, err);
    item->records = (struct payload_records){.items = NULL};
    if (status == STATUS_OK)
        status = decode_leaves(item, err);
    struct reader r = reader_from(blocks.data, blocks.size);
    for (uint32_t i = 0; status == STATUS_OK && i < item->tail.block_count; i++)
        status = item->tail.is_received
                     ? payload_next_received(&r, item->arena, &item->records, err)
                     : payload_next_block(&r, item->arena, &item->records, err);
    if (status == STATUS_OK &&
        (item->records.count != item->records.max || reader_left(&r) != 0))
        status = ERROR_SET(err, STATUS_CORRUPT, "blocks and leaves do not agree");
    if (status == STATUS_OK)
        status = decode_records(replay, item, err);
    for (uint32_t i = 0; status == STATUS_OK && i < item->leaves.count; i++) {
        const struct leaf_draft *draft = &item->leaves.items[i];
        for (uint32_t j = 0; j < draft->count; j++)
            item->records.items[draft->first + j].seq = draft->fields.first_seq + j;
        status = leaves_check(draft, item->records.items + draft->first, item->tail.received_us,
                              item->leaves.hashes + draft->first, err);
    }
    return status;
}

/* ---- passing it on ---- */

static enum status skip_leaves(const struct ingest *ingest, const struct tenant *tenant,
                               uint64_t leaf_index, uint64_t first_seq, struct error *err)
{
    struct leaf_sink *sink = ingest->options.leaves;
    const struct leaf_place next = {leaf_index, first_seq, tenant->given.commit_us};

    return sink->skip(sink, &tenant->id, &next, err);
}

/* Numbers follow each other, but for what was lost; the first frame may lie before the
 * saved state. */
static enum status count_leaf(struct ingest *ingest, struct tenant *tenant,
                              const struct leaf_fields *fields, struct error *err)
{
    struct tenant_counters *given = &tenant->given;
    bool is_back = fields->first_seq < given->next_seq || fields->leaf_index < given->next_leaf;
    bool is_gap = false;
    enum status status =
        loss_close(&ingest->loss, &ingest->options, tenant, fields, &is_gap, err);

    if (status == STATUS_OK && is_gap)
        status = skip_leaves(ingest, tenant, fields->leaf_index, fields->first_seq, err);
    if (status != STATUS_OK)
        return status;
    if (tenant->seen && is_back)
        return ERROR_SET(err, STATUS_CORRUPT,
                         "leaf %llu with record %llu does not follow the ones before",
                         (unsigned long long)fields->leaf_index,
                         (unsigned long long)fields->first_seq);
    tenant->seen = true;
    given->next_seq = fields->first_seq + fields->count;
    given->next_leaf = fields->leaf_index + 1;
    given->commit_us = fields->commit_time_us;
    return STATUS_OK;
}

static enum status pass_leaves(struct replay *replay, struct item *item, struct error *err)
{
    struct leaf_sink *sink = replay->ingest->options.leaves;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < item->leaves.count && status == STATUS_OK; i++) {
        const struct leaf_draft *draft = &item->leaves.items[i];
        struct leaf_commit commit = {.tenant = item->tenant->id,
                                     .received_us = item->tail.received_us,
                                     .nodes = item->leaves.hashes + draft->first,
                                     .replayed = true};
        status = count_leaf(replay->ingest, item->tenant, &draft->fields, err);
        memcpy(commit.leaf, draft->leaf, LEAF_BYTES);
        memcpy(commit.seed, draft->seed, SEED_BYTES);
        if (status == STATUS_OK)
            status = sink->take(sink, &commit, err);
    }
    return status;
}

static enum status remember(struct replay *replay, struct item *item, struct error *err)
{
    int64_t ahead_us;
    uint32_t oldest = oldest_kept_minute(replay->ingest, &ahead_us);
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < item->records.count && status == STATUS_OK; i++) {
        if (item->prints[i].id != 0 && item->prints[i].minute >= oldest)
            status = print_set_add(&item->tenant->hot, &item->prints[i], err);
    }
    if (status != STATUS_OK || !item->tail.keyed)
        return status;
    struct kept_answer *kept = kept_answer_new(minute_of(item->tail.received_us),
                                               &item->tail.body_hash, item->tail.answer, err);
    if (kept == NULL)
        return err->status;
    return tenant_keep_answer(item->tenant, &item->tail.key_mac, kept, err);
}

/* A frame that is whole and says what cannot be is lost like one that is not. */
static void lose_frame(struct replay *replay, struct item *item)
{
    struct log_item *log = &item->log;

    replay->reader.files[log->file_at].is_damaged = true;
    log->lost_count = 1;
    log->has_suspect = true;
    log->suspect = log->frame.header.tenant;
}

static enum status pass_loss(struct replay *replay, const struct log_item *log, struct error *err)
{
    struct tenant *suspect = NULL;
    enum status status = STATUS_NOT_FOUND;

    if (log->has_suspect)
        status = tenant_table_get(&replay->ingest->tenants, &log->suspect, &suspect, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    loss_note(&replay->ingest->loss, suspect, log->lost_count, log->file < replay->state_floor);
    return STATUS_OK;
}

/* In turn: leaves, counters, memory. */
static enum status pass_in_order(struct replay *replay, struct item *item, struct error *err)
{
    if (item->log.lost_count > 0)
        return pass_loss(replay, &item->log, err);
    enum status status = item->tenant == NULL ? STATUS_OK : pass_leaves(replay, item, err);

    if (status == STATUS_OK && item->tenant != NULL)
        status = remember(replay, item, err);
    return status;
}

static enum status pass_records(struct replay *replay, struct item *item, struct error *err)
{
    struct delivery delivery = {.table = item->tail.table,
                                .received_us = item->tail.received_us,
                                .wal_file = item->log.file,
                                .replayed = true};
    enum status status = STATUS_OK;

    if (item->tenant == NULL || item->log.lost_count > 0 ||
        item->log.file < replay->records_floor)
        return STATUS_OK;
    delivery.tenant = item->tenant->id;
    for (uint32_t i = 0; i < item->leaves.count && status == STATUS_OK; i++) {
        const struct leaf_draft *draft = &item->leaves.items[i];
        status = deliver_records(replay->ingest, &delivery, item->records.items + draft->first,
                                 draft->count, err);
    }
    return status;
}

static void fail(struct replay *replay, enum status status, const struct error *err)
{
    if (replay->status == STATUS_OK) {
        replay->status = status;
        replay->err = *err;
    }
    (void)pthread_cond_broadcast(&replay->turned);
}

/* One frame; false when there is none, or after a failure. */
static bool step(struct replay *replay, struct item *item)
{
    struct error err;
    bool done = false;

    (void)pthread_mutex_lock(&replay->lock);
    enum status status = replay->status;
    bool first_failure = false;
    if (status == STATUS_OK) {
        status = take_item(replay, item, &done, &err);
        first_failure = status != STATUS_OK;
    }
    if (first_failure)
        fail(replay, status, &err);
    (void)pthread_mutex_unlock(&replay->lock);
    if (status != STATUS_OK || done)
        return false;

    item->tenant = NULL;
    if (item->log.lost_count == 0)
        status = decode(replay, item, &err);
    if (status == STATUS_CORRUPT)
        item->tenant = NULL;
    if (status != STATUS_OK)
        (void)error_wrap(&err, "log file %016llx, offset %llu",
                         (unsigned long long)item->log.file, (unsigned long long)item->log.offset);
    (void)pthread_mutex_lock(&replay->lock);
    while (replay->turn != item->ticket && replay->status == STATUS_OK)
        (void)pthread_cond_wait(&replay->turned, &replay->lock);
    if (status == STATUS_CORRUPT) {
        lose_frame(replay, item);
        status = STATUS_OK;
    }
    if (status == STATUS_OK && replay->status == STATUS_OK)
        status = pass_in_order(replay, item, &err);
    replay->turn++;
    if (status != STATUS_OK)
        fail(replay, status, &err);
    bool failed = replay->status != STATUS_OK;
    (void)pthread_cond_broadcast(&replay->turned);
    (void)pthread_mutex_unlock(&replay->lock);
    if (failed)
        return false;

    status = pass_records(replay, item, &err);
    (void)pthread_mutex_lock(&replay->lock);
    if (status != STATUS_OK)
        fail(replay, status, &err);
    else if (item->tenant != NULL && item->log.file >= replay->records_floor)
        replay->ingest->stats.replayed_records += item->records.count;
    (void)pthread_mutex_unlock(&replay->lock);
    return status == STATUS_OK;
}

static void *replay_main(void *arg)
{
    struct replay *replay = arg;
    struct item item = {.arena = arena_new(REQUEST_MEMORY_BYTES_MAX)};
    struct error err;

    buf_init(&item.bytes, FRAME_SEALED_BYTES_MAX + FRAME_HEADER_BYTES);
    buf_init(&item.payload, FRAME_SEALED_BYTES_MAX);
    if (item.arena == NULL) {
        (void)pthread_mutex_lock(&replay->lock);
        fail(replay, ERROR_MEMORY(&err), &err);
        (void)pthread_mutex_unlock(&replay->lock);
    } else {
        while (step(replay, &item))
            ;
    }
    arena_free(item.arena);
    buf_release(&item.bytes);
    buf_release(&item.payload);
    return NULL;
}

static enum status run_threads(struct replay *replay, struct error *err)
{
    pthread_t threads[REPLAY_THREADS];
    size_t started = 0;

    while (started < REPLAY_THREADS - 1 &&
           pthread_create(&threads[started], NULL, replay_main, replay) == 0)
        started++;
    (void)replay_main(replay); /* this thread takes part */
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    if (replay->status != STATUS_OK)
        *err = replay->err;
    return replay->status;
}

/* A request that lies before the saved state does not take numbers back, and numbers
 * that may be lost are not given again. */
static enum status settle_tenant(struct ingest *ingest, struct tenant *tenant, struct error *err)
{
    bool is_gap = false;
    enum status status = loss_end(&ingest->loss, &ingest->options, tenant, &is_gap, err);

    if (status == STATUS_OK && is_gap)
        status = skip_leaves(ingest, tenant, tenant->given.next_leaf, tenant->given.next_seq,
                             err);
    tenant->durable = tenant->given;
    return status;
}

/* Those of whom the state and what could be read have nothing: what is lost may be theirs. */
static enum status add_suspects(struct ingest *ingest, struct error *err)
{
    static const struct guid instance; /* has a log of its own, once it has keys */
    const struct ingest_options *options = &ingest->options;
    struct tenant *ignored = NULL;
    enum status status = tenant_table_get(&ingest->tenants, &instance, &ignored, err);

    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < options->tenant_count; i++)
        status = tenant_table_get(&ingest->tenants, &options->tenants[i], &ignored, err);
    return status;
}

static enum status settle_counters(struct ingest *ingest, struct error *err)
{
    const struct ingest_options *options = &ingest->options;
    bool is_lost = ingest->loss.frames + ingest->loss.saved_frames > 0;
    enum status status = is_lost ? add_suspects(ingest, err) : STATUS_OK;
    struct tenant **list = NULL;
    size_t count = 0;

    if (status == STATUS_OK)
        status = tenant_table_list(&ingest->tenants, &list, &count, err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = settle_tenant(ingest, list[i], err);
    free(list);
    if (status != STATUS_OK)
        return status;
    status = loss_save(&ingest->loss, options->io, err);
    return status == STATUS_FULL ? STATUS_OK : status; /* the next checkpoint does it */
}

/* From which file on the log is read; sets what else follows from the two floors.
 * Of a store that does not know its floor, the first of those that end the log. */
static uint64_t choose_floor(struct replay *replay, uint64_t state_floor)
{
    const struct ingest_options *options = &replay->ingest->options;
    uint64_t store_floor = options->wal_floor;

    if (options->any_floor) {
        const struct log_reader *reader = &replay->reader;
        store_floor = state_floor;
        for (size_t i = reader->file_count; i > 0; i--) {
            bool follows = i == reader->file_count ||
                           reader->files[i - 1].number + 1 == reader->files[i].number;
            if (!follows) /* what is before was removed, and a power cut brought it back */
                break;
            store_floor = reader->files[i - 1].number;
        }
    }
    replay->state_floor = state_floor;
    replay->records_floor = store_floor;
    replay->floor_max = state_floor > store_floor ? state_floor : store_floor;
    return state_floor < store_floor ? state_floor : store_floor;
}

/* Reads from the first file that counts to the end. */
static enum status read_log(struct replay *replay, uint64_t state_floor, struct error *err)
{
    struct log_reader *reader = &replay->reader;
    uint64_t floor = choose_floor(replay, state_floor);
    uint64_t last = reader->file_count == 0 ? 0 : reader->files[reader->file_count - 1].number;
    enum status status = log_reader_renew(reader, err);

    expect_files(replay, floor, last);
    while (status == STATUS_OK && reader->file_at < reader->file_count &&
           reader->files[reader->file_at].number < floor)
        reader->file_at++;
    if (status == STATUS_OK)
        status = run_threads(replay, err);
    return status == STATUS_OK ? settle_counters(replay->ingest, err) : status;
}

static void report(struct replay *replay, struct replay_result *ret)
{
    struct log_reader *reader = &replay->reader;

    for (size_t i = 0; i < reader->file_count; i++)
        replay->ingest->stats.damaged_logs += reader->files[i].is_damaged;
    replay->ingest->stats.damaged_logs += reader->missing;
    replay->ingest->stats.torn_bytes = reader->torn_bytes;
    ret->files = reader->files;
    ret->file_count = reader->file_count;
    ret->next_file = reader->next_number;
    ret->next_lsn = reader->lsn == 0 ? 1 : reader->lsn;
    reader->files = NULL;
}

enum status replay_log(struct ingest *ingest, uint64_t state_floor, struct replay_result *ret,
                       struct error *err)
{
    struct replay replay = {.ingest = ingest};

    (void)pthread_mutex_init(&replay.lock, NULL);
    (void)pthread_cond_init(&replay.turned, NULL);
    enum status status = io_make_dir(ingest->options.io, WAL_DIR, err);
    if (status == STATUS_OK)
        status = log_reader_open(&replay.reader, ingest->options.io, err);
    if (status == STATUS_OK)
        status = read_log(&replay, state_floor, err);
    if (status == STATUS_OK)
        report(&replay, ret);
    log_reader_close(&replay.reader);
    (void)pthread_mutex_destroy(&replay.lock);
    (void)pthread_cond_destroy(&replay.turned);
    return status;
}
