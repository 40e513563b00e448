/* SPDX-License-Identifier: Apache-2.0 */
/* batch_maker.h - record batches for tests, from lines of text. */
#ifndef STORE_BATCH_MAKER_H
#define STORE_BATCH_MAKER_H

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "store/part_priv.h"

#include <stdlib.h>

struct batch_maker {
    struct record_batch batch;
    struct record *records;
    uint32_t capacity;
    uint64_t next_seq;
};

static inline void batch_maker_init(struct batch_maker *m, const char *table, uint8_t tenant)
{
    *m = (struct batch_maker){.next_seq = 1};
    m->batch.table = slice_of(table);
    m->batch.tenant.bytes[15] = tenant;
    m->batch.wal_file = 1;
    m->batch.received_us = 1700000000000000;
}

/* Forgets the records; sequence numbers go on. */
static inline void batch_maker_clear(struct batch_maker *m)
{
    for (uint32_t i = 0; i < m->batch.record_count; i++) {
        free((void *)(uintptr_t)m->records[i].tokens);
        free((void *)(uintptr_t)m->records[i].raw.data);
    }
    m->batch.record_count = 0;
}

static inline void batch_maker_release(struct batch_maker *m)
{
    batch_maker_clear(m);
    free(m->records);
    *m = (struct batch_maker){0};
}

/* A copy of the text as the next record; what is no object is quarantined. */
static inline void batch_maker_add(struct batch_maker *m, struct slice raw, int64_t event_time)
{
    if (m->batch.record_count == m->capacity) {
        m->capacity = m->capacity == 0 ? 64 : m->capacity * 2;
        m->records = realloc(m->records, m->capacity * sizeof(*m->records));
        if (m->records == NULL)
            abort();
    }
    char *copy = malloc(raw.size + 1);
    if (copy == NULL)
        abort();
    if (raw.size > 0)
        memcpy(copy, raw.data, raw.size);
    struct record *record = &m->records[m->batch.record_count++];
    *record = (struct record){.raw = slice_from(copy, raw.size), .seq = m->next_seq++};
    record->event_time = event_time;
    struct json_tape tape;
    json_tape_init(&tape);
    enum json_result result = json_parse(record->raw, JSON_DEPTH_MAX, &tape);
    if (result == JSON_OK && tape.tokens[0].kind == JSON_OBJECT) {
        record->tokens = tape.tokens;
        record->token_count = tape.count;
    } else {
        record->flags = RECORD_QUARANTINED;
        record->quarantine_reason = "is not an object";
        json_tape_release(&tape);
    }
    m->batch.records = m->records;
}

/* A record of an array of so many zeros: a part keeps no more than their number. */
static inline void batch_maker_add_zeros(struct batch_maker *m, uint32_t count, int64_t event_time)
{
    struct buf text;

    buf_init(&text, 2 * (size_t)count + 64);
    buf_add_text(&text, "{\"a\":[0");
    for (uint32_t i = 1; i < count; i++)
        buf_add_text(&text, ",0");
    buf_add_text(&text, "]}");
    batch_maker_add(m, buf_slice(&text), event_time);
    buf_release(&text);
}

#endif
