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
#include "base/text.h"
#include "ingest/examine_priv.h"
#include "ingest/split_priv.h"

#include <stdlib.h>

#define REPLAY_THREADS 2
#define WAL_NAME_BYTES 20 /* 16 digits and ".wal" */

struct replay {
    struct ingest *ingest;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t turned;
    enum status status;
    struct error err;
    struct wal_found *files;
    size_t file_count, file_capacity;
    uint64_t records_floor; /* files below it are sealed: counters only */
    uint64_t floor_max;     /* a file with this number was begun */
    /* the file being read */
    size_t file_at;
    struct io_file *file;
    struct wal_header header;
    uint64_t offset, lsn; /* next to be read */
    uint8_t previous[AEAD_TAG_BYTES];
    uint64_t next_ticket, turn;
};

/* One frame at work in a thread. */
struct item {
    uint64_t ticket, wal_file, offset;
    struct guid log_id;
    struct buf bytes, payload;
    struct frame frame;
    struct tenant *tenant; /* NULL: its keys are gone */
    struct arena *arena;
    struct payload_tail tail;
    struct payload_records records;
    struct leaves leaves;
    struct print *prints;
};

static enum status corrupt(uint64_t file, uint64_t offset, const char *what, struct error *err)
{
    char path[WAL_PATH_BYTES];

    wal_path(file, path);
    return ERROR_SET(err, STATUS_CORRUPT, "'%s', offset %llu: %s", path,
                     (unsigned long long)offset, what);
}

/* ---- finding the files ---- */

static bool parse_name(const char *name, uint64_t *ret)
{
    uint8_t bytes[8];
    struct slice s = slice_of(name);

    if (s.size != WAL_NAME_BYTES || !slice_ends_with(s, SLICE(".wal")) ||
        !text_parse_hex(slice_head(s, 16), bytes, sizeof(bytes)))
        return false;
    *ret = 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        *ret = *ret << 8 | bytes[i];
    return true;
}

static enum status on_name(void *context, const char *name, struct error *err)
{
    struct replay *replay = context;
    uint64_t number;

    if (!parse_name(name, &number))
        return STATUS_OK; /* a copy that was not finished */
    if (replay->file_count == replay->file_capacity) {
        size_t capacity = replay->file_capacity == 0 ? 16 : 2 * replay->file_capacity;
        struct wal_found *files = realloc(replay->files, capacity * sizeof(*files));
        if (files == NULL)
            return ERROR_MEMORY(err);
        replay->files = files;
        replay->file_capacity = capacity;
    }
    replay->files[replay->file_count++] = (struct wal_found){number, 0};
    return STATUS_OK;
}

/* Names are in order of number: 16 digits each.  All from the floor on must be
 * there; only a new directory has none. */
static enum status check_files(const struct replay *replay, uint64_t floor, struct error *err)
{
    uint64_t next = floor > 0 ? floor : 1;
    bool is_new = replay->file_count == 0 && replay->floor_max <= 1;

    for (size_t i = 0; i < replay->file_count && replay->files[i].number <= next; i++)
        next += replay->files[i].number == next;
    uint64_t last = replay->file_count == 0 ? 0 : replay->files[replay->file_count - 1].number;
    if (!is_new && last + 1 != next)
        return ERROR_SET(err, STATUS_CORRUPT, "log file %016llx is missing",
                         (unsigned long long)next);
    if (!is_new && last < replay->floor_max)
        return ERROR_SET(err, STATUS_CORRUPT, "log file %016llx is missing",
                         (unsigned long long)replay->floor_max);
    return STATUS_OK;
}

/* ---- the last file ---- */

/* The size of the valid part of the last file's bytes. */
static enum status valid_size(const struct wal_found *found, struct slice bytes, size_t *ret,
                              struct error *err)
{
    struct wal_header header;
    size_t at = WAL_HEADER_BYTES;
    struct frame frame;

    *ret = 0;
    if (bytes.size < WAL_HEADER_BYTES ||
        !wal_header_decode((const uint8_t *)bytes.data, &header))
        return STATUS_OK;
    uint64_t lsn = header.first_lsn;
    while (frame_decode(slice_tail(bytes, at), &frame) && frame.header.lsn == lsn) {
        at += frame_size(&frame);
        lsn++;
    }
    *ret = at;
    for (size_t from = slice_find(bytes, SLICE("DBWF"), at + 1); from != SIZE_MAX;
         from = slice_find(bytes, SLICE("DBWF"), from + 1)) {
        if (frame_decode(slice_tail(bytes, from), &frame) && frame.header.commit_lsn > lsn)
            return corrupt(found->number, at, "an acknowledged frame is damaged", err);
    }
    return STATUS_OK;
}

