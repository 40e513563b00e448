/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted once gives the same numbers when it is asked again. */
#include "store/scan_maker.h"

#include "base/hash.h"
#include "base/time.h"
#include "store/sealed_priv.h"
#include "store/tally_priv.h"

#define ROWS 6000u
#define SECTION_ROWS 2000u
#define START (639000 * INT64_C(1000000000000))
#define STEP (95 * TICKS_PER_SECOND) /* from one record to the next */

/* Rows by what their cells are, the first in bins. */
struct sums {
    struct scan_sink sink;
    int64_t bin;
    uint64_t rows, batches, counted, sum; /* counted: batches with weights */
};

static enum status take_sums(struct scan_sink *base, uint32_t worker, const struct batch *batch,
                             bool *stop, struct error *err)
{
    struct sums *sums = (struct sums *)base;

    (void)worker, (void)stop, (void)err;
    sums->batches++;
    sums->counted += batch->weights != NULL;
    for (uint32_t r = 0; r < batch->row_count; r++) {
        uint64_t hash = 0, weight = batch->weights == NULL ? 1 : batch->weights[r];
        for (uint32_t c = 0; c < batch->column_count; c++) {
            struct value value = vector_value(&batch->columns[c], r);
            if (value.type == TYPE_DATETIME && !value.is_null && sums->bin > 0)
                value.integer /= sums->bin;
            uint64_t one = value.is_null                ? 7
                           : type_is_bytes(value.type) ? hash_xxh3(value.bytes.data,
                                                                    value.bytes.size, c)
                                                        : (uint64_t)value.integer;
            hash = hash_u64(hash ^ (one + c));
        }
        sums->rows += weight;
        sums->sum += weight * hash;
    }
    return STATUS_OK;
}

struct question {
    const char *columns[3]; /* up to NULL */
    int64_t bin;            /* of times */
    const char *filtered;   /* NULL: no filter */
    const char *values[3];  /* up to NULL */
    int64_t from, to;       /* 0: without a bound */
};

/* Of a scan: how many sections have a roll-up for it, or know that there is none. */
struct known {
    uint32_t kept, sections;
    bool is_possible;
};

static struct sums ask(struct store *store, const struct question *q, bool tally,
                       struct known *known)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    struct sums sums = {.sink.take = take_sums, .bin = q->bin};
    struct value values[3];
    struct filter filter = {.kind = FILTER_EQUAL, .values = values};
    uint32_t columns[3], count = 0;
    int64_t bins[3] = {0};
    struct scan_stats stats;
    struct rollup_ask rollup;
    struct error err = {0};

    for (; count < 3 && q->columns[count] != NULL; count++) {
        columns[count] = index_of(store, "Audit", q->columns[count]);
        bins[count] = strstr(q->columns[count], "Time") != NULL ? q->bin : 0;
    }
    for (; filter.value_count < 3 && q->filtered != NULL &&
           q->values[filter.value_count] != NULL;
         filter.value_count++)
        values[filter.value_count] = text_value(q->values[filter.value_count]);
    if (q->filtered != NULL)
        filter.column = index_of(store, "Audit", q->filtered);
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_int_equal(
        store_snapshot_source(snapshot, SLICE("Audit"), &tenant, 1, &source, &err), STATUS_OK);
    struct scan_request request = {.tenants = &tenant, .tenant_count = 1, .columns = columns,
                                   .column_count = count, .tally = tally,
                                   .bins = tally ? bins : NULL,
                                   .time_from = q->from == 0 ? INT64_MIN : q->from,
                                   .time_to = q->to == 0 ? INT64_MAX : q->to,
                                   .filters = &filter, .filter_count = q->filtered != NULL,
                                   .thread_count = 1, .arena = arena_new(64 * MIB)};
    assert_int_equal(source->ops->scan(source, &request, &sums.sink, &stats, &err), STATUS_OK);
    const struct scan_source *s = (const struct scan_source *)source;
    rollup_ask_make(s, &request, &rollup);
    *known = (struct known){.is_possible = rollup.is_possible};
    for (uint32_t u = 0; u < s->unit_count; u++) {
        struct cache_entry *entry = s->units[u].section == NULL
                                        ? NULL
                                        : section_rollup_find(s->units[u].section, rollup.hash);
        known->sections += s->units[u].section != NULL;
        known->kept += entry != NULL;
        cache_unpin(entry);
    }
    arena_free(request.arena);
    store_snapshot_free(snapshot);
    return sums;
}

/* Some records in quarantine, whose time is another; in the last section one is kept whole
 * that is not. */
static void put_rows(struct store *store, bool with_quarantine)
{
    struct batch_maker m;
    struct buf text;

    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        char time[TIME_TEXT_BYTES + 1];
        int64_t ticks = START + i * STEP;
        time_format_iso(ticks, time);
        buf_clear(&text);
        buf_add_format(&text, "{\"Operation\":\"op%u\",\"CreationTime\":\"%.19s\"",
                       i % 10, time);
        if (i % 3 > 0)
            buf_add_format(&text, ",\"RecordType\":\"%u\",\"Number\":%u", i % 7, i % 5);
        if (i % 4 > 0)
            buf_add_format(&text, ",\"Folder\":{\"Path\":\"f%u\"}", i);
        buf_add_text(&text, "}");
        batch_maker_add(&m, buf_slice(&text), ticks);
        if (with_quarantine && i % 1000 == 7)
            batch_maker_add(&m, SLICE("no JSON"), 700000 * INT64_C(1000000000000));
        if (i + 1 == ROWS) {
            buf_clear(&text);
            buf_add_text(&text, "{\"Operation\":\"op3\"");
            for (uint32_t k = 0; k <= SHAPE_SLOTS_MAX; k++)
                buf_add_format(&text, ",\"k%u\":1", k);
            buf_add_byte(&text, '}');
            batch_maker_add(&m, buf_slice(&text), ticks);
        }
        if (i % SECTION_ROWS == SECTION_ROWS - 1)
            put(store, &m);
    }
    buf_release(&text);
    batch_maker_release(&m);
}

