/* SPDX-License-Identifier: Apache-2.0 */
/* Tables by name. */
#include "store/scan_maker.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_declared_table_binds_on_an_empty_store),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
