/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the body: records lie inside it, in order, without overlap; what is
 * between them is punctuation only; a good record is an object that parses. */
#include "ingest/split_priv.h"

#include "base/check.h"
#include "base/limits.h"
#include "ingest/examine_priv.h"

#define SOME 2u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_gap(const char *from, const char *to)
{
    for (; from < to; from++)
        CHECK(strchr(" \t\r\n,[]\xEF\xBB\xBF", *from) != NULL && *from != '\0');
}

static void check_record(struct record *record, struct json_tape *tape, bool whole)
{
    struct examine_options options = {.received_us = 1, .time_column = "When"};
    struct examination examination;
    enum quarantine reason;
    struct error err;

    CHECK((record->tokens == NULL) == ((record->flags & RECORD_QUARANTINED) != 0));
    CHECK((record->quarantine_reason == NULL) == (record->tokens != NULL));
    if (record->tokens != NULL) {
        CHECK(record->raw.size <= RECORD_BYTES_MAX);
        CHECK(split_check(record->raw, tape, &reason, &err) == STATUS_OK);
        CHECK(reason == QUARANTINE_NONE);
        CHECK(tape->count == record->token_count);
    } else if (whole) {
        CHECK(split_check(record->raw, tape, &reason, &err) == STATUS_OK);
        CHECK(reason != QUARANTINE_NONE);
    }
    examine_record(&options, record, &examination);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct slice body = slice_from((const char *)data + 1, size - 1);
    enum ingest_format format = (enum ingest_format)(data[0] % 3);
    struct arena *arena = arena_new(REQUEST_MEMORY_BYTES_MAX);
    struct json_tape tape;
    struct split split;
    struct error err;
    const char *at = body.data;

    CHECK(arena != NULL);
    json_tape_init(&tape);
    split_init(&split, arena);
    split_begin(&split, body, format);
    while (split.state != SPLIT_DONE) {
        uint32_t count = split.count;
        CHECK(split_some(&split, SOME, &err) == STATUS_OK);
        CHECK(split.count == count + SOME || split.state == SPLIT_DONE);
    }
    for (uint32_t i = 0; i < split.count; i++) {
        struct record *record = &split.records[i];
        CHECK(record->raw.size > 0 && record->raw.data >= at);
        check_gap(at, record->raw.data);
        at = record->raw.data + record->raw.size;
        CHECK(at <= body.data + body.size);
        check_record(record, &tape, format == INGEST_FORMAT_NDJSON);
    }
    check_gap(at, body.data + body.size);
    split_release(&split);
    json_tape_release(&tape);
    arena_free(arena);
    return 0;
}
