/* SPDX-License-Identifier: Apache-2.0 */
/* split_priv.h - from the bytes of a request to records with their tokens.
 *
 * Raw bytes are borrowed from the body.  A record that is not a valid object
 * is there too, with its reason and no tokens.  One thread.
 */
#ifndef INGEST_SPLIT_PRIV_H
#define INGEST_SPLIT_PRIV_H

#include "base/arena.h"
#include "ingest/ingest.h"

enum quarantine { /* the reasons, as stored in frames */
    QUARANTINE_NONE,
    QUARANTINE_TOO_LARGE,
    QUARANTINE_TOO_DEEP,
    QUARANTINE_NOT_UTF8,
    QUARANTINE_NOT_JSON,
    QUARANTINE_TRAILING,
    QUARANTINE_NOT_OBJECT,
    QUARANTINE_ARRAY_REST,
    QUARANTINE_COUNT_
};

const char *quarantine_text(enum quarantine reason); /* NULL for QUARANTINE_NONE */
enum quarantine quarantine_from_text(const char *text); /* a pointer from above, or NULL */

enum split_state {
    SPLIT_LINES,
    SPLIT_ELEMENTS, /* of an array */
    SPLIT_REST,     /* what is behind an array, or of a broken one */
    SPLIT_DONE,
};

struct split {
    struct slice body;      /* borrowed */
    size_t at;              /* bytes of it that were cut */
    enum split_state state;
    struct record *records; /* owned; raw, tokens, flags and reason are set */
    uint32_t count, capacity;
    struct arena *arena;    /* of the tokens; borrowed */
    struct json_tape tape;  /* of the record being parsed */
    size_t token_bytes;     /* kept so far */
};

void split_init(struct split *split, struct arena *arena);
void split_release(struct split *split);

void split_begin(struct split *split, struct slice body, enum ingest_format format);

/* Cuts off up to `count` records more, fewer only when the state is SPLIT_DONE.  Who looks at
 * some before the next are cut finds them in the processor's cache.  Tokens are kept up to
 * split_token_bytes_max(); later records have tokens NULL and token_count > 0: split_parse()
 * them when needed.  STATUS_LIMIT for too many records or no memory. */
enum status split_some(struct split *split, uint32_t count, struct error *err) MUST_USE;
/* Of the tokens of a body's records: the shortest values would take eight times their bytes. */
size_t split_token_bytes_max(size_t body_bytes);

/* Parses one whole record into the tape; *ret says whether it is one.  Fails only
 * without memory. */
enum status split_check(struct slice raw, struct json_tape *tape, enum quarantine *ret,
                        struct error *err) MUST_USE;

/* Gives a record from the log (raw and flags set, not quarantined) its tokens.
 * STATUS_CORRUPT if it is not what was accepted. */
enum status split_parse(struct record *record, struct json_tape *tape, struct arena *arena,
                        struct error *err) MUST_USE;

#endif