/* Without space for a copy: the same bytes to the same place, and what is behind cut off. */
static enum status renew_in_place(struct io *io, const char *path, struct slice valid,
                                  struct error *err)
{
    struct io_file *file = NULL;
    enum status status = io_open(io, path, IO_WRITE, &file, err);

    if (status == STATUS_OK)
        status = io_write_at(file, 0, valid.data, valid.size, err);
    if (status == STATUS_OK)
        status = io_truncate(file, valid.size, err);
    if (status == STATUS_OK)
        status = io_sync(file, err);
    io_close(file);
    return status == STATUS_OK ? io_sync_dir(io, WAL_DIR, err) : status;
}

/* Writes the valid part to a new file that takes the name of the old one. */
static enum status renew_last(struct replay *replay, struct error *err)
{
    struct io *io = replay->ingest->options.io;
    struct wal_found *found = &replay->files[replay->file_count - 1];
    char path[WAL_PATH_BYTES];
    size_t size = 0;
    struct buf bytes;

    wal_path(found->number, path);
    buf_init(&bytes, 2 * (size_t)FRAME_SEALED_BYTES_MAX + 2 * WAL_FILE_BYTES);
    enum status status = io_read_all(io, path, &bytes, err);
    if (status == STATUS_OK)
        status = valid_size(found, buf_slice(&bytes), &size, err);
    if (status != STATUS_OK)
        goto out;
    found->size_bytes = size;
    if (size == 0) { /* it was never begun */
        status = io_unlink(io, path, err);
        replay->file_count--;
    } else { /* also when nothing is wrong: it may be in the page cache only */
        struct slice valid = slice_head(buf_slice(&bytes), size);
        status = io_replace(io, path, valid, err);
        if (status == STATUS_FULL)
            status = renew_in_place(io, path, valid, err);
    }
out:
    buf_release(&bytes);
    return status;
}

/* ---- reading frames, in order ---- */

static enum status next_file(struct replay *replay, struct error *err)
{
    struct wal_found *found = &replay->files[replay->file_at];
    uint8_t bytes[WAL_HEADER_BYTES];
    char path[WAL_PATH_BYTES];

    wal_path(found->number, path);
    enum status status = io_open(replay->ingest->options.io, path, IO_READ, &replay->file, err);
    if (status == STATUS_OK)
        status = io_size(replay->file, &found->size_bytes, err);
    if (status == STATUS_OK && found->size_bytes < sizeof(bytes))
        return corrupt(found->number, 0, "the header is cut", err);
    if (status == STATUS_OK)
        status = io_read_at(replay->file, 0, bytes, sizeof(bytes), err);
    if (status != STATUS_OK)
        return status;
    if (!wal_header_decode(bytes, &replay->header) || replay->header.number != found->number)
        return corrupt(found->number, 0, "the header is not readable", err);
    if (replay->lsn != 0 && replay->header.first_lsn != replay->lsn)
        return corrupt(found->number, 0, "frames are missing before this file", err);
    replay->lsn = replay->header.first_lsn;
    replay->offset = WAL_HEADER_BYTES;
    memcpy(replay->previous, replay->header.log_id.bytes, sizeof(replay->previous));
    return STATUS_OK;
}

static enum status read_frame(struct replay *replay, struct item *item, struct error *err)
{
    const struct wal_found *found = &replay->files[replay->file_at];
    uint64_t left = found->size_bytes - replay->offset;
    uint32_t sealed_size = 0;

    buf_clear(&item->bytes);
    char *head = left < FRAME_HEADER_BYTES ? NULL : buf_extend(&item->bytes, FRAME_HEADER_BYTES);
    if (head == NULL)
        return corrupt(found->number, replay->offset, "a frame is cut", err);
    enum status status =
        io_read_at(replay->file, replay->offset, head, FRAME_HEADER_BYTES, err);
    if (status != STATUS_OK)
        return status;
    memcpy(&sealed_size, head + 56, sizeof(sealed_size));
    if (sealed_size > left - FRAME_HEADER_BYTES || sealed_size > FRAME_SEALED_BYTES_MAX)
        return corrupt(found->number, replay->offset, "a frame is damaged", err);
    char *sealed = buf_extend(&item->bytes, sealed_size);
    if (sealed == NULL)
        return ERROR_MEMORY(err);
    status = io_read_at(replay->file, replay->offset + FRAME_HEADER_BYTES, sealed, sealed_size,
                        err);
    if (status != STATUS_OK)
        return status;
    if (!frame_decode(buf_slice(&item->bytes), &item->frame) ||
        item->frame.header.lsn != replay->lsn ||
        memcmp(item->frame.header.previous, replay->previous, AEAD_TAG_BYTES) != 0)
        return corrupt(found->number, replay->offset, "a frame is damaged", err);
    item->wal_file = found->number;
    item->offset = replay->offset;
    item->log_id = replay->header.log_id;
    item->ticket = replay->next_ticket++;
    memcpy(replay->previous, item->frame.tag, AEAD_TAG_BYTES);
    replay->offset += frame_size(&item->frame);
    replay->lsn++;
    return STATUS_OK;
}

