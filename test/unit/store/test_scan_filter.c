/* SPDX-License-Identifier: Apache-2.0 */
/* Filters leave out rows, never one that matches. */
#include "store/scan_maker.h"

static void filters_choose_rows(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct value operations[] = {text_value("op3"), text_value("OP4")};
    struct value path = text_value("p9"), none = text_value("absent"), word = text_value("W9");
    struct value element = text_value("E7"), empty = text_value("");
    struct value number = {.type = TYPE_LONG, .integer = 77};
    uint32_t operation_column = index_of(store, "Audit", "Operation");
    uint32_t folder_column = index_of(store, "Audit", "Folder");
    uint32_t path_column = index_of(store, "Audit", "Path");
    uint32_t number_column = index_of(store, "Audit", "Number");
    struct {
        struct filter filter;
        uint64_t want;
    } cases[] = {
        {{.kind = FILTER_EQUAL, .column = operation_column, .values = operations,
          .value_count = 2}, 1200},
        {{.kind = FILTER_EQUAL_NOCASE, .column = operation_column, .values = operations,
          .value_count = 2}, 2400},
        {{.kind = FILTER_EQUAL, .column = operation_column, .values = &none, .value_count = 1}, 0},
        {{.kind = FILTER_EQUAL, .column = path_column, .values = &path, .value_count = 1}, 4},
        {{.kind = FILTER_EQUAL, .column = path_column, .values = &empty, .value_count = 1}, 8000},
        {{.kind = FILTER_EQUAL, .column = folder_column, .path = {"Path", 4}, .values = &path,
          .value_count = 1}, 4},
        {{.kind = FILTER_EQUAL, .column = number_column, .values = &number, .value_count = 1}, 4},
        {{.kind = FILTER_RANGE, .column = number_column, .low = 10, .high = 19}, 40},
        {{.kind = FILTER_HAS, .column = folder_column, .values = &word, .value_count = 1}, 4},
        {{.kind = FILTER_HAS, .column = folder_column, .values = &element, .value_count = 1}, 4},
        {{.kind = FILTER_HAS, .column = folder_column, .values = &none, .value_count = 1}, 0},
        {{.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = &word,
          .value_count = 1}, 4},
        {{.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = &none,
          .value_count = 1}, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct query q = {.table = "Audit", .columns = "_Seq Operation", .filter_count = 1};
        q.filters[0] = cases[i].filter;
        char *text = run(store, &q);
        if (count_lines(text) != cases[i].want)
            fail_msg("case %zu: %d rows", i, (int)count_lines(text));
        free(text);
    }
    close_store(store);
}

/* Words with letters beyond ASCII, which the index keeps in the case they came in. */
static void put_letters(struct store *store)
{
    struct batch_maker m;
    struct buf text;

    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 3000; i++) {
        const char *name = i == 17     ? "J\xC3\x9CRGEN one"
                           : i == 2017 ? "j\xC3\xBCrgen two"
                           : i == 29   ? "J\\u00dcrgen three"
                                       : "nobody";
        buf_clear(&text);
        buf_add_format(&text, "{\"Operation\":\"%s %d\",\"Folder\":[\"%s\"]}", name, i, name);
        batch_maker_add(&m, buf_slice(&text), TICKS_PER_SECOND * (i + 1));
    }
    put(store, &m);
    buf_release(&text);
    batch_maker_release(&m);
}

