/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/world.h"

#include "base/limits.h"
#include "codec/compress.h"
#include "ingest/put_priv.h"

static int set_up(void **state)
{
    struct world *w = malloc(sizeof(*w));

    world_new(w);
    world_open(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    free(*state);
    return 0;
}

#define RECORD(id, more) "{\"Id\":\"" id "\",\"CreationTime\":\"2024-02-17T17:00:00\"" more "}"

static void put_ok(struct world *w, const char *body, struct arena *arena,
                   struct ingest_answer *ret)
{
    struct ingest_request request = world_request(w, "Mine", slice_of(body));
    struct error err;

    ASSERT_OK(ingest_put(w->ingest, &request, arena, ret, &err));
}

static void records_are_numbered_and_signed(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;

    put_ok(w, RECORD("a", "") "\n" RECORD("b", "") "\r\n\n" RECORD("c", ""), arena, &answer);
    assert_int_equal(answer.records, 3);
    assert_int_equal(answer.stored, 3);
    assert_int_equal(answer.first_seq, 1);
    assert_int_equal(answer.count, 3);
    assert_int_equal(answer.seeds.size, SEED_BYTES);
    assert_true(answer.receipt.size > 100);
    assert_int_equal(w->record_count, 3);
    assert_int_equal(w->records[2].seq, 3);
    assert_int_equal(w->leaf_count, 1);
    assert_int_equal(w->leaves[0].count, 3);
    assert_string_equal(w->table, "Mine");
    put_ok(w, RECORD("d", ""), arena, &answer);
    assert_int_equal(answer.first_seq, 4);
    assert_int_equal(w->leaves[1].leaf_index, 1);
    assert_int_equal(w->leaves[1].first_seq, 4);
    assert_int_equal(ingest_delivered_seq(w->ingest, &w->tenant), 4);
    assert_int_equal(ingest_delivered_seq(w->ingest, &w->other), 0);
    arena_free(arena);
}

static void one_thread_has_many_requests_under_way(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_request requests[3];
    struct ingest_answer answer;
    struct put *puts[3];
    struct error err;

    requests[0] = world_request(w, "Mine", SLICE(RECORD("a", "")));
    requests[1] = world_request(w, "Mine", SLICE(RECORD("b", "") "\n" RECORD("a", "")));
    requests[2] = world_request(w, "Mine", SLICE(RECORD("a", "")));
    requests[2].tenant = w->other;
    requests[2].internal = true;
    for (int i = 0; i < 3; i++)
        ASSERT_OK(ingest_put_begin(w->ingest, &requests[i], arena, &puts[i], &err));
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(ingest_put_end(puts[i], &answer, &err));
        assert_int_equal(answer.stored, 1);
        assert_int_equal(answer.duplicates, i == 1);
        assert_int_equal(answer.first_seq, i == 1 ? 2 : 1);
        /* Nobody is handed the receipt of an internal one. */
        assert_int_equal(answer.receipt.size > 0, i < 2);
    }
    assert_int_equal(w->leaf_count, 3);
    assert_int_equal(w->room_asked_count, 0);
    put_ok(w, RECORD("z", ""), arena, &answer);
    assert_int_equal(w->room_asked_count, 1);
    ASSERT_OK(ingest_put(w->ingest, &requests[2], arena, &answer, &err)); /* internal */
    assert_int_equal(w->room_asked_count, 1);
    arena_free(arena);
}

/* A flood's threads hold their tenant's lock for milliseconds; who commits settles for all. */
static void a_commit_waits_for_no_tenant(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_request request = world_request(w, "Mine", SLICE(RECORD("a", "")));
    struct ingest_answer answer;
    struct put *put;
    struct error err;

    ASSERT_OK(ingest_put_begin(w->ingest, &request, arena, &put, &err));
    (void)pthread_mutex_lock(&put->tenant->lock);
    request.tenant = w->other;
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err)); /* commits both */
    assert_int_equal(put->entry.state, WAL_DURABLE);
    assert_int_equal(put->tenant->durable.next_seq, 2);
    (void)pthread_mutex_unlock(&put->tenant->lock);
    ASSERT_OK(ingest_put_end(put, &answer, &err));
    assert_int_equal(answer.stored, 1);
    arena_free(arena);
}

/* All that wait in the log came in while there was room: the next one sees them. */
static void rows_on_their_way_count(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(16 * MIB);
    struct ingest_answer answer;
    struct put *puts[2];
    struct error err;
    struct buf body;
    unsigned count = 0;

    buf_init(&body, MIB);
    for (; body.size < LARGE_BODY_BYTES; count++)
        buf_add_format(&body, "{\"Id\":\"%u\",\"v\":\"%0200u\"}\n", count, count);
    struct ingest_request request = world_request(w, "Mine", buf_slice(&body));
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(ingest_put_begin(w->ingest, &request, arena, &puts[i], &err));
        assert_int_equal(w->coming_rows, i == 0 ? 0 : count);
    }
    for (int i = 0; i < 2; i++)
        ASSERT_OK(ingest_put_end(puts[i], &answer, &err));
    put_ok(w, RECORD("small", ""), arena, &answer);
    assert_int_equal(w->coming_rows, 0);
    buf_release(&body);
    arena_free(arena);
}

