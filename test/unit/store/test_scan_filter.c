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
        {{.kind = FILTER_HAS, .column = folder_column, .values = &word, .value_count = 1}, 156},
        {{.kind = FILTER_HAS, .column = folder_column, .values = &element, .value_count = 1}, 156},
        {{.kind = FILTER_HAS, .column = folder_column, .values = &none, .value_count = 1}, 0},
        {{.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = &word,
          .value_count = 1}, 156},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_choose_rows),
        cmocka_unit_test(time_ranges_choose_rows),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
