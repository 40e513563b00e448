/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - the first part of a request: from its bytes to examined records. */
#include "ingest/put_priv.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

#define READ_RECORDS 64u /* so many at a time */

static enum status check_table(const struct ingest_request *request, struct error *err)
{
    if (request->table.size == 0)
        return STATUS_OK;
    if (!table_name_is_valid(request->table))
        return ERROR_SET(err, STATUS_INVALID,
                         "parameter 'table' wants a name of letters, digits and _, at most %d",
                         TABLE_NAME_BYTES_MAX);
    if (table_name_is_reserved(request->table) && !request->internal)
        return ERROR_SET(err, STATUS_INVALID, "parameter 'table': '%.*s' is written by the server",
                         SLICE_FMT(request->table));
    return STATUS_OK;
}

/* Tokens of a record whose tape was not kept, for the time of its examination. */
static enum status borrow_tape(struct put *put, struct record *record, bool *ret_borrowed,
                               struct error *err)
{
    *ret_borrowed = record->token_count > 0 && record->tokens == NULL;
    if (!*ret_borrowed)
        return STATUS_OK;
    enum quarantine reason;
    enum status status = split_check(record->raw, &put->split.tape, &reason, err);
    if (status != STATUS_OK)
        return status;
    CHECK(reason == QUARANTINE_NONE); /* as a moment ago */
    record->tokens = put->split.tape.tokens;
    return STATUS_OK;
}

/* By content (decisions: the first record that can be read decides). */
static enum status find_table(struct put *put, const struct examination *first, struct error *err)
{
    if (put->request->table.size > 0)
        put->table = put->request->table;
    else if (first != NULL && first->is_audit)
        put->table = SLICE("AuditRecords");
    else
        return ERROR_SET(err, STATUS_INVALID,
                         "parameter 'table' is missing, and the records have no RecordType, "
                         "Operation and CreationTime");
    return STATUS_OK;
}

/* What is read of a request. */
struct reading {
    struct put *put;
    struct examine_options options;
    bool has_table;
    uint32_t print_capacity;
};

/* From the first record that is not quarantined, with its tokens; NULL: there is none. */
static enum status begin_table(struct reading *reading, const struct record *first,
                               struct error *err)
{
    const struct ingest_options *ingest = &reading->put->ingest->options;
    struct examination examination;

    if (first != NULL) {
        struct record record = *first; /* the times of its table are not known yet */
        examine_record(&reading->options, &record, &examination);
    }
    enum status status = find_table(reading->put, first == NULL ? NULL : &examination, err);
    if (status == STATUS_OK && ingest->time_column != NULL)
        reading->options.time_column = ingest->time_column(ingest->context, reading->put->table);
    reading->put->is_declared = reading->options.time_column != NULL;
    reading->has_table = status == STATUS_OK;
    return status;
}

static enum status examine(struct reading *reading, struct record *record, struct slice *ret_id,
                           struct error *err)
{
    bool is_quarantined = (record->flags & RECORD_QUARANTINED) != 0, borrowed;
    struct examination examination;
    enum status status = borrow_tape(reading->put, record, &borrowed, err);

    if (status == STATUS_OK && !is_quarantined && !reading->has_table)
        status = begin_table(reading, record, err);
    if (status != STATUS_OK)
        return status;
    examine_record(&reading->options, record, &examination);
    *ret_id = examination.id;
    if (borrowed)
        record->tokens = NULL;
    reading->put->quarantined += is_quarantined;
    return STATUS_OK;
}

static void make_print(const struct put *put, struct slice id, struct slice raw,
                       struct print *ret)
{
    ret->id = 0;
    if (id.size == 0 || put->request->ids_are_new)
        return;
    print_make(&put->keys, put->table, id, raw, ret);
    ret->minute = minute_of(put->received_us);
}

static enum status make_room(struct reading *reading, struct error *err)
{
    struct put *put = reading->put;

    if (put->split.count <= reading->print_capacity)
        return STATUS_OK;
    struct print *prints = realloc(put->prints, put->split.capacity * sizeof(*prints));
    if (prints == NULL)
        return ERROR_MEMORY(err);
    put->prints = prints;
    reading->print_capacity = put->split.capacity;
    return STATUS_OK;
}

/* Cut, examined and fingerprinted before the next come, these are in the processor's cache. */
static enum status read_some(struct reading *reading, struct error *err)
{
    struct put *put = reading->put;
    struct split *split = &put->split;
    struct slice ids[READ_RECORDS];
    uint32_t first = split->count;
    enum status status = split_some(split, READ_RECORDS, err);

    if (status == STATUS_OK)
        status = make_room(reading, err);
    for (uint32_t i = first; i < split->count && status == STATUS_OK; i++)
        status = examine(reading, &split->records[i], &ids[i - first], err);
    stage_watch_lap(&put->watch, STAGE_PARSE);
    for (uint32_t i = first; i < split->count && status == STATUS_OK; i++)
        make_print(put, ids[i - first], split->records[i].raw, &put->prints[i]);
    stage_watch_lap(&put->watch, STAGE_DEDUPE);
    return status;
}

/* A record costs about 130 bytes beside its own: bodies that are nearly nothing but records would
 * be let in side by side by their bytes, and fill the memory with what they are read into. */
static bool has_very_many(const struct put *put)
{
    const struct split *split = &put->split;

    return !put->is_large && !put->request->internal &&
           split->count >= SMALL_BODY_RECORDS_MAX &&
           (split->state == SPLIT_LINES || split->state == SPLIT_ELEMENTS);
}

static enum status read_all(struct put *put, struct error *err)
{
    struct reading reading = {.put = put,
                              .options = {.tenant = put->request->tenant,
                                          .received_us = put->received_us}};
    enum status status = STATUS_OK;

    split_begin(&put->split, put->request->body, put->request->format);
    while (status == STATUS_OK && put->split.state != SPLIT_DONE) {
        status = read_some(&reading, err);
        if (status == STATUS_OK && has_very_many(put))
            status = put_become_large(put, err);
    }
    if (status == STATUS_OK && put->split.count > 0 && !reading.has_table)
        status = begin_table(&reading, NULL, err);
    return status;
}

enum status put_read(struct put *put, struct error *err)
{
    enum status status = check_table(put->request, err);

    put->table = put->request->table;
    if (status == STATUS_OK)
        status = read_all(put, err);
    if (status != STATUS_OK)
        return status;
    put->verdicts = arena_alloc(put->arena, put->split.count, err);
    put->run_verdicts = arena_alloc(put->arena, put->split.count, err);
    return put->verdicts == NULL || put->run_verdicts == NULL ? err->status : STATUS_OK;
}