static struct ingest_request shortest_records(struct world *w, unsigned count, struct buf *body)
{
    buf_init(body, MIB);
    for (unsigned i = 0; i < count; i++)
        buf_add_text(body, "{}\n");
    return world_request(w, "Mine", buf_slice(body));
}

static enum status put_shortest(struct world *w, unsigned count)
{
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct error err;
    struct buf body;
    struct ingest_request request = shortest_records(w, count, &body);

    enum status status = ingest_put(w->ingest, &request, arena, &answer, &err);
    buf_release(&body);
    arena_free(arena);
    return status;
}

/* Those of small requests for all, those of large ones for large ones only. */
static void rows_of_small_requests_count_too(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    const unsigned counts[] = {5, SMALL_BODY_RECORDS_MAX + 1, SMALL_BODY_RECORDS_MAX + 2};
    struct ingest_request requests[3];
    struct ingest_answer answer;
    struct put *puts[3];
    struct buf bodies[3];
    struct error err;

    for (int i = 0; i < 3; i++) {
        requests[i] = shortest_records(w, counts[i], &bodies[i]);
        ASSERT_OK(ingest_put_begin(w->ingest, &requests[i], arena, &puts[i], &err));
        if (i > 0)
            assert_int_equal(w->coming_rows, i == 1 ? counts[0] : counts[0] + counts[1]);
    }
    put_ok(w, RECORD("small", ""), arena, &answer);
    assert_int_equal(w->coming_rows, counts[0]);
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(ingest_put_end(puts[i], &answer, &err));
        assert_int_equal(answer.stored, counts[i]);
        buf_release(&bodies[i]);
    }
    assert_int_equal(w->ingest->coming_rows, 0);
    assert_int_equal(w->ingest->coming_small, 0);
    arena_free(arena);
}

/* They cost forty times their bytes: as many as may be under way by these would fill the memory. */
static void a_body_of_very_many_records_waits_as_a_large_one(void **state)
{
    struct world *w = *state;
    struct ingest_stats stats;

    w->room_refusals = UINT32_MAX;
    assert_int_equal(put_shortest(w, SMALL_BODY_RECORDS_MAX), STATUS_OK);
    assert_int_equal(put_shortest(w, SMALL_BODY_RECORDS_MAX + 1), STATUS_BUSY);
    assert_int_equal(w->record_count, SMALL_BODY_RECORDS_MAX);
    assert_int_equal(w->ingest->coming_rows, 0);
    ingest_stats(w->ingest, &stats);
    assert_int_equal(stats.shed, 1);
    w->room_refusals = 0;
    assert_int_equal(put_shortest(w, SMALL_BODY_RECORDS_MAX + 1), STATUS_OK);
    assert_int_equal(w->record_count, 2 * SMALL_BODY_RECORDS_MAX + 1);
    assert_int_equal(w->ingest->large.taken, 0);
}

static void large_bodies_wait_for_room_and_again_when_it_is_their_turn(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(4 * MIB);
    struct ingest_answer answer;
    struct error err;
    struct buf body;

    buf_init(&body, MIB);
    for (unsigned i = 0; body.size < LARGE_BODY_BYTES; i++)
        buf_add_format(&body, "{\"Id\":\"%u\",\"v\":\"%0200u\"}\n", i, i);
    buf_add_byte(&body, '\0');
    w->room_refusals = 6; /* there was room when it came, none when it was its turn */
    put_ok(w, body.data, arena, &answer);
    assert_int_equal(w->room_asked_count, 5);
    w->room_refusals = UINT32_MAX;
    struct ingest_request request = world_request(w, "Mine", buf_slice(&body));
    request.body.size--;
    assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_BUSY);
    w->room_asked_count = 5;
    put_ok(w, RECORD("small", ""), arena, &answer);
    assert_int_equal(w->room_asked_count, 6);
    w->room_refusals = 0;
    buf_release(&body);
    arena_free(arena);
}

/* Of the tenant, in its own name or in that of the server. */
static enum status put_small(struct world *w, const struct guid *tenant, bool internal)
{
    struct ingest_request request = world_request(w, "Mine", SLICE(RECORD("a", "")));
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct error err;

    request.tenant = *tenant;
    request.internal = internal;
    enum status status = ingest_put(w->ingest, &request, arena, &answer, &err);
    arena_free(arena);
    return status;
}

/* Memory that is full stays bounded for small bodies, too: who sends many of them is refused,
 * who sends few is let in after a second as before. */
static void a_flood_of_small_bodies_without_room_is_refused(void **state)
{
    struct world *w = *state;
    struct ingest_stats stats;
    struct tenant *tenant;
    struct error err;

    w->refuses_small = true;
    assert_int_equal(put_small(w, &w->tenant, false), STATUS_OK);
    ASSERT_OK(tenant_table_get(&w->ingest->tenants, &w->tenant, &tenant, &err));
    assert_int_equal(tenant->late_bytes, MEMORY_ROW_BYTES);
    tenant->late_bytes = LATE_BYTES_MAX / 2;
    w->ingest->late_bytes = LATE_BYTES_MAX / 2; /* that many came */
    assert_int_equal(put_small(w, &w->tenant, false), STATUS_BUSY);
    assert_int_equal(put_small(w, &w->tenant, true), STATUS_OK); /* our own wait for nothing */
    assert_int_equal(put_small(w, &w->other, false), STATUS_OK);
    w->ingest->late_bytes = LATE_BYTES_MAX;
    assert_int_equal(put_small(w, &w->other, false), STATUS_BUSY);
    ingest_stats(w->ingest, &stats);
    assert_int_equal(stats.shed, 2);
    w->refuses_small = false; /* they are on the disk */
    assert_int_equal(put_small(w, &w->other, false), STATUS_OK);
    w->refuses_small = true;
    assert_int_equal(put_small(w, &w->tenant, false), STATUS_OK);
    assert_int_equal(tenant->late_bytes, MEMORY_ROW_BYTES);
    w->refuses_small = false;
}

