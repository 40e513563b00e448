/* SPDX-License-Identifier: Apache-2.0 */
/* Tables over the rows in memory: columns, filters, quarantine, raw bytes. */
#include "store/store_priv.h"

#include "base/clock.h"
#include "store/segment_fixture.h"

/* ---- a store to scan ---- */

static const struct column DECLARED_COLUMNS[] = {
    {{"Operation", 9}, TYPE_STRING},      {{"RecordType", 10}, TYPE_STRING},
    {{"Number", 6}, TYPE_LONG},           {{"TimeGenerated", 13}, TYPE_DATETIME},
    {{"Folder", 6}, TYPE_DYNAMIC},        {{"Path", 4}, TYPE_STRING},
    {{"TenantId", 8}, TYPE_STRING},       {{"Flag", 4}, TYPE_BOOL},
    {{"Ratio", 5}, TYPE_REAL},            {{"CreationTime", 12}, TYPE_DATETIME},
    {{"Key", 3}, TYPE_GUID},              {{"Span", 4}, TYPE_TIMESPAN},
};
static const struct slice DECLARED_PATHS[] = {
    {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"Folder.Path", 11},
    {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0},
};

static struct table_definition TABLES[] = {
    {.name = {"Audit", 5},
     .schema = {DECLARED_COLUMNS, sizeof(DECLARED_COLUMNS) / sizeof(DECLARED_COLUMNS[0])},
     .paths = DECLARED_PATHS,
     .declared = true},
};

/* The directory and keys of the one store that is open. */
static struct fixture fixture;

static void close_store(struct store *store)
{
    store_close(store);
    fixture_release(&fixture);
}

static struct store *open_store(void)
{
    fixture_init(&fixture);
    sealed_close(fixture.sealed); /* the store has its own */
    fixture.sealed = NULL;
    struct store_options options = {.io = fixture.io, .keyring = &fixture.keyring,
        .clock = clock_system(), .tables = TABLES, .table_count = 1};
    struct store *store = NULL;
    struct error err;

