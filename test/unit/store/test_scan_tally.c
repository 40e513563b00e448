/* SPDX-License-Identifier: Apache-2.0 */
/* Rows counted instead of sent give the same numbers. */
#include "store/scan_maker.h"

#include "base/hash.h"
#include "base/time.h"

/* Rows and combinations by the value of their first column. */
struct tally_test_sink {
    struct scan_sink sink;
    uint64_t rows, combinations, weighted;
    uint64_t of_op3;
};

static enum status take_tally(struct scan_sink *base, uint32_t worker, const struct batch *batch,
                              bool *stop, struct error *err)
{
    struct tally_test_sink *sink = (struct tally_test_sink *)base;

    (void)worker;
    (void)stop;
    (void)err;
    sink->weighted += batch->weights != NULL;
    for (uint32_t r = 0; r < batch->row_count; r++) {
        uint32_t weight = batch->weights == NULL ? 1 : batch->weights[r];
        sink->rows += weight;
        sink->combinations++;
        if (batch->column_count == 0)
            continue;
        struct value value = vector_value(&batch->columns[0], r);
        if (value.type == TYPE_STRING && slice_is(value.bytes, "op3"))
            sink->of_op3 += weight;
    }
    return STATUS_OK;
}

/* first NULL: no column. */
static struct tally_test_sink ask(struct store *store, const char *first, const char *second,
                                  const struct filter *filter)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    uint32_t columns[2] = {0};
    struct tally_test_sink sink = {.sink.take = take_tally};
    struct scan_stats stats;
    struct error err = {0};

    if (first != NULL) {
        columns[0] = index_of(store, "Audit", first);
        columns[1] = index_of(store, "Audit", second);
    }
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_int_equal(
        store_snapshot_source(snapshot, SLICE("Audit"), &tenant, 1, &source, &err), STATUS_OK);
    struct scan_request request = {.tenants = &tenant, .tenant_count = 1, .columns = columns,
                                   .column_count = first == NULL ? 0 : 2, .tally = true,
                                   .time_from = INT64_MIN,
                                   .time_to = INT64_MAX, .filters = filter,
                                   .filter_count = filter != NULL, .thread_count = 1,
                                   .arena = arena_new(64 * MIB)};
    assert_int_equal(source->ops->scan(source, &request, &sink.sink, &stats, &err), STATUS_OK);
    arena_free(request.arena);
    store_snapshot_free(snapshot);
    return sink;
}

static void counts_combinations(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct tally_test_sink sink = ask(store, "Operation", "TenantId", NULL);
    assert_true(sink.weighted > 0);
    assert_int_equal(sink.rows, 12000);
    assert_int_equal(sink.of_op3, 1200);
    assert_true(sink.combinations <= 40); /* at most ten a part */
    /* a column that two thirds of the rows do not have */
    sink = ask(store, "Operation", "RecordType", NULL);
    assert_int_equal(sink.rows, 12000);
    assert_int_equal(sink.of_op3, 1200);
    close_store(store);
}

/* A quarantined record is a row of the section and none of the table. */
static void counts_rows_without_a_column(void **state)
{
    struct store *store = open_store();
    struct batch_maker m;

    (void)state;
    put_many(store);
    struct tally_test_sink sink = ask(store, NULL, NULL, NULL);
    assert_int_equal(sink.rows, 12000);
    assert_true(sink.combinations <= 40);
    batch_maker_init(&m, "Audit", 1);
    m.next_seq = 1000000;
    batch_maker_add(&m, SLICE("{\"Operation\":\"one\"}"), 1);
    batch_maker_add(&m, SLICE("no JSON"), 2);
    put(store, &m);
    sink = ask(store, NULL, NULL, NULL);
    assert_int_equal(sink.rows, 12001);
    batch_maker_release(&m);
    close_store(store);
}

static void counts_what_the_filter_leaves(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct value names[] = {text_value("op3"), text_value("op4")};
    struct filter filter = {.kind = FILTER_EQUAL, .column = index_of(store, "Audit", "Operation"),
                            .values = names, .value_count = 2};
    struct tally_test_sink sink = ask(store, "Operation", "TenantId", &filter);
    assert_int_equal(sink.rows, 2400);
    assert_int_equal(sink.of_op3, 1200);
    assert_true(sink.combinations <= 8);
    close_store(store);
}

static void sends_rows_where_it_cannot_count(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    /* containers, numbers of rows, and a filter that is only a hint */
    struct tally_test_sink sink = ask(store, "Operation", "Folder", NULL);
    assert_int_equal(sink.rows, 12000);
    assert_int_equal(sink.weighted, 0);
    sink = ask(store, "Operation", "_Seq", NULL);
    assert_int_equal(sink.combinations, 12000);
    struct value path = text_value("p9");
    struct filter hint = {.kind = FILTER_EQUAL, .column = index_of(store, "Audit", "Folder"),
                          .path = {"Path", 4}, .values = &path, .value_count = 1};
    sink = ask(store, "Operation", "TenantId", &hint);
    assert_int_equal(sink.rows, 4);
    assert_int_equal(sink.weighted, 0);
    close_store(store);
}

