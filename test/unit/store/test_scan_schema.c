/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns a table has. */
#include "store/scan_maker.h"

static void user_tables_find_their_columns(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    batch_maker_init(&m, "Mine", 1);
    batch_maker_add(&m,
                    SLICE("{\"b\":true,\"l\":1,\"r\":1,\"s\":\"x\",\"d\":\"2026-01-01T00:00:00Z\","
                          "\"g\":\"89d53fe6-7f50-4456-b931-21fd1dc9eebe\",\"o\":{\"p\":1},"
                          "\"m\":1,\"n\":null,\"_Seq\":\"mine\",\"a.b\":3}"),
                    1);
    batch_maker_add(&m, SLICE("{\"r\":1.5,\"m\":\"x\",\"o\":[ ]}"), 2);
    put(store, &m);
    static const char *const NAMES[] = {"b", "l", "r", "s", "d", "g", "o", "m", "n", "a.b"};
    static const enum type TYPES[] = {TYPE_BOOL,     TYPE_LONG, TYPE_REAL,    TYPE_STRING,
                                      TYPE_DATETIME, TYPE_GUID, TYPE_DYNAMIC, TYPE_DYNAMIC,
                                      TYPE_STRING,   TYPE_LONG};
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    struct error err;
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_int_equal(store_snapshot_source(snapshot, SLICE("Mine"), &tenant, 1, &source, &err),
                     STATUS_OK);
    const struct schema *schema = source->ops->schema(source);
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
        assert_int_equal(schema->columns[column_of(schema, slice_of(NAMES[i]))].type, TYPES[i]);
    store_snapshot_free(snapshot);
    check(store, (struct query){.table = "Mine", .columns = "b l r s m o a.b _Seq"},
          "true|1|1|x|1|{\"p\":1}|3|1\nnull|null|1.5||\"x\"|[]|null|2\n");
    check(store, (struct query){.table = "Mine", .columns = "AdditionalFields"},
          "{\"_Seq\":\"mine\"}\nnull\n");
    batch_maker_release(&m);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_tables_find_their_columns),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