    if (store_open(&options, &store, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return store;
}

static void put(struct store *store, struct batch_maker *m)
{
    struct error err;

    if (record_sink_take(store_sink(store), &m->batch, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    batch_maker_clear(m);
}

/* All rows of a scan as text: a row a line, cells with '|' between, sorted by
 * nothing.  Thread-safe. */
struct text_sink {
    struct scan_sink sink;
    pthread_mutex_t lock;
    struct buf text;
    uint64_t row_count;
    uint64_t row_limit;
};

static void add_cell(struct buf *text, const struct value *value)
{
    char guid[GUID_TEXT_BYTES + 1], time[TIME_TEXT_BYTES + 1];

    if (value->is_null) {
        buf_add_text(text, "null");
        return;
    }
    switch (value->type) {
    case TYPE_BOOL:
        buf_add_text(text, value->boolean ? "true" : "false");
        break;
    case TYPE_INT:
    case TYPE_LONG:
        buf_add_i64(text, value->integer);
        break;
    case TYPE_TIMESPAN:
        time_format_span(value->integer, text);
        break;
    case TYPE_REAL:
        text_add_double(text, value->real);
        break;
    case TYPE_DATETIME:
        time_format_iso(value->integer, time);
        buf_add_text(text, time);
        break;
    case TYPE_GUID:
        guid_format(&value->guid, guid);
        buf_add_text(text, guid);
        break;
    case TYPE_DECIMAL:
    case TYPE_STRING:
    case TYPE_DYNAMIC:
        buf_add_slice(text, value->bytes);
        break;
    case TYPE_COUNT_:
        fail();
    }
}

static enum status take_text(struct scan_sink *base, uint32_t worker, const struct batch *batch,
                             bool *stop, struct error *err)
{
    struct text_sink *sink = (struct text_sink *)base;

    (void)worker;
    (void)err;
    assert_true(batch->row_count > 0 && batch->row_count <= BATCH_ROWS_MAX);
    (void)pthread_mutex_lock(&sink->lock);
    for (uint32_t r = 0; r < batch->row_count; r++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            assert_int_equal(batch->columns[c].row_count, batch->row_count);
            struct value value = vector_value(&batch->columns[c], r);
            if (c > 0)
                buf_add_byte(&sink->text, '|');
            add_cell(&sink->text, &value);
        }
        buf_add_byte(&sink->text, '\n');
    }
    sink->row_count += batch->row_count;
    *stop = sink->row_count >= sink->row_limit;
    (void)pthread_mutex_unlock(&sink->lock);
    return STATUS_OK;
}

struct query {
    const char *table;
    const char *columns; /* names with blanks between */
    struct filter filters[2];
    uint32_t filter_count;
    int64_t time_from, time_to; /* 0: all */
    uint32_t thread_count;
    uint64_t row_limit;
    const atomic_bool *cancelled;
    struct scan_stats stats;
    enum status want;
};

static struct guid tenant_of(uint8_t number)
{
    struct guid tenant = {{0}};

    tenant.bytes[15] = number;
    return tenant;
}

static uint32_t column_of(const struct schema *schema, struct slice name)
{
    uint32_t index = schema_find(schema, name);

    if (index == UINT32_MAX)
        fail_msg("no column '%.*s'", SLICE_FMT(name));
    return index;
}

/* The text of the rows; free it.  A filter's `low` names no column: filters
 * use column names through filter_column(). */
static char *run(struct store *store, struct query *q)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    struct error err = {0};
    uint32_t columns[32], count = 0;
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    if (store_snapshot_source(snapshot, slice_of(q->table), &tenant, 1, &source, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    const struct schema *schema = source->ops->schema(source);
    struct slice rest = slice_of(q->columns), name;
    while (q->columns[0] != '\0' && slice_next(&rest, ' ', &name))
        columns[count++] = column_of(schema, name);
    struct text_sink sink = {.sink.take = take_text,
                             .lock = PTHREAD_MUTEX_INITIALIZER,
                             .row_limit = q->row_limit == 0 ? UINT64_MAX : q->row_limit};
    buf_init(&sink.text, 64 * MIB);
    struct scan_request request = {.tenants = &tenant,
                                   .tenant_count = 1,
                                   .columns = columns,
                                   .column_count = count,
                                   .time_from = q->time_from == 0 ? INT64_MIN : q->time_from,
                                   .time_to = q->time_to == 0 ? INT64_MAX : q->time_to,
                                   .filters = q->filters,
                                   .filter_count = q->filter_count,
                                   .thread_count = q->thread_count == 0 ? 1 : q->thread_count,
                                   .arena = arena_new(256 * MIB),
                                   .cancelled = q->cancelled};
    enum status status = source->ops->scan(source, &request, &sink.sink, &q->stats, &err);
    if (status != q->want)
        fail_msg("%s", err.text);
    arena_free(request.arena);
    store_snapshot_free(snapshot);
    buf_add_byte(&sink.text, '\0');
    return sink.text.data;
}

static void check(struct store *store, struct query q, const char *want)
{
    char *text = run(store, &q);

    assert_string_equal(text, want);
    free(text);
}

/* The column's index in the schema of the table. */
static uint32_t index_of(struct store *store, const char *table, const char *name)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    struct error err;
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_int_equal(
        store_snapshot_source(snapshot, slice_of(table), &tenant, 1, &source, &err), STATUS_OK);
    uint32_t index = column_of(source->ops->schema(source), slice_of(name));
    store_snapshot_free(snapshot);
    return index;
}

static struct value text_value(const char *text)
{
    return (struct value){.type = TYPE_STRING, .bytes = slice_of(text)};
}

/* ---- declared tables ---- */

static const char *const AUDIT[] = {
    "{\"Operation\":\"A\",\"RecordType\":1,\"Number\":\"7\",\"Flag\":\"True\",\"Ratio\":\"1.5\","
    "\"Folder\":{\"Path\":\"\\\\Inbox\",\"N\":[1,2]},\"CreationTime\":\"2026-01-02T03:04:05\","
    "\"Key\":\"89D53FE6-7F50-4456-B931-21FD1DC9EEBE\",\"Span\":\"1.02:03:04.5\",\"X\":{\"y\":[]}}",
    "{\"Operation\":\"B\\u0041\",\"RecordType\":\"2\",\"Number\":7.0,\"Flag\":false,\"Ratio\":2,"
    "\"Folder\":\"[1]\",\"X\":1,\"\\u00e9\":\"q\\\"\"}",
    "{\"Operation\":null,\"Number\":\"no\",\"Folder\":[{\"Path\":\"p\"}],\"CreationTime\":\"?\"}",
};

static void put_audit(struct store *store)
{
    struct batch_maker m;
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 3; i++)
        batch_maker_add(&m, slice_of(AUDIT[i]), TICKS_PER_SECOND * (i + 1));
    put(store, &m);
    batch_maker_release(&m);
}

static void declared_columns_have_their_types(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_audit(store);
    check(store, (struct query){.table = "Audit", .columns = "_Seq Operation RecordType Number"},
          "1|A|1|7\n2|BA|2|7\n3|||null\n");
    check(store, (struct query){.table = "Audit", .columns = "Flag Ratio CreationTime Key Span"},
          "true|1.5|2026-01-02T03:04:05.0000000Z|89d53fe6-7f50-4456-b931-21fd1dc9eebe|"
          "1.02:03:04.5000000\n"
          "false|2|null|null|null\nnull|null|null|null|null\n");
    check(store, (struct query){.table = "Audit", .columns = "Folder Path"},
          "{\"Path\":\"\\\\Inbox\",\"N\":[1,2]}|\\Inbox\n\"[1]\"|\n[{\"Path\":\"p\"}]|\n");
    check(store, (struct query){.table = "Audit", .columns = "TenantId TimeGenerated"},
          "00000000-0000-0000-0000-000000000001|0001-01-01T00:00:01.0000000Z\n"
          "00000000-0000-0000-0000-000000000001|0001-01-01T00:00:02.0000000Z\n"
          "00000000-0000-0000-0000-000000000001|0001-01-01T00:00:03.0000000Z\n");
    check(store, (struct query){.table = "Audit", .columns = "_ReceivedTime"},
          "2023-11-14T22:13:20.0000000Z\n2023-11-14T22:13:20.0000000Z\n"
          "2023-11-14T22:13:20.0000000Z\n");
    check(store, (struct query){.table = "Audit", .columns = ""}, "\n\n\n");
    close_store(store);
}

static void undeclared_fields_are_in_additional_fields(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_audit(store);
    check(store, (struct query){.table = "Audit", .columns = "AdditionalFields"},
          "{\"X\":{\"y\":[]}}\n{\"X\":1,\"\xC3\xA9\":\"q\\\"\"}\nnull\n");
    close_store(store);
}

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

/* ---- user tables ---- */

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
          "true|1|1|x|1|{\"p\":1}|3|1\nnull|null|1.5||\"x\"|[ ]|null|2\n");
    check(store, (struct query){.table = "Mine", .columns = "AdditionalFields"},
          "{\"_Seq\":\"mine\"}\nnull\n");
    batch_maker_release(&m);
    close_store(store);
}

