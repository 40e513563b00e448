/* SPDX-License-Identifier: Apache-2.0 */
/* storage_place.h - the storage engine on a directory of its own, with one tenant and a clock
 * that is moved. */
#ifndef MAIN_STORAGE_PLACE_H
#define MAIN_STORAGE_PLACE_H

#include "test.h"
#include "tree.h"

#include "base/limits.h"
#include "base/log.h"
#include "crypt/keyring_local.h"
#include "main/storage.h"

#include <stdlib.h>
#include <string.h>

#define STORAGE_PLACE_US INT64_C(1708189923000000) /* 2024-02-17T17:12:03Z */

struct storage_place {
    char root[64], kek[96];
    struct io *io;
    struct keyring *keyring;
    struct clock_fixed clock;
    struct guid tenant;
    struct storage_options options; /* for the next opening */
    struct storage *storage;
    const struct storage_parts *parts;
    struct record_sink *watch; /* likewise */
    unsigned fatal_calls;
};

static inline void storage_place_fatal(void *context, const struct error *err)
{
    (void)err;
    ((struct storage_place *)context)->fatal_calls++;
}

static inline void storage_place_open(struct storage_place *p)
{
    struct error err;

    ASSERT_OK(storage_open(&p->options, &p->storage, &err));
    ASSERT_OK(storage_replay(p->storage, p->watch, &err));
    storage_settle(p->storage);
    p->parts = storage_parts(p->storage);
}

static inline void storage_place_reopen(struct storage_place *p)
{
    storage_close(p->storage);
    p->storage = NULL;
    storage_place_open(p);
}

static inline void storage_place_make(struct storage_place *p)
{
    static const char *const directories[] = {"keys", "wal", "ingest", "seg", "t", "control"};
    struct arena *arena = arena_new(MIB);
    struct meta *meta = NULL;
    struct meta_tenant tenant;
    struct error err;

    *p = (struct storage_place){.root = "/tmp/daybook-storage-XXXXXX"};
    log_set_level(LOG_LEVEL_NONE);
    assert_non_null(mkdtemp(p->root));
    (void)snprintf(p->kek, sizeof(p->kek), "%s/keys/kek", p->root);
    clock_fixed_init(&p->clock, STORAGE_PLACE_US);
    ASSERT_OK(io_linux_new(p->root, &p->io, &err));
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
        ASSERT_OK(io_make_dir(p->io, directories[i], &err));
    ASSERT_OK(keyring_local_create(p->io, p->kek, SLICE("test.example"), &err));
    ASSERT_OK(keyring_local_open(p->io, p->kek, &p->keyring, &err));
    p->tenant = guid_new();
    ASSERT_OK(keyring_create_tenant(p->keyring, &p->tenant, &err));
    const struct meta_options options = {
        .io = p->io, .path = "control/db", .clock = &p->clock.clock, .create = true};
    ASSERT_OK(meta_open(&options, &meta, &err));
    ASSERT_OK(meta_tenant_add(meta, SLICE("alpha"), &p->tenant, &tenant, arena, &err));
    meta_close(meta);
    arena_free(arena);
    p->options = (struct storage_options){
        .io = p->io,
        .keyring = p->keyring,
        .clock = &p->clock.clock,
        .thread_count = 1,
        .sync_threads = 1,
        .fatal = storage_place_fatal,
        .context = p,
    };
}

static inline void storage_place_remove(struct storage_place *p)
{
    storage_close(p->storage);
    keyring_free(p->keyring);
    io_free(p->io);
    (void)tree_remove(p->root);
}

static inline enum status storage_place_put(struct storage_place *p,
                                            struct ingest_request request, uint64_t *ret_seq,
                                            struct error *err)
{
    struct arena *arena = arena_new(64 * MIB);
    struct ingest_answer answer;

    assert_non_null(arena);
    request.table = SLICE("Mine");
    enum status status = ingest_put(p->parts->ingest, &request, arena, &answer, err);
    if (status == STATUS_OK)
        *ret_seq = answer.first_seq;
    arena_free(arena);
    return status;
}

static inline void storage_place_ingest(struct storage_place *p, const char *body)
{
    struct ingest_request request = {.tenant = p->tenant, .body = slice_of(body)};
    struct error err;
    uint64_t seq;

    ASSERT_OK(storage_place_put(p, request, &seq, &err));
}

/* A record of the server's own log; its number. */
static inline uint64_t storage_place_ingest_own(struct storage_place *p, const char *body)
{
    struct ingest_request request = {.body = slice_of(body), .internal = true};
    struct error err;
    uint64_t seq = 0;

    ASSERT_OK(storage_place_put(p, request, &seq, &err));
    return seq;
}

static inline enum status storage_place_see(void *context, uint64_t seq, struct slice raw,
                                            struct error *err)
{
    struct buf *seen = context;

    buf_add_format(seen, "%llu:%.*s\n", (unsigned long long)seq, SLICE_FMT(raw));
    return buf_check(seen, err);
}

/* All records of the tenant, with their numbers. */
static inline void storage_place_expect(struct storage_place *p, const char *wanted)
{
    struct buf seen;
    struct error err;

    buf_init(&seen, MIB);
    ASSERT_OK(store_raw(p->parts->store, &p->tenant, 1, 1000, storage_place_see, &seen, &err));
    buf_add_byte(&seen, '\0');
    assert_string_equal(seen.data, wanted);
    buf_release(&seen);
}

static inline int storage_place_setup(void **state)
{
    struct storage_place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    storage_place_make(p);
    storage_place_open(p);
    *state = p;
    return 0;
}

static inline int storage_place_teardown(void **state)
{
    storage_place_remove(*state);
    free(*state);
    return 0;
}

#define STORAGE_TEST(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, storage_place_setup, storage_place_teardown)

#endif
