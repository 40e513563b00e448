/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_serve.c - see keyring_serve.h.  The client is not trusted: every
 * field is checked, and nothing it sends chooses a size or a text. */
#include "crypt/keyring_serve.h"

#include "crypt/keyring_wire_priv.h"

#include <errno.h>
#include <sys/socket.h>

/* The keys of all purposes. */
static enum status add_keys(struct keyring *keyring, const struct guid *tenant, struct buf *ret,
                            struct error *err)
{
    enum status status = STATUS_OK;
    struct key key;

    for (int purpose = 0; purpose < KEY_PURPOSE_COUNT_ && status == STATUS_OK; purpose++) {
        status = keyring_tenant_key(keyring, tenant, (enum key_purpose)purpose, &key, err);
        if (status == STATUS_OK)
            buf_add(ret, key.bytes, sizeof(key.bytes));
    }
    explicit_bzero(&key, sizeof(key));
    return status;
}

/* The result into the empty buffer *ret. */
static enum status perform(struct keyring *keyring, const struct wire_request *request,
                           struct buf *ret, struct error *err)
{
    uint8_t public_key[PUBLIC_KEY_BYTES] = {0};
    struct guid tenants[KEYRING_TENANTS_MAX];
    uint32_t tenant_count = 0;
    enum status status = STATUS_OK;

    switch ((enum wire_operation)request->operation) {
    case WIRE_CREATE_TENANT:
        return keyring_create_tenant(keyring, &request->tenant, err);
    case WIRE_TENANT_KEYS:
        return add_keys(keyring, &request->tenant, ret, err);
    case WIRE_LOG_IDENTITY:
        buf_add(ret, public_key, sizeof(public_key)); /* room in front of the origin */
        status = keyring_log_identity(keyring, &request->tenant, ret, public_key, err);
        if (status == STATUS_OK)
            memcpy(ret->data, public_key, sizeof(public_key));
        return status;
    case WIRE_TENANTS:
        status = keyring_tenants(keyring, request->fields.first_seq, tenants, &tenant_count, err);
        buf_add(ret, tenants, tenant_count * sizeof(*tenants));
        return status;
    case WIRE_SIGN_RECEIPT:
        return keyring_sign_receipt(keyring, &request->tenant, &request->fields, ret, err);
    }
    return ERROR_SET(err, STATUS_INVALID, "unknown operation");
}

static enum status answer(struct keyring *keyring, const struct wire_request *request, int socket,
                          struct buf *body, struct error *err)
{
    uint8_t message[WIRE_ANSWER_BYTES_MAX];
    struct error failure;
    struct wire_answer reply = {.number = request->number};

    buf_clear(body);
    reply.status = perform(keyring, request, body, &failure);
    if (reply.status == STATUS_OK)
        reply.status = buf_check(body, &failure);
    reply.body = reply.status == STATUS_OK ? buf_slice(body) : slice_of(failure.text);
    size_t size = wire_answer_encode(&reply, message);
    ssize_t sent = -1;
    do
        sent = send(socket, message, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    explicit_bzero(message, sizeof(message));
    if (body->data != NULL)
        explicit_bzero(body->data, body->size);
    if (sent < 0 && errno != EPIPE && errno != ECONNRESET)
        return ERROR_SET(err, STATUS_IO, "cannot answer the server");
    return STATUS_OK;
}

enum status keyring_serve(struct keyring *keyring, int socket, struct error *err)
{
    struct buf body;

    buf_init(&body, WIRE_BODY_BYTES_MAX);
    /* All at once: what grows leaves keys in the heap. */
    enum status status = buf_reserve(&body, WIRE_BODY_BYTES_MAX) ? STATUS_OK : ERROR_MEMORY(err);
    while (status == STATUS_OK) {
        uint8_t message[WIRE_REQUEST_BYTES + 1]; /* so that a longer one shows */
        struct wire_request request;
        ssize_t size = recv(socket, message, sizeof(message), 0);
        if (size < 0 && errno == EINTR)
            continue;
        if (size == 0 || (size < 0 && errno == ECONNRESET))
            break;
        if (size < 0) {
            status = ERROR_SET(err, STATUS_IO, "cannot read from the server");
            break;
        }
        struct slice text = {(const char *)message, (size_t)size};
        if (!wire_request_decode(text, &request)) {
            status = ERROR_SET(err, STATUS_INVALID, "the server sent a malformed request");
            break;
        }
        status = answer(keyring, &request, socket, &body, err);
    }
    buf_release(&body);
    return status;
}
