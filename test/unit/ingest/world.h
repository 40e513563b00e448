/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - an ingest over a fresh directory, with sinks that take notes.
 *
 * Included by the tests of ingest; each function is static inline so that a
 * test may leave some unused. */
#ifndef TEST_INGEST_WORLD_H
#define TEST_INGEST_WORLD_H

#include "tree.h"

#include "base/check.h"
#include "base/random.h"
#include "crypt/keyring_local.h"
#include "ingest/ingest.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <cmocka.h>

#define WORLD_RECORDS_MAX 400000
#define WORLD_MEMORY_BYTES (UINT64_C(1) << 30)
#define WORLD_NOW_US INT64_C(1708189923000000) /* 2024-02-17T17:12:03Z */

struct seen_record {
    uint64_t seq, hash;
    uint32_t flags;
    int64_t event_time;
    const char *reason;
    uint32_t size, token_count;
    bool replayed;
    struct guid tenant;
    uint64_t wal_file;
};

struct world {
    char path[64];
    struct io *io;       /* the real disk */
    struct io *use;      /* what ingest gets: the same, or a wrapper */
    struct keyring *keyring;
    struct clock_fixed clock;
    const struct clock *clock_used; /* NULL: the fixed one */
    struct guid tenant, other;
    struct ingest *ingest;
    uint64_t floor;
    const char *time_column;
    uint64_t log_ahead_bytes;
    atomic_uint room_asked_count; /* by any thread */
    atomic_uint_fast64_t coming_rows; /* as it was told with the last question */
    uint32_t room_refusals; /* bit n: the n-th time it is asked, for large bodies */
    atomic_bool refuses_small; /* there is no room for small ones, too */
    uint32_t old_tables;    /* the sinks have rows of each tenant in OLD0, OLD1 ... */
    atomic_uint tables_asked_count;
    /* notes of the sinks */
    pthread_mutex_t lock;
    struct seen_record *records;
    size_t record_count;
    uint32_t batch_count;
    struct leaf_fields *leaves;
    size_t leaf_count;
    uint64_t skipped_to; /* a leaf; 0: none was skipped */
    char table[80];
    bool fail_records, fail_leaves;
    int fatal_count;
    struct record_sink record_sink;
    struct leaf_sink leaf_sink;
};

static inline struct world *world_of_records(struct record_sink *sink)
{
    return (struct world *)(void *)((char *)sink - offsetof(struct world, record_sink));
}

static inline struct world *world_of_leaves(struct leaf_sink *sink)
{
    return (struct world *)(void *)((char *)sink - offsetof(struct world, leaf_sink));
}

static inline uint64_t world_hash(struct slice s)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < s.size; i++)
        h = (h ^ (unsigned char)s.data[i]) * 1099511628211u;
    return h;
}

static enum status world_take(struct record_sink *sink, const struct record_batch *batch,
                              struct error *err)
{
    struct world *w = world_of_records(sink);
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&w->lock);
    if (w->fail_records)
        status = ERROR_SET(err, STATUS_LIMIT, "the sink is full");
    for (uint32_t i = 0; status == STATUS_OK && i < batch->record_count; i++) {
        const struct record *r = &batch->records[i];
        CHECK(w->record_count < WORLD_RECORDS_MAX);
        CHECK((r->tokens == NULL) == ((r->flags & RECORD_QUARANTINED) != 0));
        w->records[w->record_count++] = (struct seen_record){
            r->seq, world_hash(r->raw), r->flags, r->event_time, r->quarantine_reason,
            (uint32_t)r->raw.size, r->token_count, batch->replayed, batch->tenant,
            batch->wal_file};
    }
    w->batch_count++;
    (void)snprintf(w->table, sizeof(w->table), "%.*s", SLICE_FMT(batch->table));
    (void)pthread_mutex_unlock(&w->lock);
    return status;
}

static enum status world_take_leaf(struct leaf_sink *sink, const struct leaf_commit *commit,
                                   struct error *err)
{
    struct world *w = world_of_leaves(sink);
    struct hash256 root;

    if (w->fail_leaves)
        return ERROR_SET(err, STATUS_IO, "the leaves have no place");
    (void)pthread_mutex_lock(&w->lock);
    CHECK(w->leaf_count < WORLD_RECORDS_MAX);
    struct leaf_fields *fields = &w->leaves[w->leaf_count++];
    enum status status = leaf_decode(commit->leaf, fields, err);
    if (status == STATUS_OK) {
        uint32_t nodes = (fields->count + MERKLE_NODE_LEAVES - 1) / MERKLE_NODE_LEAVES;
        merkle_root(commit->nodes, nodes, &root);
        CHECK(memcmp(&root, &fields->batch_root, sizeof(root)) == 0);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return status;
}

static enum status world_skip(struct leaf_sink *sink, const struct guid *tenant,
                              const struct leaf_place *next, struct error *err)
{
    struct world *w = world_of_leaves(sink);

    (void)err;
    CHECK(guid_equal(tenant, &w->tenant));
    w->skipped_to = next->leaf_index;
    return STATUS_OK;
}

static bool world_has_room(void *context, bool is_small, uint64_t coming_rows)
{
    struct world *w = context;

    w->coming_rows = coming_rows;
    unsigned number = atomic_fetch_add(&w->room_asked_count, 1);
    return is_small ? !w->refuses_small : (w->room_refusals >> number % 32 & 1) == 0;
}

static const char *world_time_column(void *context, struct slice table)
{
    (void)table;
    return ((struct world *)context)->time_column;
}

static enum status world_tables(void *context, const struct guid *tenant,
                                void (*each)(void *arg, struct slice name), void *arg,
                                struct error *err)
{
    struct world *w = context;
    char name[16];

