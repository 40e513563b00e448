/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - the first part of a request: from its bytes to examined records. */
#include "ingest/put_priv.h"

#include "base/check.h"
#include "base/limits.h"

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

/* ids: one a record, "" for none. */
static void make_prints(struct put *put, const struct slice *ids)
{
    for (uint32_t i = 0; i < put->split.count; i++) {
        struct print *print = &put->prints[i];
        if (ids[i].size == 0) {
            print->id = 0;
            continue;
        }
        print_make(&put->keys, put->table, ids[i], put->split.records[i].raw, print);
        print->minute = minute_of(put->received_us);
    }
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

/* The examination of the first record that is not quarantined. */
static enum status examine_first(struct put *put, const struct examine_options *options,
                                 struct error *err)
{
    for (uint32_t i = 0; i < put->split.count; i++) {
        struct record record = put->split.records[i];
        struct examination examination;
        bool borrowed;
        if ((record.flags & RECORD_QUARANTINED) != 0)
            continue;
        enum status status = borrow_tape(put, &record, &borrowed, err);
        if (status != STATUS_OK)
            return status;
        examine_record(options, &record, &examination);
        return find_table(put, &examination, err);
    }
    return find_table(put, NULL, err);
}

static enum status examine_all(struct put *put, struct error *err)
{
    struct examine_options options = {.tenant = put->request->tenant,
                                      .received_us = put->received_us};
    const struct ingest_options *ingest = &put->ingest->options;
    enum status status = examine_first(put, &options, err);

    if (status != STATUS_OK)
        return status;
    struct slice *ids = ARENA_ARRAY(put->arena, struct slice, put->split.count, err);
    if (ids == NULL)
        return err->status;
    if (ingest->time_column != NULL)
        options.time_column = ingest->time_column(ingest->context, put->table);
    for (uint32_t i = 0; i < put->split.count; i++) {
        struct record *record = &put->split.records[i];
        struct examination examination;
        bool borrowed;
        status = borrow_tape(put, record, &borrowed, err);
        if (status != STATUS_OK)
            return status;
        examine_record(&options, record, &examination);
        ids[i] = examination.id;
        if (borrowed)
            record->tokens = NULL;
        put->quarantined += (record->flags & RECORD_QUARANTINED) != 0;
    }
    make_prints(put, ids);
    stage_watch_lap(&put->watch, STAGE_DEDUPE);
    return STATUS_OK;
}

enum status put_read(struct put *put, struct error *err)
{
    const struct ingest_request *request = put->request;
    enum status status = check_table(request, err);

    if (status == STATUS_OK)
        status = split_body(&put->split, request->body, request->format, err);
    stage_watch_lap(&put->watch, STAGE_PARSE);
    if (status != STATUS_OK)
        return status;
    size_t count = put->split.count;
    put->prints = arena_alloc_raw(put->arena, count * sizeof(*put->prints), err);
    put->verdicts = arena_alloc(put->arena, count, err);
    put->run_verdicts = arena_alloc(put->arena, count, err);
    if (put->prints == NULL || put->verdicts == NULL || put->run_verdicts == NULL)
        return err->status;
    put->table = request->table;
    return count == 0 ? STATUS_OK : examine_all(put, err);
}
