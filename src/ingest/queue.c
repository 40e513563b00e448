/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c - the second part of a request: from examined records to a numbered
 * frame in the queue of the log.
 *
 * Which records are duplicates is found without the tenant's lock first, and
 * all that costs time is computed on that.  Under the lock it is found again;
 * only when another request came between is the work done anew.
 *
 * Lock order: the tenant, then the memory's runs, then the log. */
#include "ingest/put_priv.h"

#include "base/limits.h"

#define TRIES_UNLOCKED 3
#define RECEIVED_PART_MAX 2u /* a body as it came has at most this part of what is stored */
#define CLOCK_BACK_US INT64_C(1000000)

/* ---- duplicates ---- */

/* Looks for the record with the content that older programs kept. */
static enum status look_for_old(struct put *put, uint32_t i, uint32_t oldest,
                                struct gmac *gmac, struct error *err)
{
    struct slice raw = put->split.records[i].raw;
    struct print print = put->prints[i];
    struct memory_query query = {
        .tenant = put->tenant, .prints = &print, .count = 1, .oldest = oldest};
    uint64_t generation;

    print_set_content_2(gmac, raw, &print);
    enum status status =
        memory_look(&put->ingest->memory, &query, &put->run_verdicts[i], &generation, err);
    if (status != STATUS_OK || put->run_verdicts[i] != PRINT_CONFLICTING)
        return status;
    print_set_content_1(&put->tenant->idem, raw, &print);
    return memory_look(&put->ingest->memory, &query, &put->run_verdicts[i], &generation, err);
}

/* What only the fingerprint of its content tells from a record in a run may be that
 * record all the same, if the run was written before version 4 of the state. */
static enum status look_for_conflicting(struct put *put, uint32_t oldest, struct error *err)
{
    struct gmac *gmac = NULL;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < put->split.count && status == STATUS_OK; i++) {
        if (put->run_verdicts[i] != PRINT_CONFLICTING)
            continue;
        if (gmac == NULL)
            status = gmac_new(&put->tenant->print_key_2, &gmac, err);
        if (status == STATUS_OK)
            status = look_for_old(put, i, oldest, gmac, err);
    }
    gmac_free(gmac);
    return status;
}

static enum status look_in_runs(struct put *put, uint32_t oldest, struct error *err)
{
    struct memory_query query = {.tenant = put->tenant,
                                 .prints = put->prints,
                                 .count = put->split.count,
                                 .oldest = oldest};

    enum status status = memory_look(&put->ingest->memory, &query, put->run_verdicts,
                                     &put->run_generation, err);
    return status == STATUS_OK ? look_for_conflicting(put, oldest, err) : status;
}

/* Adds the prints of this request one after the other, so that duplicates
 * within it show too, and takes down what is found.  Stops at the first
 * difference to what was found before (when there is `compare`). */
static enum status look_and_add(struct put *put, uint32_t oldest, bool compare, bool *ret_same,
                                uint32_t *ret_added, struct error *err)
{
    struct tenant *tenant = put->tenant;
    enum status status = print_set_reserve(&tenant->hot, put->split.count, err);
    uint32_t i = 0;

    *ret_same = true;
    for (; i < put->split.count && status == STATUS_OK; i++) {
        if (put->prints[i].id == 0)
            continue;
        enum print_verdict verdict = tenant_look(tenant, &put->prints[i], oldest);
        if (put->run_verdicts[i] > verdict)
            verdict = (enum print_verdict)put->run_verdicts[i];
        if (compare && verdict != put->verdicts[i]) {
            *ret_same = false;
            break;
        }
        put->verdicts[i] = (uint8_t)verdict;
        if (verdict != PRINT_DUPLICATE)
            status = print_set_add(&tenant->hot, &put->prints[i], err);
    }
    *ret_added = i;
    return status;
}

static void forget_added(struct put *put, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (put->prints[i].id != 0 && put->verdicts[i] != PRINT_DUPLICATE)
            tenant_forget(put->tenant, &put->prints[i]);
    }
}

/* ---- the work that needs no numbers ---- */

static enum status choose_stored(struct put *put, struct error *err)
{
    uint32_t count = 0;

