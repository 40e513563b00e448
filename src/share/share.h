/* SPDX-License-Identifier: Apache-2.0 */
/* share.h - the HTTP API below /v1, the health and metrics pages.
 *
 * The same handlers serve TLS clients and commands on a data directory.  The
 * tenant comes from the token; a principal of the instance (tenant zero) names
 * one.  Who may not see a tenant is told the same as if it did not exist.
 * Reading and administering is recorded in the tenant's table DaybookAudit
 * before the first byte of the answer leaves (self_audit.h).
 */
#ifndef SHARE_SHARE_H
#define SHARE_SHARE_H

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/webhook.h"
#include "evidence/evidence.h"
#include "ingest/ingest.h"
#include "meta/meta.h"
#include "share/external.h"
#include "store/store.h"
#include "wire/http.h"

struct share_services {
    struct ingest *ingest;
    struct store *store;
    struct meta *meta;
    struct keyring *keyring;
    struct evidence *evidence;
    struct io *io;               /* the data directory, for its free space */
    bool kek_beside_data;        /* the key-encryption key lies in the data directory */
    struct detect *detect;
    struct webhook *webhook;
    const struct clock *clock;
    uint32_t thread_count; /* of a query */
    uint64_t memory_bytes; /* of which a quarter is for queries; 0 = machine_memory_bytes() */
    const struct stage_times *stages; /* for the metrics; may be NULL */
    void *context;
    /* KQL text of the view with this name, or an empty slice. */
    struct slice (*view)(void *context, struct slice name);
    void (*views)(void *context, void (*each)(void *arg, struct slice name), void *arg);
    /* "(parameters) { body }" of a function that ships, or an empty slice. */
    struct slice (*function)(void *context, struct slice name);
    void (*functions)(void *context, void (*each)(void *arg, struct slice name), void *arg);
    struct external external; /* what externaldata may read */
    const struct mmdb *places; /* where addresses are; NULL: not known */
    /* Flushes what is in memory (a checkpoint). */
    enum status (*checkpoint)(void *context, struct error *err);
    /* Transport's own metrics in Prometheus text; may be NULL. */
    void (*transport_metrics)(void *context, struct buf *ret);
    bool (*draining)(void *context);
    /* When the server's certificate ends, in seconds since 1970; 0: no server. */
    int64_t (*certificate_end)(void *context);
};

/* What the store is to say of it. */
struct store_gap share_gap(const struct ingest_lost *lost);

struct share;

enum status share_new(const struct share_services *services, struct share **ret,
                      struct error *err) MUST_USE;
const struct http_router *share_router(const struct share *share);
void share_free(struct share *share);

/* What the server itself does ("ServerStart"), in the log of the instance; durable then. */
enum status share_record_own(struct share *share, const char *operation, struct slice what,
                             struct error *err) MUST_USE;

/* Applies the stored webhook setting.  At a start it comes before the rules write what they found
 * in the log: a webhook without an address takes nothing. */
enum status share_load_webhook(struct meta *meta, struct webhook *webhook,
                               struct error *err) MUST_USE;

#endif
