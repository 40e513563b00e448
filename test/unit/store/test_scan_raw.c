/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of records that are kept raw. */
#include "store/scan_maker.h"

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
                        "\"Folder\":{\"\\u0050ath\" : \"f\"},\"Key\":null,\"Extra\": [");
    buf_add_text(&text, "{\"\\u006b\":0");
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

/* A declared dynamic column, in columns and kept raw; what is no array and no object stays. */
static void texts_of_json_are_values(void **state)
{
    static const char *const folders[] = {
        "\"[ {\\\"a\\\": \\\"x\\\\u0026y\\\"} ]\"", "\"{\\\"a\\\":1}\"", "\"[1, 2\"",
        "\"[EXTERNAL] hi\"", "\"12\"", "\"\\n[]\"", "\"\"", "null", "[\"[1]\"]",
    };
    const char *want = "[{\"a\":\"x&y\"}]\n{\"a\":1}\n\"[1, 2\"\n\"[EXTERNAL] hi\"\n\"12\"\n[]\n"
                       "\"\"\nnull\n[\"[1]\"]\n";
    struct batch_maker m;
    struct buf text;

    (void)state;
    buf_init(&text, MIB);
    for (int is_raw = 0; is_raw < 2; is_raw++) {
        struct store *store = open_store();
        batch_maker_init(&m, "Audit", 1);
        for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
            buf_clear(&text);
            buf_add_format(&text, "{\"Folder\":%s", folders[i]);
            for (uint32_t k = 0; is_raw != 0 && k <= SHAPE_SLOTS_MAX; k++)
                buf_add_format(&text, ",\"k%u\":1", k);
            buf_add_byte(&text, '}');
            batch_maker_add(&m, buf_slice(&text), TICKS_PER_SECOND * (int64_t)(i + 1));
        }
        put(store, &m);
        check(store, (struct query){.table = "Audit", .columns = "Folder"}, want);
        batch_maker_release(&m);
        close_store(store);
    }
    buf_release(&text);
}

/* The time alone is asked for: it is no text of the rows in columns, and one of the other. */
static void times_of_both_sorts_of_rows(void **state)
{
    struct store *store = open_store();
    struct batch_maker m;
    struct buf text;

    (void)state;
    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 3; i++) {
        int64_t time = INT64_C(638500000000000000) + i * TICKS_PER_SECOND;
        char iso[TIME_TEXT_BYTES + 1];
        time_format_iso(time, iso);
        buf_clear(&text);
        buf_add_format(&text, "{\"CreationTime\":\"%s\"", iso);
        for (uint32_t k = 0; i == 2 && k <= SHAPE_SLOTS_MAX; k++)
            buf_add_format(&text, ",\"k%u\":1", k);
        buf_add_byte(&text, '}');
        batch_maker_add(&m, buf_slice(&text), time);
    }
    put(store, &m);
    check(store, (struct query){.table = "Audit", .columns = "CreationTime"},
          "2024-04-29T15:06:40.0000000Z\n2024-04-29T15:06:41.0000000Z\n"
          "2024-04-29T15:06:42.0000000Z\n");
    buf_release(&text);
    batch_maker_release(&m);
    close_store(store);
}

static enum status count_looks(void *context, struct error *err)
{
    unsigned *left = context;

    return --*left == 0 ? ERROR_SET(err, STATUS_LIMIT, "the time is over") : STATUS_OK;
}

/* Its time grows with them, not with their square, and is looked at. */
static void records_of_many_fields_are_read_in_time(void **state)
{
    enum { FIELDS = 60000, RECORDS = 8 };
    struct store *store = open_store();
    struct batch_maker m;
    struct buf text;
    unsigned left = RECORDS;

    (void)state;
    buf_init(&text, MIB + KIB);
    batch_maker_init(&m, "Audit", 1);
    buf_add_text(&text, "{\"a0\":\"hidden\"");
    for (unsigned i = 0; i < FIELDS; i++)
        buf_add_format(&text, ",\"\\u0061%x\":1", i);
    buf_add_byte(&text, '}');
    for (int i = 0; i < RECORDS; i++)
        batch_maker_add(&m, buf_slice(&text), i + 1);
    put(store, &m);
    uint64_t begin = clock_monotonic_us(clock_system());
    struct query q = {.table = "Audit", .columns = "AdditionalFields"};
    char *out = run(store, &q);
    assert_true(clock_monotonic_us(clock_system()) - begin < 30000000); /* it took half an hour */
    assert_null(strstr(out, "hidden"));
    assert_int_equal(count_lines(out), RECORDS);
    free(out);
    q.check = count_looks;
    q.check_context = &left;
    q.want = STATUS_LIMIT;
    free(run(store, &q));
    assert_int_equal(left, 0);
    buf_release(&text);
    batch_maker_release(&m);
    close_store(store);
}

/* What the wide one left behind is not in theirs. */
static void small_records_behind_a_wide_one_have_their_own(void **state)
{
    enum { FIELDS = 60000, RECORDS = PART_SHAPES_MAX + 1000 };
    struct store *store = open_store();
    struct batch_maker m;
    struct buf text;
    char want[64];

    (void)state;
    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < RECORDS; i++) { /* whole behind so many shapes */
        buf_clear(&text);
        buf_add_format(&text, "{\"a%d\":0,\"b\":1,\"b\":%d", i, i);
        for (int f = 0; i == RECORDS - 500 && f < FIELDS; f++)
            buf_add_format(&text, ",\"c%d\":1", f);
        buf_add_byte(&text, '}');
        batch_maker_add(&m, buf_slice(&text), i + 1);
    }
    put(store, &m);
    char *out = run(store, &(struct query){.table = "Audit", .columns = "AdditionalFields"});
    for (int i = 0; i < RECORDS; i++) {
        (void)snprintf(want, sizeof(want), "{\"a%d\":0,\"b\":%d%c", i, i,
                       i == RECORDS - 500 ? ',' : '}');
        assert_non_null(strstr(out, want));
    }
    free(out);
    buf_release(&text);
    batch_maker_release(&m);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_beyond_the_bounds_have_their_columns),
        cmocka_unit_test(texts_of_json_are_values),
        cmocka_unit_test(times_of_both_sorts_of_rows),
        cmocka_unit_test(records_of_many_fields_are_read_in_time),
        cmocka_unit_test(small_records_behind_a_wide_one_have_their_own),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