/* By their bytes alone 44,000,000 of them would come in. */
static void the_shortest_records_take_room_as_rows(void **state)
{
    struct world *w = *state;
    struct tenant *tenant;
    struct error err;

    w->refuses_small = true;
    assert_int_equal(put_shortest(w, 1000), STATUS_OK);
    ASSERT_OK(tenant_table_get(&w->ingest->tenants, &w->tenant, &tenant, &err));
    assert_int_equal(tenant->late_bytes, 1000 * MEMORY_ROW_BYTES);
    tenant->late_bytes = LATE_BYTES_MAX / 2 - 999 * MEMORY_ROW_BYTES;
    assert_int_equal(put_shortest(w, 1000), STATUS_BUSY);
    assert_int_equal(w->record_count, 1000);
    w->refuses_small = false;
}

static void a_restart_replays_the_same_records_and_leaves(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct seen_record before[3];
    struct leaf_fields leaf;

    put_ok(w, RECORD("a", "") "\nnot json\n" RECORD("b", ""), arena, &answer);
    memcpy(before, w->records, sizeof(before));
    leaf = w->leaves[0];
    for (int i = 0; i < 3; i++) {
        world_reopen(w);
        assert_int_equal(w->record_count, 3);
        assert_int_equal(w->leaf_count, 1);
        assert_memory_equal(&w->leaves[0], &leaf, sizeof(leaf));
        for (int j = 0; j < 3; j++) {
            assert_true(w->records[j].replayed);
            assert_int_equal(w->records[j].seq, before[j].seq);
            assert_int_equal(w->records[j].hash, before[j].hash);
            assert_int_equal(w->records[j].flags, before[j].flags);
            assert_int_equal(w->records[j].event_time, before[j].event_time);
            assert_ptr_equal(w->records[j].reason, before[j].reason);
        }
    }
    put_ok(w, RECORD("c", ""), arena, &answer);
    assert_int_equal(answer.first_seq, 4);
    arena_free(arena);
}

static void duplicates_are_left_out_and_listed(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;

    put_ok(w, RECORD("a", "") "\n" RECORD("b", "") "\n" RECORD("a", ""), arena, &answer);
    assert_int_equal(answer.stored, 2);
    assert_int_equal(answer.duplicates, 1);
    assert_int_equal(answer.duplicate_indexes[0], 2);
    put_ok(w, RECORD("b", "") "\n" RECORD("a", ",\"x\":1") "\n{\"n\":1}\n{\"n\":1}", arena,
           &answer);
    assert_int_equal(answer.stored, 3);
    assert_int_equal(answer.duplicates, 1);
    assert_int_equal(answer.conflicting, 1);
    assert_int_equal(w->records[2].flags & RECORD_CONFLICTING, RECORD_CONFLICTING);
    world_reopen(w);
    assert_int_equal(w->record_count, 5);
    put_ok(w, RECORD("b", ""), arena, &answer);
    assert_int_equal(answer.stored, 0);
    assert_int_equal(answer.duplicates, 1);
    assert_int_equal(answer.first_seq, 0);
    assert_int_equal(answer.receipt.size, 0);
    assert_int_equal(w->record_count, 5);
    /* another table, another tenant: not the same record */
    struct ingest_request request = world_request(w, "Other", SLICE(RECORD("b", "")));
    struct error err;
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
    assert_int_equal(answer.stored, 1);
    request = world_request(w, "Mine", SLICE(RECORD("b", "")));
    request.tenant = w->other;
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
    assert_int_equal(answer.stored, 1);
    arena_free(arena);
}

static void new_ids_are_neither_looked_for_nor_remembered(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_request request = world_request(w, "Mine", SLICE(RECORD("a", "")));
    struct ingest_answer answer;
    struct error err;

    request.ids_are_new = true;
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
        assert_int_equal(answer.stored, 1);
        assert_int_equal(answer.first_seq, i + 1);
    }
    put_ok(w, RECORD("a", ""), arena, &answer);
    assert_int_equal(answer.stored, 1);
    assert_int_equal(answer.conflicting, 0);
    request.idempotency_key = SLICE("key"); /* of the request, not of its records */
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
        assert_int_equal(answer.first_seq, 4);
        assert_int_equal(answer.replayed_key, i == 1);
    }
    request.body = SLICE(RECORD("b", ""));
    assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_CONFLICT);
    assert_int_equal(w->record_count, 4);
    arena_free(arena);
}

static void checkpoint(struct world *w)
{
    struct error err;

    ASSERT_OK(ingest_rotate(w->ingest, &w->floor, &err));
    ASSERT_OK(ingest_save(w->ingest, w->floor, &err));
    ASSERT_OK(ingest_trim(w->ingest, w->floor, &err));
}

