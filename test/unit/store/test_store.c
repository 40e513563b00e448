/* SPDX-License-Identifier: Apache-2.0 */
/* The door: batches in, parts joined. */
#include "store/scan_maker.h"

static void small_batches_do_not_pile_up(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 2000; i++) {
        m.batch.wal_file = 1 + (uint64_t)i / 1000;
        batch_maker_add(&m, SLICE("{\"Operation\":\"A\"}"), i + 1);
        put(store, &m);
    }
    struct store_snapshot *snapshot = NULL;
    struct error err;
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_true(snapshot->memory.count < 50);
    for (uint32_t i = 0; i < snapshot->memory.count; i++) {
        const struct held *held = snapshot->memory.held[i];
        assert_true(held->wal_file_max == 1 ? held->seq_max <= 1000 : held->seq_min > 1000);
    }
    store_snapshot_free(snapshot);
    struct query q = {.table = "Audit", .columns = "_Seq"};
    char *text = run(store, &q);
    assert_int_equal(count_lines(text), 2000);
    free(text);
    struct store_memory memory;
    store_memory(store, &memory);
    assert_int_equal(memory.rows, 2000);
    assert_int_equal(memory.shelves, 1);
    assert_true(memory.bytes > 0);
    batch_maker_release(&m);
    close_store(store);
}

static void put_rows(struct store *store, const char *table, uint64_t wal_file)
{
    struct batch_maker m;
    char text[200];

    batch_maker_init(&m, table, 1);
    m.batch.wal_file = wal_file;
    for (int i = 0; i < 20; i++) {
        int size = snprintf(text, sizeof(text), "{\"Operation\":\"A\",\"Name\":\"%s %d\"}",
                            table, i);
        batch_maker_add(&m, slice_from(text, (size_t)size), i + 1);
    }
    put(store, &m);
    batch_maker_release(&m);
}

#define TABLE_COUNT 100u /* of 20 rows each, with texts of their own */

static void put_tables(struct store *store, const char *front, uint64_t wal_file)
{
    for (uint32_t i = 0; i < TABLE_COUNT; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%s%u", front, i);
        put_rows(store, name, wal_file);
    }
}

static uint64_t ask_and_count_cached(struct store *store)
{
    struct store_stats stats;

    for (uint32_t i = 0; i < TABLE_COUNT; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "T%u", i);
        struct query q = {.table = name, .columns = "Name"};
        char *text = run(store, &q);
        assert_int_equal(count_lines(text), 20);
        free(text);
    }
    store_stats(store, &stats);
    return stats.cache_bytes;
}

static void rows_in_memory_leave_less_for_what_is_decoded(void **state)
{
    struct store *store = open_store_with(256 * KIB);
    struct store_stats stats;
    struct error err;

    (void)state;
    put_tables(store, "T", 1);
    assert_int_equal(store_flush(store, 2, &err), STATUS_OK);
    assert_in_range(ask_and_count_cached(store), 128 * KIB, 256 * KIB);
    put_tables(store, "O", 2);
    store_stats(store, &stats);
    assert_true(stats.bytes_memory > 192 * KIB);
    assert_in_range(stats.cache_bytes, 1, 64 * KIB); /* a quarter stays */
    assert_in_range(ask_and_count_cached(store), 1, 64 * KIB);
    assert_int_equal(store_flush(store, 3, &err), STATUS_OK);
    assert_in_range(ask_and_count_cached(store), 128 * KIB, 256 * KIB);
    close_store(store);
}

struct traffic {
    struct store *store;
    pthread_mutex_t lock; /* of wal_file: batches of a file come before the next one */
    uint64_t wal_file;
    atomic_bool done;
};

static void *write_batches(void *context)
{
    struct traffic *t = context;
    struct batch_maker m;

    batch_maker_init(&m, "Audit", 1);
    for (int b = 0; b < 150; b++) {
        for (int i = 0; i < (b % 2 == 0 ? 4 : 36); i++) /* text, a part */
            batch_maker_add(&m, SLICE("{\"Operation\":\"A\",\"Folder\":[1]}"), i + 1);
        (void)pthread_mutex_lock(&t->lock);
        m.batch.wal_file = t->wal_file;
        put(t->store, &m);
        (void)pthread_mutex_unlock(&t->lock);
    }
    batch_maker_release(&m);
    atomic_store(&t->done, true);
    return NULL;
}

static void *flush_files(void *context)
{
    struct traffic *t = context;
    struct error err;

    while (!atomic_load(&t->done)) {
        (void)pthread_mutex_lock(&t->lock);
        uint64_t floor = ++t->wal_file;
        (void)pthread_mutex_unlock(&t->lock);
        if (store_flush(t->store, floor, &err) != STATUS_OK)
            return t;
    }
    return NULL;
}

static void a_snapshot_sees_each_row_once(void **state)
{
    (void)state;
    struct traffic t = {.lock = PTHREAD_MUTEX_INITIALIZER, .wal_file = 1};
    pthread_t writer, flusher;
    void *failed = NULL;
    t.store = open_store();
    assert_int_equal(pthread_create(&writer, NULL, write_batches, &t), 0);
    assert_int_equal(pthread_create(&flusher, NULL, flush_files, &t), 0);
    bool is_last = false;
    do {
        is_last = atomic_load(&t.done);
        struct query q = {.table = "Audit", .columns = "_Seq Folder", .thread_count = 2};
        char *text = run(t.store, &q);
        assert_int_equal(count_lines(text), q.stats.watermark); /* numbers count from 1 */
        assert_true(q.stats.complete);
        free(text);
    } while (!is_last);
    (void)pthread_join(writer, NULL);
    (void)pthread_join(flusher, &failed);
    assert_null(failed);
    struct query q = {.table = "Audit", .columns = "_Seq"};
    char *text = run(t.store, &q);
    assert_int_equal(count_lines(text), 3000);
    free(text);
    close_store(t.store);
}

static void half_of_the_sections_are_a_crowd(void **state)
{
    (void)state;
    assert_false(store_is_crowded(&(struct store_stats){.sections = 500000}));
    assert_true(store_is_crowded(&(struct store_stats){.sections = 500001}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_batches_do_not_pile_up),
        cmocka_unit_test(rows_in_memory_leave_less_for_what_is_decoded),
        cmocka_unit_test(a_snapshot_sees_each_row_once),
        cmocka_unit_test(half_of_the_sections_are_a_crowd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
