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
                          "\"m\":1,\"n\":null,\"_Seq\":\"mine\",\"a.b\":3,"
                          "\"e\":\"2026-01-01T00:00:00\\u002B01:00\",\"f\":\"a\\u002Bb\","
                          "\"h\":\"89d53fe6\\u002D7f50-4456-b931-21fd1dc9eebe\"}"),
                    1);
    batch_maker_add(&m, SLICE("{\"r\":1.5,\"m\":\"x\",\"o\":[ ]}"), 2);
    put(store, &m);
    static const char *const NAMES[] = {"b", "l", "r", "s", "d", "g", "o", "m", "n", "a.b",
                                        "e", "f", "h"};
    static const enum type TYPES[] = {TYPE_BOOL,     TYPE_LONG, TYPE_REAL,    TYPE_STRING,
                                      TYPE_DATETIME, TYPE_GUID, TYPE_DYNAMIC, TYPE_DYNAMIC,
                                      TYPE_STRING,   TYPE_LONG, TYPE_DATETIME, TYPE_STRING,
                                      TYPE_GUID};
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

#define UNITS 4
#define ROWS 600

/* Of a table whose columns are those of its rows, in several sections or parts. */
static void put_units(struct store *store)
{
    struct batch_maker m;
    char text[128];

    batch_maker_init(&m, "Mine", 1);
    for (int i = 0; i < UNITS * ROWS; i++) {
        int size = snprintf(text, sizeof(text), "{\"s\":\"x%d\",\"n\":%s%d,\"o\":%s}", i,
                            i / ROWS == 2 ? "0." : "", i, i / ROWS == 1 ? "{\"p\":1}" : "null");
        batch_maker_add(&m, slice_from(text, (size_t)size), TICKS_PER_SECOND * (i + 1));
        if (i % ROWS == ROWS - 1)
            put(store, &m);
    }
    batch_maker_release(&m);
}

static enum status end_at(void *context, struct error *err)
{
    unsigned *left = context;

    return --*left == 0 ? ERROR_SET(err, STATUS_LIMIT, "the time is over") : STATUS_OK;
}

static void finding_columns_looks_at_the_time(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    struct error err;
    unsigned left = UNITS - 1; /* none before the first */
    put_units(store);
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    store_snapshot_watch(snapshot, end_at, &left);
    assert_int_equal(store_snapshot_source(snapshot, SLICE("Mine"), &tenant, 1, &source, &err),
                     STATUS_LIMIT);
    assert_int_equal(left, 0);
    store_snapshot_watch(snapshot, NULL, NULL);
    assert_int_equal(store_snapshot_source(snapshot, SLICE("Mine"), &tenant, 1, &source, &err),
                     STATUS_OK);
    store_snapshot_free(snapshot);
    close_store(store);
}

/* Once found, they are not looked for again in what is sealed. */
static void columns_found_once_stay_the_same(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct guid tenant = tenant_of(1);
    struct error err;
    put_units(store);
    for (int i = 0; i < 3; i++) {
        struct store_snapshot *snapshot = NULL;
        struct table_source *source = NULL;
        assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
        assert_int_equal(
            store_snapshot_source(snapshot, SLICE("Mine"), &tenant, 1, &source, &err), STATUS_OK);
        const struct schema *schema = source->ops->schema(source);
        assert_int_equal(schema->columns[column_of(schema, SLICE("s"))].type, TYPE_STRING);
        assert_int_equal(schema->columns[column_of(schema, SLICE("n"))].type, TYPE_REAL);
        assert_int_equal(schema->columns[column_of(schema, SLICE("o"))].type, TYPE_DYNAMIC);
        const struct scan_source *scan = (const struct scan_source *)source;
        assert_int_equal(scan->unit_count, UNITS);
        for (uint32_t u = 0; u < UNITS && is_sealed; u++) {
            struct part *view = NULL;
            uint8_t type = 0;
            assert_int_equal(section_view(scan->units[u].section, &view, &err), STATUS_OK);
            uint32_t n = part_find_path(view, SLICE("n"), PATH_VALUE);
            assert_true(section_found_type(view, n, &type));
            assert_int_equal(type, u == 2 ? TYPE_REAL : TYPE_LONG);
            part_unref(view);
        }
        store_snapshot_free(snapshot);
    }
    close_store(store);
}

/* The table Mine of tenant 1. */
static const struct scan_source *open_source(struct store *store, struct store_snapshot **ret)
{
    struct guid tenant = tenant_of(1);
    struct table_source *source = NULL;
    struct error err;

    assert_int_equal(store_snapshot(store, ret, &err), STATUS_OK);
    assert_int_equal(store_snapshot_source(*ret, SLICE("Mine"), &tenant, 1, &source, &err),
                     STATUS_OK);
    return (const struct scan_source *)source;
}

