/* SPDX-License-Identifier: Apache-2.0 */
/* The highest of a column: what comes, what is left out, what is opened. */
#include "store/scan_maker.h"

#include "base/limits.h"

#define DAY (86400 * TICKS_PER_SECOND)
#define BEGIN INT64_C(638500000000000000) /* ticks, in 2024 */

/* A record with its number, and the time in a field, too. */
static void add(struct batch_maker *m, int number, int64_t time)
{
    char text[256], iso[TIME_TEXT_BYTES + 1];

    time_format_iso(time, iso);
    (void)snprintf(text, sizeof(text),
                   "{\"Operation\":\"o%d\",\"Number\":%d,\"CreationTime\":\"%s\"}", number,
                   number % 7, iso);
    batch_maker_add(m, slice_of(text), time);
}

/* Ten parts of ten records each, a day after the other; the numbers rise with the time. */
static struct store *ten_days(void)
{
    struct store *store = open_store();
    struct batch_maker m;

    batch_maker_init(&m, "Audit", 1);
    for (int day = 0; day < 10; day++) {
        for (int i = 0; i < 10; i++)
            add(&m, day * 10 + i, BEGIN + day * DAY + i * TICKS_PER_SECOND);
        put(store, &m);
    }
    batch_maker_release(&m);
    return store;
}

struct wanted {
    const char *column;
    uint32_t count;
    int64_t low;   /* what the consumer has already */
    bool is_in_doubt; /* it does not keep all rows that come */
};

static char *ask(struct store *store, struct wanted wanted, struct query *q, int64_t *ret_low)
{
    atomic_int_fast64_t low;
    const struct scan_top top = {index_of(store, "Audit", wanted.column), wanted.count,
                                 !wanted.is_in_doubt, &low};

    atomic_init(&low, wanted.low);
    q->table = "Audit";
    if (q->columns == NULL)
        q->columns = "Operation";
    q->top = &top;
    char *text = run(store, q);
    *ret_low = atomic_load(&low);
    return text;
}

static void the_newest_come_and_older_parts_are_not_opened(void **state)
{
    struct store *store = ten_days();
    int64_t low;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct query q = {.columns = "Operation"};
        char *text =
            ask(store,
                (struct wanted){i == 0 ? "TimeGenerated" : "CreationTime", 3, INT64_MIN, false},
                &q, &low);
        assert_string_equal(text, "o97\no98\no99\n");
        assert_int_equal(low, BEGIN + 9 * DAY + 7 * TICKS_PER_SECOND);
        assert_true(is_sealed ? q.stats.parts_skipped == 9 : i > 0 || q.stats.parts_skipped > 0);
        free(text);
    }
    close_store(store);
}

/* More than a part has: the second is read from the start, the rest is not. */
static void what_is_wanted_goes_over_parts(void **state)
{
    struct store *store = ten_days();
    struct query q = {.columns = "Number"};
    int64_t low;

    (void)state;
    char *text = ask(store, (struct wanted){"TimeGenerated", 12, INT64_MIN, false}, &q, &low);
    assert_int_equal(low, BEGIN + 8 * DAY + 8 * TICKS_PER_SECOND);
    assert_string_equal(text, "6\n0\n1\n2\n3\n4\n5\n6\n0\n1\n4\n5\n");
    free(text);
    close_store(store);
}

/* Of a number nothing is known before it is read; ties with the least come all. */
static void a_number_is_read_first(void **state)
{
    struct store *store = ten_days();
    struct query q = {.columns = "Operation"};
    int64_t low;

    (void)state;
    char *text = ask(store, (struct wanted){"Number", 1, INT64_MIN, false}, &q, &low);
    assert_int_equal(low, 6);
    assert_int_equal(q.stats.parts_skipped, 0);
    assert_non_null(strstr(text, "o6\n"));
    assert_non_null(strstr(text, "o97\n"));
    assert_null(strstr(text, "o96\n"));
    free(text);
    close_store(store);
}

