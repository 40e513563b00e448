/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - idempotency keys: one request works under a key, others with the
 * same key wait for its answer. */
#include "ingest/put_priv.h"

#include <stdlib.h>

/* 8 bytes of a fingerprint and 24 zeros. */
static void hash_body(const struct put *put, struct hash256 *ret)
{
    uint64_t print = print_of_body(&put->keys, put->request->table, put->request->body);

    memset(ret, 0, sizeof(*ret));
    memcpy(ret->bytes, &print, sizeof(print));
}

/* What was kept before version 4 of the state file: 16 bytes of a GMAC and 16 zeros. */
static enum status hash_body_2(const struct put *put, struct hash256 *ret, struct error *err)
{
    struct gmac *gmac = NULL;
    enum status status = gmac_new(&put->tenant->print_key_2, &gmac, err);

    if (status != STATUS_OK)
        return status;
    gmac_begin(gmac, GMAC_BODY);
    gmac_add(gmac, put->request->table.data, put->request->table.size);
    gmac_add(gmac, "", 1);
    gmac_add(gmac, put->request->body.data, put->request->body.size);
    memset(ret, 0, sizeof(*ret));
    gmac_end(gmac, ret->bytes);
    gmac_free(gmac);
    return STATUS_OK;
}

/* What was kept before version 2 of the state file. */
static void hash_body_1(const struct put *put, struct hash256 *ret)
{
    struct sha256 hash;

    sha256_init(&hash);
    sha256_add(&hash, put->request->table.data, put->request->table.size);
    sha256_add(&hash, "", 1);
    sha256_add(&hash, put->request->body.data, put->request->body.size);
    sha256_end(&hash, ret->bytes);
}

static enum status is_body(const struct put *put, const struct hash256 *kept, bool *ret,
                           struct error *err)
{
    struct hash256 hash;

    *ret = memcmp(kept->bytes, put->pending.body_hash.bytes, HASH_BYTES) == 0;
    if (*ret)
        return STATUS_OK;
    hash_body_1(put, &hash);
    *ret = memcmp(kept->bytes, hash.bytes, HASH_BYTES) == 0;
    if (*ret)
        return STATUS_OK;
    enum status status = hash_body_2(put, &hash, err);
    if (status == STATUS_OK)
        *ret = memcmp(kept->bytes, hash.bytes, HASH_BYTES) == 0;
    return status;
}

static enum status conflict(struct error *err)
{
    (void)ERROR_SET(err, STATUS_CONFLICT,
                    "the idempotency key was used for another body before");
    return error_code(err, "idempotency_conflict");
}

static const struct pending_key *find_pending(const struct tenant *tenant,
                                              const struct hash256 *mac)
{
    const struct pending_key *pending = tenant->pending;

    while (pending != NULL && memcmp(pending->mac.bytes, mac->bytes, HASH_BYTES) != 0)
        pending = pending->next;
    return pending;
}

static enum status replay_answer(struct put *put, const struct kept_answer *kept,
                                 struct arena *arena, struct ingest_answer *ret,
                                 struct error *err)
{
    struct receipts receipts;
    bool is_same = false;
    enum status status = is_body(put, &kept->body_hash, &is_same, err);

    if (status == STATUS_OK && !is_same)
        status = conflict(err);
    if (status == STATUS_OK)
        status = answer_decode(slice_from(kept->bytes, kept->size), arena, ret, &receipts, err);
    if (status == STATUS_OK)
        status = answer_sign(put->ingest->options.keyring, &put->tenant->id, &receipts, arena, ret,
                             err);
    ret->replayed_key = true;
    return status;
}

/* A copy of what is kept in memory: the original may go when the lock does. */
static enum status copy_recent(const struct tenant *tenant, const struct hash256 *mac,
                               uint32_t oldest, struct kept_answer **ret, struct error *err)
{
    const struct kept_answer *kept = tenant_find_answer(tenant, mac);

    *ret = NULL;
    if (kept == NULL || kept->minute < oldest)
        return STATUS_OK;
    *ret = kept_answer_new(kept->minute, &kept->body_hash, slice_from(kept->bytes, kept->size),
                           err);
    return *ret == NULL ? err->status : STATUS_OK;
}

enum status key_begin(struct put *put, struct arena *arena, struct ingest_answer *ret,
                      bool *ret_replayed, struct error *err)
{
    struct tenant *tenant = put->tenant;
    const struct pending_key *other;
    struct hmac256 mac = tenant->idem;
    struct kept_answer *kept = NULL;
    uint32_t oldest = oldest_minute(put->ingest);

    *ret_replayed = false;
    hmac256_add(&mac, put->request->idempotency_key.data, put->request->idempotency_key.size);
    hmac256_end(&mac, put->pending.mac.bytes);
    hash_body(put, &put->pending.body_hash);

    (void)pthread_mutex_lock(&tenant->lock);
    enum status status = STATUS_OK;
    while ((other = find_pending(tenant, &put->pending.mac)) != NULL && status == STATUS_OK) {
        if (memcmp(other->body_hash.bytes, put->pending.body_hash.bytes, HASH_BYTES) != 0)
            status = conflict(err);
        else
            (void)pthread_cond_wait(&tenant->pending_changed, &tenant->lock);
    }
    if (status == STATUS_OK)
        status = copy_recent(tenant, &put->pending.mac, oldest, &kept, err);
    if (status == STATUS_OK && kept == NULL)
        status = memory_look_key(&put->ingest->memory, tenant, &put->pending.mac, oldest, &kept,
                                 err);
    if (status == STATUS_OK && kept == NULL) {
        put->keyed = true;
        put->pending.next = tenant->pending;
        tenant->pending = &put->pending;
    }
    (void)pthread_mutex_unlock(&tenant->lock);
    if (status == STATUS_OK && kept != NULL) {
        *ret_replayed = true;
        status = replay_answer(put, kept, arena, ret, err);
    }
    free(kept);
    return status;
}

enum status key_keep(struct put *put, struct error *err)
{
    struct kept_answer *kept = kept_answer_new(minute_of(put->received_us),
                                               &put->pending.body_hash,
                                               buf_slice(&put->answer_bytes), err);

    if (kept == NULL)
        return err->status;
    (void)pthread_mutex_lock(&put->tenant->lock);
    enum status status = tenant_keep_answer(put->tenant, &put->pending.mac, kept, err);
    (void)pthread_mutex_unlock(&put->tenant->lock);
    return status;
}

void key_end(struct put *put)
{
    struct tenant *tenant = put->tenant;

    if (!put->keyed)
        return;
    (void)pthread_mutex_lock(&tenant->lock);
    struct pending_key **link = &tenant->pending;
    while (*link != &put->pending)
        link = &(*link)->next;
    *link = put->pending.next;
    (void)pthread_cond_broadcast(&tenant->pending_changed);
    (void)pthread_mutex_unlock(&tenant->lock);
}