static void duplicates_are_known_after_the_log_is_trimmed(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct ingest_stats stats;

    put_ok(w, RECORD("a", "") "\n" RECORD("b", ""), arena, &answer);
    checkpoint(w);
    ingest_stats(w->ingest, &stats);
    assert_int_equal(stats.wal_bytes, 64);
    for (int i = 0; i < 2; i++) {
        put_ok(w, RECORD("a", "") "\n" RECORD("b", ",\"x\":1"), arena, &answer);
        assert_int_equal(answer.duplicates, i == 0 ? 1 : 2);
        assert_int_equal(answer.conflicting, i == 0 ? 1 : 0);
        assert_int_equal(ingest_delivered_seq(w->ingest, &w->tenant), 3);
        world_reopen(w);
        assert_int_equal(w->record_count, 1);
        assert_int_equal(ingest_delivered_seq(w->ingest, &w->tenant), 3);
    }
    checkpoint(w);
    w->clock.now_unix_us += INT64_C(7) * 86400 * 1000000 + 120 * 1000000;
    put_ok(w, RECORD("a", ""), arena, &answer);
    assert_int_equal(answer.duplicates, 0);
    assert_int_equal(answer.conflicting, 0);
    assert_int_equal(answer.first_seq, 4);
    arena_free(arena);
}

#define VERSIONS 20u

static void put_versions(struct world *w, unsigned first, unsigned count, struct arena *arena,
                         struct ingest_answer *ret)
{
    struct buf body;

    buf_init(&body, MIB);
    for (unsigned i = first; i < first + count; i++)
        buf_add_format(&body, RECORD("a", ",\"x\":%u") "\n", i);
    assert_int_equal(world_put(w, "Mine", buf_slice(&body), arena, ret), STATUS_OK);
    buf_release(&body);
}

static void all_versions_of_an_id_are_known(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;

    put_versions(w, 0, VERSIONS, arena, &answer);
    assert_int_equal(answer.stored, VERSIONS);
    assert_int_equal(answer.conflicting, VERSIONS - 1);
    for (unsigned i = 1; i <= 8; i++) { /* of them the runs of four become one */
        put_versions(w, 0, i * VERSIONS, arena, &answer);
        assert_int_equal(answer.duplicates, i * VERSIONS);
        checkpoint(w);
        put_versions(w, 0, i * VERSIONS, arena, &answer);
        assert_int_equal(answer.duplicates, i * VERSIONS);
        if (i % 2 == 0)
            world_reopen(w);
        put_versions(w, i * VERSIONS, VERSIONS, arena, &answer);
        assert_int_equal(answer.stored, VERSIONS);
        assert_int_equal(answer.conflicting, VERSIONS);
    }
    arena_free(arena);
}

static enum status count_name(void *context, const char *name, struct error *err)
{
    (void)name, (void)err;
    ++*(size_t *)context;
    return STATUS_OK;
}

static void many_saves_merge_their_runs(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(64 * MIB);
    struct ingest_answer answer;
    char body[256];

    for (int i = 0; i < 40; i++) {
        (void)snprintf(body, sizeof(body), "{\"Id\":\"r%d\"}\n{\"Id\":\"s%d\"}", i, i);
        put_ok(w, body, arena, &answer);
        assert_int_equal(answer.stored, 2);
        checkpoint(w);
    }
    for (int i = 0; i < 40; i++) {
        if (i == 20)
            world_reopen(w);
        (void)snprintf(body, sizeof(body), "{\"Id\":\"r%d\"}\n{\"Id\":\"s%d\"}", i, i);
        put_ok(w, body, arena, &answer);
        assert_int_equal(answer.duplicates, 2);
    }
    size_t files = 0;
    struct error err;
    ASSERT_OK(io_list(w->io, "ingest", count_name, &files, &err));
    assert_in_range(files, 2, 10);
    arena_free(arena);
}

static void the_same_key_gets_the_same_receipt(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer first, again;
    struct error err;
    struct ingest_request request =
        world_request(w, "Mine", SLICE(RECORD("a", "") "\n" RECORD("a", "") "\nx"));

    request.idempotency_key = SLICE("key-1");
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &first, &err));
    assert_false(first.replayed_key);
    assert_int_equal(w->leaves[0].flags, LEAF_FLAG_IDEMPOTENCY);
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(ingest_put(w->ingest, &request, arena, &again, &err));
        assert_true(again.replayed_key);
        assert_true(slice_equal(first.receipt, again.receipt));
        assert_true(slice_equal(first.seeds, again.seeds));
        assert_int_equal(again.records, 3);
        assert_int_equal(again.stored, 1);
        assert_int_equal(again.duplicate_indexes[0], 1);
        assert_int_equal(again.quarantined[0].index, 2);
        assert_string_equal(again.quarantined[0].reason, first.quarantined[0].reason);
        struct ingest_request other = request;
        other.body = SLICE("{}");
        assert_int_equal(ingest_put(w->ingest, &other, arena, &again, &err), STATUS_CONFLICT);
        assert_string_equal(err.code, "idempotency_conflict");
        other = request;
        other.table = SLICE("Else");
        assert_int_equal(ingest_put(w->ingest, &other, arena, &again, &err), STATUS_CONFLICT);
        if (i == 1)
            checkpoint(w);
        world_reopen(w);
    }
    /* a request without news is remembered too */
    request.idempotency_key = SLICE("key-2");
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &again, &err));
    assert_int_equal(again.duplicates, 2);
    world_reopen(w);
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &again, &err));
    assert_true(again.replayed_key);
    arena_free(arena);
}

