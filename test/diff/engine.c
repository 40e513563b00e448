/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c - the real engine over the tables, kept in several ways. */
#include "model.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "codec/json.h"
#include "query/query.h"
#include "store/store.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct way WAYS[] = {
    {"plain, 1 thread", PLACE_PLAIN, 1, false},
    {"memory, 1 thread", PLACE_MEMORY, 1, false},
    {"many parts, 4 threads", PLACE_MANY, 4, false},
    {"sealed, many segments", PLACE_SEALED, 1, false},
    {"merged", PLACE_MERGED, 1, false},
    {"merged, 2 threads", PLACE_MERGED, 2, false},
    {"merged, no push-down", PLACE_MERGED, 1, true},
    {"memory, no push-down", PLACE_MEMORY, 1, true},
};
const uint32_t WAY_COUNT = sizeof(WAYS) / sizeof(WAYS[0]);

static void must(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "diff: %s\n", err->text);
    exit(2);
}

/* ---- a source that only hands rows on: flat, unfiltered, in small batches ---- */

struct plain {
    struct table_source source; /* first */
    struct schema schema;
    const struct table *table;
};

#define NOW TICKS_UNIX_EPOCH
#define PLAIN_ROWS 37u
#define CELLS_MAX 300000u /* of an answer that is kept: more is a limit */

static const struct schema *plain_schema(struct table_source *source)
{
    return &((struct plain *)source)->schema;
}

static enum status plain_scan(struct table_source *source, const struct scan_request *request,
                              struct scan_sink *sink, struct scan_stats *stats, struct error *err)
{
    const struct table *t = ((struct plain *)source)->table;
    bool stop = false;

