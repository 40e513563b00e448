/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - an event as an audit record.
 *
 * Each kind of record is a template (templates.c) in which ' stands for " and
 * $name$ for a value; a template is cut into literals and values once.
 */
#ifndef GENERATE_RECORD_H
#define GENERATE_RECORD_H

#include "generate/message.h"

#define EVENT_MESSAGES 12u
#define RECORD_TEXT_BYTES (32u * 1024u)

enum record_kind {
    RECORD_MAIL_ACCESS,
    RECORD_MAIL_ITEM,  /* one item: Send, Create ... */
    RECORD_MAIL_ITEMS, /* several: MoveToDeletedItems ... */
    RECORD_MAIL_RULE,
    RECORD_MAIL_SETTING,
    RECORD_SIGN_IN,
    RECORD_SIGN_IN_FAILED,
    RECORD_FILE,
    RECORD_PAGE,
    RECORD_SEARCH,
    RECORD_TEAMS,
    RECORD_CHAT,
    RECORD_DIRECTORY_USER,
    RECORD_DIRECTORY_APP,
    RECORD_COMPLIANCE_ALERT,
    RECORD_KIND_COUNT_
};

struct operation {
    const char *name;
    enum record_kind kind;
    uint16_t record_type;
    uint16_t weight; /* of 10,000 */
    const char *workload;
};

/* The operations by frequency; the first is MailItemsAccessed, the second
 * UserLoggedIn. */
extern const struct operation operations[];
extern const uint32_t operation_count;
#define OPERATION_MAIL_ACCESS 0u
#define OPERATION_SIGN_IN 1u
#define OPERATION_SIGN_IN_FAILED 2u

struct event {
    const struct world *world;
    const struct operation *operation;
    const struct tenant *tenant;
    const struct user *user;
    const char *app;     /* GUID */
    const char *address;
    int64_t time_s;      /* Unix time */
    uint32_t day;        /* since the start */
    uint64_t session;    /* seed of its id */
    uint32_t folder;
    uint32_t messages[EVENT_MESSAGES];
    uint32_t message_count;
    bool is_sync, is_throttled;
    struct rng rng; /* of everything else in the record */
};

struct templates;

enum status templates_new(struct templates **ret, struct error *err) MUST_USE;
void templates_free(struct templates *templates);

/* The event as one line of JSON, without the newline. */
void record_write(const struct templates *templates, struct event *event, struct text *text);

#endif
