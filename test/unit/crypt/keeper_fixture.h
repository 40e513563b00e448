/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_fixture.h - a local keyring served to a remote one by threads. */
#ifndef TEST_CRYPT_KEEPER_FIXTURE_H
#define TEST_CRYPT_KEEPER_FIXTURE_H

#include "tree.h"

#include "crypt/keyring_local.h"
#include "crypt/keyring_remote.h"
#include "crypt/keyring_serve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHANNELS 3

struct served {
    struct keyring *keyring;
    int socket;
    enum status status; /* what keyring_serve() gave */
    pthread_t thread;
};

struct keeper_fixture {
    char root[64];
    struct io *io;
    struct keyring *local, *remote;
    struct served served[CHANNELS];
    int clients[CHANNELS];
};

static inline void *serve_body(void *arg)
{
    struct served *served = arg;
    struct error err;

    served->status = keyring_serve(served->keyring, served->socket, &err);
    (void)close(served->socket);
    return NULL;
}

static inline int keeper_setup(void **state)
{
    struct keeper_fixture *fixture = calloc(1, sizeof(*fixture));
    char kek[96];
    struct error err;

    assert_non_null(fixture);
    (void)snprintf(fixture->root, sizeof(fixture->root), "/tmp/daybook-keeper-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    (void)snprintf(kek, sizeof(kek), "%s/kek", fixture->root);
    assert_int_equal(io_linux_new(fixture->root, &fixture->io, &err), STATUS_OK);
    assert_int_equal(keyring_local_create(fixture->io, kek, SLICE("keeper.example"), &err),
                     STATUS_OK);
    assert_int_equal(keyring_local_open(fixture->io, kek, &fixture->local, &err), STATUS_OK);
    for (int i = 0; i < CHANNELS; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        fixture->clients[i] = pair[0];
        fixture->served[i] = (struct served){
            .keyring = fixture->local, .socket = pair[1], .status = STATUS_COUNT_};
        assert_int_equal(pthread_create(&fixture->served[i].thread, NULL, serve_body,
                                        &fixture->served[i]),
                         0);
    }
    *state = fixture;
    return 0;
}

static inline struct keyring *keeper_remote(struct keeper_fixture *fixture)
{
    struct error err;

    assert_int_equal(keyring_remote_new(fixture->clients, CHANNELS, 2000, &fixture->remote, &err),
                     STATUS_OK);
    return fixture->remote;
}

static inline int keeper_teardown(void **state)
{
    struct keeper_fixture *fixture = *state;

    if (fixture->remote != NULL)
        keyring_free(fixture->remote); /* closes the clients' ends */
    else
        for (int i = 0; i < CHANNELS; i++)
            (void)close(fixture->clients[i]);
    for (int i = 0; i < CHANNELS; i++)
        assert_int_equal(pthread_join(fixture->served[i].thread, NULL), 0);
    keyring_free(fixture->local);
    io_free(fixture->io);
    (void)tree_remove(fixture->root);
    free(fixture);
    return 0;
}

#endif
