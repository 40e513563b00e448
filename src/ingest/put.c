/* SPDX-License-Identifier: Apache-2.0 */
/* put.c - a request from its body to its answer. */
#include "ingest/put_priv.h"

#include "base/limits.h"

#include <stdlib.h>
#include <time.h>

#define LARGE_WAIT_MS 2000u
#define ROOM_WAIT_MS 5
#define ROOM_WAITS_MAX 200u
#define ROOM_TURNS_MAX 3u
#define RECORD_BYTES_USUAL KIB
#define NO_ROOM "more records come than can be stored, try again"

/* ---- the third part: after the commit ---- */

/* Tokens that were not kept, or come from the log. */
static enum status add_tokens(struct record *records, uint32_t count, struct arena *arena,
                              struct error *err)
{
    struct json_tape tape;
    enum status status = STATUS_OK;

    json_tape_init(&tape);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (records[i].tokens == NULL && (records[i].flags & RECORD_QUARANTINED) == 0)
            status = split_parse(&records[i], &tape, arena, err);
    }
    json_tape_release(&tape);
    return status;
}

static bool lacks_tokens(const struct record *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (records[i].tokens == NULL && (records[i].flags & RECORD_QUARANTINED) == 0)
            return true;
    }
    return false;
}

static enum status deliver_some(struct ingest *ingest, const struct delivery *delivery,
                                struct record *records, uint32_t count, struct error *err)
{
    struct record_batch batch = {.tenant = delivery->tenant,
                                 .table = delivery->table,
                                 .records = records,
                                 .record_count = count,
                                 .received_us = delivery->received_us,
                                 .wal_file = delivery->wal_file,
                                 .replayed = delivery->replayed};
    bool lacking = lacks_tokens(records, count);
    struct arena *arena = lacking ? arena_new(REQUEST_MEMORY_BYTES_MAX) : NULL;
    enum status status = STATUS_OK;

    if (lacking)
        status = arena == NULL ? ERROR_MEMORY(err) : add_tokens(records, count, arena, err);
    if (status == STATUS_OK)
        status = record_sink_take(ingest->options.records, &batch, err);
    arena_free(arena);
    return status;
}

/* How many of them become a part at once: what is made of them meanwhile goes by their values,
 * not by their bytes. */
static uint32_t count_some(const struct record *records, uint32_t count)
{
    uint64_t tokens = records[0].token_count;
    uint32_t some = 1;

    while (some < count && tokens + records[some].token_count <= DELIVERY_TOKENS_MAX)
        tokens += records[some++].token_count;
    return some;
}

enum status deliver_records(struct ingest *ingest, const struct delivery *delivery,
                            struct record *records, uint32_t count, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t at = 0; at < count && status == STATUS_OK;) {
        uint32_t some = count_some(records + at, count - at);
        status = deliver_some(ingest, delivery, records + at, some, err);
        at += some;
    }
    return status;
}

static enum status deliver_all(struct put *put, struct error *err)
{
    struct delivery delivery = {.tenant = put->request->tenant,
                                .table = put->table,
                                .received_us = put->received_us,
                                .wal_file = put->entry.file};
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < put->leaves.count && status == STATUS_OK; i++) {
        const struct leaf_draft *draft = &put->leaves.items[i];
        status = deliver_records(put->ingest, &delivery, put->stored + draft->first, draft->count,
                                 err);
    }
    return status;
}

static void count_request(struct put *put, const struct ingest_answer *answer)
{
    struct ingest *ingest = put->ingest;

    (void)pthread_mutex_lock(&ingest->lock);
    ingest->stats.acked_requests++;
    ingest->stats.acked_records += answer->records;
    ingest->stats.acked_bytes += put->request->body.size;
    ingest->stats.duplicates += answer->duplicates;
    ingest->stats.conflicting += answer->conflicting;
    ingest->stats.quarantined += answer->quarantined_count;
    ingest->stats.foreign += answer->foreign;
    ingest->stats.replayed_keys += answer->replayed_key;
    (void)pthread_mutex_unlock(&ingest->lock);
}

/* ---- room and turns ---- */

static bool has_room(const struct ingest *ingest, bool is_small, uint64_t coming_rows)
{
    return ingest->options.has_room == NULL ||
           ingest->options.has_room(ingest->options.context, is_small, coming_rows);
}

bool ingest_wait_for_room(struct ingest *ingest, bool is_small)
{
    const struct timespec wait = {0, ROOM_WAIT_MS * 1000000L};
    atomic_uint_fast64_t *coming = is_small ? &ingest->coming_small : &ingest->coming_rows;

    for (unsigned i = 0; i < ROOM_WAITS_MAX; i++) {
        if (has_room(ingest, is_small, atomic_load(coming)))
            return true;
        (void)nanosleep(&wait, NULL);
    }
    return false;
}

