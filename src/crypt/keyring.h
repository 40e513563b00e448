/* SPDX-License-Identifier: Apache-2.0 */
/* keyring.h - the seam behind which the keys are (docs/format/keyring.md).
 *
 * The key-encryption key and the signing keys never leave their holder: the
 * keeper process (keyring_remote, over a socket) or, for commands on a data
 * directory, this process (keyring_local).  The tenant keys derived for this
 * server come out; each use has its own key by an HKDF label.
 *
 * Thread-safe.
 */
#ifndef CRYPT_KEYRING_H
#define CRYPT_KEYRING_H

#include "base/buf.h"
#include "base/error.h"
#include "base/guid.h"
#include "base/slice.h"

#define KEY_BYTES 32
#define SIGNATURE_BYTES 64
#define PUBLIC_KEY_BYTES 32
#define KEYRING_TENANTS_MAX 128u /* of one answer */

struct key {
    uint8_t bytes[KEY_BYTES];
};

enum key_purpose {
    KEY_PURPOSE_WAL,   /* frames of the write-ahead log */
    KEY_PURPOSE_SEG,   /* wraps the file keys of segment sections */
    KEY_PURPOSE_INDEX, /* keys the fingerprints of the entity index */
    KEY_PURPOSE_IDEM,  /* HMAC of idempotency keys and of duplicate filters */
    KEY_PURPOSE_TLOG,  /* seeds and receive times */
    KEY_PURPOSE_DOC,   /* documents in the control plane: watchlists, functions */
    KEY_PURPOSE_COUNT_
};

/* What a receipt says (docs/format/receipt.md); the keyring writes the text
 * itself, so that no caller can make it sign anything else. */
struct receipt_fields {
    uint64_t leaf_index;
    uint64_t first_seq;
    uint32_t count;
    int64_t time_us;
    uint8_t leaf_hash[32];
};

struct keyring;

struct keyring_ops {
    /* Makes the keys of a new tenant, durably.  STATUS_CONFLICT if it has some. */
    enum status (*create_tenant)(struct keyring *keyring, const struct guid *tenant,
                                 struct error *err);
    /* The key for one purpose.  STATUS_NOT_FOUND for a tenant without keys. */
    enum status (*tenant_key)(struct keyring *keyring, const struct guid *tenant,
                              enum key_purpose purpose, struct key *ret, struct error *err);
    /* The tenants that have keys, from `place` on (0 first, then as many more as came);
     * places do not change.  *ret_count 0: there are no further ones. */
    enum status (*tenants)(struct keyring *keyring, uint64_t place,
                           struct guid ret[KEYRING_TENANTS_MAX], uint32_t *ret_count,
                           struct error *err);
    /* The tenant's log origin ("<host>/tlog/<32 hex>") and public key. */
    enum status (*log_identity)(struct keyring *keyring, const struct guid *tenant,
                                struct buf *ret_origin, uint8_t ret_public[PUBLIC_KEY_BYTES],
                                struct error *err);
    /* The signed receipt note as text. */
    enum status (*sign_receipt)(struct keyring *keyring, const struct guid *tenant,
                                const struct receipt_fields *fields, struct buf *ret,
                                struct error *err);
    void (*free)(struct keyring *keyring);
};

struct keyring { /* first member of every implementation */
    const struct keyring_ops *ops;
};

static inline enum status keyring_create_tenant(struct keyring *k, const struct guid *tenant,
                                                struct error *err)
{
    return k->ops->create_tenant(k, tenant, err);
}

static inline enum status keyring_tenant_key(struct keyring *k, const struct guid *tenant,
                                             enum key_purpose purpose, struct key *ret,
                                             struct error *err)
{
    return k->ops->tenant_key(k, tenant, purpose, ret, err);
}

static inline enum status keyring_tenants(struct keyring *k, uint64_t place,
                                          struct guid ret[KEYRING_TENANTS_MAX],
                                          uint32_t *ret_count, struct error *err)
{
    return k->ops->tenants(k, place, ret, ret_count, err);
}

static inline enum status keyring_sign_receipt(struct keyring *k, const struct guid *tenant,
                                               const struct receipt_fields *fields,
                                               struct buf *ret, struct error *err)
{
    return k->ops->sign_receipt(k, tenant, fields, ret, err);
}

static inline enum status keyring_log_identity(struct keyring *k, const struct guid *tenant,
                                               struct buf *ret_origin,
                                               uint8_t ret_public[PUBLIC_KEY_BYTES],
                                               struct error *err)
{
    return k->ops->log_identity(k, tenant, ret_origin, ret_public, err);
}

static inline void keyring_free(struct keyring *k)
{
    if (k != NULL)
        k->ops->free(k);
}

#endif