static void gives_the_same_again(void **state)
{
    static const struct question questions[] = {
        {.columns = {"Operation"}},
        {.columns = {"Operation", "RecordType"}},
        {.columns = {"Number"}},
        {.columns = {"Operation", "Number"}, .filtered = "RecordType", .values = {"1", "5"}},
        {.columns = {"Operation", "Number"}, .filtered = "RecordType", .values = {"2"}},
        {.columns = {"Operation"}, .filtered = "Operation", .values = {"op1", "none", "op3"}},
        {.columns = {"Operation"}, .filtered = "Operation", .values = {"none"}},
        {.columns = {"CreationTime"}, .bin = TICKS_PER_HOUR, .filtered = "Operation",
         .values = {"op3"}},
        {.columns = {"CreationTime"}, .bin = TICKS_PER_HOUR, .filtered = "Operation",
         .values = {"op4", "op5"}},
        {.columns = {"CreationTime"}, .bin = TICKS_PER_DAY, .filtered = "Operation",
         .values = {"op4"}},
        {.columns = {"TimeGenerated", "Operation"}, .bin = 7 * TICKS_PER_MINUTE * 60},
        {.columns = {NULL}, .filtered = "Operation", .values = {"op9"}},
        {.columns = {"Path"}, .filtered = "Operation", .values = {"op9"}},
    };
    struct store *store = open_store();
    struct known known;

    (void)state;
    is_sealed = true;
    put_rows(store, true);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
            struct sums rows = ask(store, &questions[i], false, &known);
            assert_false(known.is_possible);
            struct sums counted = ask(store, &questions[i], true, &known);
            assert_true(known.is_possible);
            assert_int_equal(known.sections, 3);
            if (counted.rows != rows.rows || counted.sum != rows.sum)
                fail_msg("question %zu, round %d: %llu rows and %llu", i, round,
                         (unsigned long long)rows.rows, (unsigned long long)counted.rows);
            if (questions[i].values[0] == NULL || strcmp(questions[i].values[0], "none") != 0)
                assert_int_equal(known.kept, 3);
            bool is_told = strcmp(questions[i].columns[0] == NULL ? "" : questions[i].columns[0],
                                  "Path") != 0; /* its values are too many */
            if (counted.rows > 1 && is_told && counted.counted == 0)
                fail_msg("question %zu, round %d: rows were sent one by one", i, round);
        }
    }
    close_store(store);
}

/* Of sections that lie within the times asked for; those at its ends are read. */
static void is_made_of_whole_sections(void **state)
{
    static const int64_t second = START + SECTION_ROWS * STEP, end = START + ROWS * STEP;
    static const struct {
        int64_t from, to;
        uint32_t kept;
    } spans[] = {
        {START, 0, 3},
        {START + 1, 0, 2},
        {second - STEP, second + SECTION_ROWS * STEP, 1},
        {second + STEP, end, 1},
        {0, end - STEP, 2},
        {0, end - STEP + 1, 3},
        {second + 1, second + 100 * STEP, 0},
    };
    struct known known;

    (void)state;
    is_sealed = true;
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        const struct question question = {.columns = {"Operation", "TimeGenerated"},
                                          .bin = TICKS_PER_HOUR, .filtered = "RecordType",
                                          .values = {"1", "5"}, .from = spans[i].from,
                                          .to = spans[i].to};
        struct store *store = open_store();
        put_rows(store, false);
        struct sums rows = ask(store, &question, false, &known);
        for (int round = 0; round < 2; round++) {
            struct sums counted = ask(store, &question, true, &known);
            assert_int_equal(counted.rows, rows.rows);
            assert_int_equal(counted.sum, rows.sum);
            assert_int_equal(known.kept, spans[i].kept);
            assert_true(known.is_possible);
        }
        close_store(store);
    }
}

static void not_all_can_be_kept(void **state)
{
    static const struct question refused[] = {
        {.columns = {"Folder"}},
        {.columns = {"Operation", "_Seq"}},
        {.columns = {"CreationTime"}},
        {.columns = {"Operation"}, .filtered = "RecordType", .values = {""}},
        {.columns = {"Operation"}, .filtered = "Number", .values = {"1"}},
    };
    struct store *store = open_store();
    struct known known;

    (void)state;
    is_sealed = true;
    put_rows(store, true);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct sums rows = ask(store, &refused[i], false, &known);
        for (int round = 0; round < 2; round++) {
            struct sums counted = ask(store, &refused[i], true, &known);
            assert_false(known.is_possible);
            assert_int_equal(known.kept, 0);
            assert_int_equal(counted.rows, rows.rows);
        }
    }
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_again),
        cmocka_unit_test(is_made_of_whole_sections),
        cmocka_unit_test(not_all_can_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
