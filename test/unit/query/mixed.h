/* SPDX-License-Identifier: Apache-2.0 */
/* mixed.h - the same rows in every encoding; queries with little memory, cancelled, late.
 *
 * Tables Flat, Dict, Fresh and Const hold the same 24 batches of 256 rows: id (0, 1 ...,
 * always flat) and a column of each type.  Every other batch has one value in all rows, the
 * rest has twelve values mixed; there are nulls, empty texts, arrays and bags among them.
 *
 *   Flat   values row by row
 *   Dict   codes; two dictionaries, one after the other, with their ids
 *   Fresh  codes; the dictionary has no id
 *   Const  one value a batch where that is so, else flat
 *
 * `@` in a query stands for the table.
 */
#ifndef TEST_QUERY_MIXED_H
#define TEST_QUERY_MIXED_H

#include "ask.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MIXED_BATCHES 24u
#define MIXED_ROWS 256u
#define MIXED_VALUES 12u
#define MIXED_COLUMNS 11u

enum mixed_form { FORM_FLAT, FORM_DICT, FORM_FRESH, FORM_CONST, FORM_COUNT_ };

/* What goes wrong while the source is read. */
enum mixed_stop { STOP_NOT, STOP_CANCEL, STOP_LATE };

struct mixed;

struct mixed_table {
    struct table_source source; /* first */
    struct mixed *all;
    enum mixed_form form;
};

struct mixed {
    struct arena *arena;
    struct column columns[MIXED_COLUMNS];
    struct schema schema;
    struct vector values[MIXED_COLUMNS], reversed[MIXED_COLUMNS]; /* of MIXED_VALUES rows */
    struct mixed_table tables[FORM_COUNT_];
    enum mixed_stop stop;
    uint32_t stop_behind; /* so many batches */
    atomic_bool cancelled;
};

struct mixed_answer {
    struct query_sink sink; /* first */
    enum status status;
    struct error err;
    struct query_stats stats;
    struct buf text; /* a row a line, cells behind each other with bars */
};

static inline struct value mixed_value(enum type type, uint32_t k)
{
    static const char *const texts[MIXED_VALUES] = {
        "alpha", "", "Alpha beta", "beta", "alpha-1", "gamma delta",
        "1", "2.5", "x=1;y=two", "/a/b", "\xc3\xa4", "alphabet"};
    static const char *const decimals[MIXED_VALUES] = {
        "1.5", "0", "-2", "10", "0.25", "", "-0.5", "3", "1", "100.125", "7", "-7"};
    static const char *const dynamics[MIXED_VALUES] = {
        "[1,2,3]", "{\"a\":1,\"b\":\"x\"}", "\"word\"", "7", "[]", "",
        "{\"a\":[1,{\"c\":2}]}", "true", "[\"x\",\"y\"]", "2.5", "{\"a\":\"x\"}", "{}"};
    struct value v = {.type = type, .is_null = k == 5 && type != TYPE_STRING};

    if (type == TYPE_BOOL)
        v.boolean = k % 2 != 0;
    else if (type == TYPE_REAL)
        v.real = k * 0.5 - 1;
    else if (type == TYPE_GUID)
        memset(v.guid.bytes, (int)k * 17, sizeof(v.guid.bytes));
    else if (type_is_bytes(type))
        v.bytes = slice_of(type == TYPE_STRING    ? texts[k]
                           : type == TYPE_DYNAMIC ? dynamics[k]
                                                  : decimals[k]);
    else if (type == TYPE_DATETIME)
        v.integer = TICKS_UNIX_EPOCH + k * TICKS_PER_HOUR;
    else
        v.integer = ((int64_t)k - 4) * (type == TYPE_TIMESPAN ? TICKS_PER_SECOND : 10);
    return v;
}

static inline const struct schema *mixed_schema(struct table_source *source)
{
    return &((struct mixed_table *)source)->all->schema;
}

