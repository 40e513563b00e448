/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - one pass over a JSON text: checks it and leaves a tape of tokens.
 *
 * RFC 8259, strictly: no comments, no NaN, no trailing comma; UTF-8 only; a
 * leading BOM is skipped (and allowed only there).  Nothing is copied: tokens
 * are offsets into the text.  A tape may be used again; one thread at a time.
 *
 *     struct json_tape tape;
 *     json_tape_init(&tape);
 *     if (json_parse(text, JSON_DEPTH_MAX, &tape) == JSON_OK) ...
 *
 * Walking: token 0 is the value.  The children of a container at i begin at
 * i + 1 and end before tokens[i].next; in an object they alternate key, value.
 * tokens[t].next is the first token after the whole value t.
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include "base/buf.h"
#include "base/slice.h"

enum json_kind {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_token {
    uint32_t start;    /* first byte; for a string the byte after the quote */
    uint32_t end;      /* after the last byte; for a string the closing quote */
    uint32_t next;     /* index of the token after this value */
    uint8_t kind;      /* enum json_kind */
    uint8_t escaped;   /* string: holds at least one backslash */
    uint16_t reserved;
};

struct json_tape {
    struct json_token *tokens; /* owned */
    uint32_t count;
    uint32_t capacity;
    uint32_t error_offset; /* byte where json_parse() stopped, on failure */
    bool has_blanks;       /* there are some outside of strings */
};

enum json_result {
    JSON_OK,
    JSON_BROKEN,   /* not JSON; error_offset says where */
    JSON_NOT_UTF8,
    JSON_TOO_DEEP,
    JSON_TRAILING, /* a whole value, then other bytes */
    JSON_NO_MEMORY,
};

void json_tape_init(struct json_tape *tape);
void json_tape_release(struct json_tape *tape);

/* text.size < 4 GiB. */
enum json_result json_parse(struct slice text, unsigned depth_max, struct json_tape *tape);
/* As json_parse(), but stops after the first value; *ret_end is the offset
 * behind it (no JSON_TRAILING).  For arrays cut in the middle and streams. */
enum json_result json_parse_prefix(struct slice text, unsigned depth_max, struct json_tape *tape,
                                   size_t *ret_end);
const char *json_result_text(enum json_result result); /* "is not valid JSON", ... */

static inline struct slice json_text(struct slice text, const struct json_token *token)
{
    return slice_from(text.data + token->start, token->end - token->start);
}

/* Decodes the escapes of a string token's text; lone surrogates become U+FFFD. */
void json_unescape(struct slice escaped, struct buf *ret);
/* The text without its escapes: itself where it has none, else what *scratch has then. */
struct slice json_plain(struct slice text, struct buf *scratch);

/* Appends the JSON in one line: a line end in it can only be a blank between two tokens. */
void json_add_line(struct buf *ret, struct slice json);

/* The value token of `key` in the object at `object` (the last one wins), or
 * UINT32_MAX.  Keys are compared unescaped. */
uint32_t json_member(struct slice text, const struct json_token *tokens, uint32_t object,
                     struct slice key);

#endif
