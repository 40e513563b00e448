/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - how fast tables are scanned, in memory and sealed.
 *
 *     bench_scan FILE.ndjson DIRECTORY [THREADS]
 *
 * Puts the records into a store in the (empty) directory in batches of 1,000,
 * asks a few questions, seals them and asks again.  Wall time. */
#include "base/limits.h"
#include "base/text.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH_ROWS 1000u

static const struct column COLUMNS[] = {
    {{"Operation", 9}, TYPE_STRING}, {{"UserId", 6}, TYPE_STRING},
    {{"ClientIP", 8}, TYPE_STRING},  {{"Id", 2}, TYPE_STRING},
    {{"Folders", 7}, TYPE_DYNAMIC},  {{"RecordType", 10}, TYPE_LONG},
};
static struct table_definition table = {
    .name = {"AuditRecords", 12}, .schema = {COLUMNS, 6}, .declared = true};

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_scan: %s\n", what);
    exit(1);
}

static enum status tenant_key(struct keyring *keyring, const struct guid *tenant,
                              enum key_purpose purpose, struct key *ret, struct error *err)
{
    (void)keyring;
    (void)err;
    memset(ret->bytes, tenant->bytes[15] + (int)purpose, sizeof(ret->bytes));
    return STATUS_OK;
}

struct counter {
    struct scan_sink sink;
    atomic_uint_fast64_t rows, bytes;
};

static enum status count(struct scan_sink *base, uint32_t worker, const struct batch *batch,
                         bool *stop, struct error *err)
{
    struct counter *counter = (struct counter *)base;
    uint64_t bytes = 0;

    (void)worker;
    (void)stop;
    (void)err;
    for (uint32_t c = 0; c < batch->column_count; c++) {
        for (uint32_t r = 0; r < batch->row_count && type_is_bytes(batch->columns[c].type); r++)
            bytes += batch->columns[c].slices[vector_index(&batch->columns[c], r)].size;
    }
    atomic_fetch_add(&counter->rows, batch->row_count);
    atomic_fetch_add(&counter->bytes, bytes);
    return STATUS_OK;
}

struct question {
    const char *name;
    uint32_t columns[3], column_count;
    struct filter filter;
};

static void ask(struct store *store, const struct question *question, uint32_t threads)
{
    struct guid tenant = {{0}};
    struct counter counter = {.sink.take = count};
    double best_ms = 1e9;

    for (int round = 0; round < 5; round++) {
        struct store_snapshot *snapshot;
        struct table_source *source;
        struct scan_stats stats;
        struct error err = {0};
        double start = now_ms();
        atomic_store(&counter.rows, 0);
        struct scan_request request = {.tenants = &tenant,
                                       .tenant_count = 1,
                                       .columns = question->columns,
                                       .column_count = question->column_count,
                                       .time_from = INT64_MIN,
                                       .time_to = INT64_MAX,
                                       .filters = &question->filter,
                                       .filter_count = question->filter.value_count > 0,
                                       .thread_count = threads,
                                       .arena = arena_new(GIB)};
        if (store_snapshot(store, &snapshot, &err) != STATUS_OK ||
            store_snapshot_source(snapshot, table.name, &tenant, 1, &source, &err) != STATUS_OK ||
            source->ops->scan(source, &request, &counter.sink, &stats, &err) != STATUS_OK)
            die(err.text);
        store_snapshot_free(snapshot);
        arena_free(request.arena);
        if (now_ms() - start < best_ms)
            best_ms = now_ms() - start;
    }
    (void)printf("  %-28s %8llu rows %8.2f ms\n", question->name,
                 (unsigned long long)atomic_load(&counter.rows), best_ms);
}