    put->duplicates = put->conflicting = put->foreign = 0;
    for (uint32_t i = 0; i < put->split.count; i++) {
        struct record *record = &put->split.records[i];
        record->flags &= ~(uint32_t)RECORD_CONFLICTING;
        if (put->prints[i].id != 0 && put->verdicts[i] == PRINT_DUPLICATE) {
            put->duplicates++;
            continue;
        }
        if (put->prints[i].id != 0 && put->verdicts[i] == PRINT_CONFLICTING) {
            record->flags |= RECORD_CONFLICTING;
            put->conflicting++;
        }
        put->foreign += (record->flags & RECORD_FOREIGN) != 0;
    }
    if (put->duplicates == 0) {
        put->stored = put->split.records;
        put->stored_count = put->split.count;
        return STATUS_OK;
    }
    put->stored_count = put->split.count - put->duplicates;
    put->stored = arena_alloc_raw(put->arena, put->stored_count * sizeof(*put->stored), err);
    if (put->stored == NULL)
        return err->status;
    for (uint32_t i = 0; i < put->split.count; i++) {
        if (put->prints[i].id == 0 || put->verdicts[i] != PRINT_DUPLICATE)
            put->stored[count++] = put->split.records[i];
    }
    return STATUS_OK;
}

static enum status pack_leaf(struct put *put, const struct leaf_draft *draft, struct error *err)
{
    uint32_t end = draft->first + draft->count;
    enum status status = STATUS_OK;

    for (uint32_t first = draft->first; first < end && status == STATUS_OK;) {
        size_t bytes = 0;
        uint32_t at = first;
        while (at < end && (at == first || bytes + put->stored[at].raw.size <= FRAME_BLOCK_BYTES))
            bytes += put->stored[at++].raw.size;
        status = payload_add_block(&put->payload, put->stored + first, at - first, &put->scratch,
                                   err);
        put->block_count++;
        first = at;
    }
    return status;
}

/* The body as it came is packed already.  What was packed badly, or is mostly duplicates,
 * would make the log longer. */
static bool add_received(struct put *put)
{
    const struct payload_body body = {put->request->packed, put->request->body};
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < put->leaves.count; i++)
        bytes += put->leaves.items[i].raw_bytes;
    return body.packed.size > 0 && body.packed.size <= bytes / RECEIVED_PART_MAX &&
           payload_add_received(&put->payload, &body, put->stored, put->stored_count);
}

static enum status prepare(struct put *put, struct error *err)
{
    enum status status = choose_stored(put, err);

    buf_clear(&put->payload);
    put->block_count = 0;
    if (status == STATUS_OK)
        status = leaves_cut(put->stored, put->stored_count, put->arena, &put->leaves, err);
    if (status != STATUS_OK)
        return status;
    leaves_commit(&put->leaves, put->stored);
    stage_watch_lap(&put->watch, STAGE_EVIDENCE);
    put->is_received = add_received(put);
    if (put->is_received)
        put->block_count = 1;
    for (uint32_t i = 0; i < put->leaves.count && !put->is_received && status == STATUS_OK; i++)
        status = pack_leaf(put, &put->leaves.items[i], err);
    stage_watch_lap(&put->watch, STAGE_LOG);
    return status;
}

/* ---- tables ---- */

struct table_notes {
    struct put *put;
    enum status status;
    struct error *err;
};

static void note_table(void *arg, struct slice name)
{
    struct table_notes *notes = arg;
    const struct ingest_options *options = &notes->put->ingest->options;

    if (notes->status != STATUS_OK || table_name_is_reserved(name) ||
        (options->time_column != NULL && options->time_column(options->context, name) != NULL))
        return;
    if (map_put(&notes->put->tenant->tables, name, NULL, notes->err) == NULL)
        notes->status = notes->err->status;
}

static enum status ask_for_tables(struct put *put, struct error *err)
{
    const struct ingest_options *options = &put->ingest->options;
    struct table_notes notes = {.put = put, .err = err};
    enum status status = STATUS_OK;

    if (put->tenant->tables_known || options->tables == NULL)
        return STATUS_OK;
    status = options->tables(options->context, &put->tenant->id, note_table, &notes, err);
    if (status == STATUS_OK)
        status = notes.status;
    put->tenant->tables_known = status == STATUS_OK;
    return status;
}

/* Under the lock, so that no two requests make the last table.  Who writes to one that is known
 * pays for a look into a map. */
static enum status claim_table(struct put *put, struct error *err)
{
    struct map *tables = &put->tenant->tables;

    put->undelivered.new_table = SLICE("");
    if (put->is_declared || put->request->internal || put->stored_count == 0 ||
        map_find(tables, put->table) != NULL)
        return STATUS_OK;
    enum status status = ask_for_tables(put, err);
    if (status != STATUS_OK || map_find(tables, put->table) != NULL)
        return status;
    size_t count = tables->count + tenant_coming_tables(put->tenant, put->table);
    if (count >= TENANT_TABLES_MAX) {
        (void)ERROR_SET(err, STATUS_LIMIT,
                        "the tenant has %zu tables, the most are %u: '%.*s' would be a new one; "
                        "send its records to a table that is there",
                        count, TENANT_TABLES_MAX, SLICE_FMT(put->table));
        return error_code(err, INGEST_TABLE_QUOTA);
    }
    put->undelivered.new_table = put->table;
    return STATUS_OK;
}