/* Senders make up as many as they like: they are not kept, nor are their values looked at. */
static void keys_beyond_the_most_columns_cost_nothing(void **state)
{
    enum { KEYS = 1100, OTHERS = 20, OTHER_ROWS = 400 };
    struct store *store = open_store();
    struct store_snapshot *snapshot = NULL;
    struct batch_maker m;
    struct buf text;
    struct error err;

    (void)state;
    buf_init(&text, MIB);
    batch_maker_init(&m, "Mine", 1);
    buf_add_format(&text, "{\"TimeGenerated\":1,\"%0257d\":1", 0);
    for (int i = 0; i < KEYS; i++)
        buf_add_format(&text, ",\"k%d\":1", i);
    buf_add_byte(&text, '}');
    batch_maker_add(&m, buf_slice(&text), 1);
    put(store, &m);
    for (int r = 0; r < OTHER_ROWS; r++) {
        buf_clear(&text);
        for (int i = 0; i < OTHERS; i++)
            buf_add_format(&text, "%s\"o%d\":%d", i == 0 ? "{" : ",", i, r);
        buf_add_byte(&text, '}');
        batch_maker_add(&m, buf_slice(&text), r + 2);
    }
    put(store, &m);
    const struct scan_source *source = open_source(store, &snapshot);
    assert_int_equal(source->schema.column_count, TABLE_COLUMNS_MAX);
    (void)column_of(&source->schema, SLICE("AdditionalFields"));
    for (uint32_t u = 0; u < source->unit_count && is_sealed; u++) {
        struct part *view = NULL;
        uint8_t type;
        assert_int_equal(section_view(source->units[u].section, &view, &err), STATUS_OK);
        uint32_t path = part_find_path(view, SLICE("o1"), PATH_VALUE);
        assert_true(path == UINT32_MAX || !section_found_type(view, path, &type));
        part_unref(view);
    }
    store_snapshot_free(snapshot);
    char *out = run(store, &(struct query){.table = "Mine", .columns = "k0 AdditionalFields"});
    assert_non_null(strstr(out, "00000000\":1,\"k994\":1,\"k995\":1,"));
    assert_non_null(strstr(out, "\nnull|{\"o0\":7,\"o1\":7,"));
    free(out);
    buf_release(&text);
    batch_maker_release(&m);
    close_store(store);
}

static bool copy_types(void *context, const struct map *types)
{
    struct map *ret = context;
    struct error err;

    for (size_t i = 0; i < types->count; i++) {
        struct map_entry *entry = map_put(ret, types->entries[i].key, NULL, &err);
        assert_non_null(entry);
        entry->value = types->entries[i].value;
    }
    return true;
}

/* What is kept of the whole records of the first section, where there is one. */
static bool find_kept(struct store *store, struct map *ret)
{
    struct store_snapshot *snapshot = NULL;
    const struct scan_source *source = open_source(store, &snapshot);

    map_init(ret);
    if (is_sealed)
        assert_true(section_found_whole(source->units[0].section, copy_types, ret));
    store_snapshot_free(snapshot);
    return is_sealed;
}

/* Once they were cut into columns, what does not fit changed the type. */
static void whole_records_count_for_the_types(void **state)
{
    enum { WHOLE = 80, OTHER = 50 };
    struct store *store = open_store();
    struct batch_maker m;
    struct buf text, want;
    struct map kept;

    (void)state;
    buf_init(&text, MIB);
    buf_init(&want, MIB);
    batch_maker_init(&m, "Mine", 1);
    batch_maker_add(&m, SLICE("{\"n\":1,\"t\":\"2026-01-01T00:00:00Z\",\"l\":3}"), 1);
    buf_add_text(&want, "1|2026-01-01T00:00:00Z|3\n");
    for (int r = 0; r < WHOLE; r++) {
        buf_clear(&text);
        buf_add_format(&text, "{\"\\u006e\":%s,\"t\":\"n/a\",\"l\":3.5,\"o\":{\"k\":0",
                       r == OTHER ? "\"high\"" : "2");
        buf_add_format(&want, "%s|n/a|3.5\n", r == OTHER ? "\"high\"" : "2");
        for (uint32_t i = 0; i < SHAPE_SLOTS_MAX; i++)
            buf_add_format(&text, ",\"k%u\":1", i);
        buf_add_text(&text, "}}");
        batch_maker_add(&m, buf_slice(&text), r + 2);
    }
    put(store, &m);
    buf_add_byte(&want, '\0');
    for (int i = 0; i < 2; i++) /* found, then known */
        check(store, (struct query){.table = "Mine", .columns = "n t l"}, want.data);
    if (find_kept(store, &kept))
        assert_int_equal(kept.count, 4);
    map_release(&kept);
    buf_release(&text);
    buf_release(&want);
    batch_maker_release(&m);
    close_store(store);
}