static void ask_all(struct store *store, uint32_t threads)
{
    struct value user = {.type = TYPE_STRING,
                         .bytes = SLICE("ines.weber137@quitritakowi4.onmicrosoft.com")};
    struct value id = {.type = TYPE_STRING,
                       .bytes = SLICE("89d53fe6-7f50-4456-b931-21fd1dc9eebe")};
    struct value word = {.type = TYPE_STRING, .bytes = SLICE("AM0PR12MB4463DAE50CD80F3B4F01F")};
    struct question questions[] = {
        {"count", {0}, 0, {0}},
        {"Operation", {0}, 1, {0}},
        {"UserId, ClientIP", {1, 2}, 2, {0}},
        {"Folders (arrays)", {4}, 1, {0}},
        {"UserId == one", {0, 1, 3}, 3,
         {.kind = FILTER_EQUAL, .column = 1, .values = &user, .value_count = 1}},
        {"Id == one", {0, 1, 3}, 3,
         {.kind = FILTER_EQUAL, .column = 3, .values = &id, .value_count = 1}},
        {"Folders has word", {0, 1, 3}, 3,
         {.kind = FILTER_HAS, .column = 4, .values = &word, .value_count = 1}},
        {"* has word", {0, 1, 3}, 3,
         {.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = &word, .value_count = 1}},
    };

    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        ask(store, &questions[i], threads);
}

static void put(struct store *store, struct record *records, struct json_tape *tapes,
                uint32_t row_count)
{
    struct record_batch batch = {
        .table = table.name, .records = records, .record_count = row_count, .wal_file = 1};
    struct error err;

    if (row_count > 0 && record_sink_take(store_sink(store), &batch, &err) != STATUS_OK)
        die(err.text);
    for (uint32_t i = 0; i < row_count; i++)
        json_tape_release(&tapes[i]);
}

static void ingest(struct store *store, FILE *file)
{
    static struct record records[BATCH_ROWS];
    static struct json_tape tapes[BATCH_ROWS];
    static char *lines[BATCH_ROWS];
    static size_t rooms[BATCH_ROWS];
    uint32_t rows = 0;
    uint64_t seq = 0;
    ssize_t size;

    while ((size = getline(&lines[rows], &rooms[rows], file)) > 1) {
        struct slice raw = slice_from(lines[rows], (size_t)size - 1);
        json_tape_init(&tapes[rows]);
        if (json_parse(raw, JSON_DEPTH_MAX, &tapes[rows]) != JSON_OK)
            die("a line is not JSON");
        seq++;
        records[rows] = (struct record){.raw = raw,
                                        .tokens = tapes[rows].tokens,
                                        .token_count = tapes[rows].count,
                                        .seq = seq,
                                        .event_time = (int64_t)seq * TICKS_PER_SECOND};
        if (++rows == BATCH_ROWS) {
            put(store, records, tapes, rows);
            rows = 0;
        }
    }
    put(store, records, tapes, rows);
    for (uint32_t i = 0; i < BATCH_ROWS; i++)
        free(lines[i]);
}

int main(int argc, char **argv)
{
    static const struct keyring_ops KEYS = {.tenant_key = tenant_key};
    struct keyring keyring = {&KEYS};
    struct store_options options = {
        .keyring = &keyring, .clock = clock_system(), .tables = &table, .table_count = 1};
    struct store *store = NULL;
    struct store_stats stats;
    struct error err;
    int64_t threads = 2;

    if (argc < 3 || (argc > 3 && !text_parse_i64(slice_of(argv[3]), &threads)) || threads < 1)
        die("usage: bench_scan FILE.ndjson DIRECTORY [THREADS]");
    FILE *file = fopen(argv[1], "rb");
    if (file == NULL)
        die("cannot open the file");
    if (io_linux_new(argv[2], &options.io, &err) != STATUS_OK ||
        store_open(&options, &store, &err) != STATUS_OK)
        die(err.text);
    double start = now_ms();
    ingest(store, file);
    (void)fclose(file);
    store_stats(store, &stats);
    (void)printf("in memory: %llu rows, %.0f B a row, %.0f ms with parsing\n",
                 (unsigned long long)stats.rows_memory,
                 (double)stats.bytes_memory / (double)stats.rows_memory, now_ms() - start);
    ask_all(store, (uint32_t)threads);
    start = now_ms();
    if (store_flush(store, 2, &err) != STATUS_OK)
        die(err.text);
    store_stats(store, &stats);
    (void)printf("sealed: %llu rows, %.0f B a row, %.0f ms\n",
                 (unsigned long long)stats.rows_sealed,
                 (double)stats.bytes_sealed / (double)stats.rows_sealed, now_ms() - start);
    ask_all(store, (uint32_t)threads);
    store_close(store);
    io_free(options.io);
    return 0;
}
