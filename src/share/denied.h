/* SPDX-License-Identifier: Apache-2.0 */
/* denied.h - attempts that were refused: counted by reason, told to the log once a minute, and
 * when the next one of a token may be recorded.
 *
 * The memory is fixed: tokens share DENIED_TOKENS places, and of two in one place that take turns
 * more may be recorded than one a second.
 */
#ifndef SHARE_DENIED_H
#define SHARE_DENIED_H

#include "base/guid.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DENIED_TOKENS 1024u
#define DENIED_RECORD_US UINT64_C(1000000)
#define DENIED_LINE_US UINT64_C(60000000)

enum denied_reason {
    DENIED_NO_TOKEN,  /* 401: where one is needed */
    DENIED_UNKNOWN,   /* 401: no such token, or with another secret */
    DENIED_EXPIRED,   /* 401 */
    DENIED_REVOKED,   /* 401 */
    DENIED_LIMITED,   /* 429: too many of these came */
    DENIED_FORBIDDEN, /* 403: the role, or this token, may not do it */
    DENIED_FOREIGN,   /* 404: what is not its tenant's, or not there */
    DENIED_COUNT_
};
const char *denied_reason_name(enum denied_reason reason);

struct denied_token {
    struct guid id;
    uint64_t recorded_us;
    uint32_t left_out; /* since then */
};

struct denied {
    pthread_mutex_t lock; /* all below */
    uint64_t counts[DENIED_COUNT_];
    uint64_t logged[DENIED_COUNT_]; /* of these: told to the log */
    uint64_t logged_us;             /* monotonic, as all times here; 0: never */
    struct denied_token tokens[DENIED_TOKENS];
};

void denied_init(struct denied *denied);
void denied_release(struct denied *denied);
/* Counts one.  true: a line of the log is due, "3 requests were refused: ...", and in `line`. */
bool denied_add(struct denied *denied, enum denied_reason reason, uint64_t now_us, char *line,
                size_t line_bytes);
/* May one of this token be recorded now?  *ret_left_out: so many were not since the last. */
bool denied_may_record(struct denied *denied, const struct guid *token, uint64_t now_us,
                       uint32_t *ret_left_out);
void denied_counts(struct denied *denied, uint64_t ret[DENIED_COUNT_]);

#endif
