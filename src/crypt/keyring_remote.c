/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_remote.c - see keyring_remote.h.
 *
 * Invariants:
 * 1. A channel is used by one thread at a time: free_channels has those that
 *    nobody uses, under lock.
 * 2. The answer to a request is the message with its number; others on the
 *    channel are late answers to requests that were given up, and dropped.
 * 3. A tenant's keys come and are kept together (they do not change), at a place given by the
 *    tenant; the newest wins. */
#include "crypt/keyring_remote.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "crypt/keyring_wire_priv.h"
#include "crypt/secret.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* 3.4 MB: room for more than 10,000 tenants.  A tenant has one of the places of its set, so
 * that few drive others out before all places are taken. */
#define CACHE_TENANTS 16384u
#define CACHE_SET_TENANTS 16u

struct cached_tenant {
    struct guid tenant;
    bool is_used;
    struct key keys[KEY_PURPOSE_COUNT_];
};

struct remote {
    struct keyring keyring; /* first */
    uint32_t timeout_ms;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int channels[KEEPER_CHANNELS_MAX];
    uint32_t channel_count;
    int free_channels[KEEPER_CHANNELS_MAX];
    uint32_t free_count;
    uint32_t next_number;
    struct cached_tenant *cache; /* CACHE_TENANTS, secret pages */
    uint32_t next_victim;     /* turns over the places of full sets */
};

static struct remote *remote_of(struct keyring *keyring)
{
    return (struct remote *)keyring;
}

static enum status gone(struct error *err)
{
    return ERROR_SET(err, STATUS_BUSY, "the keeper of the keys is gone");
}

static enum status too_slow(struct error *err)
{
    return ERROR_SET(err, STATUS_BUSY, "the keeper of the keys does not answer");
}

/* ---- channels ---- */

static enum status take_channel(struct remote *remote, int *ret, uint32_t *ret_number,
                                struct error *err)
{
    enum status status = STATUS_OK;
    struct timespec until = clock_deadline(remote->timeout_ms);
    int failed = 0;

    (void)pthread_mutex_lock(&remote->lock);
    while (remote->free_count == 0 && failed == 0)
        failed = pthread_cond_timedwait(&remote->freed, &remote->lock, &until);
    if (remote->free_count == 0) {
        status = too_slow(err);
    } else {
        *ret = remote->free_channels[--remote->free_count];
        *ret_number = ++remote->next_number;
    }
    (void)pthread_mutex_unlock(&remote->lock);
    return status;
}

static void give_channel(struct remote *remote, int channel)
{
    (void)pthread_mutex_lock(&remote->lock);
    CHECK(remote->free_count < remote->channel_count);
    remote->free_channels[remote->free_count++] = channel;
    (void)pthread_cond_signal(&remote->freed);
    (void)pthread_mutex_unlock(&remote->lock);
}

static enum status wait_readable(int channel, uint64_t until_us, struct error *err)
{
    for (;;) {
        struct pollfd poll_fd = {.fd = channel, .events = POLLIN};
        uint64_t now_us = clock_monotonic_us(clock_system());
        if (now_us >= until_us)
            return too_slow(err);
        int ready = poll(&poll_fd, 1, (int)((until_us - now_us) / 1000 + 1));
        if (ready > 0)
            return STATUS_OK;
        if (ready < 0 && errno != EINTR)
            return ERROR_SET(err, STATUS_IO, "cannot wait for the keeper of the keys");
    }
}

static enum status receive(struct remote *remote, int channel, uint32_t number,
                           uint8_t message[WIRE_ANSWER_BYTES_MAX], struct wire_answer *ret,
                           struct error *err)
{
    uint64_t until_us =
        clock_monotonic_us(clock_system()) + (uint64_t)remote->timeout_ms * 1000;

    do { /* until the time is over, or our answer is there */
        enum status status = wait_readable(channel, until_us, err);
        if (status != STATUS_OK)
            return status;
        ssize_t size = recv(channel, message, WIRE_ANSWER_BYTES_MAX, MSG_DONTWAIT);
        if (size < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (size <= 0 ||
            !wire_answer_decode(slice_from((const char *)message, (size_t)size), ret))
            return gone(err);
        if (ret->number == number)
            return STATUS_OK;
    } while (true);
}

/* message holds the answer; ret->body is borrowed from it. */
static enum status ask(struct remote *remote, struct wire_request *request,
                       uint8_t message[WIRE_ANSWER_BYTES_MAX], struct wire_answer *ret,
                       struct error *err)
{
    uint8_t bytes[WIRE_REQUEST_BYTES];
    int channel = -1;
    enum status status = take_channel(remote, &channel, &request->number, err);

