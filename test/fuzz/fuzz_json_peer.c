/* SPDX-License-Identifier: Apache-2.0 */
/* Our tokenizer and simdjson read the same: both refuse a text, or both find the same values,
 * strings unescaped, numbers to the bit.  They may differ only where a text is JSON and simdjson
 * has no room for it: whole numbers beyond 64 bits, reals beyond doubles, halves of surrogate
 * pairs (U+FFFD here, as in the records that are kept). */
#include "codec/json.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "json_simdjson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BOM "\xEF\xBB\xBF"
#define REPLACEMENT "\xEF\xBF\xBD"

struct walk {
    struct slice text;
    const struct json_token *tokens;
    struct json_events events;
    struct buf decoded;
    bool beyond_simdjson; /* something that it is allowed to refuse */
};

static void put_open(void *to, char bracket)
{
    buf_add_byte(to, bracket);
}

static void put_text(void *to, const char *bytes, size_t size)
{
    buf_add_format(to, "\"%zu:", size);
    buf_add(to, bytes, size);
}

static void put_whole(void *to, int64_t value)
{
    buf_add_byte(to, '#');
    buf_add_i64(to, value);
}

static void put_beyond(void *to, uint64_t value)
{
    buf_add_byte(to, '#');
    buf_add_u64(to, value);
}

static void put_real(void *to, double value)
{
    buf_add_format(to, "~%a", value);
}

static void put_word(void *to, char first)
{
    buf_add_byte(to, first);
}

static struct json_events events_into(struct buf *to)
{
    return (struct json_events){to, put_open, put_text, put_whole, put_beyond, put_real, put_word};
}

static void walk_number(struct walk *w, struct slice text)
{
    int64_t whole;
    uint64_t beyond;
    double real;

    if (memchr(text.data, '.', text.size) != NULL || memchr(text.data, 'e', text.size) != NULL ||
        memchr(text.data, 'E', text.size) != NULL) {
        CHECK(text_parse_double(text, &real));
        w->beyond_simdjson |= isinf(real) != 0;
        w->events.real(w->events.to, real);
    } else if (text_parse_i64(text, &whole)) {
        w->events.whole(w->events.to, whole);
    } else if (text_parse_u64(text, &beyond)) {
        w->events.beyond(w->events.to, beyond);
    } else {
        w->beyond_simdjson = true;
    }
}

static void walk_string(struct walk *w, const struct json_token *token)
{
    struct slice text = json_text(w->text, token);

    buf_clear(&w->decoded);
    json_unescape(text, &w->decoded);
    w->beyond_simdjson |= memmem(text.data, text.size, "\\u", 2) != NULL &&
                          memmem(w->decoded.data, w->decoded.size, REPLACEMENT, 3) != NULL;
    w->events.text(w->events.to, w->decoded.data, w->decoded.size);
}

/* Depth is bounded by JSON_DEPTH_MAX, which the parser has seen to. */
static void walk_value(struct walk *w, uint32_t at)
{
    const struct json_token *token = &w->tokens[at];
    bool object = token->kind == JSON_OBJECT;

    switch ((enum json_kind)token->kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        w->events.open(w->events.to, object ? '{' : '[');
        for (uint32_t i = at + 1; i < token->next; i = w->tokens[i].next)
            walk_value(w, i);
        w->events.open(w->events.to, object ? '}' : ']');
        break;
    case JSON_STRING:
        walk_string(w, token);
        break;
    case JSON_NUMBER:
        walk_number(w, json_text(w->text, token));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        w->events.word(w->events.to, w->text.data[token->start]);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct walk walk = {.text = slice_from((const char *)data, size)};
    struct buf ours, theirs;
    struct json_tape tape;

    json_tape_init(&tape);
    buf_init(&ours, SIZE_MAX / 2);
    buf_init(&theirs, SIZE_MAX / 2);
    buf_init(&walk.decoded, size * 3 + 1);
    walk.events = events_into(&ours);
    enum json_result result = json_parse(walk.text, JSON_DEPTH_MAX, &tape);
    if (result == JSON_OK) {
        walk.tokens = tape.tokens;
        walk_value(&walk, 0);
    }
    struct json_events events = events_into(&theirs);
    /* Its version in Debian 12 does not know a byte order mark. */
    size_t skip = size >= 3 && memcmp(data, BOM, 3) == 0 ? 3 : 0;
    /* One level more: simdjson counts what may not be reached. */
    bool taken = json_simdjson_walk((const char *)data + skip, size - skip, JSON_DEPTH_MAX + 1,
                                    &events);
    if (result == JSON_OK && taken)
        CHECK(ours.size == theirs.size && memcmp(ours.data, theirs.data, ours.size) == 0);
    else if (result == JSON_OK)
        CHECK(walk.beyond_simdjson);
    else
        CHECK(!taken || result == JSON_TOO_DEEP);
    buf_release(&walk.decoded);
    buf_release(&theirs);
    buf_release(&ours);
    json_tape_release(&tape);
    return 0;
}