static inline enum status mixed_column(const struct mixed_table *table, struct arena *arena,
                                       uint32_t batch, uint32_t column, struct vector *ret,
                                       struct error *err)
{
    bool second = table->form == FORM_DICT && batch >= MIXED_BATCHES / 2;
    uint32_t *codes = ARENA_ARRAY(arena, uint32_t, MIXED_ROWS, err);

    if (column == 0) {
        enum status status = vector_flat(arena, TYPE_LONG, MIXED_ROWS, false, ret, err);
        for (uint32_t r = 0; status == STATUS_OK && r < MIXED_ROWS; r++)
            ((int64_t *)vector_data(ret))[r] = batch * MIXED_ROWS + r;
        return status;
    }
    if (codes == NULL)
        return err->status;
    for (uint32_t r = 0; r < MIXED_ROWS; r++) {
        codes[r] = (batch % 2 == 0 ? batch / 2 : r * 7 + batch) % MIXED_VALUES;
        if (second)
            codes[r] = MIXED_VALUES - 1 - codes[r];
    }
    *ret = second ? table->all->reversed[column] : table->all->values[column];
    if (table->form == FORM_CONST && batch % 2 == 0) {
        struct value one = vector_value(ret, codes[0]);
        return vector_const(arena, &one, MIXED_ROWS, ret, err);
    }
    ret->encoding = VECTOR_DICT;
    ret->row_count = MIXED_ROWS;
    ret->codes = codes;
    ret->dict_size = MIXED_VALUES;
    ret->dict_unique = true;
    if (table->form == FORM_DICT)
        ret->dict_id = 1000 + column * 2 + second;
    return table->form == FORM_FLAT || table->form == FORM_CONST
               ? vector_flatten(arena, ret, ret, err)
               : STATUS_OK;
}

static inline void mixed_go_wrong(struct mixed *all, uint32_t batches)
{
    const struct timespec later = {0, 3000000};

    if (all->stop == STOP_NOT || batches != all->stop_behind)
        return;
    if (all->stop == STOP_LATE)
        (void)nanosleep(&later, NULL);
    else
        atomic_store(&all->cancelled, true);
}

static inline enum status mixed_scan(struct table_source *source,
                                     const struct scan_request *request, struct scan_sink *sink,
                                     struct scan_stats *stats, struct error *err)
{
    const struct mixed_table *table = (const struct mixed_table *)source;
    enum status status = STATUS_OK;
    bool stop = false;

    stats->complete = true;
    for (uint32_t b = 0; b < MIXED_BATCHES && !stop && status == STATUS_OK; b++) {
        struct arena *arena = arena_new(MIB); /* not the query's: it has to fail elsewhere */
        struct vector columns[MIXED_COLUMNS];
        assert_non_null(arena);
        for (uint32_t i = 0; i < request->column_count && status == STATUS_OK; i++)
            status = mixed_column(table, arena, b, request->columns[i], &columns[i], err);
        struct batch batch = {.row_count = MIXED_ROWS, .column_count = request->column_count,
                              .columns = columns};
        if (status == STATUS_OK)
            status = sink->take(sink, b % request->thread_count, &batch, &stop, err);
        arena_free(arena);
        stats->rows_scanned += MIXED_ROWS;
        mixed_go_wrong(table->all, b + 1);
    }
    return status;
}

static inline enum status mixed_find(void *context, struct slice name,
                                     struct table_source **ret, struct error *err)
{
    static const char *const names[FORM_COUNT_] = {"Flat", "Dict", "Fresh", "Const"};
    struct mixed *all = context;

    for (uint32_t i = 0; i < FORM_COUNT_; i++) {
        if (slice_is(name, names[i])) {
            *ret = &all->tables[i].source;
            return STATUS_OK;
        }
    }
    return ERROR_SET(err, STATUS_NOT_FOUND, "there is no such table");
}