    if (status != STATUS_OK)
        return status;
    wire_request_encode(request, bytes);
    if (send(channel, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        (ssize_t)sizeof(bytes))
        status = errno == EAGAIN ? too_slow(err) : gone(err);
    else
        status = receive(remote, channel, request->number, message, ret, err);
    give_channel(remote, channel);
    if (status == STATUS_OK && ret->status != STATUS_OK)
        status = ERROR_SET(err, ret->status, "%.*s", SLICE_FMT(ret->body));
    return status;
}

/* ---- the operations ---- */

static enum status remote_create_tenant(struct keyring *keyring, const struct guid *tenant,
                                        struct error *err)
{
    struct wire_request request = {.operation = WIRE_CREATE_TENANT, .tenant = *tenant};
    uint8_t message[WIRE_ANSWER_BYTES_MAX];
    struct wire_answer answer;

    return ask(remote_of(keyring), &request, message, &answer, err);
}

/* The first place of the set of a tenant. */
static struct cached_tenant *cache_set(struct remote *remote, const struct guid *tenant)
{
    uint64_t hash = hash_xxh3(tenant->bytes, sizeof(tenant->bytes), 0);

    return &remote->cache[hash % (CACHE_TENANTS / CACHE_SET_TENANTS) * CACHE_SET_TENANTS];
}

/* The place that has its keys, or NULL. */
static struct cached_tenant *cache_find(struct cached_tenant *set, const struct guid *tenant)
{
    for (uint32_t i = 0; i < CACHE_SET_TENANTS; i++) {
        if (set[i].is_used && guid_equal(&set[i].tenant, tenant))
            return &set[i];
    }
    return NULL;
}

static bool cache_get(struct remote *remote, const struct guid *tenant, enum key_purpose purpose,
                      struct key *ret)
{
    struct cached_tenant *set = cache_set(remote, tenant);

    (void)pthread_mutex_lock(&remote->lock);
    const struct cached_tenant *place = cache_find(set, tenant);
    if (place != NULL)
        *ret = place->keys[purpose];
    (void)pthread_mutex_unlock(&remote->lock);
    return place != NULL;
}

/* keys: of all purposes, KEY_BYTES each. */
static void cache_put(struct remote *remote, const struct guid *tenant, struct slice keys)
{
    struct cached_tenant *set = cache_set(remote, tenant);

    (void)pthread_mutex_lock(&remote->lock);
    struct cached_tenant *place = cache_find(set, tenant);
    for (uint32_t i = 0; i < CACHE_SET_TENANTS && place == NULL; i++)
        place = set[i].is_used ? NULL : &set[i];
    if (place == NULL)
        place = &set[remote->next_victim++ % CACHE_SET_TENANTS];
    place->tenant = *tenant;
    place->is_used = true;
    memcpy(place->keys, keys.data, sizeof(place->keys));
    (void)pthread_mutex_unlock(&remote->lock);
}

static enum status malformed(struct error *err)
{
    return ERROR_SET(err, STATUS_BUSY, "the keeper of the keys gave a malformed answer");
}

static enum status remote_tenant_key(struct keyring *keyring, const struct guid *tenant,
                                     enum key_purpose purpose, struct key *ret, struct error *err)
{
    struct remote *remote = remote_of(keyring);
    struct wire_request request = {.operation = WIRE_TENANT_KEYS, .tenant = *tenant};
    uint8_t message[WIRE_ANSWER_BYTES_MAX];
    struct wire_answer answer;

    if (cache_get(remote, tenant, purpose, ret))
        return STATUS_OK;
    enum status status = ask(remote, &request, message, &answer, err);
    if (status == STATUS_OK && answer.body.size != WIRE_KEYS_BYTES)
        status = malformed(err);
    if (status == STATUS_OK) {
        memcpy(ret->bytes, answer.body.data + (size_t)purpose * KEY_BYTES, KEY_BYTES);
        cache_put(remote, tenant, answer.body);
    }
    explicit_bzero(message, sizeof(message));
    return status;
}

static enum status remote_tenants(struct keyring *keyring, uint64_t place,
                                  struct guid ret[KEYRING_TENANTS_MAX], uint32_t *ret_count,
                                  struct error *err)
{
    struct wire_request request = {.operation = WIRE_TENANTS, .fields = {.first_seq = place}};
    uint8_t message[WIRE_ANSWER_BYTES_MAX];
    struct wire_answer answer;
    enum status status = ask(remote_of(keyring), &request, message, &answer, err);

