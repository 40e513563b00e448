/* SPDX-License-Identifier: Apache-2.0 */
/* self_audit.h - who asked for what, as records of the tenant that was read.
 *
 * self_audit_begin() queues the record and lets the caller go on working;
 * self_audit_wait() returns when it is durable, and the caller must not send a
 * byte before.  One writer thread takes all that wait together, a request a tenant;
 * the requests of many tenants are queued side by side and share commits.  A record that
 * comes alone is written at once.  While others write to the log, too, and more
 * than one write in SELF_AUDIT_PACE_MS is wanted for long, each gathers for
 * SELF_AUDIT_GATHER_MS first, so that many small queries share a commit and do not
 * hold up what is received.
 */
#ifndef SHARE_SELF_AUDIT_H
#define SHARE_SELF_AUDIT_H

#include "base/clock.h"
#include "ingest/ingest.h"
#include "wire/http.h"

#define SELF_AUDIT_GATHER_MS 4u
#define SELF_AUDIT_PACE_MS 100u
#define SELF_AUDIT_BURST 20u /* writes that are not made to gather */
#define SELF_AUDIT_BUSY_MS 100u /* others write to the log if one did within */

struct self_audit;

struct audit_ticket {
    uint64_t number; /* 0 = nothing to wait for */
};

struct audit_action {
    const char *operation; /* "AuditSearch", "AuditExport", "TenantAdd" ... */
    struct slice query;    /* text of the query, or what was asked for */
    const struct http_request *request;
    const struct guid *tenants; /* a record for each */
    uint32_t tenant_count;
    struct slice parameters; /* of the query, a JSON object; "" without */
};

enum status self_audit_new(struct ingest *ingest, const struct clock *clock,
                           struct self_audit **ret, struct error *err) MUST_USE;
enum status self_audit_begin(struct self_audit *audit, const struct audit_action *action,
                             struct audit_ticket *ret, struct error *err) MUST_USE;
/* STATUS_BUSY or the error of the write when the record could not be kept. */
enum status self_audit_wait(struct self_audit *audit, struct audit_ticket ticket,
                            struct error *err) MUST_USE;
/* Both. */
enum status self_audit_put(struct self_audit *audit, const struct audit_action *action,
                           struct error *err) MUST_USE;
void self_audit_free(struct self_audit *audit);

#endif
