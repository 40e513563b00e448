/* SPDX-License-Identifier: Apache-2.0 */
/* share_priv.h - what the handlers share. */
#ifndef SHARE_SHARE_PRIV_H
#define SHARE_SHARE_PRIV_H

#include "codec/json.h"
#include "base/gate.h"
#include "share/denied.h"
#include "share/document.h"
#include "share/guess.h"
#include "share/self_audit.h"
#include "share/share.h"

#include <pthread.h>

struct share {
    struct share_services services;
    int64_t started_us;
    struct http_router router;
    struct self_audit *audit;
    struct gate gate; /* of queries and verifications */
    struct gate exports; /* of raw records: they last as long as their readers like */
    struct guess guess;
    struct denied denied;
    pthread_mutex_t webhook; /* what is stored of it is what is in use */
};

/* The tenants a request may read, by ?tenant= or {"tenant"}, or all of them. */
struct reach {
    struct guid *tenants;
    struct slice *names;
    uint32_t count;
};

/* `name` is what the request asked for ("" = the principal's own).  all is for
 * the role operator.  STATUS_NOT_FOUND for an unknown tenant and for one that
 * this principal may not know. */
enum status share_reach(struct share *share, const struct http_request *request,
                        struct slice name, bool all, struct reach *ret,
                        struct error *err) MUST_USE;

/* The same of what there are logs of, whoever may administer them: of the instance without
 * a name all tenants and the instance itself. */
enum status share_reach_logs(struct share *share, const struct http_request *request,
                             struct slice name, struct reach *ret, struct error *err) MUST_USE;

/* All that is lost of all tenants, in order of tenant and number: with the log, with segments
 * that are gone, and in sections that cannot be read. */
struct lost_records {
    struct ingest_lost lost;
    bool in_section; /* that cannot be read: lost.from_us and to_us are its times */
};
enum status share_lost(struct share *share, struct arena *arena, struct lost_records **ret,
                       uint32_t *ret_count, struct error *err) MUST_USE;

/* What concerns no tenant is recorded in a log of its own, the tenant zero, which is
 * read under this name by tokens of the instance. */
#define INSTANCE_NAME "instance"

/* A failure of ours that the answer does not tell. */
void share_log_failed(const struct http_request *request, const struct error *err);

/* Records the action, with what is asked for, in the tenant concerned (zero: the
 * instance) and waits until that is durable.  To be called before the action. */
enum status share_record(struct share *share, const struct http_request *request,
                         const char *operation, struct slice what, const struct guid *tenant,
                         struct error *err) MUST_USE;

/* A request that was refused: counted, told to the log and recorded in the token's tenant, without
 * waiting for that. */
void share_denied(struct share *share, const struct http_request *request,
                  enum denied_reason reason);

/* A JSON object body of these members, "one two": STATUS_INVALID for another, which would be left
 * out, and with it what it was to restrict (NULL: of whatever members).  STATUS_LIMIT for one with
 * more than BODY_TOKENS_MAX values. */
struct body {
    struct slice text;
    struct json_tape tape;
};
enum status share_body(const struct http_request *request, const char *names, struct body *ret,
                       struct error *err) MUST_USE;
/* The same of the object at `object` in it. */
enum status share_body_names(const struct body *body, uint32_t object, const char *names,
                             struct error *err) MUST_USE;
/* What is said of a query. */
#define SHARE_QUERY_MEMBERS "query tenant all_tenants now watermark parameters timeout_ms"
void share_body_release(struct body *body);
/* Decoded string member ("" if absent); STATUS_INVALID if it is no string. */
enum status share_body_text(const struct body *body, const char *key, struct arena *arena,
                            struct slice *ret, struct error *err) MUST_USE;
/* The same, and STATUS_INVALID if it is there and empty: it would restrict nothing. */
enum status share_body_given(const struct body *body, const char *key, struct arena *arena,
                             struct slice *ret, struct error *err) MUST_USE;
/* The value: a string decoded, all else as it is written. */
enum status share_body_value(const struct body *body, uint32_t token, struct arena *arena,
                             struct slice *ret, struct error *err) MUST_USE;
/* A time in ISO 8601 as ticks (base/time.h); `ret` stays if the text is empty.  `key` is the
 * name of what is wrong. */
enum status share_parse_time(const char *key, struct slice text, int64_t *ret,
                             struct error *err) MUST_USE;
/* The same of a member. */
enum status share_body_time(const struct body *body, const char *key, struct arena *arena,
                            int64_t *ret, struct error *err) MUST_USE;
/* true, false, or null for false; `ret` stays if it is absent. */
enum status share_body_flag(const struct body *body, const char *key, bool *ret,
                            struct error *err) MUST_USE;
/* The parameter of the URL: 1, or 0 for false, as without it. */
enum status share_query_flag(const struct http_request *request, const char *key, bool *ret,
                             struct error *err) MUST_USE;

/* A place among what reads much at a time, which the memory of the server is shared out to;
 * STATUS_BUSY if none gets free. */
enum status share_enter(struct gate *gate, const struct http_request *request,
                        const struct reach *reach, struct error *err) MUST_USE;
void share_leave(struct gate *gate, const struct http_request *request, const struct reach *reach);

/* Query environment over a snapshot for these tenants, and a place as above. */
struct query_view {
    struct share *share;
    const struct http_request *request;
    struct store_snapshot *snapshot;
    struct reach reach;
    struct query_env env;
    bool functions_known; /* the lists of stored functions are loaded */
    struct meta_document *own, *common; /* the tenant's, the instance's */
    uint32_t own_count, common_count;
};
enum status share_view_open(struct share *share, const struct http_request *request,
                            const struct reach *reach, struct query_view *ret,
                            struct error *err) MUST_USE;
void share_view_close(struct query_view *view);

/* STATUS_CONFLICT if the name is a view's, a declared table's or a table's with rows of one of the
 * tenants, of which there may be none. */
enum status share_check_no_table(struct share *share, struct store_snapshot *snapshot,
                                 const struct reach *reach, struct slice name,
                                 struct error *err) MUST_USE;

http_handler share_ingest, share_query, share_query_batch, share_raw, share_scope;
http_handler share_query_complete, share_query_explain, share_query_format;
http_handler share_tenant_add, share_tenant_list, share_token_add, share_token_list,
    share_token_revoke, share_webhook_get, share_webhook_put;
http_handler share_document_list, share_document_get, share_document_put, share_document_remove;
http_handler share_live, share_ready, share_metrics, share_status, share_compact;
http_handler share_loss_list, share_loss_accept, share_verify, share_verify_receipts;

#endif