/* ---- quarantine and raw rows ---- */

static void quarantined_rows_are_in_their_own_table(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    batch_maker_init(&m, "Audit", 1);
    batch_maker_add(&m, SLICE("{\"Operation\":\"A\"}"), 1);
    batch_maker_add(&m, SLICE("broken \xFF"), 2);
    put(store, &m);
    check(store, (struct query){.table = "Audit", .columns = "_Seq Operation"}, "1|A\n");
    check(store, (struct query){.table = "Quarantine", .columns = "_Seq Reason Raw Table"},
          "2|is not an object|broken \xEF\xBF\xBD|Audit\n");
    batch_maker_release(&m);
    close_store(store);
}

static void records_beyond_the_bounds_have_their_columns(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    struct buf text;
    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    batch_maker_add(&m, SLICE("{\"Operation\":\"small\",\"Number\":1}"), 1);
    buf_add_text(&text, "{\"Operation\":\"b\\u0069g\",\"Number\":\"5\",\"Flag\":true,\"Ratio\":{},"
                        "\"Folder\":{\"Path\":\"f\"},\"Key\":null,\"Extra\":[");
    buf_add_text(&text, "{\"k\":0");
    for (uint32_t i = 0; i < SHAPE_SLOTS_MAX; i++)
        buf_add_format(&text, ",\"k%u\":1", i);
    buf_add_text(&text, "}]}");
    batch_maker_add(&m, buf_slice(&text), 2);
    put(store, &m);
    check(store, (struct query){.table = "Audit", .columns = "_Seq Operation Number Flag Ratio "
                                                             "Folder Path Key"},
          "1|small|1|null|null|null||null\n2|big|5|true|null|{\"Path\":\"f\"}|f|null\n");
    struct query q = {.table = "Audit", .columns = "AdditionalFields"};
    char *out = run(store, &q);
    assert_non_null(strstr(out, "{\"Extra\":[{\"k\":0,\"k0\":1,"));
    free(out);
    buf_release(&text);
    batch_maker_release(&m);
    close_store(store);
}

/* ---- filters ---- */

static void put_many(struct store *store)
{
    struct batch_maker m;
    struct buf text;
    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    for (int b = 0; b < 4; b++) {
        for (int i = 0; i < 3000; i++) {
            buf_clear(&text);
            buf_add_format(&text, "{\"Operation\":\"op%d\",\"Number\":%d", i % 10, i);
            if (i % 3 == 0)
                buf_add_format(&text, ",\"Folder\":{\"Path\":\"p%d\",\"L\":[{\"Word\":\"w%d\"}]}",
                               i, i);
            if (i % 3 == 1)
                buf_add_format(&text, ",\"Folder\":[\"e%d\"]", i);
            buf_add_text(&text, "}");
            batch_maker_add(&m, buf_slice(&text), TICKS_PER_SECOND * (b * 3000 + i + 1));
        }
        put(store, &m);
    }
    buf_release(&text);
    batch_maker_release(&m);
}

