/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "main/table_list.h"

static enum status read(const char *text, struct arena *arena, struct table_definition *tables,
                        uint32_t *count, struct error *err)
{
    *count = 0;
    return table_list_read(slice_of(text), arena, tables, count, err);
}

static void tables_have_their_columns_and_the_common_ones(void **state)
{
    static const char text[] = "# first\n\ntime Timestamp\n* Common:real\nOne\n  A B:long\n  C\n"
                               "Two\n  D:dynamic\n";
    struct arena *arena = arena_new(1 << 20);
    struct table_definition tables[8];
    struct error err;
    uint32_t count;

    (void)state;
    assert_true(table_list_count(slice_of(text)) >= 2);
    ASSERT_OK(read(text, arena, tables, &count, &err));
    assert_int_equal(count, 2);
    assert_true(slice_is(tables[0].name, "One"));
    assert_true(slice_is(tables[0].time_column, "Timestamp"));
    assert_true(tables[0].declared);
    assert_int_equal(tables[0].schema.column_count, 4);
    assert_int_equal(tables[0].schema.columns[0].type, TYPE_STRING);
    assert_int_equal(tables[0].schema.columns[1].type, TYPE_LONG);
    assert_true(slice_is(tables[0].schema.columns[3].name, "Common"));
    assert_int_equal(tables[1].schema.column_count, 2);
    assert_int_equal(tables[1].schema.columns[0].type, TYPE_DYNAMIC);
    arena_free(arena);
}

static void without_a_time_it_is_TimeGenerated(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct table_definition tables[2];
    struct error err;
    uint32_t count;

    (void)state;
    ASSERT_OK(read("One", arena, tables, &count, &err));
    assert_int_equal(count, 1);
    assert_true(slice_is(tables[0].time_column, "TimeGenerated"));
    arena_free(arena);
}

static void mistakes_are_named_with_their_line(void **state)
{
    static const struct {
        const char *text, *says;
        uint32_t line;
    } cases[] = {
        {"\n  A\n", "a column without a table", 2},
        {"One\n  A:longg\n", "not a type", 2},
        {"One\n  :long\n", "not the name of a column", 2},
        {"One\n  A B\n  A\n", "the column stands twice", 3},
        {"* A\nOne\n  A\n", "the column stands twice", 4}, /* where the table ends */
        {"One\n  A\nOne\n  B\n", "the table stands twice", 3},
        {"One two\n", "not the name of a table", 1},
        {"* A B C D E F G H I\nOne\n", "too many columns", 1},
        {"* A:x\n", "not a type", 1},
    };
    struct arena *arena = arena_new(1 << 20);
    struct table_definition tables[4];
    struct error err;
    uint32_t count;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read(cases[i].text, arena, tables, &count, &err), STATUS_INVALID);
        if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(err.line, cases[i].line);
    }
    arena_free(arena);
}

static void a_table_of_too_many_columns_is_refused(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct table_definition tables[1];
    struct error err;
    struct buf text;
    uint32_t count;

    (void)state;
    buf_init(&text, 1 << 16);
    buf_add_text(&text, "One\n");
    for (unsigned i = 0; i <= TABLE_COLUMNS_MAX; i++)
        buf_add_format(&text, "  C%u\n", i);
    buf_add_byte(&text, '\0');
    assert_int_equal(read(text.data, arena, tables, &count, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "too many columns"));
    buf_release(&text);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_have_their_columns_and_the_common_ones),
        cmocka_unit_test(without_a_time_it_is_TimeGenerated),
        cmocka_unit_test(mistakes_are_named_with_their_line),
        cmocka_unit_test(a_table_of_too_many_columns_is_refused),
    };

    return RUN_TESTS(tests);
}