static bool has_small_body(const struct ingest_request *request)
{
    return request->body.size < LARGE_BODY_BYTES;
}

static void count_shed(struct ingest *ingest)
{
    (void)pthread_mutex_lock(&ingest->lock);
    ingest->stats.shed++;
    (void)pthread_mutex_unlock(&ingest->lock);
}

/* Large bodies are worked on in turn, or one tenant's would take the processors of all. */
static enum status enter_large(struct put *put, uint64_t wait_ms, struct error *err)
{
    struct ingest *ingest = put->ingest;
    enum status status = STATUS_OK;

    put->in_gate = put->is_large && !put->request->internal;
    if (put->in_gate)
        status = gate_enter(&ingest->large, &put->request->tenant, NULL, wait_ms, NULL, err);
    if (status == STATUS_OK)
        return STATUS_OK;
    put->in_gate = false;
    count_shed(ingest);
    return status;
}

static void leave_large(struct put *put)
{
    if (put->in_gate)
        gate_leave(&put->ingest->large, &put->request->tenant, NULL);
    put->in_gate = false;
}

/* Its rows are on their way from here on.  Were they counted only once they are in memory, all
 * that wait for their turns in the log would come in on the same room. */
static void count_coming(struct put *put, uint64_t rows)
{
    uint64_t more = rows - put->coming_rows;

    (void)atomic_fetch_add(&put->ingest->coming_rows, more);
    if (!put->is_large)
        (void)atomic_fetch_add(&put->ingest->coming_small, more);
    put->coming_rows = rows;
}

/* Before all of the body is read. */
static uint64_t guess_rows(const struct put *put)
{
    uint64_t size = put->request->body.size;

    return put->split.count == 0 ? size / RECORD_BYTES_USUAL + 1
                                 : size * put->split.count / put->split.at;
}

/* Whether there is room beside the others'; if so, the rows are counted, by a guess. */
static bool take_room(struct put *put)
{
    uint64_t rows = guess_rows(put);
    uint64_t others = atomic_fetch_add(&put->ingest->coming_rows, rows);

    put->coming_rows = rows;
    if (has_room(put->ingest, false, others))
        return true;
    count_coming(put, 0);
    return false;
}

/* The same, with room.  Many may have waited for the same room: whose turn it is not waits
 * again, outside, as who is in the log already needs a turn to make room. */
static enum status enter_with_room(struct put *put, struct error *err)
{
    for (unsigned i = 0; i < ROOM_TURNS_MAX; i++) {
        enum status status = enter_large(put, LARGE_WAIT_MS, err);
        if (status != STATUS_OK || !put->in_gate || take_room(put))
            return status;
        leave_large(put);
        (void)ingest_wait_for_room(put->ingest, false);
    }
    count_shed(put->ingest);
    return ERROR_SET(err, STATUS_BUSY, NO_ROOM);
}

/* What was read of it stays. */
enum status put_become_large(struct put *put, struct error *err)
{
    count_coming(put, 0);
    put->is_large = true;
    return enter_with_room(put, err);
}

/* Small bodies come in without room, so that who sends few of them does not wait for a flush that
 * others make long.  That has a bound, or who sends many would fill the memory: the flush has what
 * they leave of the processors, and a start has to have all of it in memory again.  With the lock
 * of ingest. */
static bool add_late(struct put *put, size_t bytes)
{
    struct ingest *ingest = put->ingest;
    struct tenant *tenant = put->tenant;

    if (tenant->late_turn != ingest->late_turn)
        tenant->late_bytes = 0;
    tenant->late_turn = ingest->late_turn;
    if (ingest->late_bytes + bytes > LATE_BYTES_MAX ||
        tenant->late_bytes + bytes > LATE_BYTES_MAX / 2)
        return false;
    ingest->late_bytes += bytes;
    tenant->late_bytes += bytes;
    return true;
}

/* The same.  Who found room tells that what came without it before is on the disk. */
static bool take_late_room(struct put *put)
{
    struct ingest *ingest = put->ingest;

    if (!put->lacks_room) {
        ingest->late_turn += ingest->late_bytes > 0;
        ingest->late_bytes = 0;
    }
    if (!put->lacks_room || put->is_large) /* a large one looks again in its turn */
        return true;
    return add_late(put, put->request->body.size);
}

/* Rows take memory however short they were: once they are counted, they take room as rows do. */
static enum status take_late_rows(struct put *put, struct error *err)
{
    size_t bytes = put->split.count * MEMORY_ROW_BYTES, counted = put->request->body.size;
    struct ingest *ingest = put->ingest;

