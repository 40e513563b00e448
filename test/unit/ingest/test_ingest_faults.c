/* SPDX-License-Identifier: Apache-2.0 */
/* Fails each disk call of a life of ingest once, and from there on; then opens
 * the directory with a sound disk and counts.  No acknowledged record may be
 * missing, none may be there twice, and no request in part. */
#include "ingest/fault_io.h"
#include "ingest/world.h"

#include "base/limits.h"

#define REQUESTS 8
#define RECORDS_EACH 3

struct ledger {
    struct fault_io fault;
    bool acked[REQUESTS];
    uint64_t first_seq[REQUESTS];
    /* what the store holds for good: sealed below the floor */
    uint64_t sealed[REQUESTS * RECORDS_EACH];
    size_t sealed_count;
};

static void make_body(int request, char *ret, size_t size)
{
    (void)snprintf(ret, size, "{\"Id\":\"%d-0\"}\n{\"Id\":\"%d-1\"}\n{\"Id\":\"%d-2\",\"v\":1}",
                   request, request, request);
}

static void put(struct world *w, struct ledger *l, int request, struct arena *arena)
{
    char body[128];
    struct ingest_answer answer;

    make_body(request, body, sizeof(body));
    if (world_put(w, "Mine", slice_of(body), arena, &answer) != STATUS_OK)
        return;
    l->acked[request] = true;
    l->first_seq[request] = answer.first_seq;
    assert_int_equal(answer.stored, RECORDS_EACH);
}

/* What the store does in a flush: rows of files below the floor are sealed. */
static void seal(struct world *w, struct ledger *l, uint64_t floor)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->record_count; i++) {
        if (w->records[i].wal_file < floor)
            l->sealed[l->sealed_count++] = w->records[i].seq;
        else
            w->records[kept++] = w->records[i];
    }
    w->record_count = kept;
    w->floor = floor;
}

static void checkpoint(struct world *w, struct ledger *l)
{
    struct error err;
    uint64_t floor;

    if (ingest_rotate(w->ingest, &floor, &err) != STATUS_OK ||
        ingest_save(w->ingest, floor, &err) != STATUS_OK)
        return;
    seal(w, l, floor);
    if (ingest_trim(w->ingest, floor, &err) != STATUS_OK)
        return;
}

static void live(struct world *w, struct ledger *l, struct arena *arena)
{
    struct error err;

    for (int i = 0; i < REQUESTS; i += 4) {
        if (world_try_open(w, &err) != STATUS_OK)
            return;
        put(w, l, i, arena);
        put(w, l, i + 1, arena);
        checkpoint(w, l);
        put(w, l, i + 2, arena);
        if (i == 0)
            checkpoint(w, l);
        put(w, l, i + 3, arena);
        world_close(w);
        if (w->fatal_count > 0)
            return; /* the process has stopped */
    }
}