static inline void mixed_open(struct mixed *all)
{
    static const struct table_source_ops ops = {mixed_schema, mixed_scan, NULL, NULL};
    static const struct {
        const char *name;
        enum type type;
    } columns[MIXED_COLUMNS] = {
        {"id", TYPE_LONG},     {"s", TYPE_STRING},   {"n", TYPE_LONG},      {"i", TYPE_INT},
        {"r", TYPE_REAL},      {"b", TYPE_BOOL},     {"g", TYPE_GUID},      {"t", TYPE_DATETIME},
        {"p", TYPE_TIMESPAN},  {"c", TYPE_DECIMAL},  {"d", TYPE_DYNAMIC}};
    struct error err = {.status = STATUS_OK};

    *all = (struct mixed){.arena = arena_new(MIB)};
    assert_non_null(all->arena);
    for (uint32_t c = 0; c < MIXED_COLUMNS; c++) {
        enum type type = columns[c].type;
        bool nulls = type != TYPE_STRING;
        all->columns[c] = (struct column){slice_of(columns[c].name), type};
        ASSERT_OK(vector_flat(all->arena, type, MIXED_VALUES, nulls, &all->values[c], &err));
        ASSERT_OK(vector_flat(all->arena, type, MIXED_VALUES, nulls, &all->reversed[c], &err));
        for (uint32_t k = 0; k < MIXED_VALUES; k++) {
            struct value v = mixed_value(type, k);
            vector_set(&all->values[c], k, &v);
            vector_set(&all->reversed[c], MIXED_VALUES - 1 - k, &v);
        }
    }
    all->schema = (struct schema){all->columns, MIXED_COLUMNS};
    for (uint32_t f = 0; f < FORM_COUNT_; f++)
        all->tables[f] = (struct mixed_table){{&ops}, all, (enum mixed_form)f};
}

static inline enum status mixed_begin(struct query_sink *sink, const struct schema *schema,
                                      struct error *err)
{
    (void)schema;
    buf_clear(&((struct mixed_answer *)sink)->text);
    return buf_check(&((struct mixed_answer *)sink)->text, err);
}

static inline enum status mixed_rows(struct query_sink *sink, const struct batch *batch,
                                     struct error *err)
{
    struct buf *text = &((struct mixed_answer *)sink)->text;

    for (uint32_t r = 0; r < batch->row_count; r++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            struct value v = vector_value(&batch->columns[c], r);
            buf_add_text(text, c > 0 ? "|" : "");
            query_add_json(text, &v);
        }
        buf_add_byte(text, '\n');
    }
    return buf_check(text, err);
}

/* With what of the request is given; the text has `@`.  Release ret->text. */
static inline void mixed_run(struct mixed *all, const char *query, const char *table,
                             struct query_request request, struct mixed_answer *ret)
{
    const struct query_env env = {.context = all, .table = mixed_find};
    struct buf text;

    buf_init(&text, MIB);
    for (; *query != '\0'; query++) {
        if (*query == '@')
            buf_add_text(&text, table);
        else
            buf_add_byte(&text, *query);
    }
    *ret = (struct mixed_answer){.sink = {.begin = mixed_begin, .rows = mixed_rows}};
    buf_init(&ret->text, 64 * MIB);
    atomic_store(&all->cancelled, false);
    request.text = buf_slice(&text);
    request.env = &env;
    request.now = TICKS_UNIX_EPOCH + TICKS_PER_DAY;
    request.cancelled = &all->cancelled;
    ret->status = query_run(&request, &ret->sink, &ret->stats, &ret->err);
    assert_int_equal(ret->status, ret->err.status);
    buf_release(&text);
}

static inline bool mixed_equal(const struct mixed_answer *a, const struct mixed_answer *b)
{
    return a->status == b->status && slice_equal(buf_slice(&a->text), buf_slice(&b->text));
}

