/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/examine_priv.h"

#include "base/limits.h"
#include "base/time.h"
#include "ingest/ingest.h"

enum member {
    MEMBER_ID,
    MEMBER_RECORD_TYPE,
    MEMBER_OPERATION,
    MEMBER_ORGANIZATION_ID,
    MEMBER_TIME_GENERATED, /* the times, in the order they are asked */
    MEMBER_TIMESTAMP,
    MEMBER_CREATION_TIME,
    MEMBER_TIME_COLUMN,
    MEMBER_COUNT_
};

static const struct slice member_names[MEMBER_TIME_COLUMN] = {
    [MEMBER_ID] = {"Id", 2},
    [MEMBER_RECORD_TYPE] = {"RecordType", 10},
    [MEMBER_OPERATION] = {"Operation", 9},
    [MEMBER_ORGANIZATION_ID] = {"OrganizationId", 14},
    [MEMBER_TIME_GENERATED] = {"TimeGenerated", 13},
    [MEMBER_TIMESTAMP] = {"Timestamp", 9},
    [MEMBER_CREATION_TIME] = {"CreationTime", 12},
};

#define TICKS_PAST_MAX (TIME_PAST_YEARS * 36525 * (TICKS_PER_DAY / 100))
#define TICKS_FUTURE_MAX (TIME_FUTURE_DAYS * TICKS_PER_DAY)
#define KEY_BYTES_MAX 256 /* longer keys are none of ours */
#define TIME_BYTES_MAX 256 /* longer escaped texts are no times */

static void note_member(struct slice key, uint32_t value, struct slice time_column,
                        uint32_t found[MEMBER_COUNT_])
{
    for (unsigned m = 0; m < MEMBER_TIME_COLUMN; m++) {
        if (slice_equal(member_names[m], key))
            found[m] = value; /* the last one wins, as in columns */
    }
    if (time_column.size > 0 && slice_equal(time_column, key))
        found[MEMBER_TIME_COLUMN] = value;
}

static bool is_ours(struct slice key, struct slice time_column)
{
    if (time_column.size > 0 && key.size == time_column.size)
        return true;
    switch (key.size) {
    case 2:
        return key.data[0] == 'I';
    case 9:
        return key.data[0] == 'O' || key.data[0] == 'T';
    case 10:
        return key.data[0] == 'R';
    case 12:
        return key.data[0] == 'C';
    case 13:
        return key.data[0] == 'T';
    case 14:
        return key.data[0] == 'O';
    default:
        return false;
    }
}

/* Top-level members by name; 0 = not there (token 0 is the object). */
static void find_members(const struct record *record, const char *time_column,
                         uint32_t found[MEMBER_COUNT_])
{
    const struct json_token *tokens = record->tokens;
    struct slice column = slice_of(time_column);
    char decoded_data[KEY_BYTES_MAX];

    for (uint32_t i = 1; i < tokens[0].next; i = tokens[i + 1].next) {
        struct slice key = json_text(record->raw, &tokens[i]);
        if (tokens[i].escaped && key.size <= sizeof(decoded_data)) {
            struct buf decoded;
            buf_init(&decoded, KEY_BYTES_MAX);
            json_unescape(key, &decoded);
            if (decoded.size > 0)
                memcpy(decoded_data, decoded.data, decoded.size);
            key = slice_from(decoded_data, decoded.size);
            buf_release(&decoded);
        }
        if (key.size > 0 && is_ours(key, column))
            note_member(key, i + 1, column, found);
    }
}

/* .NET writes the + of an offset as \u002B. */
static bool parse_time(const struct record *record, uint32_t token, int64_t *ret)
{
    struct buf scratch;

    if (token == 0 || record->tokens[token].kind != JSON_STRING)
        return false;
    buf_init(&scratch, TIME_BYTES_MAX);
    struct slice text = json_plain(json_text(record->raw, &record->tokens[token]), &scratch);
    bool is_time = !scratch.failed && time_parse_iso(text, ret);
    buf_release(&scratch);
    return is_time;
}

static void set_event_time(const struct examine_options *options, struct record *record,
                           const uint32_t found[MEMBER_COUNT_])
{
    int64_t received = time_from_unix_us(options->received_us);

    for (unsigned m = MEMBER_TIME_GENERATED; m <= MEMBER_TIME_COLUMN; m++) {
        if (!parse_time(record, found[m], &record->event_time))
            continue;
        if (record->event_time >= received - TICKS_PAST_MAX &&
            record->event_time <= received + TICKS_FUTURE_MAX)
            return;
        record->flags |= RECORD_TIME_BAD;
        record->event_time = received;
        return;
    }
    record->flags |= RECORD_TIME_MISSING;
    record->event_time = received;
}

/* Another organisation's: it names one, and not this tenant. */
static bool is_foreign(const struct examine_options *options, const struct record *record,
                       uint32_t token)
{
    struct guid organization;

    if (token == 0 || record->tokens[token].kind != JSON_STRING)
        return false;
    struct slice text = json_text(record->raw, &record->tokens[token]);
    if (text.size == 0)
        return false;
    return !guid_parse(text, &organization) || !guid_equal(&organization, &options->tenant);
}

void examine_record(const struct examine_options *options, struct record *record,
                    struct examination *ret)
{
    uint32_t found[MEMBER_COUNT_] = {0};

    *ret = (struct examination){.is_audit = false};
    if ((record->flags & RECORD_QUARANTINED) != 0) {
        record->event_time = time_from_unix_us(options->received_us);
        return;
    }
    find_members(record, options->time_column, found);
    set_event_time(options, record, found);
    if (is_foreign(options, record, found[MEMBER_ORGANIZATION_ID]))
        record->flags |= RECORD_FOREIGN;
    ret->is_audit = found[MEMBER_RECORD_TYPE] != 0 && found[MEMBER_OPERATION] != 0 &&
                    found[MEMBER_CREATION_TIME] != 0;
    const struct json_token *id = &record->tokens[found[MEMBER_ID]];
    if (found[MEMBER_ID] != 0 && (id->kind == JSON_STRING || id->kind == JSON_NUMBER)) {
        ret->id = json_text(record->raw, id);
    }
}

bool table_name_is_valid(struct slice name)
{
    if (name.size == 0 || name.size > TABLE_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return true;
}

bool table_name_is_reserved(struct slice name)
{
    static const char *const reserved[] = {"SecurityAlert", "SecurityIncident", "FirstSeen",
                                           "DaybookAudit",  "Quarantine"};

    /* In any case of letters: a table that only looks like ours would mislead. */
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (slice_equal_nocase(name, slice_of(reserved[i])))
            return true;
    }
    return false;
}
