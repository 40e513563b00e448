/* SPDX-License-Identifier: Apache-2.0 */
/* scope.h - which mailboxes and messages an intruder read.
 *
 * From an alert, or from indicators, to tenants, mailboxes and messages.
 * Values of one kind are alternatives, kinds restrict each other: two --ip and
 * an --app-id mean that application from either address.  An alert stands for
 * its application and its addresses; the addresses grow by those from which
 * the same application read the same mailboxes, unless anything else in those
 * tenants used such an address too (docs/design/003-scope-growth.md).
 *
 * Bounds, per mailbox:
 *   lower  messages named in bind records: they were read
 *   upper  lower, and every message that bind records name in the folders that
 *          were synced (a sync takes whole folders); it is open ("cannot rule
 *          out") after a sync, in a throttled period, or after a record that does
 *          not name all its messages, when the log may not name every one
 */
#ifndef RESPOND_SCOPE_H
#define RESPOND_SCOPE_H

#include "query/query.h"

enum indicator_kind {
    INDICATOR_ALERT,
    INDICATOR_APP,
    INDICATOR_IP,
    INDICATOR_SESSION,
    INDICATOR_USER,
    INDICATOR_KIND_COUNT_
};

/* "alert", "app-id", "ip", "session", "user". */
bool indicator_kind_from_name(struct slice name, enum indicator_kind *ret);

struct indicator {
    enum indicator_kind kind;
    struct slice value;
};

struct scope_request {
    const struct indicator *indicators;
    uint32_t indicator_count;        /* SCOPE_INDICATORS_MAX at most */
    const struct guid *tenants;      /* to look at */
    const struct slice *tenant_names;
    uint32_t tenant_count;
    int64_t time_from, time_to;      /* event time, [from, to); INT64_MIN/MAX = all */
    const struct query_env *env;     /* of it the tables */
    int64_t now;
    uint32_t thread_count;
    const atomic_bool *cancelled;
};

/* Appends the answer as JSON (docs/user/scope.md).  STATUS_NOT_FOUND for an
 * unknown alert, STATUS_INVALID without indicators. */
enum status scope_run(const struct scope_request *request, struct buf *ret,
                      struct error *err) MUST_USE;

#endif