/* Puts the golden directory in the place of the fresh one. */
static void open_golden(struct world *w, const char *name)
{
    static const char *const paths[] = {"kek", "keys/keyring", "ingest/state",
                                        "ingest/0000000000000001.run",
                                        "wal/0000000000000002.wal",
                                        "wal/0000000000000003.wal"}; /* made ahead */
    const char *source = getenv("DAYBOOK_SOURCE");
    char root[512], kek[96];
    struct io *in = NULL;
    struct buf bytes;
    struct error err;

    world_close(w);
    keyring_free(w->keyring);
    ASSERT_OK(io_unlink(w->io, "wal/0000000000000001.wal", &err));
    ASSERT_OK(io_unlink(w->io, "kek", &err));
    (void)snprintf(root, sizeof(root), "%s/test/format/%s", source == NULL ? "." : source,
                   name);
    ASSERT_OK(io_linux_new(root, &in, &err));
    buf_init(&bytes, MIB);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        buf_clear(&bytes);
        if (strstr(paths[i], "3.wal") != NULL && !io_exists(in, paths[i]))
            continue;
        ASSERT_OK(io_read_all(in, paths[i], &bytes, &err));
        ASSERT_OK(io_replace(w->io, paths[i], buf_slice(&bytes), &err));
    }
    buf_release(&bytes);
    io_free(in);
    (void)snprintf(kek, sizeof(kek), "%s/kek", w->path);
    ASSERT_OK(keyring_local_open(w->io, kek, &w->keyring, &err));
    memset(w->tenant.bytes, 0x11, sizeof(w->tenant.bytes));
    w->floor = 2;
    world_open(w);
}

/* a and b under key-1 are in a run, c under key-2 is in the log. */
static void expect_golden(struct world *w, const char *name)
{
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct error err;
    struct ingest_request request =
        world_request(w, "Mine", SLICE("{\"Id\":\"a\",\"n\":1}\n{\"Id\":\"b\",\"n\":2}"));

    open_golden(w, name);
    request.tenant = w->tenant;
    for (int i = 0; i < 2; i++) { /* then once more, from a state of today */
        request.idempotency_key = SLICE("");
        put_ok(w, "{\"Id\":\"a\",\"n\":1}\n{\"Id\":\"b\",\"n\":3}\n{\"Id\":\"c\",\"n\":3}", arena,
               &answer);
        assert_int_equal(answer.duplicates, i == 0 ? 2 : 3);
        assert_int_equal(answer.conflicting, i == 0 ? 1 : 0);
        request.idempotency_key = SLICE("key-1");
        ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
        assert_true(answer.replayed_key);
        assert_int_equal(answer.first_seq, 1);
        struct ingest_request other = request;
        other.idempotency_key = SLICE("key-2");
        assert_int_equal(ingest_put(w->ingest, &other, arena, &answer, &err), STATUS_CONFLICT);
        other.body = SLICE("{\"Id\":\"c\",\"n\":3}");
        ASSERT_OK(ingest_put(w->ingest, &other, arena, &answer, &err));
        assert_true(answer.replayed_key);
        checkpoint(w);
        world_reopen(w);
    }
    arena_free(arena);
}

static void what_version_1_remembers_is_known(void **state)
{
    expect_golden(*state, "ingest-1");
}

static void what_version_3_remembers_is_known(void **state)
{
    expect_golden(*state, "ingest-3");
}

/* As a killed server leaves it: zeros behind the last frame, and a file of them. */
static void a_log_made_ahead_is_known(void **state)
{
    struct world *w = *state;

    expect_golden(w, "ingest-4-ahead");
    assert_int_equal(w->fatal_count, 0);
}

static void commit_times_never_go_back(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;

    put_ok(w, "{}", arena, &answer);
    put_ok(w, "{}", arena, &answer);
    assert_int_equal(w->leaves[1].commit_time_us, WORLD_NOW_US + 1);
    assert_int_equal(w->leaves[1].flags, 0);
    w->clock.now_unix_us -= 2000000;
    put_ok(w, "{}", arena, &answer);
    assert_int_equal(w->leaves[2].commit_time_us, WORLD_NOW_US + 2);
    assert_int_equal(w->leaves[2].flags, LEAF_FLAG_CLOCK_BACK);
    world_reopen(w);
    put_ok(w, "{}", arena, &answer);
    assert_int_equal(w->leaves[3].commit_time_us, WORLD_NOW_US + 3);
    checkpoint(w);
    world_reopen(w);
    put_ok(w, "{}", arena, &answer);
    assert_int_equal(w->leaves[0].commit_time_us, WORLD_NOW_US + 4);
    arena_free(arena);
}

static void large_requests_are_cut_into_leaves(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(64 * MIB);
    struct ingest_answer answer;
    size_t room = 40 * 25001;
    char *body = malloc(room);
    size_t size = 0;

    for (int i = 0; i < 25001; i++)
        size += (size_t)snprintf(body + size, room - size, "{\"Id\":\"%d\",\"v\":%d}\n", i, i * 7);
    struct ingest_request request = world_request(w, "Mine", slice_from(body, size));
    struct error err;
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
    assert_int_equal(answer.stored, 25001);
    assert_int_equal(w->leaf_count, 3);
    assert_int_equal(w->leaves[0].count, 10000);
    assert_int_equal(w->leaves[2].count, 5001);
    assert_int_equal(w->leaves[2].first_seq, 20001);
    assert_int_equal(answer.seeds.size, 3 * SEED_BYTES);
    world_reopen(w);
    assert_int_equal(w->record_count, 25001);
    assert_int_equal(w->leaf_count, 3);
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
    assert_int_equal(answer.duplicates, 25001);
    assert_int_equal(answer.duplicate_indexes[25000], 25000);
    free(body);
    arena_free(arena);
}

