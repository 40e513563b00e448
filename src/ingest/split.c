/* SPDX-License-Identifier: Apache-2.0 */
/* split.c - see split_priv.h.
 *
 * Each byte of the body is looked at a bounded number of times: an element of
 * an array is parsed within a window of RECORD_BYTES_MAX, and only one that
 * fails there is walked again, for its end. */
#include "ingest/split_priv.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdlib.h>

#define TOKEN_BYTES_MIN (64 * KIB) /* that may be kept of any body */
#define BOM SLICE("\xEF\xBB\xBF")

static const char *const reasons[QUARANTINE_COUNT_] = {
    [QUARANTINE_TOO_LARGE] = "is larger than 1 MiB",
    [QUARANTINE_TOO_DEEP] = "is nested deeper than 64",
    [QUARANTINE_NOT_UTF8] = "is not valid UTF-8",
    [QUARANTINE_NOT_JSON] = "is not valid JSON",
    [QUARANTINE_TRAILING] = "has other bytes behind the JSON value",
    [QUARANTINE_NOT_OBJECT] = "is not a JSON object",
    [QUARANTINE_ARRAY_REST] = "is the rest of a broken JSON array",
};

const char *quarantine_text(enum quarantine reason)
{
    return reasons[reason];
}

enum quarantine quarantine_from_text(const char *text)
{
    unsigned reason = 0;

    while (reason < QUARANTINE_COUNT_ - 1 && reasons[reason] != text)
        reason++;
    return (enum quarantine)reason;
}

void split_init(struct split *split, struct arena *arena)
{
    *split = (struct split){.arena = arena};
    json_tape_init(&split->tape);
}

void split_release(struct split *split)
{
    free(split->records);
    json_tape_release(&split->tape);
    *split = (struct split){0};
}

static enum quarantine reason_of(enum json_result result)
{
    switch (result) {
    case JSON_OK:
        return QUARANTINE_NONE;
    case JSON_NOT_UTF8:
        return QUARANTINE_NOT_UTF8;
    case JSON_TOO_DEEP:
        return QUARANTINE_TOO_DEEP;
    case JSON_TRAILING:
        return QUARANTINE_TRAILING;
    case JSON_BROKEN:
    case JSON_NO_MEMORY: /* the caller has looked at it */
        break;
    }
    return QUARANTINE_NOT_JSON;
}

size_t split_token_bytes_max(size_t body_bytes)
{
    size_t share = REQUEST_TOKENS_SHARE * body_bytes + TOKEN_BYTES_MIN;

    return share < REQUEST_TOKEN_BYTES_MAX ? share : REQUEST_TOKEN_BYTES_MAX;
}

static enum status add_record(struct split *split, struct slice raw, enum quarantine reason,
                              struct error *err)
{
    if (split->count == REQUEST_RECORDS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "the request has more than %u records",
                         REQUEST_RECORDS_MAX);
    if (split->count == split->capacity) {
        uint32_t capacity = split->capacity == 0 ? 64 : split->capacity * 2;
        struct record *records = realloc(split->records, capacity * sizeof(*records));
        if (records == NULL)
            return ERROR_MEMORY(err);
        split->records = records;
        split->capacity = capacity;
    }
    struct record record = {.raw = raw};
    if (reason != QUARANTINE_NONE) {
        record.flags = RECORD_QUARANTINED;
        record.quarantine_reason = reasons[reason];
    } else {
        size_t size = split->tape.count * sizeof(struct json_token);
        record.token_count = split->tape.count;
        if (split->token_bytes + size <= split_token_bytes_max(split->body.size)) {
            struct json_token *tokens = arena_alloc_raw(split->arena, size, err);
            if (tokens == NULL)
                return err->status;
            memcpy(tokens, split->tape.tokens, size);
            record.tokens = tokens;
            split->token_bytes += size;
        }
    }
    split->records[split->count++] = record;
    return STATUS_OK;
}

/* The result of a parse, with what this program asks on top of it. */
static enum quarantine judge(struct slice raw, enum json_result result,
                             const struct json_tape *tape)
{
    if (raw.size > RECORD_BYTES_MAX)
        return QUARANTINE_TOO_LARGE;
    if (result == JSON_OK && tape->tokens[0].kind != JSON_OBJECT)
        return QUARANTINE_NOT_OBJECT;
    return reason_of(result);
}

enum status split_check(struct slice raw, struct json_tape *tape, enum quarantine *ret,
                        struct error *err)
{
    *ret = QUARANTINE_TOO_LARGE;
    if (raw.size > RECORD_BYTES_MAX)
        return STATUS_OK;
    enum json_result result = json_parse(raw, JSON_DEPTH_MAX, tape);
    if (result == JSON_NO_MEMORY)
        return ERROR_MEMORY(err);
    *ret = judge(raw, result, tape);
    return STATUS_OK;
}

enum status split_parse(struct record *record, struct json_tape *tape, struct arena *arena,
                        struct error *err)
{
    enum quarantine reason;
    enum status status = split_check(record->raw, tape, &reason, err);

    if (status != STATUS_OK)
        return status;
    if (reason != QUARANTINE_NONE)
        return ERROR_SET(err, STATUS_CORRUPT, "an accepted record %s", quarantine_text(reason));
    size_t size = tape->count * sizeof(struct json_token);
    struct json_token *tokens = arena_alloc_raw(arena, size, err);
    if (tokens == NULL)
        return err->status;
    memcpy(tokens, tape->tokens, size);
    record->tokens = tokens;
    record->token_count = tape->count;
    return STATUS_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t skip_blanks(struct slice text, size_t at)
{
    while (at < text.size && is_blank(text.data[at]))
        at++;
    return at;
}

/* One line. */
static enum status take_line(struct split *split, struct error *err)
{
    struct slice body = split->body;
    size_t end = slice_find_byte(body, '\n', split->at);

