/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - the API over a real log, store and evidence, without rules. */
#ifndef TEST_SHARE_FIXTURE_H
#define TEST_SHARE_FIXTURE_H

#include "test.h"
#include "tree.h"

#include "base/limits.h"
#include "crypt/keyring_local.h"
#include "share/share_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char root[64], kek[96];
    struct io *io;
    struct keyring *keyring;
    struct meta *meta;
    struct evidence *evidence;
    struct store *store;
    struct ingest *ingest;
    struct share *share;
    struct guid tenant;
    struct arena *arena;
    struct buf answer; /* of the last request, with a NUL behind */
};

static inline uint64_t fixture_last_sealed(void *context, const struct guid *tenant)
{
    return store_last_sealed(((struct fixture *)context)->store, tenant);
}

static inline void fixture_fatal(void *context, const struct error *err)
{
    (void)context;
    fail_msg("%s", err->text);
}

static inline void fixture_open(struct fixture *f)
{
    struct ingest_lost *lost = NULL;
    uint32_t count = 0;
    struct error err;

    const struct meta_options meta = {
        .io = f->io, .path = "db", .clock = clock_system(), .create = true};
    ASSERT_OK(meta_open(&meta, &f->meta, &err));
    ASSERT_OK(evidence_open(f->io, f->keyring, &f->evidence, &err));
    const struct store_options store = {
        .io = f->io, .keyring = f->keyring, .clock = clock_system(), .thread_count = 1};
    ASSERT_OK(store_open(&store, &f->store, &err));
    const struct ingest_options ingest = {.io = f->io,
                                          .keyring = f->keyring,
                                          .clock = clock_system(),
                                          .records = store_sink(f->store),
                                          .leaves = evidence_sink(f->evidence),
                                          .wal_floor = store_wal_floor(f->store),
                                          .last_sealed = fixture_last_sealed,
                                          .tenants = &f->tenant,
                                          .tenant_count = 1,
                                          .fatal = fixture_fatal,
                                          .context = f};
    ASSERT_OK(ingest_open(&ingest, &f->ingest, &err));
    ASSERT_OK(ingest_lost_list(f->ingest, f->arena, &lost, &count, &err));
    for (uint32_t i = 0; i < count; i++) {
        const struct store_gap gap = share_gap(&lost[i]);
        ASSERT_OK(store_set_gap(f->store, &gap, &err));
    }
    const struct share_services services = {.ingest = f->ingest,
                                            .store = f->store,
                                            .meta = f->meta,
                                            .keyring = f->keyring,
                                            .evidence = f->evidence,
                                            .io = f->io,
                                            .clock = clock_system(),
                                            .thread_count = 1};
    ASSERT_OK(share_new(&services, &f->share, &err));
}

static inline void fixture_close(struct fixture *f)
{
    share_free(f->share);
    ingest_close(f->ingest);
    store_close(f->store);
    evidence_close(f->evidence);
    meta_close(f->meta);
}

static inline int fixture_setup(void **state)
{
    static const char *const directories[] = {"keys", "wal", "ingest", "seg", "t"};
    struct fixture *f = calloc(1, sizeof(*f));
    struct meta_tenant tenant;
    struct error err;

    assert_non_null(f);
    (void)snprintf(f->root, sizeof(f->root), "/tmp/daybook-share-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->kek, sizeof(f->kek), "%s/kek", f->root);
    ASSERT_OK(io_linux_new(f->root, &f->io, &err));
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
        ASSERT_OK(io_make_dir(f->io, directories[i], &err));
    ASSERT_OK(keyring_local_create(f->io, f->kek, SLICE("test.example"), &err));
    ASSERT_OK(keyring_local_open(f->io, f->kek, &f->keyring, &err));
    f->tenant = (struct guid){{7}};
    ASSERT_OK(keyring_create_tenant(f->keyring, &f->tenant, &err));
    f->arena = arena_new(GIB);
    assert_non_null(f->arena);
    buf_init(&f->answer, GIB);
    fixture_open(f);
    ASSERT_OK(meta_tenant_add(f->meta, SLICE("alpha"), &f->tenant, &tenant, f->arena, &err));
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    keyring_free(f->keyring);
    io_free(f->io);
    arena_free(f->arena);
    buf_release(&f->answer);
    (void)tree_remove(f->root);
    free(f);
    return 0;
}

/* Four records {"n":0} ..., a leaf; its receipt, in the arena. */
static inline struct slice fixture_put(struct fixture *f)
{
    const struct ingest_request request = {
        .tenant = f->tenant,
        .table = SLICE("T_CL"),
        .body = SLICE("{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n"),
    };
    struct ingest_answer answer;
    struct error err;

    ASSERT_OK(ingest_put(f->ingest, &request, f->arena, &answer, &err));
    assert_int_equal(answer.stored, 4);
    return answer.receipt;
}

static inline enum status fixture_keep_name(void *context, const char *name, struct error *err)
{
    (void)err;
    if (slice_ends_with(slice_of(name), SLICE(".wal")))
        (void)snprintf(context, 96, "wal/%s", name);
    return STATUS_OK;
}

/* Flips a bit in the middle of the last file of the log, while it is closed. */
static inline void fixture_damage_log(struct fixture *f)
{
    char path[96] = "";
    struct buf bytes;
    struct error err;

    fixture_close(f);
    buf_init(&bytes, GIB);
    ASSERT_OK(io_list(f->io, "wal", fixture_keep_name, path, &err));
    ASSERT_OK(io_read_all(f->io, path, &bytes, &err));
    bytes.data[bytes.size / 2] ^= 4;
    ASSERT_OK(io_replace(f->io, path, buf_slice(&bytes), &err));
    buf_release(&bytes);
    fixture_open(f);
}

/* As an operator of the instance; the answer is in f->answer if it is OK. */
static inline enum status fixture_ask(struct fixture *f, http_handler *handler,
                                      const char *tenant, const char *body, struct error *err)
{
    const struct principal who = {.role = ROLE_OPERATOR, .name = "me"};
    const struct http_pair query = {SLICE("tenant"), slice_of(tenant)};
    const struct http_request request = {.query = &query,
                                         .query_count = tenant[0] == '\0' ? 0 : 1,
                                         .body = slice_of(body),
                                         .principal = &who,
                                         .remote = SLICE("192.0.2.7"),
                                         .arena = f->arena};
    struct http_response response;

    http_response_init(&response);
    enum status status = handler(f->share, &request, &response, err);
    buf_clear(&f->answer);
    buf_add_slice(&f->answer, buf_slice(&response.body));
    buf_add_byte(&f->answer, '\0');
    http_response_release(&response);
    return status;
}

static inline enum status fixture_ask_receipts(struct fixture *f, struct slice body,
                                               struct error *err)
{
    char *text = slice_dup(body);

    assert_non_null(text);
    enum status status = fixture_ask(f, share_verify_receipts, "alpha", text, err);
    free(text);
    return status;
}

static inline bool fixture_says(const struct fixture *f, const char *text)
{
    return strstr(f->answer.data, text) != NULL;
}

#define ASSERT_SAYS(f, text)                                                                       \
    do {                                                                                           \
        if (!fixture_says(f, text))                                                                \
            fail_msg("wanted %s in %s", text, (f)->answer.data);                                   \
    } while (0)

#define FIXTURE_TEST(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

#endif