static void wrong_requests_are_refused(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct error err;
    struct ingest_request request = world_request(w, "", SLICE("{\"a\":1}"));
    static const char *const bad[] = {"1a", "a-b", "a b", "SecurityAlert", "firstseen", "../x"};

    assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "'table'"));
    request.body = SLICE("nothing to read\n");
    assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_INVALID);
    request.body = SLICE("{\"a\":1}");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request.table = slice_of(bad[i]);
        assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_INVALID);
        assert_non_null(strstr(err.text, "'table'"));
    }
    request.table = SLICE("SecurityAlert");
    request.internal = true;
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
    request.idempotency_key = slice_from((const char[300]){0}, 300);
    assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_INVALID);
    request.idempotency_key = SLICE("");
    request.tenant = guid_new();
    assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_NOT_FOUND);
    request = world_request(w, "Mine", slice_from("", REQUEST_BODY_BYTES_MAX + 1));
    assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_LIMIT);
    request = world_request(w, "", SLICE(" \n"));
    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
    assert_int_equal(answer.records, 0);
    assert_int_equal(ingest_delivered_seq(w->ingest, &w->tenant), 1);
    arena_free(arena);
}

static void audit_records_are_known_by_their_fields(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct error err;
    struct ingest_request request = world_request(
        w, "", SLICE("[7, {\"RecordType\":15,\"Operation\":\"x\","
                     "\"CreationTime\":\"2024-01-01T00:00:00\"},"
                     " {\"OrganizationId\":\"0f0f0f0f-0000-4000-8000-000000000001\"}]"));

    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
    assert_string_equal(w->table, "AuditRecords");
    assert_int_equal(answer.quarantined_count, 1);
    assert_int_equal(answer.foreign, 1);
    assert_int_equal(answer.count, 3);
    assert_int_equal(answer.stored, 2);
    arena_free(arena);
}

static void a_failed_sink_stops_everything(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;

    put_ok(w, "{}", arena, &answer);
    w->fail_records = true;
    assert_int_equal(world_put(w, "Mine", SLICE("{}"), arena, &answer), STATUS_LIMIT);
    w->fail_records = false;
    assert_int_equal(w->fatal_count, 1);
    assert_int_equal(world_put(w, "Mine", SLICE("{}"), arena, &answer), STATUS_LIMIT);
    uint64_t floor;
    struct error err;
    assert_int_equal(ingest_rotate(w->ingest, &floor, &err), STATUS_LIMIT);
    assert_int_equal(ingest_save(w->ingest, 1, &err), STATUS_LIMIT);
    world_reopen(w);
    assert_int_equal(w->record_count, 2); /* the second one was durable */
    w->fail_leaves = true;
    assert_int_equal(world_put(w, "Mine", SLICE("{}"), arena, &answer), STATUS_IO);
    w->fail_leaves = false;
    assert_int_equal(w->fatal_count, 2);
    arena_free(arena);
}

static void only_what_is_saved_may_be_trimmed(void **state)
{
    struct world *w = *state;
    uint64_t floor;
    struct error err;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;

    put_ok(w, "{}", arena, &answer);
    ASSERT_OK(ingest_rotate(w->ingest, &floor, &err));
    assert_int_equal(floor, 2);
    assert_int_equal(ingest_trim(w->ingest, floor, &err), STATUS_CONFLICT);
    ASSERT_OK(ingest_rotate(w->ingest, &floor, &err));
    assert_int_equal(floor, 2); /* an empty file need not be changed */
    ASSERT_OK(ingest_save(w->ingest, floor, &err));
    ASSERT_OK(ingest_trim(w->ingest, floor, &err));
    assert_false(io_exists(w->io, "wal/0000000000000001.wal"));
    arena_free(arena);
}

static void a_floor_below_the_store_is_replayed_for_numbers_only(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct error err;

    put_ok(w, RECORD("a", ""), arena, &answer);
    ASSERT_OK(ingest_rotate(w->ingest, &w->floor, &err));
    put_ok(w, RECORD("b", ""), arena, &answer);
    world_reopen(w); /* the store has sealed file 1, the state was not saved */
    assert_int_equal(w->record_count, 1);
    assert_int_equal(w->records[0].seq, 2);
    assert_int_equal(w->leaf_count, 2);
    put_ok(w, RECORD("a", ""), arena, &answer);
    assert_int_equal(answer.duplicates, 1);
    arena_free(arena);
}

/* Long enough to be packed to less than half. */
#define TEN "0123456789"
#define LONG_TEXT ",\"Text\":\"" TEN TEN TEN TEN TEN TEN TEN "\""

