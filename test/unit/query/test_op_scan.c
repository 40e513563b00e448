/* SPDX-License-Identifier: Apache-2.0 */
/* What a source is asked for, and what becomes of what it says. */
#include "mixed.h"

#include <time.h>

/* Notes what it is asked, gives two batches, and says what it is told to say. */
struct source {
    struct table_source source; /* first */
    struct column columns[4];
    struct schema schema;
    struct scan_stats says;
    enum status status;
    bool finds_nothing; /* it works through a millisecond and more, without a batch */
    uint64_t time_ms;   /* of the query */
    bool stopped;
    /* of the last request: */
    uint32_t asked[4], asked_count;
    uint32_t filter_count;
    bool for_filters[4], has_for_filters, tally;
    int64_t bins[4];
    int64_t time_from, time_to;
};

static const struct schema *schema_of(struct table_source *source)
{
    return &((struct source *)source)->schema;
}

static enum status scan(struct table_source *source, const struct scan_request *request,
                        struct scan_sink *sink, struct scan_stats *stats, struct error *err)
{
    static const int64_t numbers[] = {1, 2, 3};
    struct source *s = (struct source *)source;
    struct vector columns[4];
    bool stop = false;

    s->asked_count = request->column_count;
    s->filter_count = request->filter_count;
    s->has_for_filters = request->for_filters != NULL;
    s->tally = request->tally;
    s->time_from = request->time_from;
    s->time_to = request->time_to;
    for (uint32_t i = 0; i < request->column_count; i++) {
        s->asked[i] = request->columns[i];
        s->bins[i] = request->bins == NULL ? 0 : request->bins[i];
        if (s->has_for_filters)
            s->for_filters[i] = request->for_filters[i];
        columns[i] = (struct vector){.type = s->columns[request->columns[i]].type,
                                     .row_count = 3, .integers = numbers};
    }
    *stats = s->says;
    if (s->status != STATUS_OK)
        return ERROR_SET(err, s->status, "the disk is gone");
    if (s->finds_nothing) {
        const struct timespec pause = {.tv_nsec = 2000000};
        (void)nanosleep(&pause, NULL);
        return request->check(request->check_context, err);
    }
    const struct batch batch = {.row_count = 3, .column_count = request->column_count,
                                .columns = columns};
    enum status status = sink->take(sink, 0, &batch, &stop, err);
    if (status == STATUS_OK && !stop)
        status = sink->take(sink, 0, &batch, &stop, err);
    s->stopped = stop;
    return status;
}

static enum status find(void *context, struct slice name, struct table_source **ret,
                        struct error *err)
{
    if (!slice_is(name, "N"))
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is no such table");
    *ret = context;
    return STATUS_OK;
}

static void ask(struct source *s, const char *query, enum status wanted,
                struct mixed_answer *ret)
{
    static const struct table_source_ops ops = {schema_of, scan, NULL, NULL};
    const struct query_env env = {.context = s, .table = find};
    struct query_request request = {
        .text = slice_of(query), .env = &env, .time_ms = s->time_ms};

    s->source.ops = &ops;
    s->columns[0] = (struct column){SLICE("a"), TYPE_LONG};
    s->columns[1] = (struct column){SLICE("b"), TYPE_LONG};
    s->columns[2] = (struct column){SLICE("TimeGenerated"), TYPE_DATETIME};
    s->columns[3] = (struct column){SLICE("other"), TYPE_DATETIME};
    s->schema = (struct schema){s->columns, 4};
    *ret = (struct mixed_answer){.sink = {.begin = mixed_begin, .rows = mixed_rows}};
    buf_init(&ret->text, MIB);
    ret->status = query_run(&request, &ret->sink, &ret->stats, &ret->err);
    if (ret->status != wanted)
        fail_msg("%s: %s", query, ret->err.text);
}

static void columns_are_asked_for_when_needed(void **state)
{
    struct source s = {.says = {.complete = true}};
    struct mixed_answer answer;

    (void)state;
    ask(&s, "N | project b", STATUS_OK, &answer);
    assert_int_equal(s.asked_count, 1);
    assert_int_equal(s.asked[0], 1);
    ASSERT_SLICE(buf_slice(&answer.text), "1\n2\n3\n1\n2\n3\n");
    buf_release(&answer.text);
    ask(&s, "N | where a == 2 | project b", STATUS_OK, &answer);
    assert_int_equal(s.asked_count, 2);
    assert_true(s.for_filters[0]);
    assert_false(s.for_filters[1]);
    ASSERT_SLICE(buf_slice(&answer.text), "2\n2\n"); /* a filter is a hint */
    buf_release(&answer.text);
    ask(&s, "N | count", STATUS_OK, &answer);
    assert_int_equal(s.asked_count, 0);
    assert_true(s.tally);
    ASSERT_SLICE(buf_slice(&answer.text), "6\n");
    buf_release(&answer.text);
    ask(&s, "N | summarize take_any(a)", STATUS_OK, &answer);
    assert_false(s.tally);
    buf_release(&answer.text);
    ask(&s, "N | take 2 | project a", STATUS_OK, &answer);
    assert_true(s.stopped);
    buf_release(&answer.text);
}