/* ---- numbering ---- */

static void number_leaves(struct put *put)
{
    const struct tenant_counters *given = &put->tenant->given;
    int64_t now = clock_unix_us(put->ingest->options.clock);
    struct leaf_fields fields = {.kind = LEAF_KIND_DATA,
                                 .leaf_index = given->next_leaf,
                                 .first_seq = given->next_seq,
                                 .commit_time_us = now,
                                 .source_id = put->request->source_id};

    if (now <= given->commit_us)
        fields.commit_time_us = given->commit_us + 1;
    if (now < given->commit_us - CLOCK_BACK_US)
        fields.flags |= LEAF_FLAG_CLOCK_BACK;
    if (put->keyed) {
        fields.flags |= LEAF_FLAG_IDEMPOTENCY;
        fields.aux = put->pending.mac;
    }
    leaves_finish(&put->leaves, put->stored, &fields, put->received_us);
    for (uint32_t i = 0; i < put->stored_count; i++)
        put->stored[i].seq = given->next_seq + i;
    put->next = *given;
    put->next.next_seq += put->stored_count;
    put->next.next_leaf += put->leaves.count;
    if (put->leaves.count > 0)
        put->next.commit_us = put->leaves.items[put->leaves.count - 1].fields.commit_time_us;
}

static enum status fill_answer(struct put *put, struct ingest_answer *answer, struct arena *arena,
                               struct error *err)
{
    uint32_t *duplicates = ARENA_ARRAY(arena, uint32_t, put->duplicates, err);
    struct ingest_quarantined *quarantined =
        ARENA_ARRAY(arena, struct ingest_quarantined, put->quarantined, err);
    uint32_t duplicate_count = 0, quarantined_count = 0;

    if (duplicates == NULL || quarantined == NULL)
        return err->status;
    for (uint32_t i = 0; i < put->split.count; i++) {
        const struct record *record = &put->split.records[i];
        if (put->prints[i].id != 0 && put->verdicts[i] == PRINT_DUPLICATE)
            duplicates[duplicate_count++] = i;
        if ((record->flags & RECORD_QUARANTINED) != 0)
            quarantined[quarantined_count++] =
                (struct ingest_quarantined){i, record->quarantine_reason};
    }
    *answer = (struct ingest_answer){.records = put->split.count,
                                     .stored = put->stored_count - put->quarantined,
                                     .duplicates = put->duplicates,
                                     .conflicting = put->conflicting,
                                     .foreign = put->foreign,
                                     .duplicate_indexes = duplicates,
                                     .quarantined = quarantined,
                                     .quarantined_count = quarantined_count,
                                     .first_seq = put->stored_count > 0 ? put->stored[0].seq : 0,
                                     .count = put->stored_count};
    return STATUS_OK;
}

static enum status add_tail(struct put *put, const struct ingest_answer *answer, struct error *err)
{
    struct payload_tail tail = {.table = put->table,
                                .received_us = put->received_us,
                                .source_id = put->request->source_id,
                                .is_received = put->is_received,
                                .block_count = put->block_count,
                                .leaf_count = put->leaves.count,
                                .keyed = put->keyed};
    struct receipts receipts = {.count = put->leaves.count};
    uint8_t *leaves =
        arena_alloc_raw(put->arena, (size_t)put->leaves.count * FRAME_LEAF_BYTES, err);

    receipts.items = ARENA_ARRAY(put->arena, struct leaf_receipt, receipts.count, err);
    if (leaves == NULL || receipts.items == NULL)
        return err->status;
    for (uint32_t i = 0; i < put->leaves.count; i++) {
        const struct leaf_draft *draft = &put->leaves.items[i];
        memcpy(leaves + (size_t)i * FRAME_LEAF_BYTES, draft->leaf, LEAF_BYTES);
        memcpy(leaves + (size_t)i * FRAME_LEAF_BYTES + LEAF_BYTES, draft->seed, SEED_BYTES);
        receipt_of_leaf(draft, &receipts.items[i]);
    }
    tail.leaves = leaves;
    put->receipts = receipts;
    if (put->keyed) {
        answer_encode(answer, &receipts, &put->answer_bytes);
        tail.key_mac = put->pending.mac;
        tail.body_hash = put->pending.body_hash;
        tail.answer = buf_slice(&put->answer_bytes);
        enum status status = buf_check(&put->answer_bytes, err);
        if (status != STATUS_OK)
            return status;
    }
    payload_add_tail(&put->payload, &tail);
    return buf_check(&put->payload, err);
}