static int by_seq(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void count_all(struct world *w, struct ledger *l, uint64_t fail_at)
{
    uint64_t all[2 * REQUESTS * RECORDS_EACH];
    size_t count = 0;

    for (size_t i = 0; i < l->sealed_count; i++)
        all[count++] = l->sealed[i];
    for (size_t i = 0; i < w->record_count; i++)
        all[count++] = w->records[i].seq;
    qsort(all, count, sizeof(all[0]), by_seq);
    if (count % RECORDS_EACH != 0)
        fail_msg("fault %d: %zu records, a request in part", (int)fail_at, count);
    for (size_t i = 0; i < count; i++) {
        if (all[i] != i + 1)
            fail_msg("fault %d: place %zu has record %d", (int)fail_at, i, (int)all[i]);
    }
    for (int i = 0; i < REQUESTS; i++) {
        if (l->acked[i] && l->first_seq[i] + RECORDS_EACH - 1 > count)
            fail_msg("fault %d: request %d was acknowledged and is gone", (int)fail_at, i);
    }
}

/* Sent again, an acknowledged record is a duplicate; and work goes on. */
static void go_on(struct world *w, struct ledger *l, struct arena *arena)
{
    struct ingest_answer answer;
    struct error err;
    char body[128];

    for (int i = 0; i < REQUESTS; i++) {
        make_body(i, body, sizeof(body));
        struct ingest_request request = world_request(w, "Mine", slice_of(body));
        ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
        assert_int_equal(answer.stored + answer.duplicates, RECORDS_EACH);
        assert_true(answer.stored == 0 || answer.duplicates == 0);
        if (l->acked[i])
            assert_int_equal(answer.duplicates, RECORDS_EACH);
    }
    assert_int_equal(ingest_delivered_seq(w->ingest, &w->tenant), REQUESTS * RECORDS_EACH);
}

struct sweep {
    bool sticky;
    int os_errno;
    uint64_t log_ahead_bytes;
};

/* One life with the n-th call failing; false when there is no such call. */
static bool survive(uint64_t fail_at, const struct sweep *sweep)
{
    struct world w;
    struct ledger l = {.sealed_count = 0};
    struct arena *arena = arena_new(MIB);
    struct error err;

    world_new(&w);
    fault_io_init(&l.fault, w.io);
    l.fault.fail_at = fail_at;
    l.fault.sticky = sweep->sticky;
    l.fault.os_errno = sweep->os_errno;
    w.use = &l.fault.io;
    w.log_ahead_bytes = sweep->log_ahead_bytes;
    live(&w, &l, arena);
    world_close(&w);
    bool reached = l.fault.calls >= fail_at;
    l.fault.fail_at = 0;
    if (world_try_open(&w, &err) != STATUS_OK)
        fail_msg("fault %d: %s", (int)fail_at, err.text);
    count_all(&w, &l, fail_at);
    go_on(&w, &l, arena);
    world_free(&w);
    arena_free(arena);
    return reached;
}

static void sweep(bool sticky, int os_errno)
{
    const struct sweep sweep = {sticky, os_errno, 0};
    uint64_t n = 1;

    while (survive(n, &sweep))
        n++;
    assert_in_range(n, 50, 1000);
}

static void a_failing_disk_loses_nothing_acknowledged(void **state)
{
    (void)state;
    sweep(false, EIO);
    sweep(true, EIO);
}

static void a_full_disk_loses_nothing_acknowledged(void **state)
{
    (void)state;
    sweep(false, ENOSPC);
    sweep(true, ENOSPC);
}

/* Frames fill more than one file of these.  Each call fails in one of four ways. */
static void the_same_with_files_made_ahead(void **state)
{
    struct sweep sweep = {.log_ahead_bytes = 1500};
    uint64_t n = 0;

    (void)state;
    do {
        n++;
        sweep.sticky = n % 2 == 0;
        sweep.os_errno = n / 2 % 2 == 0 ? EIO : ENOSPC;
    } while (survive(n, &sweep));
    assert_in_range(n, 50, 1000);
}

static void a_full_disk_refuses_and_goes_on_by_itself(void **state)
{
    struct world w;
    struct fault_io fault;
    struct ingest_answer answer;
    struct arena *arena = arena_new(MIB);

    (void)state;
    world_new(&w);
    fault_io_init(&fault, w.io);
    fault.os_errno = ENOSPC;
    w.use = &fault.io;
    world_open(&w);
    assert_int_equal(world_put(&w, "Mine", SLICE("{\"Id\":1}"), arena, &answer), STATUS_OK);
    fault.fail_at = fault.calls + 2; /* 1: free space, 2: the write */
    assert_int_equal(world_put(&w, "Mine", SLICE("{\"Id\":2}"), arena, &answer), STATUS_FULL);
    assert_int_equal(world_put(&w, "Mine", SLICE("{\"Id\":2}"), arena, &answer), STATUS_OK);
    assert_int_equal(answer.stored, 1);
    assert_int_equal(answer.first_seq, 2);
    assert_int_equal(w.fatal_count, 0);
    fault.free_bytes = INGEST_RESERVE_BYTES;
    assert_int_equal(world_put(&w, "Mine", SLICE("{\"Id\":3}"), arena, &answer), STATUS_FULL);
    struct ingest_request request = world_request(&w, "DaybookAudit", SLICE("{\"Id\":3}"));
    struct error err;
    request.internal = true;
    ASSERT_OK(ingest_put(w.ingest, &request, arena, &answer, &err));
    fault.free_bytes = FAULT_FREE_BYTES;
    assert_int_equal(world_put(&w, "Mine", SLICE("{\"Id\":3}"), arena, &answer), STATUS_OK);
    assert_int_equal(answer.first_seq, 4);
    world_reopen(&w);
    assert_int_equal(w.record_count, 4);
    world_free(&w);
    arena_free(arena);
}

/* Tables of which nothing was stored are none of the tenant's. */
static void refused_requests_make_no_tables(void **state)
{
    struct world w;
    struct fault_io fault;
    struct ingest_answer answer;
    struct ingest_request same[2], more;
    struct put *puts[2];
    struct arena *arena = arena_new(MIB);
    struct error err;

    (void)state;
    world_new(&w);
    fault_io_init(&fault, w.io);
    fault.os_errno = ENOSPC;
    w.use = &fault.io;
    w.old_tables = TENANT_TABLES_MAX - 1;
    world_open(&w);
    fault.free_bytes = INGEST_RESERVE_BYTES;
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "New%d", i);
        assert_int_equal(world_put(&w, name, SLICE("{}"), arena, &answer), STATUS_FULL);
    }
    fault.free_bytes = FAULT_FREE_BYTES;
    fault.fail_at = fault.calls + 2; /* 1: free space, 2: the write */
    assert_int_equal(world_put(&w, "New3", SLICE("{}"), arena, &answer), STATUS_FULL);
    for (int i = 0; i < 2; i++) { /* two make one table */
        same[i] = world_request(&w, "Last", SLICE("{}"));
        ASSERT_OK(ingest_put_begin(w.ingest, &same[i], arena, &puts[i], &err));
    }
    more = world_request(&w, "More", SLICE("{}"));
    assert_int_equal(ingest_put(w.ingest, &more, arena, &answer, &err), STATUS_LIMIT);
    for (int i = 0; i < 2; i++)
        ASSERT_OK(ingest_put_end(puts[i], &answer, &err));
    assert_int_equal(ingest_put(w.ingest, &more, arena, &answer, &err), STATUS_LIMIT);
    assert_string_equal(err.code, INGEST_TABLE_QUOTA);
    assert_int_equal(world_put(&w, "Last", SLICE("{}"), arena, &answer), STATUS_OK);
    assert_int_equal(w.record_count, 3);
    world_free(&w);
    arena_free(arena);
}

