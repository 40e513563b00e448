/* SPDX-License-Identifier: Apache-2.0 */
/* Raw bytes by sequence number. */
#include "store/scan_maker.h"

struct raw_check {
    uint64_t next, stop_at;
    uint32_t count;
};

static enum status check_raw(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    struct raw_check *check = context;
    char want[32];

    (void)err;
    assert_int_equal(seq, check->next);
    check->next++;
    check->count++;
    (void)snprintf(want, sizeof(want), "{\"i\":%d}", (int)seq);
    assert_true(slice_is(raw, want));
    return seq == check->stop_at ? STATUS_CANCELLED : STATUS_OK;
}

static void raw_bytes_come_in_order_of_their_numbers(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    struct buf text;
    buf_init(&text, MIB);
    batch_maker_init(&m, "T0", 1);
    for (int i = 1; i <= 20000; i++) {
        buf_clear(&text);
        buf_add_format(&text, "{\"i\":%d}", i);
        batch_maker_add(&m, buf_slice(&text), (i * 7919) % 1000);
        if (i % 700 == 0) {
            m.batch.table = i % 1400 == 0 ? SLICE("T0") : SLICE("T1");
            put(store, &m);
        }
    }
    put(store, &m);
    struct guid tenant = tenant_of(1), other = tenant_of(2);
    struct error err;
    struct raw_check check = {.next = 1};
    assert_int_equal(store_raw(store, &tenant, 0, UINT64_MAX, check_raw, &check, &err), STATUS_OK);
    assert_int_equal(check.count, 20000);
    check = (struct raw_check){.next = 8190};
    assert_int_equal(store_raw(store, &tenant, 8190, 10, check_raw, &check, &err), STATUS_OK);
    assert_int_equal(check.count, 10);
    check = (struct raw_check){.next = 5, .stop_at = 6};
    assert_int_equal(store_raw(store, &tenant, 5, 100, check_raw, &check, &err), STATUS_OK);
    assert_int_equal(check.count, 2);
    check = (struct raw_check){.next = 1};
    assert_int_equal(store_raw(store, &other, 0, UINT64_MAX, check_raw, &check, &err), STATUS_OK);
    assert_int_equal(check.count, 0);
    buf_release(&text);
    batch_maker_release(&m);
    close_store(store);
}

static enum status count_raw(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    (void)seq;
    (void)raw;
    (void)err;
    ++*(uint32_t *)context;
    return STATUS_OK;
}

/* All that is there comes, then the reader is told. */
static void what_is_lost_is_said(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct store_gap gap = {.tenant = tenant_of(1), .first_seq = 3, .last_seq = 7};
    struct store_snapshot *snapshot = NULL;
    struct batch_maker m;
    struct error err;
    uint32_t count = 0;

    batch_maker_init(&m, "T0", 1);
    batch_maker_add(&m, SLICE("{\"i\":1}"), 0);
    batch_maker_add(&m, SLICE("{\"i\":2}"), 0);
    put(store, &m);
    assert_int_equal(store_last_sealed(store, &gap.tenant), is_sealed ? 2 : 0);
    assert_int_equal(store_set_gap(store, &gap, &err), STATUS_OK);
    assert_int_equal(store_raw(store, &gap.tenant, 1, 2, count_raw, &count, &err), STATUS_OK);
    assert_int_equal(store_raw(store, &gap.tenant, 1, 3, count_raw, &count, &err),
                     STATUS_CORRUPT);
    assert_int_equal(count, 4);
    assert_non_null(strstr(err.text, "records 3 to 7"));
    assert_string_equal(err.code, SCAN_RECORDS_LOST);
    assert_int_equal(store_check_lost(store, &gap.tenant, 1, 2, &err), STATUS_OK);
    assert_int_equal(store_check_lost(store, &gap.tenant, 5, 0, &err), STATUS_OK);
    assert_int_equal(store_check_lost(store, &gap.tenant, 7, UINT64_MAX, &err), STATUS_CORRUPT);
    assert_int_equal(store_check_lost(store, &gap.tenant, 8, UINT64_MAX, &err), STATUS_OK);
    for (uint8_t i = 1; i <= 2; i++) {
        const struct guid tenant = tenant_of(i);
        struct table_source *source = NULL;
        assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
        if (store_snapshot_source(snapshot, SLICE("T0"), &tenant, 1, &source, &err) == STATUS_OK)
            assert_int_equal(((struct scan_source *)source)->gap_count == 1, i == 1);
        assert_int_equal(source != NULL, i == 1); /* the other one has no such table */
        store_snapshot_free(snapshot);
    }
    batch_maker_release(&m);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_bytes_come_in_order_of_their_numbers),
        cmocka_unit_test(what_is_lost_is_said),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