/* Alerts and the audit are written beside a flood, or a checkpoint could wait for it for ever. */
static void our_own_records_are_taken_beside_large_bodies(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    char *lines = malloc(REQUEST_BODY_BYTES_MAX);
    struct ingest_request flood, own = world_request(w, "SecurityAlert", SLICE("{\"a\":1}"));
    struct ingest_answer answer;
    struct put *puts[2];
    struct error err;

    assert_non_null(lines);
    memset(lines, '\n', REQUEST_BODY_BYTES_MAX);
    flood = world_request(w, "Mine", slice_from(lines, REQUEST_BODY_BYTES_MAX));
    for (int i = 0; i < 2; i++)
        ASSERT_OK(ingest_put_begin(w->ingest, &flood, arena, &puts[i], &err));
    assert_int_equal(world_put(w, "Mine", SLICE(RECORD("a", "")), arena, &answer), STATUS_BUSY);
    own.internal = true;
    ASSERT_OK(ingest_put(w->ingest, &own, arena, &answer, &err));
    for (int i = 0; i < 2; i++)
        ASSERT_OK(ingest_put_end(puts[i], &answer, &err));
    ASSERT_OK(ingest_put(w->ingest, &own, arena, &answer, &err));
    free(lines);
    arena_free(arena);
}

static void put_copies(struct world *w, struct slice line, int count, struct arena *arena)
{
    struct ingest_answer answer;
    struct buf body;

    buf_init(&body, REQUEST_BODY_BYTES_MAX);
    for (int i = 0; i < count; i++) {
        buf_add_slice(&body, line);
        buf_add_byte(&body, '\n');
    }
    w->record_count = w->batch_count = 0;
    assert_int_equal(world_put(w, "Mine", buf_slice(&body), arena, &answer), STATUS_OK);
    assert_int_equal(answer.stored, count);
    assert_int_equal(w->record_count, count);
    buf_release(&body);
}

/* What a part is made of takes memory by its values: not all of a leaf's at once where they are
 * the shortest. */
static void records_of_very_many_values_are_delivered_in_parts(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct buf line;

    buf_init(&line, MIB);
    buf_add_text(&line, "{\"k0\":0");
    for (int i = 1; i < 100; i++)
        buf_add_format(&line, ",\"k%d\":0", i);
    buf_add_byte(&line, '}');
    put_copies(w, buf_slice(&line), LEAF_RECORDS_MAX, arena);
    assert_int_equal(w->batch_count, 1);
    buf_clear(&line);
    buf_add_text(&line, "{\"a\":[0");
    for (int i = 1; i < 500000; i++)
        buf_add_text(&line, ",0");
    buf_add_text(&line, "]}");
    put_copies(w, buf_slice(&line), 16, arena);
    assert_int_equal(w->batch_count, 4);
    world_reopen(w);
    assert_int_equal(w->batch_count, 5);
    assert_int_equal(w->record_count, LEAF_RECORDS_MAX + 16);
    for (size_t i = 0; i < w->record_count; i++)
        assert_int_equal(w->records[i].seq, i + 1);
    buf_release(&line);
    arena_free(arena);
}

static void refuse_table(struct world *w, const char *table, const char *body,
                         struct arena *arena)
{
    struct ingest_request request = world_request(w, table, slice_of(body));
    struct ingest_answer answer;
    struct error err;

    assert_int_equal(ingest_put(w->ingest, &request, arena, &answer, &err), STATUS_LIMIT);
    assert_string_equal(err.code, INGEST_TABLE_QUOTA);
    assert_non_null(strstr(err.text, table));
}

/* One token must not fill the catalog and the memory of all with tables of a row each. */
static void a_tenant_has_a_bounded_number_of_tables(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct ingest_request own = world_request(w, "SecurityAlert", SLICE("{\"a\":1}"));
    struct error err;

    w->old_tables = TENANT_TABLES_MAX - 1;
    assert_int_equal(world_put(w, "Last", SLICE(RECORD("a", "")), arena, &answer), STATUS_OK);
    refuse_table(w, "More", RECORD("b", "") "\n" RECORD("c", ""), arena);
    assert_int_equal(w->record_count, 1);
    assert_int_equal(world_put(w, "Last", SLICE(RECORD("b", "")), arena, &answer), STATUS_OK);
    assert_int_equal(answer.first_seq, 2);
    assert_int_equal(world_put(w, "OLD7", SLICE(RECORD("b", "")), arena, &answer), STATUS_OK);
    assert_int_equal(world_put(w, "More", SLICE(""), arena, &answer), STATUS_OK); /* makes none */
    assert_int_equal(w->tables_asked_count, 1);
    own.internal = true;
    ASSERT_OK(ingest_put(w->ingest, &own, arena, &answer, &err));
    w->time_column = "When"; /* it is declared */
    assert_int_equal(world_put(w, "More", SLICE(RECORD("d", "")), arena, &answer), STATUS_OK);
    w->time_column = NULL;
    w->old_tables++; /* now with the sinks */
    world_reopen(w);
    refuse_table(w, "More", RECORD("e", ""), arena);
    arena_free(arena);
}

/* As an earlier release took them. */
static void a_tenant_with_too_many_tables_keeps_them(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;

    w->old_tables = 2 * TENANT_TABLES_MAX;
    refuse_table(w, "More", RECORD("a", ""), arena);
    assert_int_equal(world_put(w, "OLD1999", SLICE(RECORD("a", "")), arena, &answer), STATUS_OK);
    assert_int_equal(answer.stored, 1);
    arena_free(arena);
}

