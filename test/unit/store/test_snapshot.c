/* SPDX-License-Identifier: Apache-2.0 */
/* Tables by name. */
#include "store/scan_maker.h"
#include "store/scan_priv.h"

static void a_declared_table_binds_on_an_empty_store(void **state)
{
    (void)state;
    struct store *store = open_store();
    check(store, (struct query){.table = "Audit", .columns = "Operation"}, "");
    check(store, (struct query){.table = "Quarantine", .columns = "Raw"}, "");
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    struct error err;
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_int_equal(store_snapshot_source(snapshot, SLICE("No"), &tenant, 1, &source, &err),
                     STATUS_NOT_FOUND);
    store_snapshot_free(snapshot);
    close_store(store);
}

static struct table_source *source_of(struct store_snapshot *snapshot, const char *table,
                                      const struct guid *tenants, uint32_t count)
{
    struct table_source *source = NULL;
    struct error err;

    assert_int_equal(store_snapshot_source(snapshot, slice_of(table), tenants, count, &source,
                                           &err),
                     STATUS_OK);
    return source;
}

/* Asked for again, a table is the one at hand; another table or other tenants are not. */
static void a_table_is_made_once(void **state)
{
    struct store *store = open_store();
    struct store_snapshot *snapshot = NULL;
    struct guid tenants[] = {tenant_of(1), tenant_of(2)};
    struct error err;

    (void)state;
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    struct table_source *both = source_of(snapshot, "Audit", tenants, 2);
    struct table_source *first = source_of(snapshot, "Audit", tenants, 1);
    struct table_source *none = source_of(snapshot, "Audit", tenants, 0);
    struct table_source *other = source_of(snapshot, "Quarantine", tenants, 2);
    assert_ptr_not_equal(both, first);
    assert_ptr_not_equal(both, none);
    assert_ptr_not_equal(first, none);
    assert_ptr_not_equal(both, other);
    assert_ptr_not_equal(first, source_of(snapshot, "Audit", tenants + 1, 1));
    assert_ptr_equal(both, source_of(snapshot, "Audit", tenants, 2));
    assert_ptr_equal(first, source_of(snapshot, "Audit", tenants, 1));
    assert_ptr_equal(none, source_of(snapshot, "Audit", NULL, 0));
    assert_ptr_equal(other, source_of(snapshot, "Quarantine", tenants, 2));
    store_snapshot_free(snapshot);
    close_store(store);
}

/* Of one tenant it has the rows of that one, and no other's. */
static void one_tenants_snapshot_holds_nothing_of_others(void **state)
{
    struct store *store = open_store();
    struct store_snapshot *all = NULL, *one = NULL;
    struct guid tenant = tenant_of(2);
    struct batch_maker m;
    struct error err;

    (void)state;
    for (uint8_t i = 1; i <= 3; i++) {
        batch_maker_init(&m, "Audit", i);
        batch_maker_add(&m, SLICE("{\"Operation\":\"Send\"}"), 1000 + i);
        put(store, &m);
        batch_maker_release(&m);
    }
    assert_int_equal(store_snapshot(store, &all, &err), STATUS_OK);
    assert_int_equal(store_snapshot_of(store, &tenant, &one, &err), STATUS_OK);
    assert_int_equal(all->memory.count, is_sealed ? 0 : 3);
    assert_int_equal(one->memory.count, is_sealed ? 0 : 1);
    const struct scan_source *of_all = (void *)source_of(all, "Audit", &tenant, 1);
    const struct scan_source *of_one = (void *)source_of(one, "Audit", &tenant, 1);
    assert_int_equal(of_one->unit_count, 1);
    assert_int_equal(of_all->unit_count, 1);
    assert_int_equal(of_one->watermark, of_all->watermark);
    store_snapshot_free(all);
    store_snapshot_free(one);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_declared_table_binds_on_an_empty_store),
        cmocka_unit_test(a_table_is_made_once),
        cmocka_unit_test(one_tenants_snapshot_holds_nothing_of_others),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
