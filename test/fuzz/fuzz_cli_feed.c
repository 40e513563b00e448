/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cli_feed.c - any file cut into requests: no byte of a record is lost, added or changed,
 * however it is read, and what was valid JSON is in each request.
 *
 *   u16 how often the middle comes | u8 bytes read at a time | head | NUL | middle | NUL | tail
 *
 * From 65000 times on the file may be larger than a request, which takes its time. */
#include "cli/feed.h"

#include "base/check.h"
#include "base/limits.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_BYTES_MAX (FEED_BODY_BYTES + 256 * KIB)
#define SMALL_BYTES_MAX (64 * KIB)
#define TIMES_LARGE 65000u

_Static_assert(FILE_BYTES_MAX > FEED_BODY_BYTES, "more than one request");

static void make_file(struct slice parts, uint32_t times, struct buf *ret)
{
    struct slice head = SLICE(""), middle = SLICE("");
    size_t most = times < TIMES_LARGE ? SMALL_BYTES_MAX : FILE_BYTES_MAX;

    if (slice_next(&parts, '\0', &head))
        buf_add_slice(ret, head);
    (void)slice_next(&parts, '\0', &middle);
    if (middle.size > 0 && times > most / middle.size)
        times = (uint32_t)(most / middle.size);
    for (uint32_t i = 0; i < times; i++)
        buf_add_slice(ret, middle);
    buf_add_slice(ret, parts);
}

/* The elements of an array, a NUL behind each; false if the text is none. */
static bool add_elements(struct slice text, struct json_tape *tape, struct buf *ret)
{
    if (json_parse(text, JSON_DEPTH_MAX, tape) != JSON_OK || tape->tokens[0].kind != JSON_ARRAY)
        return false;
    for (uint32_t i = 1; i < tape->tokens[0].next; i = tape->tokens[i].next) {
        buf_add_slice(ret, json_text(text, &tape->tokens[i]));
        buf_add_byte(ret, '\0');
    }
    return true;
}

struct outcome {
    struct buf bodies;   /* all of them as they are, a NUL behind each */
    struct buf elements; /* of the arrays */
    bool is_array, is_valid;
    struct json_tape *tape;
};

static void take(struct feed *feed, enum feed_part part, struct outcome *out)
{
    struct slice body;

    while (feed_body(feed, part, &body)) {
        CHECK(body.size > 0 && feed->record_count <= FEED_RECORDS_MAX);
        CHECK(body.size <= feed->body.size);
        buf_add_slice(&out->bodies, body);
        buf_add_byte(&out->bodies, '\0');
        if (feed->is_array && out->is_valid)
            out->is_valid = add_elements(body, out->tape, &out->elements);
        feed_taken(feed);
    }
}

static void cut(struct slice file, size_t step, struct outcome *out)
{
    struct feed feed;
    struct error err;

    feed_init(&feed);
    for (size_t at = 0; at < file.size; at += step) {
        CHECK(feed_add(&feed, slice_head(slice_tail(file, at), step), &err) == STATUS_OK);
        take(&feed, FEED_FULL, out);
    }
    take(&feed, FEED_ALL, out);
    out->is_array = feed.is_array;
    feed_release(&feed);
}

static void outcome_init(struct outcome *out, struct json_tape *tape)
{
    *out = (struct outcome){.tape = tape, .is_valid = true};
    buf_init(&out->bodies, 2 * FILE_BYTES_MAX);
    buf_init(&out->elements, 2 * FILE_BYTES_MAX);
}

static void outcome_release(struct outcome *out)
{
    CHECK(!out->bodies.failed && !out->elements.failed);
    buf_release(&out->bodies);
    buf_release(&out->elements);
}

/* Lines: the bodies one behind the other are the file, but for blanks at its end. */
static void check_lines(struct slice file, const struct outcome *out)
{
    struct slice rest = buf_slice(&out->bodies), body;

    while (slice_next(&rest, '\0', &body)) {
        CHECK(slice_equal(body, slice_head(file, body.size)));
        file = slice_tail(file, body.size);
        CHECK(file.size == 0 || body.size == 0 || body.data[body.size - 1] == '\n');
    }
    CHECK(slice_trim(file).size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    uint32_t times = reader_u16(&r), step = reader_u8(&r);
    struct slice parts = reader_bytes(&r, reader_left(&r));
    struct outcome one, many;
    struct json_tape tape;
    struct buf file, whole;

    if (parts.size == 0)
        return 0;
    json_tape_init(&tape);
    buf_init(&file, FILE_BYTES_MAX + 64 * KIB);
    buf_init(&whole, 2 * FILE_BYTES_MAX);
    make_file(parts, times, &file);
    outcome_init(&one, &tape);
    outcome_init(&many, &tape);
    cut(buf_slice(&file), file.size + 1, &one);
    cut(buf_slice(&file), step * step * step + 1, &many);
    CHECK(slice_equal(buf_slice(&one.bodies), buf_slice(&many.bodies)));
    bool has_nul = slice_find_byte(buf_slice(&file), '\0', 0) != SIZE_MAX;
    if (!one.is_array && !has_nul)
        check_lines(buf_slice(&file), &one);
    struct slice text = buf_slice(&file);
    if (slice_starts_with(text, SLICE("\xEF\xBB\xBF")))
        text = slice_tail(text, 3);
    else if (one.is_array && add_elements(text, &tape, &whole))
        CHECK(one.is_valid && slice_equal(buf_slice(&whole), buf_slice(&one.elements)));
    buf_release(&file);
    buf_release(&whole);
    outcome_release(&one);
    outcome_release(&many);
    json_tape_release(&tape);
    return 0;
}
