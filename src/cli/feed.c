/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: body holds what is not sent yet; for an array it begins with '['
 * and boundary lies behind an element. */
#include "cli/feed.h"

#include "base/limits.h"

void feed_init(struct feed *feed)
{
    *feed = (struct feed){0};
    buf_init(&feed->body, REQUEST_BODY_BYTES_MAX * 2);
}

void feed_begin_lines(struct feed *feed)
{
    feed->started = true;
}

void feed_release(struct feed *feed)
{
    buf_release(&feed->body);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Decides between NDJSON and array by the first byte that is not blank. */
static void detect(struct feed *feed)
{
    size_t at = 0;
    const struct slice mark = SLICE("\xEF\xBB\xBF");
    struct slice body = buf_slice(&feed->body);

    if (slice_starts_with(body, mark))
        at = mark.size;
    else if (slice_starts_with(mark, body)) /* the rest of it may follow */
        return;
    while (at < body.size && is_blank(body.data[at]))
        at++;
    if (at == body.size)
        return;
    feed->started = true;
    feed->is_array = body.data[at] == '[';
    if (feed->is_array)
        feed->scanned = at + 1;
}

static void scan_lines(struct feed *feed)
{
    struct slice body = buf_slice(&feed->body);

    while (feed->boundary < FEED_BODY_BYTES && feed->record_count < FEED_RECORDS_MAX) {
        size_t end = slice_find_byte(body, '\n', feed->scanned);
        if (end == SIZE_MAX) {
            feed->scanned = body.size;
            return;
        }
        feed->scanned = feed->boundary = end + 1;
        feed->record_count++;
    }
}

/* One byte of an array outside strings; true at the end of the array. */
static bool scan_byte(struct feed *feed, char c)
{
    switch (c) {
    case '"':
        feed->in_string = true;
        return false;
    case '{':
    case '[':
        feed->depth++;
        return false;
    case '}':
    case ']':
        if (feed->depth == 0)
            return true;
        feed->depth--;
        return false;
    case ',':
        if (feed->depth == 0) {
            feed->boundary = feed->scanned;
            feed->record_count++;
        }
        return false;
    default:
        return false;
    }
}

static void scan_array(struct feed *feed)
{
    for (; feed->scanned < feed->body.size && !feed->array_ended; feed->scanned++) {
        char c = feed->body.data[feed->scanned];
        if (feed->in_string) {
            if (feed->escaped)
                feed->escaped = false;
            else if (c == '\\')
                feed->escaped = true;
            else if (c == '"')
                feed->in_string = false;
            continue;
        }
        if (feed->boundary >= FEED_BODY_BYTES || feed->record_count >= FEED_RECORDS_MAX)
            return;
        feed->array_ended = scan_byte(feed, c);
    }
}

static void scan(struct feed *feed)
{
    if (!feed->started)
        detect(feed);
    if (feed->started && feed->is_array)
        scan_array(feed);
    else if (feed->started)
        scan_lines(feed);
}

enum status feed_add(struct feed *feed, struct slice bytes, struct error *err)
{
    buf_add_slice(&feed->body, bytes);
    if (feed->body.failed)
        return ERROR_SET(err, STATUS_LIMIT, "a record is larger than a request may be (%zu bytes)",
                         REQUEST_BODY_BYTES_MAX);
    scan(feed);
    return STATUS_OK;
}

static bool is_full(const struct feed *feed)
{
    return feed->boundary >= FEED_BODY_BYTES || feed->record_count >= FEED_RECORDS_MAX;
}

bool feed_body(struct feed *feed, enum feed_part part, struct slice *ret)
{
    if (is_full(feed) || (part == FEED_WHOLE && feed->boundary > 0)) {
        if (feed->is_array)
            feed->body.data[feed->boundary] = ']'; /* was the comma */
        *ret = slice_head(buf_slice(&feed->body), feed->boundary + (feed->is_array ? 1 : 0));
        return true;
    }
    if (part != FEED_ALL && !(part == FEED_WHOLE && feed->array_ended))
        return false;
    struct slice rest = buf_slice(&feed->body);
    struct slice trimmed = slice_trim(rest);
    if (trimmed.size == 0 || (feed->is_array && slice_is(trimmed, "[")))
        return false;
    if (feed->array_ended && slice_trim(slice_tail(rest, feed->scanned)).size > 0)
        feed->has_rest = true;
    *ret = rest;
    feed->boundary = rest.size;
    return true;
}

void feed_taken(struct feed *feed)
{
    size_t from = feed->boundary;
    struct slice rest = slice_tail(buf_slice(&feed->body), from);

    if (feed->is_array && rest.size > 0) {
        /* The comma's place takes the bracket of the next body. */
        feed->body.data[from] = '[';
        memmove(feed->body.data, rest.data, rest.size);
    } else if (rest.size > 0) {
        memmove(feed->body.data, rest.data, rest.size);
    }
    feed->body.size = rest.size;
    feed->scanned = feed->scanned > from ? feed->scanned - from : 0;
    if (feed->is_array && feed->scanned == 0 && rest.size > 0)
        feed->scanned = 1;
    feed->boundary = 0;
    feed->record_count = 0;
    scan(feed); /* what is left may hold another body */
}

bool feed_is_cut(const struct feed *feed)
{
    return feed->is_array && !feed->array_ended;
}

bool feed_has_rest(const struct feed *feed)
{
    return feed->has_rest;
}