    if (end == SIZE_MAX)
        end = body.size;
    struct slice line = slice_from(body.data + split->at, end - split->at);
    split->at = end + 1;
    if (split->at >= body.size)
        split->state = SPLIT_DONE;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    struct slice text = slice_trim(line);
    if (text.size == 0 || slice_equal(text, BOM))
        return STATUS_OK;
    enum quarantine reason;
    enum status status = split_check(line, &split->tape, &reason, err);
    return status == STATUS_OK ? add_record(split, line, reason, err) : status;
}

/* The end of the value at `at`, found by its brackets and quotes alone;
 * SIZE_MAX if the text stops inside it. */
static size_t skip_value(struct slice text, size_t at)
{
    size_t depth = 0;
    bool quoted = false;

    for (; at < text.size; at++) {
        char c = text.data[at];
        if (quoted) {
            if (c == '\\')
                at++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return at; /* a scalar before the end of the array */
            depth--;
        } else if (c == ',' && depth == 0) {
            return at;
        }
        if (depth == 0 && !quoted && (c == '}' || c == ']' || c == '"'))
            return at + 1;
    }
    return SIZE_MAX;
}

/* One element.  *ret_end = 0 when the array is broken here. */
static enum status add_element(struct split *split, size_t *ret_end, struct error *err)
{
    struct slice body = split->body;
    size_t at = split->at;
    struct slice rest = slice_tail(body, at), window = slice_head(rest, RECORD_BYTES_MAX);
    size_t size = 0;
    enum json_result result = json_parse_prefix(window, JSON_DEPTH_MAX, &split->tape, &size);

    *ret_end = 0;
    /* A BOM may stand before the array only. */
    if (result == JSON_NO_MEMORY)
        return ERROR_MEMORY(err);
    if (slice_starts_with(rest, BOM) || size == 0)
        return STATUS_OK;
    if (result != JSON_OK) {
        size_t end = skip_value(rest, 0);
        bool large = end != SIZE_MAX && end > RECORD_BYTES_MAX;
        /* NOT_UTF8 may come from bytes behind this value. */
        if (result == JSON_NOT_UTF8 && end != SIZE_MAX && text_is_utf8(slice_head(rest, end)))
            result = JSON_BROKEN;
        if (end == SIZE_MAX || (result == JSON_BROKEN && !large))
            return STATUS_OK;
        size = end;
    }
    size_t next = skip_blanks(body, at + size);
    if (next < body.size && body.data[next] != ',' && body.data[next] != ']')
        return STATUS_OK;
    struct slice raw = slice_head(rest, size);
    *ret_end = at + size;
    return add_record(split, raw, judge(raw, result, &split->tape), err);
}

/* An element and the comma or bracket behind it. */
static enum status take_element(struct split *split, struct error *err)
{
    struct slice body = split->body;
    size_t end;
    enum status status = add_element(split, &end, err);

    if (status != STATUS_OK)
        return status;
    if (end == 0) {
        split->state = SPLIT_REST;
        return STATUS_OK;
    }
    size_t at = skip_blanks(body, end);
    bool closed = at < body.size && body.data[at] == ']';
    split->at = at < body.size ? skip_blanks(body, at + 1) : at;
    if (closed) {
        split->state = SPLIT_REST;
    } else if (split->at >= body.size) {
        split->at = at; /* a comma behind which the body breaks off is a rest too */
        split->state = SPLIT_REST;
    }
    return STATUS_OK;
}

/* What is behind an array, or the rest of a broken one. */
static enum status take_rest(struct split *split, struct error *err)
{
    struct slice rest = slice_trim(slice_tail(split->body, split->at));

    split->state = SPLIT_DONE;
    if (rest.size == 0)
        return STATUS_OK;
    return add_record(split, rest, QUARANTINE_ARRAY_REST, err);
}

/* `at` is behind the opening bracket.  One with nothing behind it is the rest of an array. */
static void begin_array(struct split *split, size_t at)
{
    split->at = skip_blanks(split->body, at);
    split->state = SPLIT_ELEMENTS;
    if (split->at >= split->body.size) {
        split->at = at - 1;
        split->state = SPLIT_REST;
    } else if (split->body.data[split->at] == ']') {
        split->at++;
        split->state = SPLIT_REST;
    }
}

void split_begin(struct split *split, struct slice body, enum ingest_format format)
{
    size_t at = skip_blanks(body, slice_starts_with(body, BOM) ? BOM.size : 0);
    bool bracket = at < body.size && body.data[at] == '[';

    split->body = body;
    if (bracket && format != INGEST_FORMAT_NDJSON) {
        begin_array(split, at + 1);
    } else if (format == INGEST_FORMAT_ARRAY) {
        split->at = at;
        split->state = SPLIT_REST;
    } else {
        split->at = 0;
        split->state = body.size > 0 ? SPLIT_LINES : SPLIT_DONE;
    }
}

enum status split_some(struct split *split, uint32_t count, struct error *err)
{
    uint32_t end = split->count + count;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && split->state != SPLIT_DONE && split->count < end) {
        switch (split->state) {
        case SPLIT_LINES:
            status = take_line(split, err);
            break;
        case SPLIT_ELEMENTS:
            status = take_element(split, err);
            break;
        case SPLIT_REST:
            status = take_rest(split, err);
            break;
        case SPLIT_DONE:
            break;
        }
    }
    return status;
}