    if (!put->lacks_room || put->is_large || bytes <= counted)
        return STATUS_OK;
    (void)pthread_mutex_lock(&ingest->lock);
    bool has_some = add_late(put, bytes - counted);
    ingest->stats.shed += !has_some;
    (void)pthread_mutex_unlock(&ingest->lock);
    return has_some ? STATUS_OK : ERROR_SET(err, STATUS_BUSY, NO_ROOM);
}

/* ---- from the gate to the answer ---- */

/* What is durable and did not reach a sink or the memory is known again only
 * after a replay: the log stops, and with it the process. */
static enum status finish_durable(struct put *put, struct error *err)
{
    enum status status = enter_large(put, UINT64_MAX, err);

    if (status == STATUS_OK)
        status = deliver_all(put, err);
    count_coming(put, 0); /* they are with the sinks */
    leave_large(put);
    if (status == STATUS_OK && put->keyed)
        status = key_keep(put, err);
    if (status != STATUS_OK)
        wal_stop(put->ingest->wal, err);
    return status;
}

/* Up to the queue of the log. */
static enum status put_first(struct put *put, struct error *err)
{
    enum status status = enter_with_room(put, err);
    bool is_counted = !put->request->internal;

    if (status == STATUS_OK && is_counted && !put->is_large)
        count_coming(put, guess_rows(put));
    if (status == STATUS_OK)
        status = put_read(put, err);
    if (status == STATUS_OK && is_counted)
        count_coming(put, put->split.count);
    if (status == STATUS_OK)
        status = take_late_rows(put, err);
    if (status == STATUS_OK && put->split.count == 0 && !put->keyed)
        put->answer = (struct ingest_answer){.records = 0};
    else if (status == STATUS_OK)
        status = put_queue(put, &put->answer, put->answer_arena, err);
    leave_large(put);
    return status;
}

/* Once the entry is in the queue: until it is durable and with the sinks. */
static enum status put_last(struct put *put, struct error *err)
{
    struct arena *arena = put->answer_arena;
    struct error ignored;
    enum status status = wal_wait(put->ingest->wal, &put->entry, err);

    if (status == STATUS_OK)
        status = finish_durable(put, err);
    (void)pthread_mutex_lock(&put->tenant->lock);
    tenant_remove_undelivered(put->tenant, &put->undelivered);
    /* Without memory it counts from the next start on. */
    if (status == STATUS_OK && put->undelivered.new_table.size > 0)
        (void)map_put(&put->tenant->tables, put->undelivered.new_table, NULL, &ignored);
    (void)pthread_mutex_unlock(&put->tenant->lock);
    stage_watch_skip(&put->watch); /* the sinks measure themselves */
    wal_entry_end(put->ingest->wal, &put->entry);
    /* Nobody is handed the receipt of the server's own records. */
    if (status == STATUS_OK && !put->request->internal)
        status = answer_sign(put->ingest->options.keyring, &put->tenant->id, &put->receipts, arena,
                             &put->answer, err);
    stage_watch_lap(&put->watch, STAGE_SIGN);
    return status;
}

/* ---- the door ---- */

static enum status check_request(const struct ingest_request *request, struct error *err)
{
    if (request->body.size > REQUEST_BODY_BYTES_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "the body has %zu bytes, at most %zu are allowed",
                         request->body.size, REQUEST_BODY_BYTES_MAX);
    if (request->idempotency_key.size > IDEMPOTENCY_KEY_BYTES_MAX)
        return ERROR_SET(err, STATUS_INVALID,
                         "the idempotency key has %zu bytes, at most %d are allowed",
                         request->idempotency_key.size, IDEMPOTENCY_KEY_BYTES_MAX);
    return STATUS_OK;
}

/* Bounds the memory of all requests at work; a tenant has at most half of it,
 * so that one cannot shut out the others.  Our own, which are few, wait for nobody. */
static enum status admit(struct put *put, struct error *err)
{
    struct ingest *ingest = put->ingest;
    size_t size = put->request->body.size;
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&ingest->lock);
    if (!put->request->internal &&
        (ingest->body_bytes + size > INGEST_BODIES_BYTES_MAX ||
         put->tenant->body_bytes + size > INGEST_BODIES_BYTES_MAX / 2)) {
        ingest->stats.shed++;
        status = ERROR_SET(err, STATUS_BUSY, "too many requests are at work, try again");
    } else if (!put->request->internal && !take_late_room(put)) {
        ingest->stats.shed++;
        status = ERROR_SET(err, STATUS_BUSY, NO_ROOM);
    } else {
        ingest->body_bytes += size;
        put->tenant->body_bytes += size;
        put->is_admitted = true;
    }
    (void)pthread_mutex_unlock(&ingest->lock);
    return status;
}

