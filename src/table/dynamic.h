/* SPDX-License-Identifier: Apache-2.0 */
/* dynamic.h - reading and making KQL's dynamic values, which are JSON text.
 *
 * A dynamic value in a vector is a slice of valid JSON (checked when it was
 * made); "" and "null" are null.  It is compact: no blanks between its tokens, and
 * what needs no escape has none, so that values that are grouped by their bytes are
 * those that were sent in another spelling, too.  These functions scan the text, so they
 * cost what they pass over.  Results are slices of the input where possible.
 */
#ifndef TABLE_DYNAMIC_H
#define TABLE_DYNAMIC_H

#include "base/arena.h"
#include "codec/json.h"
#include "table/type.h"

bool dynamic_is_null(struct slice json);
enum json_kind dynamic_kind(struct slice json); /* JSON_NULL for "" */

/* Member of an object / element of an array (negative counts from the end);
 * an empty slice if it is not there. */
struct slice dynamic_member(struct slice json, struct slice key);
struct slice dynamic_element(struct slice json, int64_t index);
/* "a.b[0].c" or "$.a.b" walked step by step. */
struct slice dynamic_path(struct slice json, struct slice path);

/* Iterates an array or an object.  For an array key is empty.
 *     struct dynamic_iterator it = dynamic_iterate(json);
 *     while (dynamic_next(&it)) use(it.key, it.value);   key is as in the text (escaped) */
struct dynamic_iterator {
    struct slice text;
    size_t at;
    bool is_object, started;
    struct slice key;   /* the text between the quotes, escapes not decoded */
    bool key_escaped;
    struct slice value; /* JSON text */
};
struct dynamic_iterator dynamic_iterate(struct slice json);
bool dynamic_next(struct dynamic_iterator *it);
uint64_t dynamic_count(struct slice json); /* elements or members, 0 otherwise */

/* Valid JSON as compact JSON.  Allocates in the arena only when bytes change. */
enum status dynamic_compact(struct arena *arena, struct slice json, struct slice *ret,
                            struct error *err) MUST_USE;
/* The same of what is behind `from` of a buffer: who makes many has one room for the work. */
void dynamic_compact_tail(struct buf *text, size_t from, struct buf *scratch);

/* tostring(): the decoded text of a string, else compact JSON, so that words in it are words.
 * Allocates in the arena only when bytes change. */
enum status dynamic_to_string(struct arena *arena, struct slice json, struct slice *ret,
                              struct error *err) MUST_USE;
/* The scalar inside, as bool, long, real or string; null for containers. */
enum status dynamic_to_value(struct arena *arena, struct slice json, struct value *ret,
                             struct error *err) MUST_USE;

/* Appends a value as JSON (datetime, timespan and guid become strings). */
void dynamic_add_value(struct buf *buf, const struct value *value);
/* The array or object that a text is when it is read as JSON, not compact; "" if it is none. */
enum status dynamic_in_text(struct slice text, struct slice *ret, struct error *err) MUST_USE;
/* parse_json(): text to compact JSON; text that is not JSON becomes a JSON string. */
enum status dynamic_parse(struct arena *arena, struct slice text, struct slice *ret,
                          struct error *err) MUST_USE;

#endif
