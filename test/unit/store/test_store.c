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
        const struct part *part = snapshot->memory.parts[i];
        assert_true(part->wal_file_max == 1 ? part->seq_max <= 1000 : part->seq_min > 1000);
    }
    store_snapshot_free(snapshot);
    struct query q = {.table = "Audit", .columns = "_Seq"};
    char *text = run(store, &q);
    assert_int_equal(count_lines(text), 2000);
    free(text);
    uint64_t rows, bytes, age_ms;
    store_memory(store, &rows, &bytes, &age_ms);
    assert_int_equal(rows, 2000);
    assert_true(bytes > 0);
    batch_maker_release(&m);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_batches_do_not_pile_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
