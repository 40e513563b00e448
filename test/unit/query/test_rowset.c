/* SPDX-License-Identifier: Apache-2.0 */
/* Rows kept in memory: copied, or taken as they are where they live long enough. */
#include "test.h"

#include "base/limits.h"
#include "query/rowset_priv.h"
#include "query/run_priv.h"

static struct column columns[] = {{{"n", 1}, TYPE_LONG}, {{"s", 1}, TYPE_STRING}};
static const struct schema schema = {columns, 2};

static void add(struct rowset *set, int64_t number, const char *text)
{
    struct error err = {.status = STATUS_OK};
    struct value values[] = {
        {.type = TYPE_LONG, .integer = number, .is_null = number < 0},
        {.type = TYPE_STRING, .bytes = slice_of(text)},
    };

    ASSERT_OK(rowset_add_values(set, values, &err));
}

static struct rowset *open_set(struct arena *arena, const uint8_t *needed)
{
    struct error err = {.status = STATUS_OK};
    struct rowset *set = rowset_new(arena, &schema, needed, &err);

    assert_non_null(set);
    return set;
}

static void assert_row(const struct rowset *set, uint32_t row, int64_t number, const char *text)
{
    struct value n = rowset_value(set, row, 0);
    struct value s = rowset_value(set, row, 1);

    assert_int_equal(n.is_null, number < 0);
    if (number >= 0)
        assert_int_equal(n.integer, number);
    assert_true(slice_is(s.bytes, text));
}

/* A chunk of the same arena is taken as it is, and stays as it was when rows follow. */
static void test_same_home(void **state)
{
    struct error err = {.status = STATUS_OK};
    struct arena *arena = arena_new(16 * MIB);

    (void)state;
    assert_non_null(arena);
    struct rowset *from = open_set(arena, NULL);
    struct rowset *to = open_set(arena, NULL);
    add(from, 1, "one");
    add(from, -1, "");
    ASSERT_OK(rowset_add(to, &from->chunks[0], NULL, 2, &err));
    assert_ptr_equal(to->chunks[0].columns[0].data, from->chunks[0].columns[0].data);
    add(to, 3, "three");
    add(from, 4, "four");
    assert_row(to, 0, 1, "one");
    assert_row(to, 1, -1, "");
    assert_row(to, 2, 3, "three");
    assert_row(from, 2, 4, "four");
    assert_int_equal(to->row_count, 3);
    /* Not a chunk now, for the last one has room: copied, but not the bytes. */
    ASSERT_OK(rowset_add(to, &from->chunks[0], NULL, 3, &err));
    assert_row(to, 5, 4, "four");
    assert_ptr_equal(rowset_value(to, 3, 1).bytes.data, rowset_value(from, 0, 1).bytes.data);
    arena_free(arena);
}

/* Rows picked from a set come with its bytes; without nulls they can be a chunk too. */
static void test_taken(void **state)
{
    static const uint32_t rows[] = {2, 0};
    struct error err = {.status = STATUS_OK};
    struct arena *arena = arena_new(16 * MIB);
    struct vector taken[2];

    (void)state;
    assert_non_null(arena);
    struct rowset *from = open_set(arena, NULL);
    struct rowset *to = open_set(arena, NULL);
    add(from, 1, "one");
    add(from, -1, "");
    add(from, 3, "three");
    ASSERT_OK(rowset_take(from, arena, rows, 2, taken, &err));
    struct batch batch = {.row_count = 2, .column_count = 2, .columns = taken};
    ASSERT_OK(rowset_add(to, &batch, NULL, 2, &err));
    assert_ptr_equal(to->chunks[0].columns[1].data, taken[1].data);
    add(to, -1, "behind");
    assert_row(to, 0, 3, "three");
    assert_row(to, 1, 1, "one");
    assert_row(to, 2, -1, "behind");
    arena_free(arena);
}

static void test_other_home(void **state)
{
    static const uint8_t needed[] = {0, 1};
    struct error err = {.status = STATUS_OK};
    struct arena *arena = arena_new(16 * MIB);
    struct arena *other = arena_new(16 * MIB);

    (void)state;
    assert_non_null(arena);
    assert_non_null(other);
    struct rowset *from = open_set(other, NULL);
    struct rowset *to = open_set(arena, needed);
    add(from, 1, "one");
    add(from, 2, "two");
    ASSERT_OK(rowset_add(to, &from->chunks[0], NULL, 2, &err));
    arena_free(other); /* nothing of it is left in `to` */
    assert_row(to, 0, -1, "one"); /* a column that is not kept is null */
    assert_row(to, 1, -1, "two");
    arena_free(arena);
}

/* Workers share a set: when one found no memory, the next must not write into what is not there. */
static void test_no_memory(void **state)
{
    struct error err = {.status = STATUS_OK};
    struct arena *arena = arena_new(96 * KIB), *other = arena_new(MIB);
    struct value values[] = {{.type = TYPE_LONG, .integer = 7},
                             {.type = TYPE_STRING, .bytes = slice_of("seven")}};
    struct vector given[2];

    (void)state;
    assert_non_null(arena);
    assert_non_null(other);
    struct rowset *set = open_set(arena, NULL);
    for (int c = 0; c < 2; c++)
        ASSERT_OK(vector_const(other, &values[c], BATCH_ROWS_MAX, &given[c], &err));
    struct batch batch = {BATCH_ROWS_MAX, 2, given, false, NULL};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rowset_add(set, &batch, NULL, BATCH_ROWS_MAX, &err), STATUS_LIMIT);
        assert_int_equal(set->row_count, 0);
    }
    arena_free(other);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_home),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_other_home),
        cmocka_unit_test(test_no_memory),
    };

    return RUN_TESTS(tests);
}