static void put_packed(struct world *w, const char *body, struct slice packed_text,
                       struct ingest_answer *ret, struct arena *arena)
{
    struct ingest_request request = world_request(w, "Mine", slice_of(body));
    struct buf packed;
    struct error err;

    buf_init(&packed, MIB);
    ASSERT_OK(zstd_pack(packed_text, 3, &packed, &err));
    request.packed = buf_slice(&packed);
    ASSERT_OK(ingest_put(w->ingest, &request, arena, ret, &err));
    buf_release(&packed);
}

/* Duplicates, blanks and what is no JSON stand in it too; the replay finds the records. */
static void a_packed_body_is_replayed_from_the_log(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    const char *first = RECORD("a", LONG_TEXT) "\n\n \r\n{broken\n" RECORD("a", LONG_TEXT)
        "\n" RECORD("b", LONG_TEXT) "\n" RECORD("c", LONG_TEXT) "\n" RECORD("d", LONG_TEXT);
    const char *second = "[" RECORD("c", LONG_TEXT) " ,\n" RECORD("b", LONG_TEXT ",\"x\":1") ","
        RECORD("e", LONG_TEXT) "," RECORD("f", LONG_TEXT) "]";

    put_packed(w, first, slice_of(first), &answer, arena);
    assert_int_equal(answer.count, 5);
    assert_int_equal(answer.duplicates, 1);
    put_packed(w, second, slice_of(second), &answer, arena);
    assert_int_equal(answer.count, 3);
    assert_int_equal(answer.conflicting, 1);
    assert_int_equal(w->record_count, 8);
    struct seen_record before[8];
    memcpy(before, w->records, sizeof(before));
    world_reopen(w);
    assert_int_equal(w->record_count, 8);
    for (int i = 0; i < 8; i++) {
        uint64_t seq = w->records[i].seq;
        assert_in_range(seq, 1, 8);
        assert_int_equal(w->records[i].hash, before[seq - 1].hash);
        assert_int_equal(w->records[i].flags, before[seq - 1].flags);
        assert_ptr_equal(w->records[i].reason, before[seq - 1].reason);
    }
    arena_free(arena);
}

/* It is what came that the log keeps: another body there is told by the leaves. */
static void a_packed_body_goes_to_the_log_unchanged(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    const char *body = RECORD("a", LONG_TEXT) "\n" RECORD("b", LONG_TEXT);
    const char *other = RECORD("a", LONG_TEXT) "\n" RECORD("c", LONG_TEXT);
    struct ingest_lost *lost = NULL;
    struct ingest_answer answer;

    put_packed(w, body, slice_of(other), &answer, arena);
    assert_int_equal(answer.count, 2);
    world_reopen(w);
    assert_int_equal(w->record_count, 0);
    assert_int_equal(world_lost(w, arena, &lost), 1);
    assert_int_equal(lost->first_seq, 1);
    arena_free(arena);
}

/* Packed badly, or hardly anything of it is new: the records are packed anew. */
static void a_packed_body_that_is_too_long_stays_out_of_the_log(void **state)
{
    struct world *w = *state;
    struct arena *arena = arena_new(MIB);
    const char *body = RECORD("a", LONG_TEXT);
    char noise[512];
    struct ingest_answer answer;

    random_bytes(noise, sizeof(noise));
    /* in the log it would be damage at the next start */
    put_packed(w, body, slice_from(noise, sizeof(noise)), &answer, arena);
    world_reopen(w);
    assert_int_equal(w->record_count, 1);
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(records_are_numbered_and_signed),
        TEST(one_thread_has_many_requests_under_way),
        TEST(a_commit_waits_for_no_tenant),
        TEST(rows_on_their_way_count),
        TEST(rows_of_small_requests_count_too),
        TEST(a_body_of_very_many_records_waits_as_a_large_one),
        TEST(large_bodies_wait_for_room_and_again_when_it_is_their_turn),
        TEST(a_flood_of_small_bodies_without_room_is_refused),
        TEST(the_shortest_records_take_room_as_rows),
        TEST(a_restart_replays_the_same_records_and_leaves),
        TEST(duplicates_are_left_out_and_listed),
        TEST(new_ids_are_neither_looked_for_nor_remembered),
        TEST(duplicates_are_known_after_the_log_is_trimmed),
        TEST(all_versions_of_an_id_are_known),
        TEST(many_saves_merge_their_runs),
        TEST(the_same_key_gets_the_same_receipt),
        TEST(what_version_1_remembers_is_known),
        TEST(what_version_3_remembers_is_known),
        TEST(a_log_made_ahead_is_known),
        TEST(commit_times_never_go_back),
        TEST(large_requests_are_cut_into_leaves),
        TEST(wrong_requests_are_refused),
        TEST(audit_records_are_known_by_their_fields),
        TEST(our_own_records_are_taken_beside_large_bodies),
        TEST(records_of_very_many_values_are_delivered_in_parts),
        TEST(a_tenant_has_a_bounded_number_of_tables),
        TEST(a_tenant_with_too_many_tables_keeps_them),
        TEST(a_failed_sink_stops_everything),
        TEST(only_what_is_saved_may_be_trimmed),
        TEST(a_packed_body_is_replayed_from_the_log),
        TEST(a_packed_body_goes_to_the_log_unchanged),
        TEST(a_packed_body_that_is_too_long_stays_out_of_the_log),
        TEST(a_floor_below_the_store_is_replayed_for_numbers_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