/* By who commits: the numbers are the tenant's now, or never were. */
static enum status settle(struct wal_entry *entry, bool durable, struct error *err)
{
    struct put *put = (struct put *)entry;
    struct tenant *tenant = put->tenant;
    enum status status = STATUS_OK;

    if (!durable) {
        (void)pthread_mutex_lock(&tenant->lock);
        tenant->given = tenant->durable;
        forget_added(put, put->split.count);
        (void)pthread_mutex_unlock(&tenant->lock);
        return STATUS_OK;
    }
    (void)pthread_mutex_lock(&tenant->durable_lock);
    tenant->durable = put->next;
    (void)pthread_mutex_unlock(&tenant->durable_lock);
    for (uint32_t i = 0; i < put->leaves.count && status == STATUS_OK; i++) {
        const struct leaf_draft *draft = &put->leaves.items[i];
        struct leaf_commit commit = {.tenant = tenant->id,
                                     .received_us = put->received_us,
                                     .nodes = put->leaves.hashes + draft->first};
        memcpy(commit.leaf, draft->leaf, LEAF_BYTES);
        memcpy(commit.seed, draft->seed, SEED_BYTES);
        struct leaf_sink *sink = put->ingest->options.leaves;
        status = sink->take(sink, &commit, err);
    }
    return status;
}

/* Under the lock, with the prints added: numbers, tail, queue. */
static enum status number_and_enqueue(struct put *put, struct ingest_answer *answer,
                                      struct arena *arena, struct error *err)
{
    bool writes = put->stored_count > 0 || put->keyed;
    enum status status = claim_table(put, err);

    if (status != STATUS_OK)
        return status;
    number_leaves(put);
    status = fill_answer(put, answer, arena, err);
    if (status == STATUS_OK && writes)
        status = add_tail(put, answer, err);
    if (status != STATUS_OK)
        return status;
    put->entry.tenant = put->tenant->id;
    put->entry.key = &put->tenant->wal_key;
    put->entry.internal = put->request->internal;
    put->entry.stands_back = put->is_large;
    put->entry.settle = settle;
    put->entry.payload = writes ? buf_slice(&put->payload) : slice_from("", 0);
    status = wal_enqueue(put->ingest->wal, &put->entry, err);
    if (status == STATUS_OK) {
        tenant_add_undelivered(put->tenant, &put->undelivered, put->tenant->given.next_seq);
        put->tenant->given = put->next;
        put->enqueued = true;
    }
    return status;
}

/* One try.  *ret_again: another request came between. */
static enum status try_queue(struct put *put, bool locked, struct ingest_answer *answer,
                             struct arena *arena, bool *ret_again, struct error *err)
{
    uint32_t oldest = oldest_minute(put->ingest), added = 0;
    struct tenant *tenant = put->tenant;
    bool same = true;
    enum status status = STATUS_OK;

    *ret_again = false;
    if (locked)
        (void)pthread_mutex_lock(&tenant->lock);
    status = look_in_runs(put, oldest, err);
    if (!locked)
        (void)pthread_mutex_lock(&tenant->lock);
    if (status == STATUS_OK)
        status = look_and_add(put, oldest, false, &same, &added, err);
    if (!locked) {
        forget_added(put, added);
        (void)pthread_mutex_unlock(&tenant->lock);
    }
    stage_watch_lap(&put->watch, STAGE_DEDUPE);
    if (status == STATUS_OK)
        status = prepare(put, err);
    if (!locked)
        (void)pthread_mutex_lock(&tenant->lock);
    if (!locked)
        added = 0;
    if (!locked && status == STATUS_OK) {
        same = memory_generation(&put->ingest->memory) == put->run_generation;
        if (same)
            status = look_and_add(put, oldest, true, &same, &added, err);
        stage_watch_lap(&put->watch, STAGE_DEDUPE);
    }
    if (status == STATUS_OK && same)
        status = number_and_enqueue(put, answer, arena, err);
    if (!put->enqueued)
        forget_added(put, added);
    (void)pthread_mutex_unlock(&tenant->lock);
    stage_watch_lap(&put->watch, STAGE_EVIDENCE);
    *ret_again = status == STATUS_OK && !same;
    return status;
}

enum status put_queue(struct put *put, struct ingest_answer *answer, struct arena *arena,
                      struct error *err)
{
    enum status status = STATUS_OK;
    bool again = true;

    for (int i = 0; i <= TRIES_UNLOCKED && again && status == STATUS_OK; i++)
        status = try_queue(put, i == TRIES_UNLOCKED, answer, arena, &again, err);
    return status;
}
