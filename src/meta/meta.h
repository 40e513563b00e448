/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h - the control plane in SQLite: tenants, tokens, settings, documents.
 *
 * No personal data of records is here (those are tables of the store); what may be
 * personal in a document comes sealed.  Tokens
 * are `dbk_<id>_<secret>_<crc>`; only the SHA-256 of the secret is kept.
 * Thread-safe (one connection, a mutex); look-ups of tokens are cached for at
 * most one second, so a revocation works within one.
 */
#ifndef META_META_H
#define META_META_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/guid.h"
#include "base/io.h"

#define TOKEN_TEXT_BYTES 96
#define TOKEN_NAME_BYTES_MAX 63

struct meta;

struct meta_options {
    struct io *io;
    const char *path; /* of the database, below io's directory */
    const struct clock *clock;
    bool create;      /* it may be a new one */
    uint64_t bytes_max; /* of the database; 0: META_DATABASE_BYTES_MAX */
    /* What was written may not be on the disk: nothing is written any more, and the process
     * should start again.  Called once a failed call, with the lock held; may be NULL. */
    void (*fatal)(void *context, const struct error *err);
    /* There is no copy any more, so damage could not be made good: no space, or the database is
     * too large.  Called once until there is one again, with the lock held; may be NULL. */
    void (*unsealed)(void *context, const struct error *why);
    void *context;
};

/* A database that is damaged or missing is put back from its copy, and what there was is
 * kept as NAME.damaged.  STATUS_CORRUPT, and what to do, if the copy cannot take its place. */
enum status meta_open(const struct meta_options *options, struct meta **ret,
                      struct error *err) MUST_USE;
/* Was it put back at the opening? */
bool meta_is_restored(const struct meta *meta);
void meta_close(struct meta *meta);

struct meta_tenant {
    struct guid id;
    struct slice name;
    int64_t created_us;
    uint32_t retention_days;
};

/* STATUS_INVALID for a name that meta_tenant_add() would refuse. */
enum status meta_tenant_check_name(struct slice name, struct error *err) MUST_USE;
/* id zero = a random one.  STATUS_CONFLICT for a known name or id. */
enum status meta_tenant_add(struct meta *meta, struct slice name, const struct guid *id,
                            struct meta_tenant *ret, struct arena *arena,
                            struct error *err) MUST_USE;
/* By name or GUID. */
enum status meta_tenant_find(struct meta *meta, struct slice name_or_id,
                             struct meta_tenant *ret, struct arena *arena,
                             struct error *err) MUST_USE;
enum status meta_tenant_list(struct meta *meta, struct arena *arena, struct meta_tenant **ret,
                             uint32_t *ret_count, struct error *err) MUST_USE;

struct meta_token {
    struct guid id;
    struct guid tenant; /* zero: instance-wide */
    uint32_t role;      /* enum role of wire/http.h */
    struct slice name, table;
    int64_t created_us, expires_us, revoked_us; /* 0 = not revoked */
};

/* STATUS_INVALID for a name or table that meta_token_add() would refuse: too long, or with
 * control characters.  Neither is ever cut. */
enum status meta_token_check_names(const struct meta_token *token, struct error *err) MUST_USE;

#define META_TOKEN_QUOTA "token_quota" /* the code of STATUS_LIMIT for one too many */
/* Makes a token, with its id unless that is zero, and returns its text once.  STATUS_LIMIT where
 * TENANT_TOKENS_MAX of the tenant are valid; of those that are not, the oldest make room. */
enum status meta_token_add(struct meta *meta, const struct meta_token *token,
                           char ret_text[TOKEN_TEXT_BYTES], struct guid *ret_id,
                           struct error *err) MUST_USE;
/* STATUS_DENIED for unknown, expired and revoked alike; of the latter two it is in *ret all the
 * same, of an unknown one *ret stays as it is. */
enum status meta_token_check(struct meta *meta, struct slice text, struct meta_token *ret,
                             struct arena *arena, struct error *err) MUST_USE;
/* Was it revoked since it was checked, or is its time over?  Not so if that cannot be told. */
bool meta_token_has_ended(struct meta *meta, const struct guid *id);
/* Whether it is valid or not. */
enum status meta_token_find(struct meta *meta, const struct guid *id, struct arena *arena,
                            struct meta_token *ret, struct error *err) MUST_USE;
/* Those of a tenant (zero: of the instance), or (NULL) of all. */
enum status meta_token_list(struct meta *meta, const struct guid *tenant, struct arena *arena,
                            struct meta_token **ret, uint32_t *ret_count,
                            struct error *err) MUST_USE;
enum status meta_token_revoke(struct meta *meta, const struct guid *id,
                              struct error *err) MUST_USE;

/* Documents of a tenant (zero: of the instance), each kind with names of its own.
 * The body is kept as it comes: the caller seals what is a tenant's. */
enum meta_document_kind { META_WATCHLIST = 1, META_FUNCTION = 2 };
#define META_DOCUMENTS_MAX 1000u /* of a kind */
#define META_DOCUMENT_QUOTA "document_quota" /* the code of STATUS_LIMIT for one too many */

struct meta_document {
    struct slice name, body; /* body: "" in lists */
    uint64_t items;          /* rows of a watchlist: what the caller counted */
    int64_t updated_us;      /* set by put() */
};

/* Adds it or takes the place of the one with its name.  STATUS_LIMIT where the tenant would
 * have more than META_DOCUMENTS_MAX of the kind or TENANT_DOCUMENT_BYTES_MAX of all, or the
 * control plane less than CONTROL_RESERVE_BYTES left; one that is no longer is always taken. */
enum status meta_document_put(struct meta *meta, const struct guid *tenant,
                              enum meta_document_kind kind, const struct meta_document *document,
                              struct error *err) MUST_USE;
enum status meta_document_get(struct meta *meta, const struct guid *tenant,
                              enum meta_document_kind kind, struct slice name,
                              struct arena *arena, struct meta_document *ret,
                              struct error *err) MUST_USE;
enum status meta_document_list(struct meta *meta, const struct guid *tenant,
                               enum meta_document_kind kind, struct arena *arena,
                               struct meta_document **ret, uint32_t *ret_count,
                               struct error *err) MUST_USE;
enum status meta_document_remove(struct meta *meta, const struct guid *tenant,
                                 enum meta_document_kind kind, struct slice name,
                                 struct error *err) MUST_USE;

/* Small settings by name ("webhook.url", ...); "" when unset. */
#define META_SETTINGS_MAX 8u /* that belong together */
struct meta_setting {
    struct slice name, value;
};
/* All of them or none. */
enum status meta_settings_set(struct meta *meta, const struct meta_setting *settings,
                              uint32_t count, struct error *err) MUST_USE;
enum status meta_setting_get(struct meta *meta, struct slice name, struct arena *arena,
                             struct slice *ret, struct error *err) MUST_USE;

#endif
