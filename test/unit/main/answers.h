/* SPDX-License-Identifier: Apache-2.0 */
/* answers.h - a store of generated records behind the shipped views, and the answers of queries
 * on it as sorted lines. */
#ifndef MAIN_ANSWERS_H
#define MAIN_ANSWERS_H

#include "test.h"

#include "base/time.h"
#include "generate/stream.h"
#include "main/content.h"
#include "query/query.h"
#include "store/segment_fixture.h"

#define ANSWER_TENANTS 2

struct answers {
    struct fixture fixture;
    struct content content;
    struct store *store;
    struct guid tenants[ANSWER_TENANTS];
};

static inline void answers_open(struct answers *a)
{
    struct error err;

    fixture_init(&a->fixture);
    sealed_close(a->fixture.sealed); /* the store has its own */
    a->fixture.sealed = NULL;
    ASSERT_OK(content_load(&a->content, &err));
    const struct store_options options = {
        .io = a->fixture.io,
        .keyring = &a->fixture.keyring,
        .clock = clock_system(),
        .tables = a->content.tables,
        .table_count = a->content.table_count,
    };
    ASSERT_OK(store_open(&options, &a->store, &err));
    for (uint8_t i = 0; i < ANSWER_TENANTS; i++)
        a->tenants[i] = (struct guid){.bytes[15] = (uint8_t)(i + 1)};
}

static inline void answers_close(struct answers *a)
{
    store_close(a->store);
    content_release(&a->content);
    fixture_release(&a->fixture);
}

static inline void answers_put(struct answers *a, struct batch_maker *m)
{
    struct error err;

    if (m->batch.record_count > 0)
        ASSERT_OK(record_sink_take(store_sink(a->store), &m->batch, &err));
    batch_maker_clear(m);
}

/* The time of a record's CreationTime, as ingest reads it. */
static inline int64_t answers_time(struct slice text)
{
    size_t at = slice_find(text, SLICE("\"CreationTime\":\""), 0);
    int64_t ticks = FIXTURE_TIME;

    if (at != SIZE_MAX && text.size >= at + 16 + 19)
        (void)time_parse_iso(slice_from(text.data + at + 16, 19), &ticks);
    return ticks;
}

/* Generated records of two tenants, in parts of 3,000 rows. */
static inline void answers_generate(struct answers *a, uint64_t count)
{
    struct batch_maker makers[ANSWER_TENANTS];
    struct stream_options options;
    struct stream_record record;
    struct stream *stream;
    struct error err;

    stream_default_options(&options);
    options.record_count = count;
    options.tenant_count = ANSWER_TENANTS;
    options.user_count = 40;
    options.day_count = 45;
    options.has_attack = count >= 20000;
    ASSERT_OK(stream_new(&options, &stream, &err));
    for (uint8_t i = 0; i < ANSWER_TENANTS; i++)
        batch_maker_init(&makers[i], "AuditRecords", (uint8_t)(i + 1));
    while (stream_next(stream, &record)) {
        struct batch_maker *m = &makers[record.tenant];
        batch_maker_add(m, record.text, answers_time(record.text));
        if (m->batch.record_count == 3000)
            answers_put(a, m);
    }
    for (int i = 0; i < ANSWER_TENANTS; i++) {
        answers_put(a, &makers[i]);
        batch_maker_release(&makers[i]);
    }
    stream_free(stream);
}

/* Records of a table, one a line. */
static inline void answers_lines(struct answers *a, const char *table, const char *lines)
{
    struct batch_maker m;
    struct slice rest = slice_of(lines);
    struct slice line;

    batch_maker_init(&m, table, 1);
    m.next_seq = 1000000;
    while (slice_next(&rest, '\n', &line)) {
        if (line.size > 0)
            batch_maker_add(&m, line, answers_time(line));
    }
    answers_put(a, &m);
    batch_maker_release(&m);
}

/* ---- queries ---- */

struct answers_view {
    struct answers *answers;
    struct store_snapshot *snapshot;
};

static inline enum status answers_table(void *context, struct slice name,
                                        struct table_source **ret, struct error *err)
{
    struct answers_view *view = context;

    return store_snapshot_source(view->snapshot, name, view->answers->tenants, ANSWER_TENANTS,
                                 ret, err);
}

static inline struct slice answers_view_text(void *context, struct slice name)
{
    return content_view_text(&((struct answers_view *)context)->answers->content, name);
}

struct answers_sink {
    struct query_sink sink;
    struct buf text;
};

static inline enum status answers_begin(struct query_sink *sink, const struct schema *schema,
                                        struct error *err)
{
    (void)sink;
    (void)schema;
    (void)err;
    return STATUS_OK;
}

static inline enum status answers_rows(struct query_sink *base, const struct batch *batch,
                                       struct error *err)
{
    struct answers_sink *sink = (struct answers_sink *)base;

    for (uint32_t r = 0; r < batch->row_count; r++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            struct value v = vector_value(&batch->columns[c], r);
            if (c > 0)
                buf_add_byte(&sink->text, ',');
            query_add_json(&sink->text, &v);
        }
        buf_add_byte(&sink->text, '\n');
    }
    return buf_check(&sink->text, err);
}

static inline int answers_compare(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* Adds the sorted lines of the text. */
static inline void answers_sort(struct slice text, struct buf *ret)
{
    struct slice *lines = malloc((text.size + 1) * sizeof(*lines));
    struct slice line;
    size_t count = 0;

    assert_non_null(lines);
    while (slice_next(&text, '\n', &line))
        lines[count++] = line;
    qsort(lines, count, sizeof(*lines), answers_compare);
    for (size_t i = 0; i < count; i++) {
        buf_add_slice(ret, lines[i]);
        buf_add_byte(ret, '\n');
    }
    free(lines);
}

/* Runs the request (text, threads ... set) and adds the sorted lines. */
static inline enum status answers_ask(struct answers *a, struct query_request request,
                                      struct buf *ret, struct query_stats *stats,
                                      struct error *err)
{
    struct answers_view view = {.answers = a};
    const struct query_env env = {
        .context = &view, .table = answers_table, .view = answers_view_text};
    struct answers_sink sink = {.sink = {.begin = answers_begin, .rows = answers_rows}};

    assert_int_equal(store_snapshot(a->store, &view.snapshot, err), STATUS_OK);
    request.env = &env;
    request.tenants = a->tenants;
    request.tenant_count = ANSWER_TENANTS;
    if (request.now == 0)
        request.now = FIXTURE_TIME;
    buf_init(&sink.text, GIB);
    enum status status = query_run(&request, &sink.sink, stats, err);
    if (status == STATUS_OK)
        answers_sort(buf_slice(&sink.text), ret);
    buf_release(&sink.text);
    store_snapshot_free(view.snapshot);
    return status;
}

#endif