    stats->complete = true;
    for (uint32_t row = 0; row < t->row_count && !stop; row += PLAIN_ROWS) {
        uint32_t rows = t->row_count - row < PLAIN_ROWS ? t->row_count - row : PLAIN_ROWS;
        struct vector *columns =
            ARENA_ARRAY(request->arena, struct vector, request->column_count + 1, err);
        if (columns == NULL)
            return err->status;
        for (uint32_t c = 0; c < request->column_count; c++) {
            uint32_t field = request->columns[c];
            enum type type = t->shape.fields[field].type;
            enum status status = vector_flat(request->arena, type, rows, type != TYPE_STRING,
                                             &columns[c], err);
            if (status != STATUS_OK)
                return status;
            for (uint32_t r = 0; r < rows; r++) {
                const struct value *v = &table_row(t, row + r)[field];
                if (!v->is_null)
                    vector_set(&columns[c], r, v);
                else if (vector_nulls(&columns[c]) != NULL)
                    vector_nulls(&columns[c])[r] = 1;
            }
        }
        struct batch batch = {.row_count = rows, .column_count = request->column_count,
                              .columns = columns};
        enum status status = sink->take(sink, 0, &batch, &stop, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static const struct table_source_ops PLAIN = {plain_schema, plain_scan, NULL, NULL};

/* ---- the same rows in a store ---- */

struct place {
    char root[64];
    struct io *io;
    struct keyring keyring;
    struct store *store;
    struct store_snapshot *snapshot;
    struct table_definition tables[TABLES];
};

static struct plain plains[TABLES];
static struct place places[PLACES];
static const struct guid TENANT = {.bytes = {[15] = 1}};

static enum status tenant_key(struct keyring *keyring, const struct guid *tenant,
                              enum key_purpose purpose, struct key *ret, struct error *err)
{
    (void)keyring;
    (void)err;
    memset(ret->bytes, tenant->bytes[15] * 16 + (int)purpose, sizeof(ret->bytes));
    return STATUS_OK;
}

static const struct keyring_ops KEYS = {.tenant_key = tenant_key};

static void add_cell(struct buf *json, const struct value *v)
{
    char text[64];

    switch (v->type) {
    case TYPE_BOOL:
        buf_add_text(json, v->boolean ? "true" : "false");
        break;
    case TYPE_INT:
    case TYPE_LONG:
        buf_add_i64(json, v->integer);
        break;
    case TYPE_REAL:
        text_add_double(json, v->real);
        break;
    case TYPE_DATETIME:
        time_format_iso(v->integer, text);
        buf_add_format(json, "\"%s\"", text);
        break;
    case TYPE_TIMESPAN:
        buf_add_byte(json, '"');
        time_format_span(v->integer, json);
        buf_add_byte(json, '"');
        break;
    case TYPE_GUID:
        guid_format(&v->guid, text);
        buf_add_format(json, "\"%s\"", text);
        break;
    case TYPE_STRING:
        text_add_json_string(json, v->bytes);
        break;
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
    case TYPE_COUNT_:
        buf_add_slice(json, v->bytes);
        break;
    }
}

/* A column that is neither text nor dynamic has null for an array or object, too. */
static void add_null(struct buf *json, enum type type, uint32_t chance)
{
    static const char *const nulls[] = {"null", "[7,-3,1.5]", "null", "{\"a\":1,\"b\":\"alice\"}"};
    bool is_open = type == TYPE_STRING || type == TYPE_DYNAMIC;

    buf_add_text(json, is_open ? "null" : nulls[chance % 4]);
}

/* A null is sometimes said and sometimes left out. */
static void add_record(struct buf *json, const struct table *t, uint32_t row)
{
    bool first = true;

    buf_add_byte(json, '{');
    for (uint32_t c = 0; c < t->shape.count; c++) {
        const struct value *v = &table_row(t, row)[c];
        if ((v->is_null || (v->type == TYPE_STRING && v->bytes.size == 0)) && (row + c) % 2 == 0)
            continue;
        buf_add_format(json, "%s\"%.*s\":", first ? "" : ",", SLICE_FMT(t->shape.fields[c].name));
        first = false;
        if (v->is_null)
            add_null(json, v->type, row / 2 + c);
        else
            add_cell(json, v);
    }
    buf_add_byte(json, '}');
}

/* Rows [from, to) as one batch of the log. */
static void put(struct place *place, const struct table *t, uint32_t from, uint32_t to,
                uint64_t *seq)
{
    struct record records[256] = {0};
    struct json_tape tapes[256];
    struct buf texts[256];
    struct record_batch batch = {.tenant = TENANT, .table = slice_of(t->name), .records = records,
                                 .record_count = to - from, .received_us = 1700000000000000,
                                 .wal_file = 1};
    struct error err = {0};
    uint32_t time = schema_find(&(struct schema){t->shape.fields, t->shape.count},
                                SLICE("TimeGenerated"));

    for (uint32_t i = 0; i < to - from; i++) {
        buf_init(&texts[i], MIB);
        add_record(&texts[i], t, from + i);
        json_tape_init(&tapes[i]);
        if (json_parse(buf_slice(&texts[i]), JSON_DEPTH_MAX, &tapes[i]) != JSON_OK)
            abort();
        records[i] = (struct record){.raw = buf_slice(&texts[i]), .tokens = tapes[i].tokens,
                                     .token_count = tapes[i].count, .seq = (*seq)++,
                                     .event_time = table_row(t, from + i)[time].integer};
    }
    if (to > from)
        must(record_sink_take(store_sink(place->store), &batch, &err), &err);
    for (uint32_t i = 0; i < to - from; i++) {
        json_tape_release(&tapes[i]);
        buf_release(&texts[i]);
    }
}

static void open_place(struct place *place, int kind)
{
    static const struct slice no_paths[FIELDS_MAX];
    struct error err = {0};
    uint64_t seq = 1;
    bool worked = true;

    memcpy(place->root, "/tmp/daybook-diff-XXXXXX", sizeof("/tmp/daybook-diff-XXXXXX"));
    if (mkdtemp(place->root) == NULL)
        abort();
    must(io_linux_new(place->root, &place->io, &err), &err);
    place->keyring = (struct keyring){&KEYS};
    for (uint32_t i = 0; i < TABLES; i++)
        place->tables[i] = (struct table_definition){.name = slice_of(tables_all()[i].name),
                                                     .schema = plains[i].schema,
                                                     .paths = no_paths,
                                                     .declared = true};
    struct store_options options = {.io = place->io, .keyring = &place->keyring,
                                    .clock = clock_system(), .tables = place->tables,
                                    .table_count = TABLES};
    must(store_open(&options, &place->store, &err), &err);
    uint32_t step = kind == PLACE_MEMORY ? 256 : 23;
    for (uint32_t i = 0; i < TABLES; i++) {
        const struct table *t = &tables_all()[i];
        for (uint32_t row = 0; row < t->row_count; row += step) {
            put(place, t, row, t->row_count < row + step ? t->row_count : row + step, &seq);
            if (kind == PLACE_SEALED || kind == PLACE_MERGED)
                must(store_flush(place->store, 2, &err), &err);
        }
    }
    while (kind == PLACE_MERGED && worked)
        must(store_merge_step(place->store, NULL, &worked, &err), &err);
    if (kind == PLACE_MERGED)
        must(store_compact(place->store, NULL, NULL, NULL, &err), &err);
    must(store_snapshot(place->store, &place->snapshot, &err), &err);
}

void engine_open(void)
{
    for (uint32_t i = 0; i < TABLES; i++) {
        const struct table *t = &tables_all()[i];
        plains[i] = (struct plain){{&PLAIN}, {t->shape.fields, t->shape.count}, t};
    }
    for (int kind = PLACE_MEMORY; kind < PLACES; kind++)
        open_place(&places[kind], kind);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

void engine_close(void)
{
    for (int kind = PLACE_MEMORY; kind < PLACES; kind++) {
        store_snapshot_free(places[kind].snapshot);
        store_close(places[kind].store);
        io_free(places[kind].io);
        (void)nftw(places[kind].root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

/* ---- asking ---- */

static enum status find_table(void *context, struct slice name, struct table_source **ret,
                              struct error *err)
{
    const struct way *way = context;

    for (uint32_t i = 0; i < TABLES && way->place == PLACE_PLAIN; i++) {
        if (slice_is(name, tables_all()[i].name)) {
            *ret = &plains[i].source;
            return STATUS_OK;
        }
    }
    if (way->place == PLACE_PLAIN)
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is no such table");
    return store_snapshot_source(places[way->place].snapshot, name, &TENANT, 1, ret, err);
}

/* The declared columns alone: a store adds its own. */
static struct slice find_view(void *context, struct slice name)
{
    static char texts[TABLES][512];

    (void)context;
    for (uint32_t i = 0; i < TABLES; i++) {
        const struct table *t = &tables_all()[i];
        if (!slice_is(name, t->name))
            continue;
        if (texts[i][0] == '\0') {
            int size = snprintf(texts[i], sizeof(texts[i]), "%s | project ", t->name);
            for (uint32_t c = 0; c < t->shape.count; c++)
                size += snprintf(texts[i] + size, sizeof(texts[i]) - (size_t)size, "%s%.*s",
                                 c > 0 ? ", " : "", SLICE_FMT(t->shape.fields[c].name));
        }
        return slice_of(texts[i]);
    }
    return (struct slice){"", 0};
}

struct answer_sink {
    struct query_sink sink; /* first */
    struct answer *answer;
};

static enum status begin(struct query_sink *sink, const struct schema *schema, struct error *err)
{
    struct answer *answer = ((struct answer_sink *)sink)->answer;

    if (schema->column_count > FIELDS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "too many columns to compare");
    answer->shape.count = schema->column_count;
    for (uint32_t i = 0; i < schema->column_count; i++) {
        struct slice name = schema->columns[i].name;
        answer->shape.fields[i] = (struct column){
            arena_copy(answer->arena, name, err), schema->columns[i].type};
    }
    return STATUS_OK;
}

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    struct answer *answer = ((struct answer_sink *)sink)->answer;
    struct value row[FIELDS_MAX];

    for (uint32_t r = 0; r < batch->row_count; r++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            row[c] = vector_value(&batch->columns[c], r);
            if (type_is_bytes(row[c].type) && row[c].bytes.size > 0)
                row[c].bytes = arena_copy(answer->arena, row[c].bytes, err);
        }
        answer_add(answer, row);
    }
    return STATUS_OK;
}

void engine_answer(struct slice text, const struct way *way, struct answer *ret)
{
    struct way copy = *way;
    struct query_env env = {.context = &copy, .table = find_table, .view = find_view};
    struct answer_sink sink = {{.begin = begin, .rows = rows}, ret};
    struct query_request request = {.text = text, .env = &env, .tenants = &TENANT,
                                    .tenant_count = 1, .now = NOW,
                                    .memory_bytes = 64 * MIB, .time_ms = 20000,
                                    .rows_max = 100000, .thread_count = way->threads,
                                    .no_pushdown = way->no_pushdown};
    struct query_stats stats;
    struct error err = {0};

    enum status status = query_run(&request, &sink.sink, &stats, &err);
    ret->is_limit |= status == STATUS_LIMIT;
    if (status != STATUS_OK)
        (void)snprintf(ret->error, sizeof(ret->error), "%.299s", err.text);
}

static enum status begin_last(struct query_sink *sink, const struct schema *schema,
                              struct error *err)
{
    struct answer *answer = ((struct answer_sink *)sink)->answer;

    (void)err;
    answer->shape.count = schema->column_count > 0;
    if (schema->column_count > 0)
        answer->shape.fields[0].type = schema->columns[schema->column_count - 1].type;
    return STATUS_OK;
}

bool engine_binds(struct slice text, enum type *ret_last)
{
    struct way plain = WAYS[0];
    struct query_env env = {.context = &plain, .table = find_table, .view = find_view};
    struct answer answer = {0};
    struct answer_sink sink = {{.begin = begin_last}, &answer};
    struct query_request request = {.text = text, .env = &env, .tenants = &TENANT,
                                    .tenant_count = 1, .now = NOW, .memory_bytes = 64 * MIB,
                                    .time_ms = 20000, .check_only = true};
    struct query_stats stats;
    struct error err = {0};

    if (query_run(&request, &sink.sink, &stats, &err) != STATUS_OK || answer.shape.count == 0)
        return false;
    if (ret_last != NULL)
        *ret_last = answer.shape.fields[0].type;
    return true;
}

void answer_add(struct answer *answer, const struct value *row)
{
    size_t bytes = answer->shape.count * sizeof(*row);

    if ((size_t)answer->row_count * answer->shape.count >= CELLS_MAX) {
        answer->is_limit = true;
        return;
    }
    if (answer->row_count == answer->capacity) {
        answer->capacity = answer->capacity * 2 + 64;
        struct value *more = TAKE_MANY(answer->arena, struct value,
                                       (size_t)answer->capacity * answer->shape.count);
        if (answer->row_count > 0)
            memcpy(more, answer->cells, bytes * answer->row_count);
        answer->cells = more;
    }
    if (bytes > 0)
        memcpy(answer->cells + (size_t)answer->row_count * answer->shape.count, row, bytes);
    answer->row_count++;
}