/* Rows by the bin of their first column, a time. */
struct bin_sink {
    struct scan_sink sink;
    int64_t bin;
    uint64_t rows, combinations, sum; /* sum: of the rows' bins, mixed */
};

static enum status take_bins(struct scan_sink *base, uint32_t worker, const struct batch *batch,
                             bool *stop, struct error *err)
{
    struct bin_sink *sink = (struct bin_sink *)base;

    (void)worker, (void)stop, (void)err;
    for (uint32_t r = 0; r < batch->row_count; r++) {
        uint32_t weight = batch->weights == NULL ? 1 : batch->weights[r];
        struct value time = vector_value(&batch->columns[0], r);
        sink->rows += weight;
        sink->combinations++;
        sink->sum += weight * hash_u64((uint64_t)(time.is_null ? -1 : time.integer / sink->bin));
    }
    return STATUS_OK;
}

/* bin, with tally: the size that is asked for. */
static struct bin_sink ask_bins(struct store *store, const char *column, int64_t bin, bool tally,
                                const struct filter *filter)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    const uint32_t columns[] = {index_of(store, "Audit", column)};
    struct bin_sink sink = {.sink.take = take_bins, .bin = bin};
    struct scan_stats stats;
    struct error err = {0};

    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_int_equal(
        store_snapshot_source(snapshot, SLICE("Audit"), &tenant, 1, &source, &err), STATUS_OK);
    struct scan_request request = {.tenants = &tenant, .tenant_count = 1, .columns = columns,
                                   .column_count = 1, .tally = tally, .bins = tally ? &bin : NULL,
                                   .time_from = INT64_MIN, .time_to = INT64_MAX,
                                   .filters = filter, .filter_count = filter != NULL,
                                   .thread_count = 1, .arena = arena_new(64 * MIB)};
    assert_int_equal(source->ops->scan(source, &request, &sink.sink, &stats, &err), STATUS_OK);
    arena_free(request.arena);
    store_snapshot_free(snapshot);
    return sink;
}

/* Of 12,000 rows in four parts: a field that is their time, to the second. */
static void put_times(struct store *store)
{
    char time[TIME_TEXT_BYTES + 1];
    struct batch_maker m;
    struct buf text;

    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 12000; i++) {
        int64_t ticks = 639000 * INT64_C(1000000000000) + i * INT64_C(95) * TICKS_PER_SECOND;
        time_format_iso(ticks, time);
        buf_clear(&text);
        buf_add_format(&text, "{\"Operation\":\"op%d\",\"CreationTime\":\"%.19s\"%s}", i % 10,
                       time, i % 4 == 0 ? ",\"Number\":1" : "");
        batch_maker_add(&m, buf_slice(&text), ticks);
        if (i % 3000 == 2999)
            put(store, &m);
    }
    buf_release(&text);
    batch_maker_release(&m);
}

/* Some bins are no whole number of the units that a field shows; some have all rows. */
static void counts_bins_of_time(void **state)
{
    static const int64_t bins[] = {1, 7, TICKS_PER_SECOND, 3 * TICKS_PER_SECOND / 2,
                                   7 * TICKS_PER_MINUTE, TICKS_PER_HOUR, 400 * TICKS_PER_DAY};
    static const char *const columns[] = {"TimeGenerated", "CreationTime", "Number"};
    struct store *store = open_store();
    struct value name = text_value("op3");
    struct filter one = {.kind = FILTER_EQUAL, .column = index_of(store, "Audit", "Operation"),
                         .values = &name, .value_count = 1};
    bool has_fewer = false;

    (void)state;
    put_times(store);
    for (size_t c = 0; c < 3; c++) {
        for (size_t b = 0; b < sizeof(bins) / sizeof(bins[0]); b++) {
            for (int f = 0; f < 2; f++) {
                const struct filter *filter = f == 0 ? NULL : &one;
                struct bin_sink rows = ask_bins(store, columns[c], bins[b], false, filter);
                struct bin_sink counted = ask_bins(store, columns[c], bins[b], true, filter);
                assert_int_equal(rows.combinations, f == 0 ? 12000 : 1200);
                assert_int_equal(counted.rows, rows.rows);
                if (counted.sum != rows.sum)
                    fail_msg("%s in bins of %lld", columns[c], (long long)bins[b]);
                has_fewer |= counted.combinations < rows.combinations / 10;
            }
        }
    }
    assert_true(has_fewer);
    close_store(store);
}

static int seal(void **state)
{
    (void)state;
    is_sealed = true;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_combinations),
        cmocka_unit_test(counts_rows_without_a_column),
        cmocka_unit_test(counts_what_the_filter_leaves),
        cmocka_unit_test(sends_rows_where_it_cannot_count),
        cmocka_unit_test(counts_bins_of_time),
        cmocka_unit_test_setup(counts_combinations, seal),
        cmocka_unit_test_setup(counts_bins_of_time, seal),
        cmocka_unit_test_setup(sends_rows_where_it_cannot_count, seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