static uint64_t count_lines(const char *text)
{
    uint64_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void filters_choose_rows(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct value operations[] = {text_value("op3"), text_value("OP4")};
    struct value path = text_value("p9"), none = text_value("absent"), word = text_value("W9");
    struct value element = text_value("E7"), empty = text_value("");
    struct value number = {.type = TYPE_LONG, .integer = 77};
    uint32_t operation_column = index_of(store, "Audit", "Operation");
    uint32_t folder_column = index_of(store, "Audit", "Folder");
    uint32_t path_column = index_of(store, "Audit", "Path");
    uint32_t number_column = index_of(store, "Audit", "Number");
    struct {
        struct filter filter;
        uint64_t want;
    } cases[] = {
        {{.kind = FILTER_EQUAL, .column = operation_column, .values = operations,
          .value_count = 2}, 1200},
        {{.kind = FILTER_EQUAL_NOCASE, .column = operation_column, .values = operations,
          .value_count = 2}, 2400},
        {{.kind = FILTER_EQUAL, .column = operation_column, .values = &none, .value_count = 1}, 0},
        {{.kind = FILTER_EQUAL, .column = path_column, .values = &path, .value_count = 1}, 4},
        {{.kind = FILTER_EQUAL, .column = path_column, .values = &empty, .value_count = 1}, 8000},
        {{.kind = FILTER_EQUAL, .column = folder_column, .path = {"Path", 4}, .values = &path,
          .value_count = 1}, 4},
        {{.kind = FILTER_EQUAL, .column = number_column, .values = &number, .value_count = 1}, 4},
        {{.kind = FILTER_RANGE, .column = number_column, .low = 10, .high = 19}, 40},
        {{.kind = FILTER_HAS, .column = folder_column, .values = &word, .value_count = 1}, 156},
        {{.kind = FILTER_HAS, .column = folder_column, .values = &element, .value_count = 1}, 156},
        {{.kind = FILTER_HAS, .column = folder_column, .values = &none, .value_count = 1}, 0},
        {{.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = &word,
          .value_count = 1}, 156},
        {{.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = &none,
          .value_count = 1}, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct query q = {.table = "Audit", .columns = "_Seq Operation", .filter_count = 1};
        q.filters[0] = cases[i].filter;
        char *text = run(store, &q);
        if (count_lines(text) != cases[i].want)
            fail_msg("case %zu: %d rows", i, (int)count_lines(text));
        free(text);
    }
    close_store(store);
}

static void time_ranges_choose_rows(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct query q = {.table = "Audit",
                      .columns = "_Seq",
                      .time_from = TICKS_PER_SECOND * 100,
                      .time_to = TICKS_PER_SECOND * 200};
    char *text = run(store, &q);
    assert_int_equal(count_lines(text), 100);
    assert_int_equal(q.stats.rows_scanned, 100);
    assert_true(q.stats.parts_skipped > 0);
    assert_true(q.stats.complete);
    assert_int_equal(q.stats.watermark, 12000);
    free(text);
    q.filter_count = 1;
    q.filters[0] = (struct filter){.kind = FILTER_RANGE,
                                   .column = index_of(store, "Audit", "TimeGenerated"),
                                   .low = TICKS_PER_SECOND * 150,
                                   .high = TICKS_PER_SECOND * 150};
    text = run(store, &q);
    assert_int_equal(count_lines(text), 1);
    free(text);
    close_store(store);
}

static void threads_and_limits_end_a_scan(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct query q = {.table = "Audit", .columns = "_Seq Folder AdditionalFields",
                      .thread_count = 4};
    char *text = run(store, &q);
    assert_int_equal(count_lines(text), 12000);
    free(text);
    q.row_limit = 10;
    q.thread_count = 1;
    text = run(store, &q);
    assert_true(count_lines(text) <= BATCH_ROWS_MAX);
    free(text);
    atomic_bool cancelled = true;
    q.cancelled = &cancelled;
    q.want = STATUS_CANCELLED;
    free(run(store, &q));
    close_store(store);
}

/* ---- memory and raw bytes ---- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declared_columns_have_their_types),
        cmocka_unit_test(undeclared_fields_are_in_additional_fields),
        cmocka_unit_test(a_declared_table_binds_on_an_empty_store),
        cmocka_unit_test(user_tables_find_their_columns),
        cmocka_unit_test(quarantined_rows_are_in_their_own_table),
        cmocka_unit_test(records_beyond_the_bounds_have_their_columns),
        cmocka_unit_test(filters_choose_rows),
        cmocka_unit_test(time_ranges_choose_rows),
        cmocka_unit_test(threads_and_limits_end_a_scan),
        cmocka_unit_test(small_batches_do_not_pile_up),
        cmocka_unit_test(raw_bytes_come_in_order_of_their_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
