/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - the records of all tenants in the order in which they arrive.
 *
 * The same options give the same bytes.  Not thread-safe; several streams may
 * run side by side.
 */
#ifndef GENERATE_STREAM_H
#define GENERATE_STREAM_H

#include "generate/attack.h"

struct stream_options {
    uint64_t record_count, seed;
    uint32_t tenant_count, user_count, day_count;
    int64_t end_s; /* Unix time of the last record */
    bool has_attack;
    bool is_clean; /* no record twice, none broken: what every peer can read */
};

struct stream_record {
    struct slice text;   /* without a newline; borrowed until the next call */
    uint32_t tenant;     /* in stream_world()->tenants */
    uint32_t victim;     /* mailbox number of the intrusion, or ATTACK_MAILBOXES */
    int64_t time_s;      /* when it arrives */
    bool is_duplicate, is_malformed, is_late;
};

struct stream;

/* 1,000,000 records of 50 tenants and 2,000 users over 60 days. */
void stream_default_options(struct stream_options *ret);
enum status stream_new(const struct stream_options *options, struct stream **ret,
                       struct error *err) MUST_USE;
void stream_free(struct stream *stream);
/* False after the last record. */
bool stream_next(struct stream *stream, struct stream_record *ret);
const struct world *stream_world(const struct stream *stream);
const struct attack *stream_attack(const struct stream *stream); /* NULL without one */

#endif