    (void)tenant;
    (void)err;
    (void)atomic_fetch_add(&w->tables_asked_count, 1);
    each(arg, SLICE("DaybookAudit")); /* our own, which does not count */
    for (uint32_t i = 0; i < w->old_tables; i++) {
        (void)snprintf(name, sizeof(name), "OLD%u", i);
        each(arg, slice_of(name));
    }
    return STATUS_OK;
}

static void world_fatal(void *context, const struct error *err)
{
    (void)err;
    ((struct world *)context)->fatal_count++;
}

static inline enum status world_try_open(struct world *w, struct error *err)
{
    struct ingest_options options = {
        .io = w->use,
        .keyring = w->keyring,
        .clock = w->clock_used != NULL ? w->clock_used : &w->clock.clock,
        .records = &w->record_sink,
        .leaves = &w->leaf_sink,
        .wal_floor = w->floor,
        .log_ahead_bytes = w->log_ahead_bytes,
        .time_column = world_time_column,
        .tables = world_tables,
        .has_room = world_has_room,
        .fatal = world_fatal,
        .context = w,
    };

    w->record_count = w->leaf_count = w->batch_count = 0;
    w->ingest = NULL;
    return ingest_open(&options, &w->ingest, err);
}

#define ASSERT_OK(call)                                                                            \
    do {                                                                                           \
        if ((call) != STATUS_OK)                                                                   \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

static inline void world_open(struct world *w)
{
    struct error err;

    ASSERT_OK(world_try_open(w, &err));
}

static inline void world_close(struct world *w)
{
    ingest_close(w->ingest);
    w->ingest = NULL;
}

static inline void world_reopen(struct world *w)
{
    world_close(w);
    world_open(w);
}

/* Memory where there is enough: what is proved here does not need a disk.  A
 * container has 64 MiB of it, less than one file of the log. */
static inline bool world_memory_is_roomy(void)
{
    struct statvfs st;

    return access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &st) == 0 &&
           (uint64_t)st.f_bavail * st.f_frsize >= WORLD_MEMORY_BYTES;
}

static inline void world_new(struct world *w)
{
    char kek[96];
    struct error err;

    memset(w, 0, sizeof(*w));
    const char *pattern = world_memory_is_roomy() ? "/dev/shm/test-ingest-XXXXXX"
                                                  : "/tmp/test-ingest-XXXXXX";
    memcpy(w->path, pattern, strlen(pattern) + 1);
    assert_non_null(mkdtemp(w->path));
    ASSERT_OK(io_linux_new(w->path, &w->io, &err));
    w->use = w->io;
    (void)snprintf(kek, sizeof(kek), "%s/kek", w->path);
    ASSERT_OK(io_make_dir(w->io, "keys", &err));
    ASSERT_OK(keyring_local_create(w->io, kek, SLICE("test.example"), &err));
    ASSERT_OK(keyring_local_open(w->io, kek, &w->keyring, &err));
    w->tenant = guid_new();
    w->other = guid_new();
    ASSERT_OK(keyring_create_tenant(w->keyring, &w->tenant, &err));
    ASSERT_OK(keyring_create_tenant(w->keyring, &w->other, &err));
    clock_fixed_init(&w->clock, WORLD_NOW_US);
    (void)pthread_mutex_init(&w->lock, NULL);
    w->records = calloc(WORLD_RECORDS_MAX, sizeof(*w->records));
    w->leaves = calloc(WORLD_RECORDS_MAX, sizeof(*w->leaves));
    w->record_sink.take = world_take;
    w->leaf_sink.take = world_take_leaf;
    w->leaf_sink.skip = world_skip;
}

static inline void world_free(struct world *w)
{
    world_close(w);
    keyring_free(w->keyring);
    io_free(w->io);
    free(w->records);
    free(w->leaves);
    (void)pthread_mutex_destroy(&w->lock);
    if (!tree_remove(w->path))
        fail_msg("cannot remove '%s'", w->path);
}

/* How many ranges are lost. */
static inline uint32_t world_lost(struct world *w, struct arena *arena, struct ingest_lost **ret)
{
    uint32_t count = 0;
    struct error err;

    if (ingest_lost_list(w->ingest, arena, ret, &count, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return count;
}

static inline struct ingest_request world_request(struct world *w, const char *table,
                                                  struct slice body)
{
    return (struct ingest_request){
        .tenant = w->tenant, .table = slice_of(table), .body = body, .source_id = w->tenant};
}

static inline enum status world_put(struct world *w, const char *table, struct slice body,
                                    struct arena *arena, struct ingest_answer *ret)
{
    struct ingest_request request = world_request(w, table, body);
    struct error err;

    return ingest_put(w->ingest, &request, arena, ret, &err);
}

#endif
