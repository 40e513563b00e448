/* SPDX-License-Identifier: Apache-2.0 */
/* scan_maker.h - a store in memory and queries on it, for tests. */
#ifndef STORE_SCAN_MAKER_H
#define STORE_SCAN_MAKER_H

#include "base/clock.h"
#include "store/segment_fixture.h"
#include "store/store_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

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
/* Every batch is sealed at once: the same questions to segments. */
static bool is_sealed;

static inline void close_store(struct store *store)
{
    store_close(store);
    fixture_release(&fixture);
}

static inline struct store *open_store_with(size_t cache_bytes)
{
    fixture_init(&fixture);
    sealed_close(fixture.sealed); /* the store has its own */
    fixture.sealed = NULL;
    struct store_options options = {.io = fixture.io, .keyring = &fixture.keyring,
        .clock = clock_system(), .tables = TABLES, .table_count = 1,
        .cache_bytes = cache_bytes};
    struct store *store = NULL;
    struct error err;

    if (store_open(&options, &store, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return store;
}

static inline struct store *open_store(void)
{
    return open_store_with(0);
}

static inline void put(struct store *store, struct batch_maker *m)
{
    struct error err;

    if (record_sink_take(store_sink(store), &m->batch, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    if (is_sealed && store_flush(store, m->batch.wal_file + 1, &err) != STATUS_OK)
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

static inline void add_cell(struct buf *text, const struct value *value)
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

static inline enum status take_text(struct scan_sink *base, uint32_t worker,
                                    const struct batch *batch,
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
    enum status (*check)(void *context, struct error *err);
    void *check_context;
    const struct scan_top *top;
    struct scan_stats stats;
    enum status want;
    struct error err; /* what was wanted */
};

static inline struct guid tenant_of(uint8_t number)
{
    struct guid tenant = {{0}};

    tenant.bytes[15] = number;
    return tenant;
}

static inline uint32_t column_of(const struct schema *schema, struct slice name)
{
    uint32_t index = schema_find(schema, name);

    if (index == UINT32_MAX)
        fail_msg("no column '%.*s'", SLICE_FMT(name));
    return index;
}

/* The text of the rows; free it.  Filters name columns by index_of(). */
static inline char *run(struct store *store, struct query *q)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    struct error err = {0};
    uint32_t columns[32], count = 0;
    assert_int_equal(store_snapshot_of(store, &tenant, &snapshot, &err), STATUS_OK);
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
                                   .cancelled = q->cancelled,
                                   .check = q->check,
                                   .check_context = q->check_context,
                                   .top = q->top};
    enum status status = source->ops->scan(source, &request, &sink.sink, &q->stats, &err);
    if (status != q->want)
        fail_msg("%s", err.text);
    q->err = err;
    arena_free(request.arena);
    store_snapshot_free(snapshot);
    buf_add_byte(&sink.text, '\0');
    return sink.text.data;
}

static inline void check(struct store *store, struct query q, const char *want)
{
    char *text = run(store, &q);

    assert_string_equal(text, want);
    free(text);
}

/* The column's index in the schema of the table. */
static inline uint32_t index_of(struct store *store, const char *table, const char *name)
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

static inline struct value text_value(const char *text)
{
    return (struct value){.type = TYPE_STRING, .bytes = slice_of(text)};
}

/* 12,000 rows in four batches. */
static inline void put_many(struct store *store)
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

static inline uint64_t count_lines(const char *text)
{
    uint64_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

#endif