static void case_folds_beyond_ascii(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_letters(store);
    struct value whole = text_value("J\xC3\xBCrgen ONE 17"), word = text_value("J\xC3\xBCRGEN");
    struct value other = text_value("j\xC3\xB6rgen"), same = text_value("j\xC3\xBCrgen two 2017");
    struct value both = text_value("J\xC3\x9CRGEN TWO 2017");
    uint32_t operation = index_of(store, "Audit", "Operation");
    uint32_t folder = index_of(store, "Audit", "Folder");
    struct {
        struct filter filter;
        uint64_t want;
    } cases[] = {
        {{.kind = FILTER_EQUAL_NOCASE, .column = operation, .values = &whole, .value_count = 1},
         1},
        {{.kind = FILTER_EQUAL_NOCASE, .column = operation, .values = &both, .value_count = 1}, 1},
        {{.kind = FILTER_EQUAL, .column = operation, .values = &whole, .value_count = 1}, 0},
        {{.kind = FILTER_EQUAL, .column = operation, .values = &same, .value_count = 1}, 1},
        {{.kind = FILTER_HAS, .column = operation, .values = &word, .value_count = 1}, 3},
        {{.kind = FILTER_HAS, .column = operation, .values = &other, .value_count = 1}, 0},
        {{.kind = FILTER_HAS, .column = folder, .values = &word, .value_count = 1}, 3},
        {{.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = &word,
          .value_count = 1}, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct query q = {.table = "Audit", .columns = "_Seq Operation", .filter_count = 1};
        q.filters[0] = cases[i].filter;
        char *text = run(store, &q);
        if (count_lines(text) != cases[i].want)
            fail_msg("case %zu: %d rows", i, (int)count_lines(text));
        free(text);
    }
    close_store(store);
}

static void elements_and_alternatives(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct value operation = text_value("op3");
    uint32_t operation_column = index_of(store, "Audit", "Operation");
    uint32_t folder_column = index_of(store, "Audit", "Folder");
    uint32_t number_column = index_of(store, "Audit", "Number");
    struct value leaf = text_value("w9"), item = text_value("e7");
    struct filter parts[] = {
        {.kind = FILTER_EQUAL, .column = operation_column, .values = &operation, .value_count = 1},
        {.kind = FILTER_RANGE, .column = number_column, .low = 10, .high = 14},
        {.kind = FILTER_EQUAL, .column = folder_column, .path = {"L[].Word", 8}, .values = &leaf,
         .value_count = 1},
    };
    struct {
        struct filter filter;
        uint64_t want;
    } more[] = {
        {{.kind = FILTER_OR, .column = SOURCE_COLUMN_ANY, .parts = parts, .part_count = 2}, 1216},
        {{.kind = FILTER_OR, .column = SOURCE_COLUMN_ANY, .parts = parts, .part_count = 3}, 1220},
        {parts[2], 4},
        /* an object stands where the path wants an array: nothing is decided */
        {{.kind = FILTER_EQUAL, .column = folder_column, .path = {"[]", 2}, .values = &item,
          .value_count = 1}, 12000},
        {{.kind = FILTER_EQUAL, .column = folder_column, .path = {"L[].Other", 9},
          .values = &leaf, .value_count = 1}, 0},
    };
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        struct query q = {.table = "Audit", .columns = "_Seq Operation", .filter_count = 1};
        q.filters[0] = more[i].filter;
        char *text = run(store, &q);
        if (count_lines(text) != more[i].want)
            fail_msg("more %zu: %d rows", i, (int)count_lines(text));
        free(text);
    }
    close_store(store);
}

/* Rows of batches that the source has decided, or that it has not. */
struct decided_sink {
    struct scan_sink sink;
    uint64_t decided, open;
    bool absent; /* the column that is for filters alone was left out */
};

static enum status take_decided(struct scan_sink *base, uint32_t worker,
                                const struct batch *batch, bool *stop, struct error *err)
{
    struct decided_sink *sink = (struct decided_sink *)base;

    (void)worker;
    (void)stop;
    (void)err;
    *(batch->decided ? &sink->decided : &sink->open) += batch->row_count;
    sink->absent = batch->columns[1].encoding == VECTOR_CONST;
    return STATUS_OK;
}

static struct decided_sink ask(struct store *store, struct filter filter)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    uint32_t columns[] = {index_of(store, "Audit", "_Seq"), index_of(store, "Audit", "Operation")};
    const bool for_filters[] = {false, true};
    struct decided_sink sink = {.sink.take = take_decided};
    struct scan_stats stats;
    struct error err = {0};

    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_int_equal(
        store_snapshot_source(snapshot, SLICE("Audit"), &tenant, 1, &source, &err), STATUS_OK);
    struct scan_request request = {.tenants = &tenant, .tenant_count = 1, .columns = columns,
                                   .column_count = 2, .for_filters = for_filters,
                                   .time_from = INT64_MIN, .time_to = INT64_MAX,
                                   .filters = &filter, .filter_count = 1, .thread_count = 1,
                                   .arena = arena_new(64 * MIB)};
    assert_int_equal(source->ops->scan(source, &request, &sink.sink, &stats, &err), STATUS_OK);
    arena_free(request.arena);
    store_snapshot_free(snapshot);
    return sink;
}

