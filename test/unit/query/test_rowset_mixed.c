/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of every type and encoding, kept: they come back whole, also when memory ran out. */
#include "mixed.h"

#include "query/op_priv.h"

/* The rows of the batches of one table, kept; `ret` lives in the arena. */
static enum status keep(struct mixed *all, enum mixed_form form, struct arena *arena,
                        const uint8_t *needed, struct rowset **ret, struct error *err)
{
    struct rowset *set = rowset_new(arena, &all->schema, needed, err);
    enum status status = set == NULL ? err->status : STATUS_OK;

    *ret = set;
    for (uint32_t b = 0; b < MIXED_BATCHES && status == STATUS_OK; b++) {
        struct arena *own = arena_new(MIB);
        struct vector columns[MIXED_COLUMNS];
        uint32_t odd[MIXED_ROWS / 2];
        for (uint32_t c = 0; c < MIXED_COLUMNS; c++) {
            struct error bad = {.status = STATUS_OK};
            assert_int_equal(mixed_column(&all->tables[form], own, b, c, &columns[c], &bad),
                             STATUS_OK);
        }
        for (uint32_t i = 0; i < MIXED_ROWS / 2; i++)
            odd[i] = 2 * i + 1;
        struct batch batch = {.row_count = MIXED_ROWS, .column_count = MIXED_COLUMNS,
                              .columns = columns};
        /* All of some batches, every other row of others. */
        status = b % 3 == 0 ? rowset_add(set, &batch, odd, MIXED_ROWS / 2, err)
                            : rowset_add(set, &batch, NULL, MIXED_ROWS, err);
        arena_free(own); /* what is kept does not need it */
    }
    return status;
}

static struct value wanted(uint32_t row, uint32_t column)
{
    uint32_t in_three = row % (MIXED_ROWS / 2 + 2 * MIXED_ROWS);
    uint32_t batch = row / (MIXED_ROWS / 2 + 2 * MIXED_ROWS) * 3;
    uint32_t at = 2 * in_three + 1;
    static const enum type types[] = {TYPE_LONG, TYPE_STRING,   TYPE_LONG,     TYPE_INT,
                                      TYPE_REAL, TYPE_BOOL,     TYPE_GUID,     TYPE_DATETIME,
                                      TYPE_TIMESPAN, TYPE_DECIMAL, TYPE_DYNAMIC};

    if (in_three >= MIXED_ROWS / 2) {
        at = (in_three - MIXED_ROWS / 2) % MIXED_ROWS;
        batch += 1 + (in_three - MIXED_ROWS / 2) / MIXED_ROWS;
    }
    if (column == 0)
        return (struct value){.type = TYPE_LONG, .integer = batch * MIXED_ROWS + at};
    return mixed_value(types[column],
                       (batch % 2 == 0 ? batch / 2 : at * 7 + batch) % MIXED_VALUES);
}

static void assert_value(struct value found, struct value expected)
{
    assert_int_equal(found.type, expected.type);
    assert_int_equal(found.is_null, expected.is_null);
    if (!found.is_null)
        assert_int_equal(value_compare(&found, &expected), 0);
}

static void what_is_kept_comes_back(void **state)
{
    struct error err = {.status = STATUS_OK};
    struct mixed all;

    (void)state;
    mixed_open(&all);
    for (uint32_t form = 0; form < FORM_COUNT_; form++) {
        struct arena *arena = arena_new(64 * MIB);
        struct rowset *set;
        ASSERT_OK(keep(&all, (enum mixed_form)form, arena, NULL, &set, &err));
        assert_int_equal(set->row_count, MIXED_BATCHES / 3 * (MIXED_ROWS / 2 + 2 * MIXED_ROWS));
        for (uint32_t r = 0; r < set->row_count; r++) {
            for (uint32_t c = 0; c < MIXED_COLUMNS; c++)
                assert_value(rowset_value(set, r, c), wanted(r, c));
        }
        arena_free(arena);
    }
    arena_free(all.arena);
}

/* Rows by their numbers; columns that are not needed are null. */
static void rows_are_picked(void **state)
{
    static const uint32_t rows[] = {4999, 0, 4095, 4096, 17, 17};
    static const uint8_t needed[MIXED_COLUMNS] = {1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1};
    struct error err = {.status = STATUS_OK};
    struct vector columns[MIXED_COLUMNS];
    struct arena *arena = arena_new(64 * MIB);
    struct rowset *set;
    struct mixed all;

    (void)state;
    mixed_open(&all);
    ASSERT_OK(keep(&all, FORM_DICT, arena, needed, &set, &err));
    ASSERT_OK(rowset_take(set, arena, rows, 6, columns, &err));
    for (uint32_t i = 0; i < 6; i++) {
        for (uint32_t c = 0; c < MIXED_COLUMNS; c++) {
            if (needed[c] != 0)
                assert_value(vector_value(&columns[c], i), wanted(rows[i], c));
            else
                assert_true(vector_is_null(&columns[c], i));
        }
    }
    set->row_count = QUERY_OPERATOR_ROWS_MAX;
    struct value values[MIXED_COLUMNS];
    for (uint32_t c = 0; c < MIXED_COLUMNS; c++)
        values[c] = wanted(0, c);
    ASSERT_STATUS(STATUS_LIMIT, rowset_add_values(set, values, &err));
    arena_free(arena);
    arena_free(all.arena);
}

static void memory_is_bounded(void **state)
{
    struct mixed all;
    uint32_t failures = 0;

    (void)state;
    mixed_open(&all);
    for (uint32_t form = 0; form < FORM_COUNT_; form++) {
        for (size_t budget = KIB; budget < 2 * MIB; budget += budget / 16 + 500) {
            struct error err = {.status = STATUS_OK};
            struct arena *arena = arena_new(budget);
            struct rowset *set;
            enum status status = keep(&all, (enum mixed_form)form, arena, NULL, &set, &err);
            assert_true(status == STATUS_OK || status == STATUS_LIMIT);
            failures += status != STATUS_OK;
            /* The rows that were taken are whole. */
            for (uint32_t r = 0; set != NULL && r < set->row_count; r += 331)
                assert_value(rowset_value(set, r, 1), wanted(r, 1));
            arena_free(arena);
        }
    }
    assert_true(failures > 100);
    arena_free(all.arena);
}

static const char *const alike[] = {
    "@ | serialize x = 1 | project-away x",
    "let m = materialize(@ | where id % 3 == 0); union (m | where id % 2 == 0), m | summarize "
    "count(), sum(id), dcount(s)",
    "@ | top 20 by id desc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "let m = materialize(@ | where id % 3 == 0); union (m | where id % 2 == 0), m | count",
};
MIXED_TEST(queries_starve, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(what_is_kept_comes_back),
         cmocka_unit_test(rows_are_picked),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(queries_starve))