/* The next frame of the log; *ret_done at its end. */
static enum status take_frame(struct replay *replay, struct item *item, bool *ret_done,
                              struct error *err)
{
    *ret_done = false;
    for (;;) {
        if (replay->file_at == replay->file_count) {
            *ret_done = true;
            return STATUS_OK;
        }
        if (replay->file == NULL) {
            enum status status = next_file(replay, err);
            if (status != STATUS_OK)
                return status;
        }
        if (replay->offset < replay->files[replay->file_at].size_bytes)
            return read_frame(replay, item, err);
        io_close(replay->file);
        replay->file = NULL;
        replay->file_at++;
    }
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

/* Tokens are kept up to REQUEST_TOKEN_BYTES_MAX, as in a request; those behind
 * are borrowed from the tape for the examination. */
static enum status parse_record(struct item *item, struct record *record, struct json_tape *tape,
                                size_t *kept_bytes, struct error *err)
{
    if (*kept_bytes < REQUEST_TOKEN_BYTES_MAX) {
        enum status status = split_parse(record, tape, item->arena, err);
        *kept_bytes += record->token_count * sizeof(struct json_token);
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

static enum status decode_records(struct replay *replay, struct item *item, struct error *err)
{
    const struct ingest_options *ingest = &replay->ingest->options;
    struct examine_options options = {.tenant = item->tenant->id,
                                      .received_us = item->tail.received_us};
    struct print_keys keys = {.idem = &item->tenant->idem};
    struct json_tape tape;
    size_t kept_bytes = 0;
    enum status status = gmac_new(&item->tenant->print_key, &keys.gmac, err);

    if (ingest->time_column != NULL)
        options.time_column = ingest->time_column(ingest->context, item->tail.table);
    json_tape_init(&tape);
    for (uint32_t i = 0; i < item->records.count && status == STATUS_OK; i++) {
        struct record *record = &item->records.items[i];
        struct examination examination;
        if ((record->flags & RECORD_QUARANTINED) == 0)
            status = parse_record(item, record, &tape, &kept_bytes, err);
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
    gmac_free(keys.gmac);
    return status;
}

static enum status decode(struct replay *replay, struct item *item, struct error *err)
{
    struct slice blocks = {0};

    arena_clear(item->arena);
    buf_clear(&item->payload);
    enum status status = tenant_table_get(&replay->ingest->tenants, &item->frame.header.tenant,
                                          &item->tenant, err);
    if (status == STATUS_NOT_FOUND) {
        item->tenant = NULL; /* its keys were destroyed, and with them its records */
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = frame_open(&item->frame, &item->log_id, &item->tenant->wal_key, &item->payload,
                            err);
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

/* Numbers follow each other; the first frame may lie before the saved state. */
static enum status count_leaf(struct tenant *tenant, const struct leaf_fields *fields,
                              struct error *err)
{
    struct tenant_counters *given = &tenant->given;
    bool follows = fields->first_seq == given->next_seq && fields->leaf_index == given->next_leaf;
    bool before = fields->first_seq <= given->next_seq && fields->leaf_index <= given->next_leaf;

    if (tenant->seen ? !follows : !before)
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
                                     .inner_hashes = item->leaves.hashes + draft->first,
                                     .replayed = true};
        status = count_leaf(item->tenant, &draft->fields, err);
        memcpy(commit.leaf, draft->leaf, LEAF_BYTES);
        memcpy(commit.seed, draft->seed, SEED_BYTES);
        if (status == STATUS_OK)
            status = sink->take(sink, &commit, err);
    }
    return status;
}

static enum status remember(struct replay *replay, struct item *item, struct error *err)
{
    uint32_t oldest = oldest_minute(replay->ingest);
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

/* In turn: leaves, counters, memory. */
static enum status pass_in_order(struct replay *replay, struct item *item, struct error *err)
{
    enum status status = item->tenant == NULL ? STATUS_OK : pass_leaves(replay, item, err);

    if (status == STATUS_OK && item->tenant != NULL)
        status = remember(replay, item, err);
    return status;
}

static enum status pass_records(struct replay *replay, struct item *item, struct error *err)
{
    struct delivery delivery = {.table = item->tail.table,
                                .received_us = item->tail.received_us,
                                .wal_file = item->wal_file,
                                .replayed = true};
    enum status status = STATUS_OK;

    if (item->tenant == NULL || item->wal_file < replay->records_floor)
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
        status = take_frame(replay, item, &done, &err);
        first_failure = status != STATUS_OK;
    }
    if (first_failure)
        fail(replay, status, &err);
    (void)pthread_mutex_unlock(&replay->lock);
    if (status != STATUS_OK || done)
        return false;

    status = decode(replay, item, &err);
    if (status != STATUS_OK)
        (void)error_wrap(&err, "log file %016llx, offset %llu",
                         (unsigned long long)item->wal_file, (unsigned long long)item->offset);
    (void)pthread_mutex_lock(&replay->lock);
    while (replay->turn != item->ticket && replay->status == STATUS_OK)
        (void)pthread_cond_wait(&replay->turned, &replay->lock);
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
    else if (item->tenant != NULL && item->wal_file >= replay->records_floor)
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

/* A request that lies before the saved state does not take numbers back. */
static enum status settle_counters(struct ingest *ingest, struct error *err)
{
    struct tenant **list = NULL;
    size_t count = 0;
    enum status status = tenant_table_list(&ingest->tenants, &list, &count, err);

    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct tenant_counters *given = &list[i]->given, *saved = &list[i]->durable;
        if (given->next_leaf < saved->next_leaf)
            status = ERROR_SET(err, STATUS_CORRUPT,
                               "the log ends at leaf %llu of a tenant, the state at %llu",
                               (unsigned long long)given->next_leaf,
                               (unsigned long long)saved->next_leaf);
        *saved = *given;
    }
    free(list);
    return status;
}

/* From which file on the log is read; sets what else follows from the two floors.
 * Of a store that does not know its floor, the first of those that end the log. */
static uint64_t choose_floor(struct replay *replay, uint64_t state_floor)
{
    const struct ingest_options *options = &replay->ingest->options;
    uint64_t store_floor = options->wal_floor;

    if (options->any_floor) {
        store_floor = state_floor;
        for (size_t i = replay->file_count; i > 0; i--) {
            bool follows = i == replay->file_count ||
                           replay->files[i - 1].number + 1 == replay->files[i].number;
            if (!follows) /* what is before was removed, and a power cut brought it back */
                break;
            store_floor = replay->files[i - 1].number;
        }
    }
    replay->records_floor = store_floor;
    replay->floor_max = state_floor > store_floor ? state_floor : store_floor;
    return state_floor < store_floor ? state_floor : store_floor;
}

enum status replay_log(struct ingest *ingest, uint64_t state_floor, struct replay_result *ret,
                       struct error *err)
{
    struct replay replay = {.ingest = ingest};
    uint64_t floor = 0;

    (void)pthread_mutex_init(&replay.lock, NULL);
    (void)pthread_cond_init(&replay.turned, NULL);
    enum status status = io_make_dir(ingest->options.io, WAL_DIR, err);
    if (status == STATUS_OK)
        status = io_list(ingest->options.io, WAL_DIR, on_name, &replay, err);
    if (status == STATUS_OK) {
        floor = choose_floor(&replay, state_floor);
        status = check_files(&replay, floor, err);
    }
    if (status == STATUS_OK && replay.file_count > 0)
        status = renew_last(&replay, err);
    while (status == STATUS_OK && replay.file_at < replay.file_count &&
           replay.files[replay.file_at].number < floor)
        replay.file_at++;
    if (status == STATUS_OK)
        status = run_threads(&replay, err);
    if (status == STATUS_OK)
        status = settle_counters(ingest, err);
    if (status == STATUS_OK) {
        ret->files = replay.files;
        ret->file_count = replay.file_count;
        ret->next_file =
            replay.file_count == 0 ? 1 : replay.files[replay.file_count - 1].number + 1;
        ret->next_lsn = replay.lsn == 0 ? 1 : replay.lsn;
        replay.files = NULL;
    }
    free(replay.files);
    io_close(replay.file);
    (void)pthread_mutex_destroy(&replay.lock);
    (void)pthread_cond_destroy(&replay.turned);
    return status;
}
