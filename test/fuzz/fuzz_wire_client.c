/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire_client.c - any bytes as what a server answers, over plain HTTP on loopback: an error
 * that says what is wrong, or a status and a body whose bytes were sent in this order and are no
 * more than was allowed, the same whether they are kept or taken as they come. */
#include "wire/client.h"

#include "base/check.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ANSWER_BYTES_MAX (4 * KIB)

static struct {
    int listener;
    pthread_mutex_t lock; /* of the bytes: a client that has read enough goes on */
    char bytes[16 * KIB];
    size_t size;
    struct client *client;
} world;

/* Answers each connection with the bytes, once the request is there, and closes it. */
static void *serve(void *context)
{
    char room[4096];

    (void)context;
    for (;;) {
        int fd = accept(world.listener, NULL, NULL);
        if (fd < 0)
            continue;
        (void)!recv(fd, room, sizeof(room), 0);
        (void)pthread_mutex_lock(&world.lock);
        (void)!send(fd, world.bytes, world.size, MSG_NOSIGNAL);
        (void)pthread_mutex_unlock(&world.lock);
        (void)shutdown(fd, SHUT_WR);
        while (recv(fd, room, sizeof(room), 0) > 0)
            continue; /* the client closes first: no port is kept waiting here */
        (void)close(fd);
    }
    return NULL;
}

static void start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    char url[64];
    struct client_options options = {.timeout_ms = 20000, .guarded = true, .allow_private = true};
    pthread_t thread;
    struct error err;

    world.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(world.listener, (struct sockaddr *)&address, size) == 0);
    CHECK(listen(world.listener, 16) == 0);
    CHECK(getsockname(world.listener, (struct sockaddr *)&address, &size) == 0);
    (void)pthread_mutex_init(&world.lock, NULL);
    CHECK(pthread_create(&thread, NULL, serve, NULL) == 0);
    (void)pthread_detach(thread);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    options.url = slice_of(url);
    CHECK(client_new(&options, &world.client, &err) == STATUS_OK);
}

static enum status keep(void *context, struct slice bytes, struct error *err)
{
    buf_add_slice(context, bytes);
    return buf_check(context, err);
}

/* Bytes may be left out (the header, chunk sizes), not put in or moved. */
static void check_order(struct slice body, struct slice sent)
{
    size_t at = 0;

    for (size_t i = 0; i < body.size; i++, at++) {
        at = slice_find_byte(sent, body.data[i], at);
        CHECK(at != SIZE_MAX);
    }
}

static enum status ask(struct buf *taken, struct client_answer *ret)
{
    const struct client_request request = {
        .method = HTTP_GET,
        .path = SLICE("/x"),
        .answer_bytes_max = ANSWER_BYTES_MAX,
        .on_body = taken == NULL ? NULL : keep,
        .context = taken,
    };
    struct error err = {0};
    enum status status = client_send(world.client, &request, ret, &err);

    CHECK(status == STATUS_OK || err.text[0] != '\0');
    if (status == STATUS_OK) {
        CHECK(ret->status >= 100 && ret->status <= 999);
        CHECK(strlen(ret->retry_after) == strspn(ret->retry_after, "0123456789"));
        CHECK(ret->body.size <= ANSWER_BYTES_MAX);
        CHECK(taken == NULL || (ret->status / 100 == 2 ? ret->body.size : taken->size) == 0);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client_answer kept, none;
    struct buf taken;

    if (size == 0 || size > sizeof(world.bytes))
        return 0;
    if (world.client == NULL)
        start();
    (void)pthread_mutex_lock(&world.lock);
    memcpy(world.bytes, data, size);
    world.size = size;
    (void)pthread_mutex_unlock(&world.lock);
    buf_init(&taken, ANSWER_BYTES_MAX);
    enum status status = ask(NULL, &kept);
    CHECK(ask(&taken, &none) == status);
    if (status == STATUS_OK) {
        CHECK(kept.status == none.status && strcmp(kept.retry_after, none.retry_after) == 0);
        CHECK(slice_equal(buf_slice(&kept.body),
                          buf_slice(kept.status / 100 == 2 ? &taken : &none.body)));
        check_order(buf_slice(&kept.body), slice_from((const char *)data, size));
        client_answer_release(&kept);
        client_answer_release(&none);
    }
    buf_release(&taken);
    return 0;
}