static void leave(struct put *put)
{
    struct ingest *ingest = put->ingest;

    (void)pthread_mutex_lock(&ingest->lock);
    ingest->body_bytes -= put->request->body.size;
    put->tenant->body_bytes -= put->request->body.size;
    (void)pthread_mutex_unlock(&ingest->lock);
}

static enum status put_new(struct ingest *ingest, const struct ingest_request *request,
                           struct arena *arena, struct put **ret, struct error *err)
{
    struct arena *work = arena_new(REQUEST_MEMORY_BYTES_MAX);
    struct put *put = work == NULL ? NULL : ARENA_NEW(work, struct put, err);

    if (put == NULL) {
        arena_free(work);
        return ERROR_MEMORY(err);
    }
    put->ingest = ingest;
    put->request = request;
    put->is_large = !has_small_body(request);
    put->arena = work;
    put->answer_arena = arena;
    /* For the few rows of our own the clock would cost a fifth of the work. */
    put->watch = stage_watch_start(request->internal ? NULL : ingest->options.stages);
    put->received_us = clock_unix_us(ingest->options.clock);
    split_init(&put->split, work);
    buf_pool_take(&ingest->buffers, FRAME_SEALED_BYTES_MAX, &put->payload);
    buf_pool_take(&ingest->buffers, FRAME_SEALED_BYTES_MAX, &put->scratch.plain);
    buf_pool_take(&ingest->buffers, FRAME_SEALED_BYTES_MAX, &put->scratch.packed);
    buf_init(&put->answer_bytes, ANSWER_BYTES_MAX);
    *ret = put;
    return STATUS_OK;
}

static void give_scratch(struct put *put)
{
    buf_pool_give(&put->ingest->buffers, &put->scratch.packed);
    buf_pool_give(&put->ingest->buffers, &put->scratch.plain);
}

static void put_free(struct put *put)
{
    struct arena *work = put->arena; /* has the put, too */

    if (put->is_admitted)
        leave(put);
    count_coming(put, 0);
    split_release(&put->split);
    free(put->prints);
    explicit_bzero(&put->keys, sizeof(put->keys));
    give_scratch(put);
    buf_pool_give(&put->ingest->buffers, &put->payload);
    buf_release(&put->answer_bytes);
    arena_free(work);
}

static enum status begin(struct ingest *ingest, const struct ingest_request *request,
                         bool lacks_room, struct arena *arena, struct put **ret, struct error *err)
{
    struct put *put = NULL;
    enum status status = check_request(request, err);

    if (status == STATUS_OK)
        status = put_new(ingest, request, arena, &put, err);
    if (status != STATUS_OK)
        return status;
    put->lacks_room = lacks_room;
    status = tenant_table_get(&ingest->tenants, &request->tenant, &put->tenant, err);
    if (status == STATUS_OK && (!request->ids_are_new || request->idempotency_key.size > 0))
        status = tenant_print_keys(put->tenant, &put->keys, err);
    if (status == STATUS_OK)
        status = admit(put, err);
    if (status == STATUS_OK && request->idempotency_key.size > 0)
        status = key_begin(put, arena, &put->answer, &put->is_replayed, err);
    stage_watch_lap(&put->watch, STAGE_DEDUPE);
    if (status == STATUS_OK && !put->is_replayed)
        status = put_first(put, err);
    if (status != STATUS_OK) {
        key_end(put);
        put_free(put);
        return status;
    }
    give_scratch(put);
    *ret = put;
    return STATUS_OK;
}

enum status ingest_put_begin(struct ingest *ingest, const struct ingest_request *request,
                             struct arena *arena, struct put **ret, struct error *err)
{
    return begin(ingest, request, false, arena, ret, err);
}

enum status ingest_put_end(struct put *put, struct ingest_answer *ret, struct error *err)
{
    enum status status = STATUS_OK;

    stage_watch_skip(&put->watch); /* the thread may have worked for others */
    if (put->enqueued)
        status = put_last(put, err);
    key_end(put);
    if (status == STATUS_OK) {
        count_request(put, &put->answer);
        *ret = put->answer;
    }
    put_free(put);
    return status;
}

enum status ingest_put(struct ingest *ingest, const struct ingest_request *request,
                       struct arena *arena, struct ingest_answer *ret, struct error *err)
{
    struct put *put;
    bool lacks_room = !request->internal && !ingest_wait_for_room(ingest, has_small_body(request));
    enum status status = begin(ingest, request, lacks_room, arena, &put, err);

    return status == STATUS_OK ? ingest_put_end(put, ret, err) : status;
}