    if (status != STATUS_OK)
        return status;
    if (answer.body.size % sizeof(*ret) != 0 ||
        answer.body.size > KEYRING_TENANTS_MAX * sizeof(*ret))
        return malformed(err);
    *ret_count = (uint32_t)(answer.body.size / sizeof(*ret));
    if (*ret_count > 0)
        memcpy(ret, answer.body.data, answer.body.size);
    return STATUS_OK;
}

static enum status remote_log_identity(struct keyring *keyring, const struct guid *tenant,
                                       struct buf *ret_origin,
                                       uint8_t ret_public[PUBLIC_KEY_BYTES], struct error *err)
{
    struct wire_request request = {.operation = WIRE_LOG_IDENTITY, .tenant = *tenant};
    uint8_t message[WIRE_ANSWER_BYTES_MAX];
    struct wire_answer answer;
    enum status status = ask(remote_of(keyring), &request, message, &answer, err);

    if (status != STATUS_OK)
        return status;
    if (answer.body.size <= PUBLIC_KEY_BYTES)
        return malformed(err);
    memcpy(ret_public, answer.body.data, PUBLIC_KEY_BYTES);
    buf_add_slice(ret_origin, slice_tail(answer.body, PUBLIC_KEY_BYTES));
    return buf_check(ret_origin, err);
}

static enum status remote_sign_receipt(struct keyring *keyring, const struct guid *tenant,
                                       const struct receipt_fields *fields, struct buf *ret,
                                       struct error *err)
{
    struct wire_request request = {.operation = WIRE_SIGN_RECEIPT, .tenant = *tenant,
                                   .fields = *fields};
    uint8_t message[WIRE_ANSWER_BYTES_MAX];
    struct wire_answer answer;
    enum status status = ask(remote_of(keyring), &request, message, &answer, err);

    if (status != STATUS_OK)
        return status;
    buf_add_slice(ret, answer.body);
    return buf_check(ret, err);
}

static void remote_free(struct keyring *keyring)
{
    struct remote *remote = remote_of(keyring);

    for (uint32_t i = 0; i < remote->channel_count; i++)
        (void)close(remote->channels[i]);
    secret_free(remote->cache, CACHE_TENANTS * sizeof(*remote->cache));
    (void)pthread_cond_destroy(&remote->freed);
    (void)pthread_mutex_destroy(&remote->lock);
    free(remote);
}

static const struct keyring_ops remote_ops = {
    .create_tenant = remote_create_tenant,
    .tenant_key = remote_tenant_key,
    .tenants = remote_tenants,
    .log_identity = remote_log_identity,
    .sign_receipt = remote_sign_receipt,
    .free = remote_free,
};

static void init_waiting(struct remote *remote)
{
    int failed = pthread_mutex_init(&remote->lock, NULL);

    CHECK(failed == 0);
    clock_cond_init(&remote->freed);
}

enum status keyring_remote_new(const int *sockets, uint32_t count, uint32_t timeout_ms,
                               struct keyring **ret, struct error *err)
{
    struct remote *remote = NULL;
    struct cached_tenant *cache = NULL;

    CHECK(count >= 1 && count <= KEEPER_CHANNELS_MAX);
    remote = calloc(1, sizeof(*remote));
    if (remote != NULL)
        cache = secret_alloc(CACHE_TENANTS * sizeof(*cache), NULL, err);
    if (cache == NULL) {
        for (uint32_t i = 0; i < count; i++)
            (void)close(sockets[i]);
        free(remote);
        return ERROR_MEMORY(err);
    }
    remote->keyring.ops = &remote_ops;
    remote->timeout_ms = timeout_ms;
    remote->cache = cache;
    remote->channel_count = remote->free_count = count;
    memcpy(remote->channels, sockets, count * sizeof(*sockets));
    memcpy(remote->free_channels, sockets, count * sizeof(*sockets));
    init_waiting(remote);
    *ret = &remote->keyring;
    return STATUS_OK;
}