/* A column that something else reads is wanted as it is. */
static void bins_of_times_are_enough(void **state)
{
    static const struct {
        const char *query;
        int64_t bin;
    } cases[] = {
        {"N | summarize count() by bin(other, 1h)", TICKS_PER_HOUR},
        {"N | where b > 0 | summarize max(a) by a, bin(other, 5m)", 5 * TICKS_PER_MINUTE},
        {"N | summarize count() by bin(other, 1h), bin(other, 1d)", 0},
        {"N | summarize max(other) by bin(other, 1h)", 0},
        {"N | summarize count() by bin_at(other, 1h, datetime(2026-01-01))", 0},
        {"N | summarize count() by bin(other, 0s)", 0},
        {"N | extend t = bin(other, 1h) | summarize count() by t", 0},
    };
    struct source s = {.says = {.complete = true}};
    struct mixed_answer answer;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask(&s, cases[i].query, STATUS_OK, &answer);
        for (uint32_t c = 0; c < s.asked_count; c++)
            assert_int_equal(s.bins[c], s.asked[c] == 3 ? cases[i].bin : 0);
        buf_release(&answer.text);
    }
}

static void times_bound_the_scan(void **state)
{
    static const struct {
        const char *query;
        int64_t from, to;
    } cases[] = {
        {"N", INT64_MIN, INT64_MAX},
        {"N | where TimeGenerated >= datetime(1970-01-02) and TimeGenerated < "
         "datetime(1970-01-03)",
         TICKS_UNIX_EPOCH + TICKS_PER_DAY, TICKS_UNIX_EPOCH + 2 * TICKS_PER_DAY},
        {"N | where TimeGenerated > datetime(1970-01-01) | where TimeGenerated > "
         "datetime(1970-01-02) and TimeGenerated <= datetime(1970-01-03)",
         TICKS_UNIX_EPOCH + TICKS_PER_DAY + 1, TICKS_UNIX_EPOCH + 2 * TICKS_PER_DAY + 1},
        {"N | where other >= datetime(1970-01-02)", INT64_MIN, INT64_MAX},
        {"N | where TimeGenerated >= datetime(1970-01-02) or a == 1", INT64_MIN, INT64_MAX},
        {"N | where datetime(1970-01-02) > TimeGenerated", INT64_MIN,
         TICKS_UNIX_EPOCH + TICKS_PER_DAY},
        {"N | make-series count() on TimeGenerated in range(datetime(1970-01-02 05:00), "
         "datetime(1970-01-03 05:00), 1d)",
         TICKS_UNIX_EPOCH + TICKS_PER_DAY, TICKS_UNIX_EPOCH + 3 * TICKS_PER_DAY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct source s = {.says = {.complete = true}};
        struct mixed_answer answer;
        ask(&s, cases[i].query, STATUS_OK, &answer);
        if (s.time_from != cases[i].from || s.time_to != cases[i].to)
            fail_msg("%s: %lld to %lld", cases[i].query, (long long)s.time_from,
                     (long long)s.time_to);
        buf_release(&answer.text);
    }
}

static void a_source_without_batches_looks_at_the_time(void **state)
{
    struct source s = {.says = {.complete = true}, .finds_nothing = true};
    struct mixed_answer answer;

    (void)state;
    ask(&s, "N | where a == 7", STATUS_OK, &answer);
    buf_release(&answer.text);
    s.time_ms = 1;
    ask(&s, "N | where a == 7", STATUS_LIMIT, &answer);
    assert_string_equal(answer.err.code, "E_QUERY_TIMEOUT");
    buf_release(&answer.text);
}

/* Of several scans: sums, the first gap, the widest times. */
static void what_sources_say_is_added_up(void **state)
{
    struct source s = {.says = {.rows_scanned = 6, .parts_scanned = 2, .parts_skipped = 1,
                                .bytes_read = 100, .complete = false, .gap = "a part is lost",
                                .watermark = 9, .time_low = 5, .time_high = 7}};
    struct mixed_answer answer;

    (void)state;
    ask(&s, "union N, N, (N | where a == 1) | count", STATUS_OK, &answer);
    assert_int_equal(answer.stats.scan.rows_scanned, 18);
    assert_int_equal(answer.stats.scan.parts_scanned, 6);
    assert_int_equal(answer.stats.scan.parts_skipped, 3);
    assert_int_equal(answer.stats.scan.bytes_read, 300);
    assert_int_equal(answer.stats.scan.watermark, 9);
    assert_int_equal(answer.stats.scan.time_low, 5);
    assert_int_equal(answer.stats.scan.time_high, 7);
    assert_false(answer.stats.scan.complete);
    assert_string_equal(answer.stats.scan.gap, "a part is lost");
    buf_release(&answer.text);
    s.status = STATUS_IO;
    ask(&s, "N | count", STATUS_IO, &answer);
    assert_string_equal(answer.err.text, "the disk is gone");
    buf_release(&answer.text);
}

static const char *const hungry[] = {
    "@ | where s in ('alpha', 'beta') or n == 10 or (b and t > datetime(1970-01-01 03:00)) | "
    "project s, n | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(columns_are_asked_for_when_needed),
         cmocka_unit_test(bins_of_times_are_enough),
        cmocka_unit_test(times_bound_the_scan),
         cmocka_unit_test(a_source_without_batches_looks_at_the_time),
        cmocka_unit_test(what_sources_say_is_added_up),
         cmocka_unit_test(memory_is_bounded))