static void says_what_it_has_decided(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct value name = text_value("op3"), path = text_value("p9"), word = text_value("W9");
    uint32_t operation = index_of(store, "Audit", "Operation");
    uint32_t folder = index_of(store, "Audit", "Folder");
    struct filter parts[] = {
        {.kind = FILTER_EQUAL, .column = operation, .values = &name, .value_count = 1},
        {.kind = FILTER_EQUAL, .column = folder, .path = {"Path", 4}, .values = &path,
         .value_count = 1},
    };
    struct filter any = {.kind = FILTER_OR, .column = SOURCE_COLUMN_ANY, .parts = parts,
                         .part_count = 2};
    struct filter has = {.kind = FILTER_HAS, .column = folder, .values = &word, .value_count = 1};

    struct decided_sink sink = ask(store, parts[0]);
    assert_int_equal(sink.decided, 1200);
    assert_true(sink.absent);
    /* what is inside a dynamic column is compared as text: a hint */
    sink = ask(store, parts[1]);
    assert_int_equal(sink.decided, 0);
    assert_int_equal(sink.open, 4);
    assert_false(sink.absent);
    sink = ask(store, any);
    assert_int_equal(sink.open, 1204);
    sink = ask(store, has);
    assert_int_equal(sink.open, 4);
    close_store(store);
}

static void time_ranges_choose_rows(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct query q = {.table = "Audit",
                      .columns = "_Seq",
                      .time_from = TICKS_PER_SECOND * 100,
                      .time_to = TICKS_PER_SECOND * 200};
    char *text = run(store, &q);
    assert_int_equal(count_lines(text), 100);
    assert_int_equal(q.stats.rows_scanned, 100);
    assert_true(q.stats.parts_skipped > 0);
    assert_true(q.stats.complete);
    assert_int_equal(q.stats.watermark, 12000);
    free(text);
    q.filter_count = 1;
    q.filters[0] = (struct filter){.kind = FILTER_RANGE,
                                   .column = index_of(store, "Audit", "TimeGenerated"),
                                   .low = TICKS_PER_SECOND * 150,
                                   .high = TICKS_PER_SECOND * 150};
    text = run(store, &q);
    assert_int_equal(count_lines(text), 1);
    free(text);
    close_store(store);
}

/* Row 17 and row 2017 say the same, one as a text; escape: a term is in the text behind an
 * escape, as `\u0026Dept` stands for `&Dept`. */
static void put_packed(struct store *store, const char *escape)
{
    struct batch_maker m;
    struct buf text;

    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 3000; i++) {
        buf_clear(&text);
        buf_add_format(&text, "{\"Operation\":\"op%d\",\"Folder\":", i);
        if (i == 17)
            buf_add_format(&text, "\"{ \\\"Path\\\":\\\"inbox\\\", \\\"L\\\":[{\\\"Word\\\":"
                                  "\\\"R%sDept\\\"}]}\"}", escape);
        else if (i == 2017)
            buf_add_text(&text, "{\"Path\":\"inbox\",\"L\":[{\"Word\":\"R&Dept\"}]}}");
        else
            buf_add_format(&text, "[\"e%d\"]}", i);
        batch_maker_add(&m, buf_slice(&text), TICKS_PER_SECOND * (i + 1));
    }
    put(store, &m);
    buf_release(&text);
    batch_maker_release(&m);
}

static void texts_of_json_are_asked_as_what_they_say(void **state)
{
    static const char *const escapes[] = {"\\\\u0026", "&"};
    (void)state;
    for (int e = 0; e < 2; e++) {
        struct store *store = open_store();
        put_packed(store, escapes[e]);
        struct value path = text_value("inbox"), dept = text_value("Dept");
        struct value word = text_value("R&Dept");
        uint32_t folder = index_of(store, "Audit", "Folder");
        const struct filter filters[] = {
            {.kind = FILTER_EQUAL, .column = folder, .path = {"Path", 4}, .values = &path,
             .value_count = 1},
            {.kind = FILTER_EQUAL, .column = folder, .path = {"L[].Word", 8}, .values = &word,
             .value_count = 1},
            {.kind = FILTER_HAS, .column = folder, .values = &dept, .value_count = 1},
            {.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = &dept,
             .value_count = 1},
        };
        for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
            struct query q = {.table = "Audit", .columns = "_Seq", .filter_count = 1};
            q.filters[0] = filters[i];
            char *text = run(store, &q);
            assert_non_null(strstr(text, "18\n"));
            assert_non_null(strstr(text, "2018\n"));
            if (e == 1 && i >= 2) /* the terms are those that are written */
                assert_int_equal(count_lines(text), 2);
            free(text);
        }
        close_store(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_json_are_asked_as_what_they_say),
        cmocka_unit_test(filters_choose_rows),
        cmocka_unit_test(case_folds_beyond_ascii),
        cmocka_unit_test(elements_and_alternatives),
        cmocka_unit_test(says_what_it_has_decided),
        cmocka_unit_test(time_ranges_choose_rows),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
