/* SPDX-License-Identifier: Apache-2.0 */
/* record_maker.h - mail access records from a few words, for the tests of the rules. */
#ifndef TEST_DETECT_RECORD_MAKER_H
#define TEST_DETECT_RECORD_MAKER_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"
#include "table/record.h"

#include <stdio.h>

struct made {
    struct buf text;
    struct json_tape tape;
    struct record record;
};

static inline void made_release(struct made *made)
{
    buf_release(&made->text);
    json_tape_release(&made->tape);
}

static inline void make_text(struct made *made, const char *text, int64_t time)
{
    buf_init(&made->text, MIB);
    buf_add_text(&made->text, text);
    json_tape_init(&made->tape);
    (void)json_parse(buf_slice(&made->text), JSON_DEPTH_MAX, &made->tape);
    made->record = (struct record){
        .raw = buf_slice(&made->text),
        .tokens = made->tape.tokens,
        .token_count = made->tape.count,
        .seq = 7,
        .event_time = time,
    };
}

static inline void make_access(struct made *made, const char *mailbox, const char *app,
                               const char *address, int64_t time)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "{\"Id\":\"r1\",\"Operation\":\"MailItemsAccessed\",\"UserId\":\"%s\","
                   "\"ClientIPAddress\":\"%s\",\"AppId\":\"%s\",\"MailboxOwnerUPN\":\"%s\","
                   "\"SessionId\":\"s1\"}",
                   mailbox, address, app, mailbox);
    make_text(made, text, time);
}

#endif