/* A filter that the store cannot decide: none of its rows counts as one of the highest. */
static void rows_in_doubt_do_not_count(void **state)
{
    struct store *store = open_store();
    struct batch_maker m;
    int64_t low;
    static struct value word = {.type = TYPE_STRING, .bytes = {"[1]", 3}};

    (void)state;
    batch_maker_init(&m, "Audit", 1);
    batch_maker_add(&m, SLICE("{\"Operation\":\"old\",\"Folder\":[1]}"), BEGIN);
    batch_maker_add(&m, SLICE("{\"Operation\":\"new\",\"Folder\":[2]}"), BEGIN + DAY);
    put(store, &m);
    struct query q = {.filters = {{.kind = FILTER_EQUAL,
                                   .column = index_of(store, "Audit", "Folder"),
                                   .values = &word,
                                   .value_count = 1}},
                      .filter_count = 1};
    char *text = ask(store, (struct wanted){"TimeGenerated", 1, INT64_MIN, false}, &q, &low);
    assert_non_null(strstr(text, "old\n"));
    free(text);
    batch_maker_release(&m);
    close_store(store);
}

static void what_may_be_dropped_later_does_not_count(void **state)
{
    struct store *store = ten_days();
    struct query q = {.columns = "Operation"};
    int64_t low;

    (void)state;
    char *text = ask(store, (struct wanted){"TimeGenerated", 3, INT64_MIN, true}, &q, &low);
    assert_int_equal(low, INT64_MIN);
    assert_int_equal(q.stats.rows_scanned, 100);
    assert_non_null(strstr(text, "o0\n"));
    free(text);
    close_store(store);
}

static void what_the_consumer_has_is_left_out(void **state)
{
    struct store *store = ten_days();
    struct query q = {.columns = "Operation"};
    int64_t low;

    (void)state;
    char *text = ask(
        store, (struct wanted){"TimeGenerated", 50, BEGIN + 9 * DAY + TICKS_PER_SECOND, false},
        &q, &low);
    assert_string_equal(text, "o91\no92\no93\no94\no95\no96\no97\no98\no99\n");
    assert_true(is_sealed ? q.stats.parts_skipped == 9 : q.stats.parts_skipped > 0);
    free(text);
    close_store(store);
}

/* A field that is the time of all rows in columns need not be that of a row kept raw. */
static void a_raw_row_may_say_another_time(void **state)
{
    struct store *store = open_store();
    struct batch_maker m;
    struct buf wide;
    int64_t low;

    (void)state;
    buf_init(&wide, MIB);
    buf_add_text(&wide, "{\"Operation\":\"raw\",\"CreationTime\":\"2099-01-01T00:00:00Z\"");
    for (unsigned i = 0; i <= SHAPE_SLOTS_MAX; i++)
        buf_add_format(&wide, ",\"k%u\":1", i);
    buf_add_byte(&wide, '}');
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 9; i++)
        add(&m, i, BEGIN + i * TICKS_PER_SECOND);
    batch_maker_add(&m, buf_slice(&wide), BEGIN); /* filed under its receive time */
    put(store, &m);
    struct query q = {.columns = "Operation"};
    char *text = ask(store, (struct wanted){"CreationTime", 1, INT64_MIN, false}, &q, &low);
    assert_non_null(strstr(text, "raw\n"));
    free(text);
    struct query range = {.table = "Audit",
                          .columns = "Operation",
                          .filters = {{.kind = FILTER_RANGE,
                                       .column = index_of(store, "Audit", "CreationTime"),
                                       .low = BEGIN + 1000 * DAY,
                                       .high = INT64_MAX}},
                          .filter_count = 1};
    check(store, range, "raw\n");
    buf_release(&wide);
    batch_maker_release(&m);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_come_and_older_parts_are_not_opened),
        cmocka_unit_test(what_is_wanted_goes_over_parts),
        cmocka_unit_test(a_number_is_read_first),
        cmocka_unit_test(rows_in_doubt_do_not_count),
        cmocka_unit_test(what_may_be_dropped_later_does_not_count),
        cmocka_unit_test(what_the_consumer_has_is_left_out),
        cmocka_unit_test(a_raw_row_may_say_another_time),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    is_sealed = true;
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