/* Every table gives what Flat gives, which is something; with one thread and with two. */
static inline void mixed_same(const char *query)
{
    static const char *const tables[] = {"Flat", "Dict", "Fresh", "Const"};
    struct mixed_answer first, other;
    struct mixed all;

    mixed_open(&all);
    mixed_run(&all, query, "Flat", (struct query_request){0}, &first);
    if (first.status != STATUS_OK || first.text.size == 0)
        fail_msg("%s\n  %s: %s", query, first.status == STATUS_OK ? "no rows" : first.err.code,
                 first.err.text);
    for (uint32_t i = 0; i < 8; i++) {
        mixed_run(&all, query, tables[i % 4],
                  (struct query_request){.thread_count = 1 + i / 4, .no_pushdown = i % 2 == 0},
                  &other);
        if (!mixed_equal(&first, &other))
            fail_msg("%s\n  %s, %u threads: %s\n%.*s\n  wanted\n%.*s", query, tables[i % 4],
                     1 + i / 4, other.err.text, SLICE_FMT(slice_head(buf_slice(&other.text), 2000)),
                     SLICE_FMT(slice_head(buf_slice(&first.text), 2000)));
        buf_release(&other.text);
    }
    buf_release(&first.text);
    arena_free(all.arena);
}

/* With less memory than it needs a query says so, wherever it runs out; with enough its
 * answer is the same. */
static inline void mixed_starve(const char *query)
{
    struct mixed_answer full, other;
    struct mixed all;
    uint32_t failures = 0;
    bool enough = false;

    mixed_open(&all);
    mixed_run(&all, query, "Dict", (struct query_request){.thread_count = 2}, &full);
    if (full.status != STATUS_OK)
        fail_msg("%s\n  %s", query, full.err.text);
    for (size_t budget = KIB; !enough; budget += budget / 32 < 4 * KIB ? 4 * KIB : budget / 32) {
        mixed_run(&all, query, "Dict",
                  (struct query_request){.thread_count = 2, .memory_bytes = budget}, &other);
        enough = other.status == STATUS_OK;
        if (!enough && (other.status != STATUS_LIMIT ||
                        strcmp(other.err.code, "E_RUNAWAY_QUERY") != 0 ||
                        strstr(other.err.text, "the memory budget of") == NULL))
            fail_msg("%s\n  with %zu bytes: %s: %s", query, budget, other.err.code,
                     other.err.text);
        if (enough && !mixed_equal(&full, &other))
            fail_msg("%s\n  with %zu bytes another answer", query, budget);
        failures += !enough;
        buf_release(&other.text);
    }
    assert_true(failures > 8);
    buf_release(&full.text);
    arena_free(all.arena);
}

/* Cancelled, or late, at the first batch and behind the last: what is still to be done is
 * not done.  For operators that work when all rows are there. */
static inline void mixed_stop(const char *query)
{
    struct mixed_answer answer;
    struct mixed all;

    for (uint32_t i = 0; i < 4; i++) {
        mixed_open(&all);
        all.stop = i % 2 == 0 ? STOP_CANCEL : STOP_LATE;
        all.stop_behind = i / 2 == 0 ? 1 : MIXED_BATCHES;
        mixed_run(&all, query, "Fresh", (struct query_request){.time_ms = i % 2 == 0 ? 0 : 2},
                  &answer);
        if (i % 2 == 0 ? answer.status != STATUS_CANCELLED
                       : answer.status != STATUS_LIMIT ||
                             strcmp(answer.err.code, "E_QUERY_TIMEOUT") != 0)
            fail_msg("%s\n  stopped behind batch %u (%u): %s %s", query, all.stop_behind, i,
                     status_name(answer.status), answer.err.text);
        buf_release(&answer.text);
        arena_free(all.arena);
    }
}

/* Tests of lists of queries. */
#define MIXED_TEST(NAME, CHECK, LIST)                                                              \
    static void NAME(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        for (size_t i_ = 0; i_ < sizeof(LIST) / sizeof((LIST)[0]); i_++)                           \
            CHECK((LIST)[i_]);                                                                     \
    }

#endif