/* They have more keys than can be columns; what they have in those that are is kept all the same,
 * and again where one becomes a column later. */
static void wide_whole_records_are_not_parsed_again(void **state)
{
    enum { WHOLE = 200 };
    struct store *store = open_store();
    struct batch_maker m;
    struct buf text, want;
    struct map kept;

    (void)state;
    buf_init(&text, MIB);
    buf_init(&want, MIB);
    batch_maker_init(&m, "Mine", 1);
    batch_maker_add(&m, SLICE("{\"n\":1,\"none\":1}"), 1);
    buf_add_text(&want, "1|1\n");
    buf_add_text(&text, "{\"k\":0");
    for (uint32_t i = 0; i < SHAPE_SLOTS_MAX; i++)
        buf_add_format(&text, ",\"k%u\":1", i);
    buf_add_text(&text, ",\"n\":\"x\",\"later\":\"y\"}"); /* behind those that are kept of all */
    for (int r = 0; r < WHOLE; r++) {
        batch_maker_add(&m, buf_slice(&text), r + 2);
        buf_add_text(&want, "\"x\"|null\n");
    }
    put(store, &m);
    buf_add_byte(&want, '\0');
    for (int i = 0; i < 2; i++) /* found, then known */
        check(store, (struct query){.table = "Mine", .columns = "n none"}, want.data);
    if (find_kept(store, &kept)) {
        assert_int_equal(map_find(&kept, SLICE("n"))->value, TYPE_STRING);
        assert_non_null(map_find(&kept, SLICE("none")));
        assert_null(map_find(&kept, SLICE("later")));
    }
    map_release(&kept);
    batch_maker_add(&m, SLICE("{\"later\":2}"), WHOLE + 2);
    put(store, &m);
    for (int i = 0; i < 2; i++) {
        char *out = run(store, &(struct query){.table = "Mine", .columns = "n later"});
        assert_non_null(strstr(out, "\"x\"|\"y\"\nnull|2\n"));
        free(out);
    }
    if (find_kept(store, &kept)) {
        assert_non_null(map_find(&kept, SLICE("later")));
        assert_int_equal(map_find(&kept, SLICE("later"))->value, TYPE_STRING);
    }
    map_release(&kept);
    buf_release(&text);
    buf_release(&want);
    batch_maker_release(&m);
    close_store(store);
}

static void whole_numbers_keep_their_digits(void **state)
{
    static const enum type TYPES[] = {TYPE_DYNAMIC, TYPE_LONG, TYPE_DYNAMIC, TYPE_REAL,
                                      TYPE_REAL,    TYPE_REAL, TYPE_LONG};
    struct store *store = open_store();
    struct store_snapshot *snapshot = NULL;
    struct batch_maker m;

    (void)state;
    batch_maker_init(&m, "Mine", 1);
    batch_maker_add(&m,
                    SLICE("{\"a\":9007199254740993,\"b\":9007199254740993,"
                          "\"c\":18446744073709551615,\"d\":1,\"e\":1.25,"
                          "\"f\":18446744073709551616,\"g\":-9223372036854775808}"),
                    1);
    put(store, &m);
    batch_maker_add(&m,
                    SLICE("{\"a\":1.5,\"b\":2,\"c\":1,\"d\":1.5,\"e\":9007199254740994,"
                          "\"f\":2,\"g\":9223372036854775807}"),
                    2);
    put(store, &m);
    const struct scan_source *source = open_source(store, &snapshot);
    for (uint32_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
        assert_int_equal(source->schema.columns[i].type, TYPES[i]);
    store_snapshot_free(snapshot);
    check(store, (struct query){.table = "Mine", .columns = "a b c d g"},
          "9007199254740993|9007199254740993|18446744073709551615|1|-9223372036854775808\n"
          "1.5|2|1|1.5|9223372036854775807\n");
    batch_maker_release(&m);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_tables_find_their_columns),
        cmocka_unit_test(finding_columns_looks_at_the_time),
        cmocka_unit_test(columns_found_once_stay_the_same),
        cmocka_unit_test(keys_beyond_the_most_columns_cost_nothing),
        cmocka_unit_test(whole_records_count_for_the_types),
        cmocka_unit_test(wide_whole_records_are_not_parsed_again),
        cmocka_unit_test(whole_numbers_keep_their_digits),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