/* The first of two that make one table stored it, the other one is still at it. */
static void a_table_that_is_stored_and_coming_counts_once(void **state)
{
    struct world w;
    struct ingest_answer answer;
    struct ingest_request same[2];
    struct put *puts[2];
    struct arena *arena = arena_new(MIB);
    struct error err;

    (void)state;
    world_new(&w);
    w.old_tables = TENANT_TABLES_MAX - 2;
    world_open(&w);
    for (int i = 0; i < 2; i++) {
        same[i] = world_request(&w, "First", SLICE("{}"));
        ASSERT_OK(ingest_put_begin(w.ingest, &same[i], arena, &puts[i], &err));
    }
    ASSERT_OK(ingest_put_end(puts[0], &answer, &err));
    assert_int_equal(world_put(&w, "Last", SLICE("{}"), arena, &answer), STATUS_OK);
    assert_int_equal(world_put(&w, "More", SLICE("{}"), arena, &answer), STATUS_LIMIT);
    ASSERT_OK(ingest_put_end(puts[1], &answer, &err));
    assert_int_equal(w.record_count, 3);
    world_free(&w);
    arena_free(arena);
}

static void after_a_failed_sync_nothing_is_acknowledged(void **state)
{
    struct world w;
    struct fault_io fault;
    struct ingest_answer answer;
    struct arena *arena = arena_new(MIB);

    (void)state;
    world_new(&w);
    fault_io_init(&fault, w.io);
    w.use = &fault.io;
    world_open(&w);
    fault.fail_at = fault.calls + 3; /* free space, write, sync */
    assert_int_equal(world_put(&w, "Mine", SLICE("{}"), arena, &answer), STATUS_IO);
    assert_int_equal(w.fatal_count, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(world_put(&w, "Mine", SLICE("{}"), arena, &answer), STATUS_IO);
    assert_int_equal(w.record_count, 0);
    assert_int_equal(w.fatal_count, 1);
    world_free(&w);
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_disk_loses_nothing_acknowledged),
        cmocka_unit_test(a_full_disk_loses_nothing_acknowledged),
        cmocka_unit_test(the_same_with_files_made_ahead),
        cmocka_unit_test(a_full_disk_refuses_and_goes_on_by_itself),
        cmocka_unit_test(refused_requests_make_no_tables),
        cmocka_unit_test(a_table_that_is_stored_and_coming_counts_once),
        cmocka_unit_test(after_a_failed_sync_nothing_is_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
